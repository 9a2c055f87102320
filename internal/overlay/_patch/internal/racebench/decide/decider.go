// Package decide gives the turn to one goroutine of a controlled bubble after the other. It is an ordinary goroutine
// outside of the bubble: what it remembers takes no part in the program's order.
package decide

import (
	"unsafe"

	"github.com/racebench/racebench/engine/schedule"
	"github.com/racebench/racebench/internal/overlay/wire"
)

//go:linkname next
func next(id uint32) bool

//go:linkname decided
func decided(d wire.Dev, deviates, preempts bool)

//go:linkname arm
func arm(sh unsafe.Pointer, seed uint64)

//go:linkname rest
func rest() int64

//go:linkname armed
func armed() bool

//go:linkname textAddress
func textAddress() uint64

//go:linkname offsets
func offsets() []uintptr

// clockID is above every goroutine's number: the clock is the last of all.
const clockID = 1 << 30

// A Plan is how one schedule is decided.
type Plan struct {
	Strategy schedule.Strategy
	// Ask is asked instead, where racebench itself decides: with the number of a task in Memory.Choice.
	Ask func()
	// Unused says how many deviations have not been used.
	Unused func() int
}

// A Decider decides all schedules of a process.
type Decider struct {
	mem    *wire.Memory
	giveUp func(wire.Verdict)
	plans  chan Plan
	plan   Plan

	tasks []*schedule.Task // by number
	known uint32           // those that this schedule has
	clock schedule.Task
	state schedule.State
	names names

	key key // of the decision before
	nth uint16
}

// key is what a deviation is found by.
type key struct {
	after, ops uint32
	state      uint8
}

// Start starts the decider. GiveUp is called where a schedule can come to no end; it must not return.
func Start(mem *wire.Memory, giveUp func(wire.Verdict)) *Decider {
	d := &Decider{mem: mem, giveUp: giveUp, plans: make(chan Plan, 1)}
	d.names.mem = mem
	mem.TextAddress = textAddress()
	go d.run()
	return d
}

// Arm makes the next bubble a controlled one. Chance seeds what the program draws.
func (d *Decider) Arm(p Plan, chance uint64) {
	d.mem.Serial++
	d.plans <- p
	arm(unsafe.Pointer(d.mem), chance)
}

func (d *Decider) run() {
	serial := uint32(0)
	id := wire.Nobody
	for {
		if !next(id) {
			d.mem.Stop = wire.StopForbidden
			d.giveUp(wire.Void)
		}
		if serial != d.mem.Serial {
			serial = d.mem.Serial
			d.begin(<-d.plans)
		}
		d.check()
		if d.plan.Ask != nil {
			d.plan.Ask()
			id = d.mem.Choice
			decided(wire.Dev{}, false, false)
			continue
		}
		id = d.choose()
	}
}

func (d *Decider) begin(p Plan) {
	d.plan = p
	d.known = 0
	d.names.forget()
	d.key, d.nth = key{}, 0
	d.clock = schedule.Task{ID: clockID, Slot: -1, Clock: true, Owner: &d.names}
}

// quiet is for how many steps nothing must change before all are said to run in vain.
const quiet = 4096

// check gives up a schedule that had twice its steps: half of them were fair.
func (d *Decider) check() {
	m := d.mem
	if m.Step <= 2*m.MaxSteps {
		return
	}
	if m.Step-m.Changed > quiet && !armed() {
		m.Stop = wire.StopLivelock
		d.giveUp(wire.Livelock)
	}
	m.Stop = wire.StopSteps
	d.giveUp(wire.Void)
}

// choose returns the number of who goes on.
func (d *Decider) choose() uint32 {
	m, s := d.mem, &d.state
	d.show()
	usual := s.Default()
	chosen := usual
	if m.Step <= m.MaxSteps {
		chosen = d.plan.Strategy.Next(s)
	}
	if d.plan.Unused != nil {
		m.Unused = uint32(d.plan.Unused())
	}
	t := s.Runnable[chosen]
	id := uint32(t.ID)
	if t.Clock {
		id = wire.Clock
	}
	k := d.moment()
	if k == d.key {
		d.nth++
	} else {
		d.key, d.nth = k, 0
	}
	preempts := chosen != usual && (k.state == uint8(wire.Runs) || t.Clock)
	decided(wire.Dev{After: k.after, Ops: k.ops, State: k.state, Nth: d.nth, Next: id}, chosen != usual, preempts)
	for _, t := range s.Runnable {
		t.Slot = -1
	}
	return id
}

// moment is the key of the decision that is made.
func (d *Decider) moment() key {
	last := d.state.Last
	switch {
	case last == nil:
		return key{state: uint8(wire.Ended)}
	case last.Slot >= 0 && d.state.Yielded:
		return key{uint32(last.ID), uint32(last.Ops), uint8(wire.Yields)}
	case last.Slot >= 0:
		return key{uint32(last.ID), uint32(last.Ops), uint8(wire.Runs)}
	case last.Ended:
		return key{uint32(last.ID), uint32(last.Ops), uint8(wire.Ended)}
	}
	return key{uint32(last.ID), uint32(last.Ops), uint8(wire.Blocked)}
}

// show puts what the strategy decides on into d.state.
func (d *Decider) show() {
	m, s := d.mem, &d.state
	d.meet()
	s.Runnable = s.Runnable[:0]
	for _, id := range m.Run[:m.N] {
		t := d.tasks[id]
		if id == wire.Clock {
			t = &d.clock
		} else {
			update(t, &m.Task[id])
		}
		t.Slot = len(s.Runnable)
		s.Runnable = append(s.Runnable, t)
	}
	if m.Early != 0 {
		d.clock.Slot = len(s.Runnable)
		s.Runnable = append(s.Runnable, &d.clock)
	}
	s.Last = nil
	if m.Last != wire.Clock {
		s.Last = d.tasks[m.Last]
		update(s.Last, &m.Task[m.Last])
	}
	s.Step = int(m.Decisions)
	s.Tired = m.Tired != 0
	s.Yielded = m.State == wire.Yields
}

// meet makes the tasks that were started since the decision before.
func (d *Decider) meet() {
	for ; d.known < d.mem.Tasks; d.known++ {
		id := int(d.known)
		if id == len(d.tasks) {
			d.tasks = append(d.tasks, &schedule.Task{})
		}
		t := d.tasks[id]
		*t = schedule.Task{ID: id, Slot: -1, Owner: &d.names}
		if parent := d.mem.Task[id].Parent; parent != wire.Clock {
			t.Parent = d.tasks[parent]
		}
	}
}

func update(t *schedule.Task, from *wire.Task) {
	t.Ops = int(from.Ops)
	t.Kind = schedule.Kind(from.Kind)
	t.Object = from.Object
	t.Begun = from.Status != wire.Fresh
	t.Ended = from.Status == wire.Done
	if from.Status != wire.Waiting { // it is on its way out of the operation that it had announced
		t.Object = 0
	}
}

// Rest lets time go on after the test has returned: who sleeps is not left for ever. A ticker has no end, so it is done
// at most so many times.
func Rest(wait func(), sleep func(int64)) {
	const most = 64
	for range most {
		wait() // until nobody else can go on
		d := rest()
		if d < 0 {
			return
		}
		sleep(d + 1)
	}
}
