package main

import (
	"slices"
	"strings"

	"github.com/racebench/racebench/internal/discover"
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
	asked := w.names()
	offers := func(as discover.As) bool {
		return slices.ContainsFunc(w.found, func(o discover.Offer) bool { return o.As == as })
	}
	requests, err := w.allRequests()
	writes := err == nil && slices.ContainsFunc(requests, func(r probed) bool { return r.method != "GET" && r.method != "HEAD" })
	var left []string
	for _, kind := range []struct {
		tried bool
		what  string
	}{
		{asked, "other paths (--path, --requests, --openapi)"},
		{writes, "requests that change something (--req)"},
		{len(w.streams)+len(w.events) > 0 || offers(discover.Events), "streams (--stream, --sse)"},
		{len(w.uploads) > 0, "uploads (--upload)"},
		{len(w.sockets) > 0 || offers(discover.Socket), "WebSockets (--ws)"},
		{len(w.http2)+len(w.calls) > 0 || offers(discover.HTTP2) || offers(discover.Call), "HTTP/2 and gRPC (--http2, --grpc)"},
		{w.readyPath != "", "a readiness elsewhere than at /ready, /readyz and /health/ready (--ready-path)"},
		{w.attach != "" || w.twice > 0 || !strings.HasPrefix(w.at, "startup"), "a second signal (--twice)"}, // one beside the planned trials has it
		{w.servesFor != 0, "how long it serves after the signal (--serves-for)"},
		{w.check != "" || w.attach != "", check},
		{false, "acknowledged writes after a restart (client: write-http of a scenario: racebench init --from)"},
	} {
		if !kind.tried {
			left = append(left, kind.what)
		}
	}
	words := "not tried: " + strings.Join(left, ", ")
	if !asked {
		words = w.asked() + "; " + words
	}
	return words
}
