package ledger

import "time"

// A Phase is one process of the trial.
type Phase struct {
	Index  int
	Name   Name // "serve", "audit"
	Ended  bool
	Status int  // exit status; -1 when a signal ended it
	Signal int  // the signal that ended it
	Limit  bool // the parent's hard limit ended it
	Ready  bool // the target had started
	At     time.Duration
}

func (p *Phase) fields(v *visitor) {
	v.of(kindPhase)
	v.int(at(1)|bare, "number", &p.Index)
	v.name(at(2)|bare, "name", &p.Name)
	v.either(2, "began", "ended", &p.Ended)
	status := at(3)
	if p.Ended {
		status |= always
	}
	v.int(status, "status", &p.Status)
	v.int(at(4), "signal", &p.Signal)
	v.flag(0, "limit", &p.Limit)
	v.flag(1, "ready", &p.Ready)
	v.time(at(5)|always, "at", &p.At)
}

// A Signal is a signal sent to the server, or the moment the server took it.
type Signal struct {
	Number  int
	Taken   bool
	Power   bool          // the power was cut with it
	Planned time.Duration // sent only: when the plan wanted it
	At      time.Duration
}

func (s *Signal) fields(v *visitor) {
	v.of(kindSignal)
	v.int(at(1)|bare, "number", &s.Number)
	v.moment(0, "sent", "taken", at(3), &s.Taken, &s.At)
	v.flag(1, "power", &s.Power)
	v.time(at(2), "planned", &s.Planned)
}

// A Drain is the server's way from the signal to its end. It is recorded twice: as it begins, with Began alone,
// and as it ends, with the rest. Only the trial's first begin and its first end count.
type Drain struct {
	Began time.Duration
	Ended time.Duration // 0: it did not end
	How   DrainEnd
	Left  int64 // what the server itself says it left undelivered
	Error Name
	Idle  time.Duration // for how long nobody in a simulated world could go on until it began
}

func (d *Drain) fields(v *visitor) {
	v.of(kindDrain)
	if d.How != 0 && d.Ended == 0 {
		d.Ended = 1 // 0 is no end
	}
	v.span(2, at(1), &d.Began, &d.Ended)
	v.word(at(2)|bare|optional, "how", drainEnds, (*uint8)(&d.How))
	v.must((d.Ended != 0) == (d.How != 0), "a drain that ended says how, and no other")
	v.long(at(3), "left", &d.Left)
	v.name(at(4), "error", &d.Error)
	v.time(at(5), "idle", &d.Idle)
}

// A Gauge is a sampled value of a counter. Bound is the most it may be; 0 is no bound. Final marks the
// value after the drain.
type Gauge struct {
	Name  Name
	Value int64
	Bound int64
	Final bool
	At    time.Duration
}

func (g *Gauge) fields(v *visitor) {
	v.of(kindGauge)
	v.name(at(1)|bare, "name", &g.Name)
	v.long(at(2)|always, "value", &g.Value)
	v.long(at(3), "bound", &g.Bound)
	v.flag(0, "final", &g.Final)
	v.time(at(4)|always, "at", &g.At)
}

// A Window is what happened at one armed window.
type Window struct {
	Name    Name
	Passed  int64 // times a task was in it
	Struck  int64 // signals that were sent while a task was in it
	Met     int64 // signals that were aimed at it and hit
	Widened bool  // it was held open
}

func (w *Window) fields(v *visitor) {
	v.of(kindWindow)
	v.name(at(1)|bare, "name", &w.Name)
	v.long(at(2)|always, "passed", &w.Passed)
	v.long(at(3)|always, "struck", &w.Struck)
	v.long(at(4)|always, "met", &w.Met)
	v.flag(0, "widened", &w.Widened)
}

// A Panic is a panic on a task.
type Panic struct {
	Task, Value, Stack Name
	Target             bool // on a task of the server, not of the harness
	At                 time.Duration
}

func (p *Panic) fields(v *visitor) {
	v.of(kindPanic)
	v.name(low(1)|always, "task", &p.Task)
	v.name(high(1)|always, "value", &p.Value)
	v.name(at(2)|always, "stack", &p.Stack)
	v.flag(0, "target", &p.Target)
	v.time(at(3)|always, "at", &p.At)
}

// A Task is a task that was alive when the trial ended.
type Task struct {
	Name, Wait, Object Name
	// Holder is the task that keeps it waiting, where there is one: the one it joins, the lock's holder.
	Holder Name
	Target bool
	Parked bool
	Since  time.Duration
	// At names the stage: after the server said it had stopped, or when the drain was given up.
	AfterDrain bool
}

func (t *Task) fields(v *visitor) {
	v.of(kindTask)
	v.name(low(1)|bare, "name", &t.Name)
	v.name(high(1)|always, "wait", &t.Wait)
	v.name(low(2)|always, "object", &t.Object)
	v.name(high(2), "holder", &t.Holder)
	v.flag(0, "target", &t.Target)
	v.flag(1, "parked", &t.Parked)
	v.flag(2, "after-drain", &t.AfterDrain)
	v.time(at(3)|always, "since", &t.Since)
}

// A Mark is a remark for people, e.g. "broker: last read of p4's queue".
type Mark struct {
	Who, Text Name
	Count     int64
	At        time.Duration
}

func (m *Mark) fields(v *visitor) {
	v.of(kindMark)
	v.name(low(1)|bare, "who", &m.Who)
	v.name(high(1)|bare, "text", &m.Text)
	v.long(at(2), "count", &m.Count)
	v.time(at(3)|always, "at", &m.At)
}
