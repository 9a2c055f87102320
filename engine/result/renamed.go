package result

import (
	"slices"

	"github.com/racebench/racebench/engine/signals"
)

// RenameClasses gives the breaches of a stored trial the classes that reports write today.
func (t *Trial) RenameClasses() {
	for _, list := range [][]Breach{t.Breaches, t.Warnings} {
		for i := range list {
			list[i].Class = signals.Current(list[i].Class)
		}
	}
}

// renameClasses gives the breaches of a stored report the classes that reports write today, so that an older
// result can be compared with a new one.
func (r *Report) renameClasses() {
	for i := range r.Results {
		row := &r.Results[i]
		for k := range row.Breaches {
			row.Breaches[k].Class = signals.Current(row.Breaches[k].Class)
		}
		for k := range row.Warnings {
			row.Warnings[k].Class = signals.Current(row.Warnings[k].Class)
		}
		for k := range row.Together {
			for n, class := range row.Together[k].Classes {
				row.Together[k].Classes[n] = signals.Current(class)
			}
			slices.Sort(row.Together[k].Classes)
		}
		slices.SortFunc(row.Together, byClasses)
	}
}
