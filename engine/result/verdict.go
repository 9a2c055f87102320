// Package result holds what racebench says about trials and campaigns: breaches, verdicts, and the
// stored form of a whole run.
package result

import (
	"fmt"
	"slices"
)

// A Verdict is the answer of a trial or of a folded result. Worse verdicts are greater.
type Verdict uint8

// The verdicts. A trial is hung > crashed > breached > void > passed; a result folds its trials and is
// hung > crashed > breached > missed > untested > known > passed.
const (
	Passed Verdict = iota
	Known
	Void
	Untested
	Missed
	Breached
	Crashed
	Hung
)

var verdictNames = []string{"passed", "known", "void", "untested", "missed", "breached", "crashed", "hung"}

// String returns the verdict's word.
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return fmt.Sprintf("verdict %d", uint8(v))
}

// MarshalText encodes the verdict as its word.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads a verdict's word.
func (v *Verdict) UnmarshalText(text []byte) error {
	i := slices.Index(verdictNames, string(text))
	if i < 0 {
		return fmt.Errorf("%q is no verdict", text)
	}
	*v = Verdict(i)
	return nil
}

// Finding says whether the verdict is a finding: exit status 1.
func (v Verdict) Finding() bool { return v >= Missed }

// VerdictOf folds a trial's breaches. A breach is never voided away; void is the reason a trial without
// one proves nothing, or empty.
func VerdictOf(breaches []Breach, void string) Verdict {
	worst := Passed
	for _, b := range breaches {
		worst = max(worst, b.Verdict)
	}
	if worst == Passed && void != "" {
		return Void
	}
	return worst
}
