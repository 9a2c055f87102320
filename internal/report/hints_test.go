package report

import (
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
)

// silent are the codes without a hint: their own text says what to do, or nothing can be done by a flag.
var silent = []void.Code{
	void.CannotRun, void.Unwatched, void.Torn, void.Interrupted, void.Killed, void.Nondeterministic,
	void.GivenUp, void.Skipped, void.NotReproduced, void.ControlEnded, void.ControlTorn, void.ControlLoses,
}

// TestEveryReasonHasItsHint asks by the code alone: however the reason is worded, its hint is printed, and no hint
// is of a code that there is not.
func TestEveryReasonHasItsHint(t *testing.T) {
	for _, code := range void.Codes() {
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
		if !slices.Contains(void.Codes(), h.code) || h.try == "" {
			t.Errorf("a hint of %q, which is no code, or without words", h.code)
		}
	}
}
