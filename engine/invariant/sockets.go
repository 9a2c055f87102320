package invariant

import (
	"fmt"
	"slices"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// socketBreaches accuses of lasting connections, once a load group.
func (x *Index) socketBreaches(name, cause string, bad func(w ledger.Wire) bool, what string) []result.Breach {
	type toll struct {
		group   string
		n, of   int64
		example ledger.Wire
	}
	var tolls []*toll
	for _, w := range x.e.Wires {
		if w.Msg != 0 {
			continue
		}
		group := x.e.Lanes[w.Lane].Group
		i := slices.IndexFunc(tolls, func(t *toll) bool { return t.group == group })
		if i < 0 {
			i = len(tolls)
			tolls = append(tolls, &toll{group: group})
		}
		t := tolls[i]
		t.of++
		if bad(w) {
			if t.n++; t.n == 1 {
				t.example = w
			}
		}
	}
	var breaches []result.Breach
	for _, t := range tolls {
		if t.n == 0 {
			continue
		}
		s := x.newStory()
		s.title("one of %d: the connection of %s", t.n, x.e.LaneName(t.example.Lane))
		s.strike()
		s.marks()
		s.at(t.example.Ended, x.e.LaneName(t.example.Lane), what)
		s.drain()
		breaches = append(breaches, result.Breach{
			Invariant: name, Class: name + "/" + t.group + "/" + cause, Verdict: result.Breached, Count: t.n, Of: t.of,
			Summary: fmt.Sprintf("%d of %d lasting connections: each %s", t.n, t.of, what), Evidence: s.lines(),
		})
	}
	return breaches
}
