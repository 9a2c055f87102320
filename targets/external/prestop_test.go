//go:build linux

package external_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

// TestPreStop runs a command before the signal: the drain is as good or bad as without it, and has what is left of the
// grace.
func TestPreStop(t *testing.T) {
	good := run(t, "shutdown", "  pre_stop: [sh, -c, 'test -n \"$RACEBENCH_PORT\"; sleep 0.3']\n", asksSlow, 2)
	if good.Verdict != result.Passed || !strings.Contains(fmt.Sprint(good.Notes), "pre_stop took ") {
		t.Errorf("a good one: %s, %v, void %v, notes %v", good.Verdict, classes(good), good.Void, good.Notes)
	}
	bad := run(t, "close", "  pre_stop: sleep 0.1\n", asksSlow, 2)
	if bad.Verdict != result.Breached || !strings.Contains(fmt.Sprint(classes(bad)), "every-request-answered/") {
		t.Errorf("a server that loses requests: %s, %v, void %v", bad.Verdict, classes(bad), bad.Void)
	}
	hung := run(t, "ignores", "  pre_stop: sleep 0.2\ndrain_limit: 4s\n", asksSlow, 1)
	if hung.Verdict != result.Hung || !strings.Contains(hung.Breaches[0].Summary, "was still running 4s after its stop began, of which pre_stop took ") {
		t.Errorf("a server that hangs: %s, %v, void %v", hung.Verdict, hung.Breaches, hung.Void)
	}
}

// TestPreStopsThatCannotBeReliedOn runs commands that prove nothing of the program: the result is untested, and says why.
func TestPreStopsThatCannotBeReliedOn(t *testing.T) {
	for _, tc := range []struct{ command, limit, want string }{
		{"[sh, -c, 'echo no such balancer >&2; exit 3']", "10s", "sh ended with status 3: no such balancer"},
		{"[sh, -c, 'sleep 60 & wait']", "1s", "sh had not ended after 1s, which is all the time that the program has to stop"},
		{"[sh, -c, 'kill -9 $$']", "10s", "sh was ended by killed"},
		{"./no-such-hook", "10s", "external.pre_stop: ./no-such-hook"},
	} {
		fold := run(t, "shutdown", "  pre_stop: "+tc.command+"\ndrain_limit: "+tc.limit+"\n", asksSlow, 2)
		if fold.Verdict != result.Untested || !strings.Contains(fmt.Sprint(fold.Void), "control: pre_stop, which was tried at the end: "+tc.want) {
			t.Errorf("%s: %s, %v, void %v", tc.command, fold.Verdict, classes(fold), fold.Void)
		}
	}
}

// TestPreStopThatFailsLater fails in the trials alone: they are void, whatever the server does.
func TestPreStopThatFailsLater(t *testing.T) {
	for _, mode := range []string{"shutdown", "close"} {
		fold := run(t, mode, "  pre_stop: [sh, -c, 'test -n \"$RACEBENCH_CONTROL\" || { echo gone >&2; exit 1; }']\n", asksSlow, 1)
		if fold.Verdict != result.Untested || len(fold.Breaches) > 0 || !strings.Contains(fmt.Sprint(fold.Void), "pre_stop: sh ended with status 1: gone") {
			t.Errorf("%s: %s, %v, void %v", mode, fold.Verdict, classes(fold), fold.Void)
		}
	}
}

// TestPreStopsThatAreNone names hooks that cannot be.
func TestPreStopsThatAreNone(t *testing.T) {
	for _, tc := range []struct{ external, want string }{
		{"command: ./x, pre_stop: sleep 10", "pre_stop takes 10s, and the program has 10s to stop, pre_stop included (drain_limit, --grace)"},
		{"command: ./x, pre_stop: sleep 1m", "pre_stop takes 1m0s, and the program has 10s to stop, pre_stop included (drain_limit, --grace)"},
		{"command: ./x, pre_stop: ''", `the command is empty: write such as [./server, --port, "{port}"]`},
		{"url: 'http://127.0.0.1:1/', pre_stop: ./x", "write a command, or leave pre_stop out"},
	} {
		if got := programErrors(t, tc.external); len(got) != 1 || !strings.HasSuffix(got[0], tc.want) {
			t.Errorf("%s: %q, want %q", tc.external, got, tc.want)
		}
	}
}
