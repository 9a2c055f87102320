package main

import (
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/internal/discover"
)

func TestWhatAProbeLeavesOutIsNamed(t *testing.T) {
	for _, tc := range []struct {
		name     string
		flags    probeFlags
		has, not []string
	}{
		{"plain", probeFlags{}, []string{"only GET / was asked; not tried: other paths (--path, --requests, --openapi), ", "--stream, --sse)", "(--check)"}, nil},
		{"a path", probeFlags{paths: []string{"/a"}}, []string{"not tried: requests that change something (--req), "}, []string{"only GET /", "--path"}},
		{"what was found", probeFlags{found: []discover.Offer{
			{Path: "/", As: discover.Request, Root: true}, {Path: "/e", As: discover.Events}, {Path: "/gone", Why: "it answers 404"}, {Path: "/w", As: discover.Socket},
		}}, []string{"only GET /, /e (a stream of events), /w (a WebSocket) of what a look around found (--no-look: / alone); not tried: other paths (--path, --requests, --openapi), "},
			[]string{"--stream", "--ws", "/gone"}},
		{"a root that is not there", probeFlags{found: []discover.Offer{{Path: "/", As: discover.Request, Status: 404, Root: true}}}, []string{"only GET / was asked"}, nil},
		{"a write", probeFlags{reqs: []string{"POST /a"}}, []string{"not tried: streams "}, []string{"--req)"}},
		{"all", probeFlags{
			reqs: []string{"PUT /a"}, events: []string{"/e"}, uploads: []string{"/u"}, sockets: []string{"/w"}, http2: []string{"/"}, check: "true", readyPath: "/readyz", servesFor: time.Second,
		}, []string{"not tried: acknowledged writes after a restart"}, []string{"--", "only GET"}},
		{"a program that runs", probeFlags{attach: "4242"}, []string{"--ws"}, []string{"--check"}},
		{"a worker", probeFlags{worker: true}, []string{"not tried: work that no request shows (--check)"}, []string{"--path"}},
	} {
		got := tc.flags.notTried()
		for _, want := range tc.has {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q lacks %q", tc.name, got, want)
			}
		}
		for _, unwanted := range tc.not {
			if said, _, _ := strings.Cut(got, "acknowledged writes"); strings.Contains(said, unwanted) {
				t.Errorf("%s: %q names %q", tc.name, got, unwanted)
			}
		}
	}
	if got := (&probeFlags{worker: true, check: "true"}).notTried(); got != "" {
		t.Errorf("a worker with a check left out %q", got)
	}
}
