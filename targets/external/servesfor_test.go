//go:build linux

package external_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

// TestServesFor runs servers that turn clients away before their time is over, and twins that do not: one serves for
// just that time, one says 503 in it, and one answers slowly and asks nothing of who comes later.
func TestServesFor(t *testing.T) {
	const short, long = "  serves_for: 300ms\n  env: {SERVES: 300ms}\n", "  serves_for: 5s\n  env: {SERVES: 300ms}\n"
	for _, tc := range []struct{ mode, more, class string }{
		{"shutdown", long, "serves-for/new/refused"},
		{"exits", long + "expect: [serves-for]\n", "serves-for/new/refused"},
		{"drops-kept", long, "serves-for/kept/closed"},
	} {
		bad := run(t, tc.mode, tc.more, asksSlow, 2)
		if got := classes(bad); bad.Verdict != result.Breached || !slices.Contains(got, tc.class) || bad.Trials.Breached != 2 {
			t.Errorf("%s: %s, %v, %+v, void %v, notes %v", tc.mode, bad.Verdict, got, bad.Trials, bad.Void, bad.Notes)
		}
	}
	for _, mode := range []string{"serves-on", "says-503"} {
		good := run(t, mode, short, asksSlow, 2)
		if good.Verdict != result.Passed || slices.ContainsFunc(warnings(t, good), func(class string) bool { return strings.HasPrefix(class, "serves-for") }) {
			t.Errorf("%s: %s, %v, warned of %v, void %v", mode, good.Verdict, classes(good), warnings(t, good), good.Void)
		}
		if !slices.ContainsFunc(good.Notes, func(note string) bool {
			return strings.Contains(note, "new connections after the signal, for 300ms: ") && !strings.Contains(note, "none was answered")
		}) {
			t.Errorf("%s: the notes are %q", mode, good.Notes)
		}
	}
	one := run(t, "shutdown", long, asksSlow, 1)
	if one.Verdict != result.Passed || !slices.Contains(warnings(t, one), "serves-for/new/refused") {
		t.Errorf("one trial: %s, warned of %v", one.Verdict, warnings(t, one))
	}
}

// TestTimesThatAreNone names times that nobody can serve for.
func TestTimesThatAreNone(t *testing.T) {
	for _, tc := range []struct{ external, want string }{
		{"command: ./x, serves_for: 10ms", "serves_for 10ms is too short for anybody to ask in it: write 200ms or more, such as 5s"},
		{"command: ./x, serves_for: 10s", "serves_for 10s leaves no time to stop: it has 10s from the signal on (drain_limit, --grace)"},
		{"command: ./x, serves_for: 1s, worker: true, ready: {log: x}", "a worker listens on nothing, so nobody is answered after the signal: leave serves_for out"},
		{"url: 'http://127.0.0.1:1/', serves_for: 1s", "write a command, or leave serves_for out"},
	} {
		if got := programErrors(t, tc.external); len(got) != 1 || !strings.HasSuffix(got[0], tc.want) {
			t.Errorf("%s: %q, want %q", tc.external, got, tc.want)
		}
	}
}
