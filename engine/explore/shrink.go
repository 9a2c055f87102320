package explore

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/racebench/racebench/engine/world"
)

// A Workload is the part of a trial that can be made smaller: how much is asked of the server, and which
// of the campaign's trials the other draws come from.
type Workload struct{ Ops, Clients, Trial int }

// An Outcome is what one schedule came to.
type Outcome struct {
	Classes  []string // of breaches; empty when nothing was broken
	Result   world.SimResult
	Switches int // how often another task went on
}

// A Runner plays schedules of one program. It must be a function of its arguments.
type Runner interface {
	Run(w Workload, s world.Strategy) (Outcome, error)
}

// A Cost says how hard a schedule is to follow. The first number counts most.
type Cost struct{ Preemptions, Deviations, Switches, Steps int }

// compare orders costs, the smallest first.
func (c Cost) compare(o Cost) int {
	return cmp.Or(cmp.Compare(c.Preemptions, o.Preemptions), cmp.Compare(c.Deviations, o.Deviations),
		cmp.Compare(c.Switches, o.Switches), cmp.Compare(c.Steps, o.Steps))
}

// A Failing schedule shows a class of breach.
type Failing struct {
	Workload   Workload
	Deviations []Deviation
	Cost       Cost
}

// A ShrinkBudget bounds the work of a shrinking. What comes out is a failing schedule of the class
// whatever the budget; a small one makes it longer than need be.
// It counts work and not time, so that the same failure shrinks to the same schedule on every machine.
type ShrinkBudget struct {
	Replays int // schedules played; 0 is defaultReplays
	Steps   int // steps of all of them together; 0 is MaxShrinkSteps
}

const defaultReplays = 20_000

// MaxShrinkSteps is how many steps a shrinking takes at most when nothing else is said.
const MaxShrinkSteps = 2_000_000

// Shrunk is the outcome of a shrinking.
type Shrunk struct {
	Failing
	Before Failing
	// Proven says that every schedule of the workload with fewer preemptions was played to its end and none
	// shows the class, which says nothing about how many steps it takes. Without it nothing is known about them.
	// With no preemption it holds, for there are none with fewer.
	Proven  bool
	Replays int
	Steps   int
}

// Proof says for a story what is known of schedules with fewer preemptions. It is empty where there are none.
func (s Shrunk) Proof() string {
	switch {
	case s.Cost.Preemptions == 0:
		return ""
	case s.Proven:
		return "no schedule with fewer fails"
	}
	return "fewer not ruled out"
}

const (
	searches  = 200 // schedules that are tried for a failure of a smaller workload
	starts    = 50  // failing schedules that are shrunk, of which the least is kept
	startsIn  = 2000
	provable  = 3 // preemptions up to which fewer are ruled out by exhaustion
	exhausted = 5000
)

// shrinker holds what all the steps of a shrinking share.
type shrinker struct {
	r          Runner
	class      string
	budget     ShrinkBudget
	replays    int
	steps      int
	unfinished bool // a schedule spent its steps: what it would have shown is not known
	err        error
}

// Shrink makes a failing schedule small: a smaller workload, fewer deviations, the least of several
// failures of the class, and at the end the attempt to prove that fewer preemptions never suffice. An
// error is the runner's own.
func Shrink(r Runner, class string, start Failing, b ShrinkBudget) (Shrunk, error) {
	b.Replays, b.Steps = cmp.Or(b.Replays, defaultReplays), cmp.Or(b.Steps, MaxShrinkSteps)
	s := &shrinker{r: r, class: class, budget: b}
	before, ok := s.try(start.Workload, start.Deviations)
	if !ok {
		return Shrunk{Failing: start, Before: start, Replays: s.replays, Steps: s.steps}, s.err
	}
	best := s.minimise(s.smaller(before))
	best = s.restart(best)
	best, proven := s.exhaust(best)
	return Shrunk{
		Failing: best, Before: before, Proven: proven, Replays: s.replays, Steps: s.steps,
	}, s.err
}

// spent says whether the shrinking must come to its end.
func (s *shrinker) spent() bool {
	return s.err != nil || s.replays >= s.budget.Replays || s.steps >= s.budget.Steps
}

// try plays a schedule and returns it as it was when it shows the class: deviations that had no effect
// are gone.
func (s *shrinker) try(w Workload, deviations []Deviation) (Failing, bool) {
	return s.play(w, Replay(deviations))
}

func (s *shrinker) play(w Workload, strategy world.Strategy) (Failing, bool) {
	if s.err != nil {
		return Failing{}, false
	}
	recorder := Record(strategy)
	o, err := s.r.Run(w, recorder)
	s.replays++
	s.steps += o.Result.Steps
	s.unfinished = s.unfinished || o.Result.Ending == world.OutOfSteps
	if err != nil {
		s.err = err
		return Failing{}, false
	}
	f := Failing{Workload: w, Deviations: recorder.Deviations()}
	f.Cost = Cost{preemptions(f.Deviations), len(f.Deviations), o.Switches, o.Result.Steps}
	return f, slices.Contains(o.Classes, s.class)
}

func preemptions(deviations []Deviation) int {
	n := 0
	for _, d := range deviations {
		if d.Preempts() {
			n++
		}
	}
	return n
}

// smaller finds the failure in a smaller workload: the same schedule where it still fits, else another.
func (s *shrinker) smaller(f Failing) Failing {
	for clients := 1; clients < f.Workload.Clients; clients++ {
		w := f.Workload
		w.Clients = clients
		if g, ok := s.find(w, f.Deviations); ok {
			f = g
			break
		}
	}
	for ops := 1; ops < f.Workload.Ops; ops++ {
		w := f.Workload
		w.Ops = ops
		if g, ok := s.find(w, f.Deviations); ok {
			f = g
			break
		}
	}
	return f
}

// find looks for a failing schedule of a workload, and tries a known one first.
func (s *shrinker) find(w Workload, known []Deviation) (Failing, bool) {
	if f, ok := s.try(w, known); ok {
		return f, true
	}
	for i := range searches {
		if s.spent() {
			break
		}
		if f, ok := s.search(w, i); ok {
			return f, true
		}
	}
	return Failing{}, false
}

// search plays schedule i of a workload: each with the draws of another trial.
func (s *shrinker) search(w Workload, i int) (Failing, bool) {
	w.Trial += i
	return s.play(w, Portfolio(i).New(rand.New(rand.NewPCG(uint64(w.Trial), uint64(i))), Hints{}))
}

// minimise leaves no deviation that the failure can do without.
func (s *shrinker) minimise(f Failing) Failing {
	f = s.cut(f)
	f = s.ddmin(f)
	return s.oneByOne(f)
}

// cut takes away the deviations after the failure: the shortest beginning that still fails, by halving.
func (s *shrinker) cut(f Failing) Failing {
	all := f.Deviations
	low, high := 0, len(all)
	for low < high && !s.spent() {
		middle := (low + high) / 2
		if g, ok := s.try(f.Workload, all[:middle]); ok {
			f, high = g, middle
		} else {
			low = middle + 1
		}
	}
	return f
}

// ddmin is delta debugging: it takes away ever smaller parts (Zeller, Hildebrandt, "Simplifying and
// Isolating Failure-Inducing Input", TSE 2002).
func (s *shrinker) ddmin(f Failing) Failing {
	for parts := 2; len(f.Deviations) >= 2 && parts <= 2*len(f.Deviations) && !s.spent(); {
		size := max(1, len(f.Deviations)/parts)
		g, ok := s.withoutOne(f, size)
		if ok {
			f = g
			parts = max(2, parts-1)
			continue
		}
		if size == 1 {
			break
		}
		parts *= 2
	}
	return f
}

// withoutOne takes away one run of size deviations, the last ones first.
func (s *shrinker) withoutOne(f Failing, size int) (Failing, bool) {
	for end := len(f.Deviations); end > 0 && !s.spent(); end -= size {
		from := max(0, end-size)
		rest := slices.Concat(f.Deviations[:from], f.Deviations[end:])
		if g, ok := s.try(f.Workload, rest); ok && len(g.Deviations) < len(f.Deviations) {
			return g, true
		}
	}
	return f, false
}

// oneByOne takes away single deviations until none can go.
func (s *shrinker) oneByOne(f Failing) Failing {
	for i := len(f.Deviations) - 1; i >= 0 && !s.spent(); i-- {
		rest := slices.Concat(f.Deviations[:i], f.Deviations[i+1:])
		if g, ok := s.try(f.Workload, rest); ok && len(g.Deviations) < len(f.Deviations) {
			f = g
			i = len(f.Deviations)
		}
	}
	return f
}

// restart shrinks other failures of the class in the same workload and keeps the least: taking
// deviations away ends in a local minimum, and where it ends depends on where it began.
func (s *shrinker) restart(best Failing) Failing {
	found := 0
	for i := 0; i < startsIn && found < starts && !s.small(best) && !s.spent(); i++ {
		f, ok := s.search(best.Workload, i)
		if !ok {
			continue
		}
		found++
		f = s.minimise(f)
		if f.Cost.compare(best.Cost) < 0 {
			best = f
		}
	}
	return best
}

// small says whether another start is unlikely to be worth its time.
func (s *shrinker) small(f Failing) bool {
	return f.Cost.Preemptions == 0 && len(f.Deviations) <= 2
}

// exhaust plays every schedule with fewer preemptions than f, if there are not too many. One that fails
// takes the place of f, and the search goes on below it.
func (s *shrinker) exhaust(f Failing) (least Failing, proven bool) {
	for {
		k := f.Cost.Preemptions
		if k == 0 {
			return f, true
		}
		if k > provable || s.spent() {
			return f, false
		}
		var better *Failing
		s.unfinished = false
		_, complete := Exhaust(func(strategy world.Strategy) bool {
			if s.spent() {
				return true
			}
			if g, ok := s.play(f.Workload, strategy); ok {
				better = &g
			}
			return better != nil
		}, k-1, min(exhausted, s.budget.Replays-s.replays))
		if better == nil {
			return f, complete && !s.unfinished && s.err == nil
		}
		f = s.minimise(*better)
	}
}
