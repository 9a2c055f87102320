package main

import (
	"fmt"
	"strings"

	"github.com/racebench/racebench/scenario/spec"
)

// A probed request is a method and a path.
type probed struct {
	method, path string
	found        bool     // by a look around
	status       []string // of its good answers; nil is those of all
}

func (r probed) put(m *mapping, body string) {
	if r.method != "GET" {
		m.text("method", r.method)
		m.text("body", body)
	}
	m.text("path", r.path)
	if r.status != nil {
		m.put("status", words(r.status))
	}
}

// beside is a request beside others: all that a look has found together are no larger a load than one.
func (r probed) beside(m *mapping, of int) {
	m.text("shape", "slow")
	m.put("delay", spec.Text(fmt.Sprintf("%dms..%dms", 2*of, 8*of)))
	r.put(m, "")
}

// allRequests are those of --path, --req and --requests; the root where none is named.
func (w *probeFlags) allRequests() ([]probed, error) {
	var all []probed
	for _, p := range w.paths {
		all = append(all, probed{method: "GET", path: p})
	}
	if w.openapi != "" {
		described, err := w.described()
		if err != nil {
			return nil, err
		}
		all = append(all, described...)
	}
	lines := append([]string(nil), w.reqs...)
	if w.requests != "" {
		raw, err := w.files.file(w.requests)
		if err != nil {
			return nil, usagef("--requests %s: %w", w.requests, err)
		}
		lines = append(lines, strings.Split(string(raw), "\n")...)
	}
	for _, line := range lines {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) != 2 {
			return nil, usagef("request %q: write a method and a path, such as 'POST /orders'", line)
		}
		path := fields[1]
		if _, rest, ok := strings.Cut(path, "://"); ok {
			_, after, _ := strings.Cut(rest, "/")
			path = "/" + after
		}
		all = append(all, probed{method: fields[0], path: path})
	}
	if w.learned != nil {
		return w.learnedRequests(), nil
	}
	if w.found != nil {
		return w.foundRequests(), nil
	}
	if all == nil && w.writes == nil && w.http2 == nil && w.calls == nil && w.streams == nil && w.events == nil && w.uploads == nil && w.sockets == nil {
		all = []probed{{method: "GET"}} // the url's own path
	}
	return all, nil
}

// body is the body of --req.
func (w *probeFlags) body() (string, error) {
	file, ok := strings.CutPrefix(w.data, "@")
	if !ok {
		return w.data, nil
	}
	raw, err := w.files.file(file)
	if err != nil {
		return "", usagef("-d @%s: %w", file, err)
	}
	return string(raw), nil
}
