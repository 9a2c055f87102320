package report

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
)

// silent are the codes without a hint: their own text says what to do, nothing can be done by a flag, or later trials
// are drawn elsewhere already.
var silent = []void.Code{
	void.CannotRun, void.Unwatched, void.BeforeHandler, void.AfterStart, void.Torn, void.Interrupted, void.Killed, void.Nondeterministic,
	void.GivenUp, void.Skipped, void.NotReproduced, void.ControlEnded, void.ControlTorn, void.ControlLoses, void.ControlRefuses, void.Deserted,
	void.NotLookedUp,
}

// TestEveryReasonHasItsHint asks by the code alone: however the reason is worded, its hint is printed, and no hint
// is of a code that there is not.
func TestEveryReasonHasItsHint(t *testing.T) {
	for _, code := range codes(t) {
		hinted := slices.ContainsFunc(hints, func(h hint) bool { return h.code == code })
		if hinted == slices.Contains(silent, code) {
			t.Errorf("%s: a hint and silence, or neither", code)
		}
		row := passedRow()
		row.Verdict, row.Trials = result.Untested, result.Counts{Planned: 5, Void: 5}
		row.Void = []result.VoidReason{{Reason: "worded anew", Code: code, Trials: 5}}
		text := render(t, "text", reportOf(row), Options{Width: 200})
		if strings.Contains(text, " try ") != hinted {
			t.Errorf("%s: the report says what to try, or should:\n%s", code, text)
		}
	}
	for _, h := range hints {
		if !slices.Contains(codes(t), h.code) || h.try == "" {
			t.Errorf("a hint of %q, which is no code, or without words", h.code)
		}
	}
}

// codes are all that package void declares.
func codes(t *testing.T) []void.Code {
	t.Helper()
	source, err := os.ReadFile("../../engine/result/void/void.go")
	if err != nil {
		t.Fatal(err)
	}
	var all []void.Code
	for _, m := range regexp.MustCompile(`Code = "([a-z-]+)"`).FindAllSubmatch(source, -1) {
		all = append(all, void.Code(m[1]))
	}
	if len(all) < 15 {
		t.Fatalf("only %v are declared", all)
	}
	return all
}
