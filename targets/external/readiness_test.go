//go:build linux

package external_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
)

// asksSlow has a request in flight at every moment.
const asksSlow = "\n  - {client: http-keepalive, clients: 3, path: /slow}\n"

// TestAReadinessThatStaysGood runs a server that serves on after the signal and goes on calling itself ready, its twin
// that says no, and one whose port refuses at once.
func TestAReadinessThatStaysGood(t *testing.T) {
	t.Parallel()
	const polled = "  ready_path: /readyz\n"
	bad := run(t, "stays-ready", polled, asksSlow, 2)
	if got := classes(bad); bad.Verdict != result.Breached || !slices.Equal(got, []string{"readiness-turns/path/stays-ready"}) || bad.Trials.Breached != 2 {
		t.Errorf("a readiness that stays good: %s, %v, %+v, notes %v", bad.Verdict, got, bad.Trials, bad.Notes)
	}
	if b := bad.Breaches; len(b) > 0 && !slices.ContainsFunc(b[0].First.Evidence, func(line string) bool {
		return strings.Contains(line, "poll          GET /readyz: still 2xx, the last of ")
	}) {
		t.Errorf("the story is %q", b[0].First.Evidence)
	}
	for _, mode := range []string{"turns", "shutdown"} {
		good := run(t, mode, polled, asksSlow, 2)
		if good.Verdict != result.Passed || len(good.Warnings) > 0 {
			t.Errorf("%s: %s, %v, warned of %v, void %v", mode, good.Verdict, classes(good), warnings(t, good), good.Void)
		}
		told := slices.ContainsFunc(good.Notes, func(note string) bool {
			return strings.Contains(note, "no lame-duck time: the port refused before GET /readyz could say no")
		})
		if told != (mode == "shutdown") {
			t.Errorf("%s: the notes are %q", mode, good.Notes)
		}
	}
	found := run(t, "stays-ready", "  ready_path: auto\n", asksSlow, 2)
	if found.Verdict != result.Passed || !slices.Contains(warnings(t, found), "readiness-turns/path/stays-ready") {
		t.Errorf("where it is looked for: %s, %v, warned of %v", found.Verdict, classes(found), warnings(t, found))
	}
	one := run(t, "stays-ready", polled, asksSlow, 1)
	if one.Verdict != result.Passed || !slices.Contains(warnings(t, one), "readiness-turns/path/stays-ready") {
		t.Errorf("one trial: %s, warned of %v", one.Verdict, warnings(t, one))
	}
}

// TestReadyPathsThatAreNone names paths that nobody can ask for.
func TestReadyPathsThatAreNone(t *testing.T) {
	for _, tc := range []struct{ external, want string }{
		{"command: ./x, ready_path: readyz", "ready_path is a path, such as /readyz, or auto"},
		{"command: ./x, ready_path: /a b", "ready_path is a path, such as /readyz, or auto"},
		{"command: ./x, ready_path: /readyz, worker: true, ready: {log: x}", "nobody can ask for its readiness: leave ready_path out"},
		{"url: 'http://127.0.0.1:1/', ready_path: /readyz", "write a command, or leave ready_path out"},
	} {
		if got := programErrors(t, tc.external); len(got) != 1 || !strings.HasSuffix(got[0], tc.want) {
			t.Errorf("%s: %q, want %q", tc.external, got, tc.want)
		}
	}
}

// programErrors are what is wrong with a scenario's external.
func programErrors(t *testing.T, external string) []string {
	t.Helper()
	s, problems := scenario.Parse("x.yaml", []byte("name: x\ntarget: external\nexternal: {"+external+"}\n"), time.Now())
	if problems != nil {
		t.Fatal(problems)
	}
	var all []string
	_, errs := trial.Compile(s, catalog)
	for _, e := range errs {
		all = append(all, e.Msg)
	}
	return all
}
