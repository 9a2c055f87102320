package result

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A RowBreach is one class of breach over all trials.
type RowBreach struct {
	Invariant string     `json:"invariant"`
	Class     string     `json:"class"`
	Verdict   Verdict    `json:"verdict"`
	Trials    int        `json:"trials"`  // that showed it
	Count     int64      `json:"count"`   // messages, calls or tasks, over all trials
	Natural   int        `json:"natural"` // of those trials, without a window held open
	Widened   int        `json:"widened"`
	Of        int64      `json:"of,omitempty"`   // of how many, where Count is; 0 where that says nothing
	Kept      []string   `json:"kept,omitempty"` // paths of the kept schedules that showed it, which are no trials
	Known     string     `json:"known,omitempty"`
	Planted   bool       `json:"planted,omitempty"`
	Expired   string     `json:"expired,omitempty"` // the last day that a known entry tolerated it
	Summary   string     `json:"summary"`           // begins with "COUNT of OF " where that says something
	First     FirstTrial `json:"first"`
}

// A FirstTrial is the trial of the lowest index that showed a breach, with the story of one example; one whose
// directory was kept goes first. Where no trial showed it, it is that of a kept schedule.
type FirstTrial struct {
	Trial       int      `json:"trial"`
	Replacement int      `json:"replacement,omitempty"` // the how manieth in place of a void trial of that index
	Found       *int     `json:"found,omitempty"`       // the trial that the search found, where Trial is a shrunk one with other draws
	Seed        string   `json:"seed"`
	Dir         string   `json:"dir,omitempty"`
	Script      string   `json:"script,omitempty"` // shows it without racebench
	Evidence    []string `json:"evidence"`
}

// A RowWarning is what is not wrong but should be looked at: of one class that trials showed, or, without a class,
// what the scenario's own entries give rise to.
type RowWarning struct {
	Invariant string      `json:"invariant,omitempty"`
	Class     string      `json:"class,omitempty"`
	Trials    int         `json:"trials"`
	Count     int64       `json:"count"`
	Of        int64       `json:"of,omitempty"`
	Summary   string      `json:"summary"`
	First     *FirstTrial `json:"first,omitempty"` // that showed it
}

// A together counts the trials that showed just these classes of breach.
type together struct {
	Classes []string `json:"classes"` // in order
	Trials  int      `json:"trials"`
}

// classesOf are the classes of one trial's breaches, each once, in order.
func classesOf(breaches []Breach) []string {
	classes := make([]string, 0, len(breaches))
	for _, b := range breaches {
		classes = append(classes, b.Class)
	}
	slices.Sort(classes)
	return slices.Compact(classes)
}

// shown are the breaches of one trial, or its warnings, as a row has them. A class that the trial names twice is one
// class that showed.
func shown(t *Trial, breaches []Breach) []RowBreach {
	rows := make([]RowBreach, 0, len(breaches))
	for i, b := range breaches {
		one := RowBreach{
			Invariant: b.Invariant, Class: b.Class, Verdict: b.Verdict, Count: b.Count, Of: b.Of, Summary: b.Summary,
			First: FirstTrial{Trial: t.Index, Replacement: t.Replacement, Found: t.Found, Seed: t.Seed, Dir: t.Dir, Evidence: b.Evidence},
		}
		if t.Scripted == b.Class {
			one.First.Script = t.Script
		}
		if one.First.Evidence == nil {
			one.First.Evidence = []string{}
		}
		if !slices.ContainsFunc(breaches[:i], func(o Breach) bool { return o.Class == b.Class }) {
			one.Trials = 1
			if b.Widened {
				one.Widened = 1
			} else {
				one.Natural = 1
			}
		}
		rows = append(rows, one)
	}
	return rows
}

// addBreach adds one up with those of its class.
func addBreach(all *[]RowBreach, b RowBreach) {
	at := slices.IndexFunc(*all, func(have RowBreach) bool { return have.Class == b.Class })
	if at < 0 {
		b.Known, b.Planted, b.Expired = "", false, "" // Finish says so
		*all = append(*all, b)
		return
	}
	(*all)[at].add(b)
}

// add adds o, which is of the same class. The better example tells the story.
func (b *RowBreach) add(o RowBreach) {
	text, counted := b.text()
	if drawn, haveDrawn := o.Trials > 0, b.Trials > 0; drawn && !haveDrawn || drawn == haveDrawn && before(o.First, b.First) {
		text, counted = o.text()
		b.Invariant, b.First = o.Invariant, o.First
	}
	b.Verdict = max(b.Verdict, o.Verdict)
	b.Trials += o.Trials
	b.Natural += o.Natural
	b.Widened += o.Widened
	if len(o.Kept) > 0 {
		b.Kept = slices.Concat(b.Kept, o.Kept)
		slices.Sort(b.Kept)
		b.Kept = slices.Compact(b.Kept)
	}
	b.Count, b.Of = b.Count+o.Count, b.Of+o.Of
	b.say(text, counted)
}

// text is the summary without the numbers that it begins with, and whether it does.
func (b *RowBreach) text() (string, bool) {
	if b.Of == 0 {
		return b.Summary, false
	}
	return strings.CutPrefix(b.Summary, fmt.Sprintf("%d of %d ", b.Count, b.Of))
}

// say makes the summary of a text, led by the numbers of all trials where it has some.
func (b *RowBreach) say(text string, counted bool) {
	b.Summary = text
	if counted {
		b.Summary = fmt.Sprintf("%d of %d %s", b.Count, b.Of, text)
	}
}

// before says whether trial a is the better example: one that can be replayed from its directory, then
// the earlier one.
func before(a, b FirstTrial) bool {
	if kept := a.Dir != ""; kept != (b.Dir != "") {
		return kept
	}
	return cmp.Or(cmp.Compare(a.found(), b.found()), cmp.Compare(a.Replacement, b.Replacement), strings.Compare(a.Seed, b.Seed)) < 0
}

// found is the index of the trial before it was shrunk.
func (f FirstTrial) found() int {
	if f.Found != nil {
		return *f.Found
	}
	return f.Trial
}

// addWarning adds one of a class up with those of its class.
func (r *Row) addWarning(w RowWarning) {
	at := slices.IndexFunc(r.Warnings, func(have RowWarning) bool { return have.Class == w.Class })
	if at < 0 {
		r.Warnings = append(r.Warnings, w)
		return
	}
	sum := r.Warnings[at].breach()
	sum.add(w.breach())
	r.Warnings[at] = warningOf(sum)
}

// warningOf is a warning of a class that is shown like a breach.
func warningOf(b RowBreach) RowWarning {
	return RowWarning{Invariant: b.Invariant, Class: b.Class, Trials: b.Trials, Count: b.Count, Of: b.Of, Summary: b.Summary, First: &b.First}
}

// breach is the reverse of warningOf.
func (w RowWarning) breach() RowBreach {
	b := RowBreach{Invariant: w.Invariant, Class: w.Class, Trials: w.Trials, Count: w.Count, Of: w.Of, Summary: w.Summary}
	if w.First != nil { // a result of an earlier version does not say
		b.First = *w.First
	}
	return b
}

func byClasses(a, b together) int { return slices.Compare(a.Classes, b.Classes) }

func (r *Row) addTogether(t together) {
	at, found := slices.BinarySearchFunc(r.Together, t, byClasses)
	if !found {
		r.Together = slices.Insert(r.Together, at, together{Classes: t.Classes})
	}
	r.Together[at].Trials += t.Trials
}
