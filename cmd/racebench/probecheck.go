package main

import (
	"slices"
	"strings"

	"github.com/racebench/racebench/internal/rpc"
)

// checkArgs looks for what is to be tested: a command, or a program that runs already.
func (w *probeFlags) checkArgs(args []string, dash int, f *runFlags) error {
	switch {
	case w.attach != "" && len(args) > 0:
		return usagef("--attach tests a program that runs already: leave %q out", args[0])
	case w.attach != "" && !f.given("signal"):
		return usagef("--attach signals a program that racebench did not start: say which signal it may get, such as --signal SIGTERM")
	case w.attach != "" && f.given("trials") && f.trials != 1:
		return usagef("--attach signals a running program once: leave --trials out")
	case w.attach != "":
		f.trials = 1
	case len(args) == 0:
		return usagef("racebench probe needs a command after --, such as racebench probe -- node server.js")
	case dash > 0:
		return usagef("%q stands before --: the command and its arguments come after it", args[0])
	}
	if err := w.checkHeaders(); err != nil {
		return err
	}
	if err := w.checkLearn(*f); err != nil {
		return err
	}
	return w.checkUse(*f)
}

// checkHeaders looks for headers that cannot be sent as they are.
func (w *probeFlags) checkHeaders() error {
	var names []string
	for _, line := range w.headers {
		name, _, ok := strings.Cut(line, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		if !ok || name == "" {
			return usagef("-H %q: write a header as 'Name: value'", line)
		}
		if slices.Contains(names, name) {
			return usagef("-H %q: that header is given twice, and is sent once: join the values with a comma", line)
		}
		names = append(names, name)
	}
	return nil
}

// checkUse refuses flags without an effect.
func (w *probeFlags) checkUse(f runFlags) error {
	if w.worker {
		for _, name := range []string{"path", "req", "requests", "openapi", "no-look", "stream", "upload", "http2", "grpc", "proto", "write", "read", "value", "match", "ws", "header", "data", "status", "hello", "silent", "url", "ready-path", "serves-for"} {
			if f.given(name) {
				return usagef("a --worker listens on nothing and has no clients: leave --%s out", name)
			}
		}
	}
	if err := w.checkJobs(); err != nil {
		return err
	}
	if w.hello != "" && len(w.sockets) == 0 {
		return usagef("--hello is the first message on a WebSocket: name one with --ws")
	}
	for _, call := range w.calls {
		if err := rpc.CheckName(call); err != nil {
			return usagef("--grpc %w", err)
		}
	}
	if w.proto != "" && len(w.calls) == 0 {
		return usagef("--proto declares the methods of --grpc: name one, such as --grpc pkg.Service/Method")
	}
	body, err := w.body()
	if err != nil {
		return err
	}
	if err := w.probeWrites.check(body); err != nil {
		return err
	}
	if w.data == "" || len(w.calls)+len(w.writes) > 0 {
		return nil
	}
	requests, err := w.allRequests()
	if err == nil && !slices.ContainsFunc(requests, func(r probed) bool { return r.method != "GET" }) {
		return usagef("--data is the body of a request that is not a GET: name one, such as --req 'POST /orders', a write by --write, or a call by --grpc")
	}
	return err
}
