package explore

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/world"
)

// A Detour is a decision of a schedule that was not the usual one: someone went on who was not next.
type Detour struct {
	Deviation
	Usual string // who would have gone on
	Step  int    // decisions made before it
}

// detourNoter notes the deviations of a strategy with who else would have gone on.
type detourNoter struct {
	*Recorder
	detours []Detour
}

func (n *detourNoter) Next(s *world.State) int {
	usual := s.Runnable[s.Default()]
	before := len(n.deviations)
	chosen := n.Recorder.Next(s)
	if len(n.deviations) > before {
		n.detours = append(n.detours, Detour{n.deviations[before], n.paths.of(usual), s.Step})
	}
	return chosen
}

// NoteDetours returns a strategy that follows deviations, and notes at each of them who else would have
// gone on. Detours returns them after the run.
func NoteDetours(deviations []Deviation) (s world.Strategy, detours func() []Detour) {
	n := &detourNoter{Recorder: Record(Replay(deviations))}
	return n, func() []Detour { return n.detours }
}

// An Order is a chain of links: the failure needs each to come before the next. A link is one operation,
// or the first and the last of several that must all be there.
type Order struct{ Chain [][]Event }

// depth is how many befores the order has.
func (o Order) depth() int { return len(o.Chain) - 1 }

// covers says whether o says all that p says.
func (o Order) covers(p Order) bool {
	all := o.events()
	return len(all) > len(p.events()) && !slices.ContainsFunc(p.events(), func(e Event) bool { return !slices.Contains(all, e) })
}

func (o Order) events() []Event { return slices.Concat(o.Chain...) }

// orderFinder finds what order of operations a failure needs. It does not guess: it plays the schedule
// again with one thing moved, and looks whether the failure is still there.
type orderFinder struct {
	trace *Trace
	all   []Deviation
	play  func(deviations []Deviation) (Replica, error)
	flip  *Trace // of the last replay in which a detour was taken away or moved
	err   error
	left  int // replays it may still make
}

// maxReach is how many operations a preemption is moved to either side.
const maxReach = 16

// A Replica is what became of a schedule that was played with one thing moved.
type Replica struct {
	Fails bool        // in the same class
	Used  []Deviation // those that had an effect
	Trace *Trace
}

// FindOrders returns the orders that the failure of a trace needs, one for each of its detours that it
// cannot do without. Play plays deviations. The replays are bounded.
func FindOrders(trace *Trace, detours []Detour, play func(deviations []Deviation) (Replica, error)) ([]Order, error) {
	f := &orderFinder{trace: trace, play: play, left: 1000}
	for _, t := range detours {
		f.all = append(f.all, t.Deviation)
	}
	var orders []Order
	for i, t := range detours {
		if f.still(slices.Delete(slices.Clone(f.all), i, i+1), nil) {
			continue // the failure does not need it
		}
		if o := f.order(i, t); o.depth() > 0 {
			orders = append(orders, o)
		}
	}
	orders = slices.DeleteFunc(slices.Clone(orders), func(o Order) bool {
		return slices.ContainsFunc(orders, func(p Order) bool { return p.covers(o) })
	})
	return orders, f.err
}

// still says whether the failure shows under other deviations, and where one is given, that it had an
// effect.
func (f *orderFinder) still(deviations []Deviation, must *Deviation) bool {
	if f.err != nil || f.left == 0 {
		return false
	}
	f.left--
	r, err := f.play(deviations)
	f.err, f.flip = err, r.Trace
	return err == nil && r.Fails && (must == nil || slices.Contains(r.Used, *must))
}

func (f *orderFinder) order(i int, t Detour) Order {
	begin := slices.IndexFunc(f.trace.Events, func(e Event) bool { return e.Steps > t.Step })
	if begin < 0 {
		return Order{}
	}
	end := len(f.trace.Events)
	for j := begin; j < end; j++ {
		if f.trace.Events[j].Task == t.Usual {
			end = j
		}
	}
	var o Order
	flip := f.flip // the failure is gone there
	check, act := -1, end
	if t.State == Runs && t.Usual == t.After {
		check, act = f.reach(i, t, end)
	}
	first, last := f.between(i, t, begin, end, check)
	if check < 0 && last >= 0 {
		act = f.turned(flip, last, act)
	}
	if check >= 0 {
		o.Chain = append(o.Chain, f.trace.Events[check:check+1])
	}
	if last >= 0 {
		o.Chain = append(o.Chain, f.trace.Events[last:last+1])
		if first >= 0 && first != last {
			o.Chain[len(o.Chain)-1] = []Event{f.trace.Events[first], f.trace.Events[last]}
		}
	}
	if act < len(f.trace.Events) {
		o.Chain = append(o.Chain, f.trace.Events[act:act+1])
	}
	return o
}

// turned finds the operation that really had to come after another, where the task that had to wait only
// led to it: the first one of another task on the same object that comes before it in the run without
// the detour. There is none where usual, which is that task's own, is on the object.
func (f *orderFinder) turned(flip *Trace, last, usual int) int {
	object := f.trace.objects[last]
	if object == nil || flip == nil || usual < len(f.trace.Events) && f.trace.objects[usual] == object {
		return usual
	}
	before := flip.place(f.trace.Events[last])
	for j := last + 1; j < len(f.trace.Events); j++ {
		e := f.trace.Events[j]
		if f.trace.objects[j] != object || e.Task == f.trace.Events[last].Task {
			continue
		}
		if at := flip.place(e); at >= 0 && (before < 0 || at < before) {
			return j
		}
	}
	return usual
}

// place finds the same operation of the same task, as a place in the trace; -1 when it is not there.
func (t *Trace) place(e Event) int {
	return slices.IndexFunc(t.Events, func(o Event) bool {
		return o.Task == e.Task && o.Op == e.Op && o.Kind == e.Kind && o.Object == e.Object
	})
}

// reach finds between which two operations of a preempted task the others must come, as places in the
// trace: it moves the preemption until the failure is gone.
func (f *orderFinder) reach(i int, t Detour, end int) (check, act int) {
	check, act = -1, end
	moved := slices.Clone(f.all)
	for ops := t.Ops - 1; ops >= 0 && ops > t.Ops-maxReach; ops-- {
		moved[i].Ops = ops
		if !f.still(moved, &moved[i]) {
			check = f.place(t.After, ops+1)
			break
		}
	}
	for ops := t.Ops + 1; ops < t.Ops+maxReach; ops++ {
		moved[i].Ops = ops
		if !f.still(moved, &moved[i]) {
			if at := f.place(t.After, ops); at >= 0 {
				act = at
			}
			break
		}
	}
	return check, act
}

// place finds an operation in the trace; -1 when it is not there.
func (f *orderFinder) place(task string, op int) int {
	return slices.IndexFunc(f.trace.Events, func(e Event) bool { return e.Task == task && e.Op == op })
}

// between finds what of the others' operations must be done before the task that had to wait goes on:
// it lets it go on after each of them in turn, and takes the first after which the failure shows. First
// is where the others touch what the check looked at, or -1.
func (f *orderFinder) between(i int, t Detour, begin, end, check int) (first, last int) {
	first, last = -1, end-1
	for j := begin; j < end; j++ {
		e := f.trace.Events[j]
		if e.Task == clockPath || j == end-1 {
			continue
		}
		deviations := slices.Clone(f.all)
		for _, state := range []string{Runs, Blocked, Ended} {
			resume := Deviation{After: e.Task, Ops: e.Op, State: state, Next: t.Usual}
			// Before the others: where two have one key, the first counts.
			deviations = slices.Insert(deviations, 0, resume)
		}
		if f.resumed(deviations) {
			last = j
			break
		}
	}
	if check >= 0 && f.trace.objects[check] != nil {
		for j := begin; j < last; j++ {
			if f.trace.objects[j] == f.trace.objects[check] {
				return j, last
			}
		}
	}
	return first, last
}

// resumed is still, where one of the first three deviations must have had an effect.
func (f *orderFinder) resumed(deviations []Deviation) bool {
	if f.err != nil || f.left == 0 {
		return false
	}
	f.left--
	r, err := f.play(deviations)
	f.err = err
	return err == nil && r.Fails && slices.ContainsFunc(deviations[:3], func(d Deviation) bool { return slices.Contains(r.Used, d) })
}

// text tells the order with tasks called by name.
func (o Order) text(name func(string) string) string {
	var parts []string
	for _, link := range o.Chain {
		var all []string
		for _, e := range link {
			all = append(all, fmt.Sprintf("%s: %s", name(e.Task), e.told()))
		}
		parts = append(parts, strings.Join(all, " … "))
	}
	return strings.Join(parts, "\nBEFORE ")
}

// maxOrders is how many orders a story tells. A failure that needs more of them was not shrunk to its core, and
// nobody could hold them in mind.
const maxOrders = 3

// telling picks the orders that tell a reader most, in their order: those about the objects of the failure, then
// those of operations on one object, which race with each other. Where one tells anything, those that only say
// who woke up before whom are left out.
func telling(orders []Order, focus []string) []Order {
	type ranked struct{ place, rank int }
	var all []ranked
	said := map[string]bool{}
	for i, o := range orders {
		text := o.text(func(path string) string { return path })
		if rank := o.rank(focus); rank < meaningless && !said[text] {
			all = append(all, ranked{i, rank})
			said[text] = true
		}
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	all = all[:min(len(all), maxOrders)]
	slices.SortFunc(all, func(a, b ranked) int { return cmp.Compare(a.place, b.place) })
	var picked []Order
	for _, r := range all {
		picked = append(picked, orders[r.place])
	}
	if len(picked) == 0 {
		return orders[:min(len(orders), 1)]
	}
	return picked
}

// meaningless is the rank of orders that tell nothing.
const meaningless = 4

// rank is 0 for the orders that tell most.
func (o Order) rank(focus []string) int {
	events := o.events()
	said, inFocus, races := 0, false, false
	for i, e := range events {
		if e.says() {
			said++
		}
		inFocus = inFocus || slices.Contains(focus, e.Object)
		races = races || slices.ContainsFunc(events[:i], func(p Event) bool { return p.Object == e.Object && p.Task != e.Task })
	}
	if said < 2 {
		return meaningless
	}
	rank := 2
	if inFocus {
		rank--
	}
	if races {
		rank--
	}
	if said < len(events) {
		rank++
	}
	return rank
}
