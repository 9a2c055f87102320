package gotest

import (
	"github.com/racebench/racebench/engine/schedule"
	"github.com/racebench/racebench/internal/overlay/wire"
)

// clockID is the clock's number: the last of all.
const clockID = 1 << 30

// A view shows a strategy of ours the schedule that a process plays, as the process's own decider does.
type view struct {
	mem      *wire.Memory
	function func(pc uint64) string

	tasks []*schedule.Task
	clock schedule.Task
	state schedule.State
	namer wire.Namer
}

func newView(m *wire.Memory, function func(pc uint64) string) *view {
	v := &view{mem: m, function: function}
	v.clock = schedule.Task{ID: clockID, Slot: -1, Clock: true, Owner: v}
	return v
}

// Path implements schedule.Owner.
func (v *view) Path(t *schedule.Task) string {
	if t.Clock {
		return wire.ClockName
	}
	return v.path(uint32(t.ID))
}

func (v *view) path(id uint32) string {
	for n := len(v.namer.Paths()); n <= int(id); n++ {
		t := &v.mem.Task[n]
		v.namer.Add(v.function(t.Entry), t.Parent)
	}
	return v.namer.Paths()[id]
}

// choose asks a strategy, and returns the number of who goes on. Past the budget of steps it is the usual choice.
func (v *view) choose(s schedule.Strategy) uint32 {
	state := v.look()
	i := state.Default()
	if v.mem.Step <= v.mem.MaxSteps {
		i = s.Next(state)
	}
	chosen := state.Runnable[i]
	for _, t := range state.Runnable {
		t.Slot = -1
	}
	if chosen.Clock {
		return wire.Clock
	}
	return uint32(chosen.ID)
}

// look puts what a strategy decides on together.
func (v *view) look() *schedule.State {
	m, s := v.mem, &v.state
	v.meet()
	s.Runnable = s.Runnable[:0]
	for _, id := range m.Run[:m.N] {
		v.add(id)
	}
	if m.Early != 0 {
		v.add(wire.Clock)
	}
	s.Last = nil
	if m.Last != wire.Clock {
		s.Last = v.tasks[m.Last]
		update(s.Last, &m.Task[m.Last])
	}
	s.Step, s.Tired, s.Yielded = int(m.Decisions), m.Tired != 0, m.State == wire.Yields
	return s
}

func (v *view) add(id uint32) {
	t := &v.clock
	if id != wire.Clock {
		t = v.tasks[id]
		update(t, &v.mem.Task[id])
	}
	t.Slot = len(v.state.Runnable)
	v.state.Runnable = append(v.state.Runnable, t)
}

// meet makes the tasks that were started since the decision before.
func (v *view) meet() {
	for id := len(v.tasks); id < int(v.mem.Tasks); id++ {
		t := &schedule.Task{ID: id, Slot: -1, Owner: v}
		if parent := v.mem.Task[id].Parent; parent != wire.Clock {
			t.Parent = v.tasks[parent]
		}
		v.tasks = append(v.tasks, t)
	}
}

func update(t *schedule.Task, from *wire.Task) {
	t.Ops, t.Kind, t.Object = int(from.Ops), schedule.Kind(from.Kind), from.Object
	t.Begun, t.Ended = from.Status != wire.Fresh, from.Status == wire.Done
	if from.Status != wire.Waiting { // it is on its way out of the operation that it had announced
		t.Object = 0
	}
}
