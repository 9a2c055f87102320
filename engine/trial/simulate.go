package trial

import (
	"fmt"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/engine/world"
)

// A Simulator runs simulated trials, one at a time, and keeps what they need between them.
type Simulator struct {
	pool    world.Pool
	out     *ledger.Writer
	serving serving // of the trial that runs
}

// NewSimulator returns a simulator. Close frees it.
func NewSimulator() (*Simulator, error) {
	out, err := ledger.NewMemory()
	if err != nil {
		return nil, err
	}
	return &Simulator{out: out}, nil
}

// Close ends the simulator's coroutines.
func (m *Simulator) Close() { m.pool.Close() }

// Evidence reads what the last trial left behind.
func (m *Simulator) Evidence() (*ledger.Evidence, error) { return m.out.Evidence() }

// Ledger is the last trial's ledger as it would be stored.
func (m *Simulator) Ledger() []byte { return m.out.Bytes() }

// Run runs a plan of a small world under a strategy and judges it. An error is racebench's own failure.
func (m *Simulator) Run(plan Plan, strategy world.Strategy) (result.Trial, world.SimResult, error) {
	return m.Watch(plan, strategy, nil)
}

// Watch is Run with every step told to onStep.
func (m *Simulator) Watch(plan Plan, strategy world.Strategy, onStep func(world.Step)) (result.Trial, world.SimResult, error) {
	m.out.Reset()
	s := &m.serving
	s.prepare(plan, "", m.out, func(o world.Options) *world.World {
		return world.NewSim(world.SimOptions{Options: o, Strategy: strategy, MaxSteps: plan.Small.MaxSteps, Pool: &m.pool, OnStep: onStep})
	})
	s.stalls.simulated = s.w
	var failed error
	r := s.w.Simulate(TrialTask, func(t *world.Task) { failed = s.run(t) })
	t := plan.unjudged("")
	switch {
	case s.broken != nil:
		return t, r, s.broken
	case failed != nil:
		t.SetVoid(whyNotStarted(failed))
		return t, r, nil
	case r.Ending == world.Deadlock:
		return t, r, fmt.Errorf("simulated trial %d: the trial itself cannot go on", plan.ID.Index)
	}
	end := s.simulatedEnd(m.out, r)
	m.out.Add(&end)
	if plan.Program.Target.Auditor != nil && r.Ending != world.OutOfSteps {
		if err := m.auditWorld(plan, s, r.Time); err != nil {
			return t, r, err
		}
	}
	e, err := m.out.Evidence()
	if err != nil {
		return t, r, err
	}
	judgeEvidence(&t, &s.plan, e)
	if r.Ending == world.OutOfSteps {
		t = t.AsVoid(void.OutOfSteps.Because(plan.Small.MaxSteps))
	}
	return t, r, nil
}

// simulatedEnd is how the process of a simulated trial would have ended.
func (s *serving) simulatedEnd(out *ledger.Writer, r world.SimResult) ledger.Phase {
	end := ledger.Phase{Name: out.Name(phaseServe), Ended: true, Status: s.status, At: r.Time}
	if s.killed != 0 {
		end.Status, end.Signal = -1, int(s.killed)
	}
	return end
}

// auditWorld runs the audit of a simulated trial in a world of its own.
func (m *Simulator) auditWorld(plan Plan, s *serving, over time.Duration) error {
	a := &auditing{plan: plan, out: m.out, medium: s.medium, power: s.power, base: over}
	a.w = world.NewSim(world.SimOptions{
		Options:  world.Options{Stream: plan.Seed.Stream, OnPanic: func(p world.Panic) { a.onPanic(p) }},
		Strategy: inTurn{}, MaxSteps: auditSteps, Pool: &m.pool,
	})
	var failed error
	r := a.w.Simulate("racebench audit", func(t *world.Task) { failed = a.run(t) })
	switch {
	case a.broken != nil:
		return a.broken
	case failed != nil:
		return failed
	case r.Ending != world.Finished:
		return fmt.Errorf("simulated trial %d: its audit does not end", plan.ID.Index)
	}
	m.out.Add(&ledger.Phase{Index: 1, Name: m.out.Name(auditTask), Ended: true, At: over + r.Time})
	return nil
}
