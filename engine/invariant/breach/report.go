package breach

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// A Report collects the breaches that an invariant finds in one trial, in the order in which it finds them.
type Report struct {
	Terms
	e   *ledger.Evidence
	all []result.Breach
}

// NewReport begins an empty report on the evidence of a trial.
func NewReport(e *ledger.Evidence, terms Terms) *Report { return &Report{Terms: terms, e: e} }

// Breaches are those reported.
func (r *Report) Breaches() []result.Breach { return r.all }

// Add reports n breaches of a class, out of so many: 0 where that says nothing, else the summary begins with both.
// The class begins with the invariant.
func (r *Report) Add(class string, n, of int64, summary string, s *Story) {
	if of > 0 {
		summary = fmt.Sprintf("%d of %d %s", n, of, summary)
	}
	r.add(class, result.Breached, n, of, summary, s)
}

// Suspect reports n breaches that the answers of all trials to requests of a kind decide of.
func (r *Report) Suspect(class, kind string, need result.Need, n, of int64, summary string, s *Story) {
	r.Add(class, n, of, summary, s)
	b := &r.all[len(r.all)-1]
	b.Kind, b.If = kind, need
}

// EndsIn says of the last suspect how the answers end that are whole: a hash of their last piece.
func (r *Report) EndsIn(last uint64) { r.all[len(r.all)-1].Last = last }

// Crash reports n breaches that are crashes.
func (r *Report) Crash(class string, n int64, summary string, s *Story) {
	r.add(class, result.Crashed, n, 0, summary, s)
}

// Hang reports one breach that is a hang.
func (r *Report) Hang(class, summary string, s *Story) { r.add(class, result.Hung, 1, 0, summary, s) }

func (r *Report) add(class string, verdict result.Verdict, n, of int64, summary string, s *Story) {
	name, _, _ := strings.Cut(class, "/")
	r.all = append(r.all, result.Breach{
		Invariant: name, Class: class, Verdict: verdict, Count: n, Of: of, Summary: summary, Evidence: s.lines(),
	})
}

// Groups are breaches by their class while they are counted, in the order in which the classes were first named.
type Groups[T any] []*Group[T]

// A Group counts the breaches of one class and keeps an example: the first.
type Group[T any] struct {
	Class   string
	N, Of   int64 // how many there are, and of how many
	Example T
}

// Class returns the group of a class; a new one has nothing in it.
func (g *Groups[T]) Class(class string) *Group[T] {
	i := slices.IndexFunc(*g, func(group *Group[T]) bool { return group.Class == class })
	if i < 0 {
		i = len(*g)
		*g = append(*g, &Group[T]{Class: class})
	}
	return (*g)[i]
}

// Add counts one more breach of a class.
func (g *Groups[T]) Add(class string, example T) { g.Class(class).Add(example) }

// Found are the groups that have a breach.
func (g Groups[T]) Found() iter.Seq[*Group[T]] {
	return func(yield func(*Group[T]) bool) {
		for _, group := range g {
			if group.N > 0 && !yield(group) {
				return
			}
		}
	}
}

// Add counts one more breach.
func (g *Group[T]) Add(example T) {
	if g.N++; g.N == 1 {
		g.Example = example
	}
}
