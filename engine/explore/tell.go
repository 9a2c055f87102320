package explore

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/world"
)

// maxOps is how many operations of one turn are spelled out, unless more of them matter.
const maxOps = 4

// teller puts a story together.
type teller struct {
	Telling
	trace   *Trace
	names   map[string]string
	hot     map[int]bool     // events that are told
	turned  map[int]bool     // events about deviations, told where the story is short enough
	remarks map[int][]string // by the event after which they were
	ahead   map[int]Detour   // by the first event after the decision
	blocked map[int]bool     // events that blocked their task
	stuck   map[int]string   // the last events of tasks that are blocked in the end, and in what
}

// Tell tells the story of a trace.
func Tell(trace *Trace, t Telling) Story {
	r := &teller{
		Telling: t, trace: trace, names: map[string]string{}, hot: map[int]bool{}, turned: map[int]bool{}, remarks: map[int][]string{},
		ahead: map[int]Detour{}, blocked: map[int]bool{}, stuck: map[int]string{},
	}
	if r.Harness == nil {
		r.Harness = func(string) bool { return false }
	}
	if r.Quiet == nil {
		r.Quiet = func(string) bool { return false }
	}
	r.Orders = slices.DeleteFunc(slices.Clone(t.Orders), func(o Order) bool { return !r.ofInterest(o) })
	found := len(r.Orders)
	r.Orders = telling(r.Orders, t.Focus)
	r.nameTasks()
	r.findBlocked()
	r.placeRemarks()
	r.placeDetours()
	r.findFocus()
	s := Story{Title: t.Title, World: t.World, Facts: t.Facts, Again: t.Again, Outcome: t.Outcome}
	for _, o := range r.Orders {
		s.Needed = append(s.Needed, o.text(r.name))
		s.Depth += o.depth()
	}
	if n := found - len(r.Orders); n > 0 {
		s.Needed = append(s.Needed, fmt.Sprintf("%d more, which say less", n))
	}
	if len(r.Orders) == 0 && !slices.ContainsFunc(t.Detours, func(d Detour) bool { return d.Preempts() }) {
		s.Needed = []string{"no task is interrupted anywhere: each runs until it waits"}
	}
	// What is not hot makes room until the story is short.
	for room := maxSpans; room >= 0; room-- {
		s.Lines = r.lines(room)
		if strings.Count(s.Text(), "\n") <= maxLines {
			return s
		}
	}
	if strings.Count(s.Text(), "\n") > maxTurned {
		r.turned, r.ahead = nil, nil
		s.Lines = r.lines(0)
	}
	return s
}

// longTime is how much virtual time must pass at once to be told of.
const longTime = 10 * time.Millisecond

// maxTurned is how long a story may get for the sake of deviations. A schedule that could not be shrunk has too
// many to follow.
const maxTurned = 50

// maxLines is how long a story may get for the sake of turns that are not hot.
const maxLines = 25

// findFocus adds what the orders are about, and what tasks are stuck in.
func (r *teller) findFocus() {
	r.Focus = slices.Clone(r.Focus)
	for _, o := range r.Orders {
		for _, e := range o.events() {
			r.Focus = append(r.Focus, e.Object)
		}
	}
	for i := range r.stuck {
		r.Focus = append(r.Focus, r.trace.Events[i].Object)
	}
}

// ofInterest says whether an order is about the server and its clients under load. The others say how
// the harness started them, or when it looked.
func (r *teller) ofInterest(o Order) bool {
	return !slices.ContainsFunc(o.events(), func(e Event) bool { return e.Time < r.Begin || r.Harness(e.Task) })
}

// nameTasks calls tasks by the last part of their paths, or by the whole path where that is another's.
func (r *teller) nameTasks() {
	owners := map[string]string{}
	for _, e := range r.trace.Events {
		if r.names[e.Task] != "" {
			continue
		}
		short := e.Task[strings.LastIndex(e.Task, ".")+1:]
		if given := r.Names[e.Task]; given != "" {
			short = given
		}
		if owner, taken := owners[short]; taken && owner != e.Task {
			short = e.Task
		}
		owners[short] = e.Task
		r.names[e.Task] = short
	}
}

func (r *teller) name(path string) string {
	if n := r.names[path]; n != "" {
		return n
	}
	return path
}

func (r *teller) findBlocked() {
	last := map[string]int{}
	for i, e := range r.trace.Events {
		if e.Resumed {
			if j, ok := last[e.Task]; ok {
				r.blocked[j] = true
			}
		}
		last[e.Task] = i
	}
	for i, e := range r.trace.Events {
		if e.Task == clockPath && i > 0 && e.Time-r.trace.Events[i-1].Time >= longTime {
			r.turned[i] = true
		}
	}
	for _, idler := range r.trace.idlers() {
		if i, ok := last[idler.Task]; ok && !r.Harness(idler.Task) {
			r.blocked[i], r.hot[i] = true, true
			r.stuck[i] = "BLOCKED FOREVER"
			if idler.State.Holder != "" {
				r.stuck[i] = "waits for ever for " + idler.State.Holder
			}
			r.stuck[i] += r.trace.lastRead(i)
		}
	}
}

func (r *teller) placeRemarks() {
	for _, m := range r.Remarks {
		at := -1
		for i, e := range r.trace.Events {
			if e.Time <= m.At && e.Task != clockPath && strings.HasPrefix(e.Task, m.Task) {
				at = i
			}
		}
		if at >= 0 {
			r.hot[at] = true
			r.remarks[at] = append(r.remarks[at], m.Text)
		}
	}
}

// placeDetours marks what the deviations and the orders say.
func (r *teller) placeDetours() {
	for _, t := range r.Detours {
		i := slices.IndexFunc(r.trace.Events, func(e Event) bool { return e.Steps > t.Step })
		if i <= 0 || r.trace.Events[i].Time < r.Begin || r.Harness(t.Usual) {
			continue
		}
		r.ahead[i] = t
		r.turned[i], r.turned[i-1] = r.turned[i] || !r.isQuiet(i), r.turned[i-1] || t.State == Runs
	}
	for _, o := range r.Orders {
		for _, e := range o.events() {
			if i := slices.Index(r.trace.Events, e); i >= 0 {
				r.hot[i] = true
			}
		}
	}
}

// line tells one turn.
func (r *teller) line(from, to int) StoryLine {
	events := r.trace.Events
	l := StoryLine{Step: from + 1, Task: r.name(events[from].Task)}
	var parts []string
	skipped := 0
	spelled := r.spelled(from, to)
	for i := from; i < to; i++ {
		said := append([]string(nil), r.remarks[i]...)
		switch {
		case spelled[i]:
			said = append([]string{r.op(i)}, said...)
		case r.rank(i) < dull:
			skipped++
		}
		if len(said) > 0 {
			parts = append(appendSkipped(parts, skipped), said...)
			skipped = 0
		}
	}
	l.Ops = strings.Join(repeats(appendSkipped(parts, skipped)), "; ")
	var notes []string
	if t, ok := r.ahead[from]; ok && !(t.State == Runs && t.Usual == t.After) && t.Next != clockPath && r.waitsLoudly(from, t.Usual) {
		notes = append(notes, "<- ahead of "+r.name(t.Usual))
	}
	if t, ok := r.ahead[to]; ok && t.State == Runs && t.Usual == t.After && t.Usual == events[from].Task {
		notes = append(notes, "<- preempted"+r.before(to, t.Usual))
	}
	if s := r.stuck[to-1]; s != "" {
		notes = append(notes, s)
	}
	l.Note = strings.Join(notes, "   ")
	return l
}

// spelled says which operations of a turn are spelled out: those that matter, then the last, then those
// that say most, in their order.
func (r *teller) spelled(from, to int) map[int]bool {
	spelled := map[int]bool{}
	for i := from; i < to; i++ {
		if (r.hot[i] || r.turned[i]) && (!r.isQuiet(i) || len(r.remarks[i]) == 0) {
			spelled[i] = true
		}
	}
	if len(spelled) == 0 && !r.isQuiet(to-1) {
		spelled[to-1] = true
	}
	for rank := range dull {
		for i := from; i < to; i++ {
			if len(spelled) < maxOps && r.rank(i) == rank {
				spelled[i] = true
			}
		}
	}
	r.spellSingles(spelled, from, to)
	return spelled
}

// spellSingles spells out an operation that would be skipped alone: it takes no more room than to say so.
func (r *teller) spellSingles(spelled map[int]bool, from, to int) {
	var skipped []int
	for i := from; i <= to; i++ {
		if i == to || spelled[i] || len(r.remarks[i]) > 0 {
			if len(skipped) == 1 {
				spelled[skipped[0]] = true
			}
			skipped = nil
		} else if r.rank(i) < dull {
			skipped = append(skipped, i)
		}
	}
}

// dull is the rank of what a story can do without.
const dull = 3

// rank is 0 for the operations that say most about a turn.
func (r *teller) rank(i int) int {
	e := r.trace.Events[i]
	if r.isQuiet(i) {
		return dull
	}
	if e.Object != "" && slices.Contains(r.Focus, e.Object) {
		return 0
	}
	switch e.kind() {
	case world.KindSend, world.KindRecv, world.KindClose, world.KindCancel, world.KindNotify, world.KindStore, world.KindWait,
		world.KindJoin, world.KindSignal:
		return 1
	case world.KindLoad, world.KindAcquire, world.KindReserve, world.KindRelease, world.KindBlocking:
		return 2
	}
	return dull
}

// isQuiet says whether an operation is the harness's own business, nothing but waking up, or told by a
// remark.
func (r *teller) isQuiet(i int) bool {
	e := r.trace.Events[i]
	return r.Quiet(e.Object) || e.told() == wakesUp || e.kind() == world.KindSignal && len(r.remarks[i]) > 0
}

// waitsLoudly says whether a task that others were put ahead of has something to do that a story tells.
func (r *teller) waitsLoudly(from int, task string) bool {
	i := slices.IndexFunc(r.trace.Events[from:], func(e Event) bool { return e.Task == task })
	return i >= 0 && !r.isQuiet(from+i)
}

// before says what a task does next after an event.
func (r *teller) before(from int, task string) string {
	for _, e := range r.trace.Events[from:] {
		if e.Task == task {
			return " before " + e.told()
		}
	}
	return ""
}

// repeats tells the same twice in a row once.
func repeats(parts []string) []string {
	var out []string
	for i := 0; i < len(parts); {
		n := 1
		for i+n < len(parts) && parts[i+n] == parts[i] {
			n++
		}
		text := parts[i]
		if n > 1 {
			text += fmt.Sprintf(" (%d times)", n)
		}
		out = append(out, text)
		i += n
	}
	return out
}

func appendSkipped(parts []string, n int) []string {
	if n > 0 {
		parts = append(parts, fmt.Sprintf("… %d more", n))
	}
	return parts
}

// op tells one operation.
func (r *teller) op(i int) string {
	e := r.trace.Events[i]
	if r.blocked[i] && r.stuck[i] == "" {
		return e.told() + " (waits)"
	}
	return e.told()
}
