package main

import (
	"slices"
	"testing"

	"github.com/racebench/racebench/engine/invariant/external"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/discover"
	"github.com/racebench/racebench/scenario/spec"
)

// TestALookIsAtAPlainProbeOnly has flags that say what is asked for, or how.
func TestALookIsAtAPlainProbeOnly(t *testing.T) {
	for name, w := range map[string]probeFlags{
		"--no-look": {noLook: true}, "--path": {paths: []string{"/"}}, "--req": {reqs: []string{"GET /"}}, "--requests": {requests: "f"}, "--openapi": {openapi: "f"},
		"--stream": {streams: []string{"/"}}, "--sse": {events: []string{"/"}}, "--upload": {uploads: []string{"/"}}, "--http2": {http2: []string{"/"}}, "--ws": {sockets: []string{"/"}},
		"-H": {headers: []string{"A: b"}}, "--status": {status: "200"}, "--worker": {worker: true}, "--attach": {attach: "4242"},
	} {
		if w.looks() {
			t.Errorf("%s looks around", name)
		}
	}
	if w := (probeFlags{silent: true, preset: "go"}); !w.looks() {
		t.Error("a plain probe does not look around")
	}
}

// found are offers of every kind.
func found() []discover.Offer {
	return []discover.Offer{
		{Path: "/", As: discover.Request, Root: true}, {Path: "/a", As: discover.Request}, {Path: "/events", As: discover.Events},
		{Path: "/healthz", As: discover.Request, Health: true}, {Path: "/left", Why: "it answers 500"}, {Path: "/ws", As: discover.Socket},
	}
}

func TestWhatWasFoundIsAskedFor(t *testing.T) {
	w := newProbeFlags(newNamedFiles(t.Context()))
	w.found = found()
	load, err := w.load()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range load {
		text := func(name string) string { v, _ := g.Get(name); return v.Text }
		status, _ := g.Get("status")
		line := text("client") + " " + text("path")
		if status.Kind == spec.List {
			line += " whatever it tells"
		}
		got = append(got, line)
	}
	want := []string{
		"http-keepalive ", "http-oneshot ", "http-keepalive /a", "http-keepalive /healthz whatever it tells", "sse /events", "websocket /ws", "http-preopened ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("load %q, want %q", got, want)
	}
}

// TestWhatIsNotServedWellIsLeftOut drops two groups, of which one is the root's.
func TestWhatIsNotServedWellIsLeftOut(t *testing.T) {
	w := newProbeFlags(newNamedFiles(t.Context()))
	w.signal, w.at, w.grace, w.found = "SIGTERM", probeMoment, 1, found()
	s, err := w.scenario([]string{"./server"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	l := lookAround{w: w}
	l.program = &trial.Program{Scenario: s}
	if l.drop([]external.Unwell{{Group: "http-keepalive", Why: "slow"}}) {
		t.Error("the root was left out")
	}
	if !l.drop([]external.Unwell{{Group: "sse", Why: "it ended"}}) || w.found[2].As != "" || w.found[2].Why != "it ended" {
		t.Errorf("the stream was not left out: %v", w.found)
	}
	if l.drop([]external.Unwell{{Group: "sse", Why: "it ended"}}) {
		t.Error("it was left out twice")
	}
	l.dropAll("together")
	if worthAsking(w.found) || w.found[0].As != discover.Request || w.found[1].Why != "together" || w.found[4].Why != "it answers 500" {
		t.Errorf("not all was left out: %v", w.found)
	}
}

// TestWhatStarvesOthersIsLeftOut has a server of few workers, all of which a stream holds; and a twin whose stream holds
// nobody up.
func TestWhatStarvesOthersIsLeftOut(t *testing.T) {
	w := newProbeFlags(newNamedFiles(t.Context()))
	w.signal, w.at, w.grace, w.found = "SIGTERM", probeMoment, 1, found()
	s, err := w.scenario([]string{"./server"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	l := lookAround{w: w, program: &trial.Program{Scenario: s}}
	well := []external.Unwell{{Group: "http-keepalive-2", Why: "it was answered with 500"}}
	if l.dropHolding(well) || l.starvesRoot(well) {
		t.Errorf("nobody was starved, and what is asked for is %v", w.found)
	}
	root := []external.Unwell{{Group: "http-keepalive", Why: "late", Starved: true}}
	if !l.dropHolding(root) || w.found[2].As != "" || w.found[5].As != "" || w.found[1].As != discover.Request {
		t.Errorf("what holds connections is still asked for: %v", w.found)
	}
	if l.dropHolding(root) || !l.starvesRoot(root) {
		t.Error("the root that is starved by other requests is not seen")
	}
	l.dropAll("together")
	if l.starvesRoot(root) {
		t.Error("a root alone is starved by nobody else")
	}
}
