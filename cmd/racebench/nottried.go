package main

import (
	"slices"
	"strings"

	"github.com/racebench/racebench/internal/discover"
	"github.com/racebench/racebench/internal/learn"
)

// notTried says what a probe has left out, with the flag that tries it; "" where that is nothing.
func (w *probeFlags) notTried() string {
	const check = "work that no request shows (--check)"
	if w.worker {
		switch {
		case w.check != "":
			return ""
		case w.jobs != "":
			return "not tried: other " + check
		}
		return "not tried: " + check + ", jobs that it takes from a queue (--jobs, --done, and --service for the queue itself)"
	}
	asked := w.names() || w.learn != ""
	offers := func(as discover.As) bool {
		return slices.ContainsFunc(w.found, func(o discover.Offer) bool { return o.As == as })
	}
	learned := func(as discover.As) bool {
		return slices.ContainsFunc(w.learned, func(r learn.Route) bool { return len(r.Ways) > 0 && r.Ways[0].As == as })
	}
	requests, err := w.allRequests()
	writes := len(w.writes) > 0 || err == nil && slices.ContainsFunc(requests, func(r probed) bool { return r.method != "GET" && r.method != "HEAD" })
	by, kept := "--req", "--write, --read"
	if w.learn != "" {
		by, kept = "--learn-writes", "--learn-writes"
	}
	var left []string
	for _, kind := range []struct {
		tried bool
		what  string
	}{
		{asked && (len(w.writes) == 0 || len(requests) > 0), "other paths (--path, --requests, --openapi)"},
		{writes, "requests that change something (" + by + ")"},
		{len(w.streams)+len(w.events) > 0 || offers(discover.Events) || learned(discover.Events), "streams (--stream, --sse)"},
		{len(w.uploads) > 0, "uploads (--upload)"},
		{len(w.sockets) > 0 || offers(discover.Socket) || learned(discover.Socket), "WebSockets (--ws)"},
		{len(w.http2)+len(w.calls) > 0 || offers(discover.HTTP2) || offers(discover.Call), "HTTP/2 and gRPC (--http2, --grpc)"},
		{w.readyPath != "", "a readiness elsewhere than at /ready, /readyz and /health/ready (--ready-path)"},
		{w.attach != "" || w.twice > 0 || !strings.HasPrefix(w.at, "startup"), "a second signal (--twice)"}, // one beside the planned trials has it
		{w.servesFor != 0, "how long it serves after the signal (--serves-for)"},
		{w.check != "" || w.attach != "", check},
		{len(w.writes) > 0 || slices.ContainsFunc(w.learned, func(r learn.Route) bool { return len(r.Ways) > 0 && r.Ways[0].Write != nil }), "acknowledged writes after a restart (" + kept + ")"},
	} {
		if !kind.tried {
			left = append(left, kind.what)
		}
	}
	words := "not tried: " + strings.Join(left, ", ")
	switch {
	case w.learned != nil:
		words = w.askedByLearn() + "; " + words
	case !asked:
		words = w.asked() + "; " + words
	}
	return words
}
