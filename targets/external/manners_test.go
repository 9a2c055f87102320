//go:build linux

package external_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

// TestMannersOfClients stops servers that hang only where a client has gone in the middle of an answer, or does not close its
// side; their twins, which do not; and the same servers under clients with other manners.
func TestMannersOfClients(t *testing.T) {
	const stuck = "drain-ends/program/stuck"
	for _, c := range []struct{ mode, load, class, words string }{
		{"leaks", "client: http-stream, path: /pieces, hangs_up: 50ms", stuck, "had hung up in the middle of answers"},
		{"leaks", "client: http2, path: /pieces, hangs_up: 50ms", stuck, "had hung up in the middle of answers"},
		{"leaks", "client: http-stream, path: /pieces, hangs_up: 10s", "", ""},
		{"leaks-not", "client: http-stream, path: /pieces, hangs_up: 50ms", "", ""},
		{"leaks-not", "client: http2, path: /pieces, hangs_up: 50ms", "", ""},
		{"lingers", "client: http-keepalive, path: /, keeps: true", stuck, "did not close their side of connections"},
		{"lingers", "client: http2, path: /, keeps: true", stuck, "did not close their side of connections"},
		{"lingers", "client: http-keepalive, path: /", "", ""},
		{"lingers-briefly", "client: http-keepalive, path: /, keeps: true", "", ""},
		{"lingers-briefly", "client: http2, path: /, keeps: true", "", ""},
		{"shutdown", "client: http-oneshot, path: /slow, keeps: true, hangs_up: 100ms", "", ""},
	} {
		t.Run(c.mode+" "+c.load, func(t *testing.T) {
			t.Parallel()
			got := run(t, c.mode, limitOf(c.class != ""), "\n  - {clients: 3, "+c.load+"}\n", 1)
			if strings.Join(classes(got), " ") != c.class || c.class == "" && got.Verdict != result.Passed && got.Verdict != result.Untested || c.class != "" && got.Verdict != result.Hung {
				t.Errorf("%s, %v, void %v, notes %v", got.Verdict, classes(got), got.Void, got.Notes)
			}
			if c.class != "" && len(got.Breaches) > 0 && !strings.Contains(fmt.Sprint(got.Breaches[0].Summary, got.Breaches[0].First), c.words) {
				t.Errorf("%+v", got.Breaches[0])
			}
		})
	}
}

// limitOf is the time to stop of a server that uses all of it, or of one whose stop ends by itself, on a busy machine late.
func limitOf(hangs bool) string {
	if hangs {
		return "drain_limit: 2s"
	}
	return "drain_limit: 20s"
}

// TestMannersOfGRPC is the same of the released library: a handler that minds, and a graceful stop that does not.
func TestMannersOfGRPC(t *testing.T) {
	for _, c := range []struct {
		mode, more string
		verdict    result.Verdict
	}{
		{"minds", "hangs_up: 50ms", result.Hung},
		{"graceful", "hangs_up: 50ms", result.Passed},
		{"graceful", "keeps: true", result.Passed},
	} {
		t.Run(c.mode+" "+c.more, func(t *testing.T) {
			t.Parallel()
			got := runRPC(t, c.mode, limitOf(c.verdict == result.Hung), "{client: grpc, clients: 3, call: shop.v1.Orders/All, "+c.more+"}", 1)
			if got.Verdict != c.verdict && got.Verdict != result.Untested || c.verdict == result.Hung && got.Verdict != result.Hung || len(got.Breaches) > 0 && c.verdict == result.Passed {
				t.Errorf("%s, %v, void %v, notes %v", got.Verdict, classes(got), got.Void, got.Notes)
			}
		})
	}
}

// TestMannersAreRead says what is wrong with them.
func TestMannersAreRead(t *testing.T) {
	for load, want := range map[string]string{
		"{client: http-keepalive, hangs_up: 0s}":      "hangs_up 0s: it is 1ms or more",
		"{client: http-keepalive, keeps: perhaps}":    "perhaps",
		"{client: tcp-silent, keeps: true}":           "client tcp-silent takes no keeps",
		"{client: websocket, hangs_up: 1s}":           "client websocket takes no hangs_up",
		"{client: sse, hangs_up: 100ms, keeps: true}": "",
	} {
		errs := compileErrors(t, load)
		if want == "" && len(errs) > 0 || want != "" && (len(errs) != 1 || !strings.Contains(errs[0], want)) {
			t.Errorf("%s: %q, want %q", load, errs, want)
		}
	}
}
