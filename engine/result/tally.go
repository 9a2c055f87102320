package result

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/racebench/racebench/engine/result/void"
)

// tallied is how many texts a tally tells apart.
const tallied = 100

// A tally counts trials by a text. Texts may hold numbers of one trial, so it keeps the first of them in the order
// of the alphabet and counts the others as one, under no text at all: that depends on what was added alone, not on
// the order.
type tally map[string]int

// What stands for reasons and notes that a result does not tell apart.
const (
	otherReasons = "other reasons"
	otherRemarks = "other remarks"
)

func (y *tally) add(text string, trials int) {
	if *y == nil {
		*y = tally{}
	}
	all := *y
	all[text] += trials
	if len(all) <= tallied {
		return
	}
	if _, others := all[""]; others && len(all) == tallied+1 {
		return
	}
	last := ""
	for have := range all {
		last = max(last, have)
	}
	all[""] += all[last]
	delete(all, last)
}

func (y *tally) merge(o tally) {
	for text, trials := range o {
		y.add(text, trials)
	}
}

// remarks are the notes on the row, then those on its trials with how many they are about.
func (r *Row) remarks() []string {
	notes := slices.Clone(r.said)
	add := func(note string, trials int) {
		of := "one trial"
		if trials > 1 {
			of = fmt.Sprintf("%d trials", trials)
		}
		notes = append(notes, of+": "+note)
	}
	for _, note := range slices.Sorted(maps.Keys(r.TrialNotes)) {
		if note != "" {
			add(note, r.TrialNotes[note])
		}
	}
	if n := r.TrialNotes[""]; n > 0 {
		add(otherRemarks, n)
	}
	return notes
}

// Voids count trials by why they proved nothing. Equal texts have one code.
type voids struct {
	tally
	codes map[string]void.Code // of each text
}

func (v *voids) add(why void.Reason, trials int) {
	v.tally.add(why.Text, trials)
	if v.codes == nil {
		v.codes = map[string]void.Code{}
	}
	v.codes[why.Text] = why.Code
	for text := range v.codes {
		if _, told := v.tally[text]; !told { // it is among the others
			delete(v.codes, text)
		}
	}
}

func (v *voids) merge(o voids) {
	for text, trials := range o.tally {
		v.add(void.Reason{Code: o.codes[text], Text: text}, trials)
	}
}

// voidReasons are why trials proved nothing: the most frequent reason first.
func (v *voids) voidReasons() []VoidReason {
	var rows []VoidReason
	for _, why := range slices.Sorted(maps.Keys(v.tally)) {
		if why != "" {
			rows = append(rows, VoidReason{Reason: why, Code: v.codes[why], Trials: v.tally[why]})
		}
	}
	if n := v.tally[""]; n > 0 {
		rows = append(rows, VoidReason{Reason: otherReasons, Trials: n, Others: true})
	}
	slices.SortStableFunc(rows, func(a, b VoidReason) int { return -cmp.Compare(a.Trials, b.Trials) })
	return rows
}
