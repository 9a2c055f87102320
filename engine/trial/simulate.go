package trial

import (
	"fmt"
	"strconv"
	"time"

	"github.com/racebench/racebench/engine/fault"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
)

// A SmallWorld bounds a simulated trial, so that a schedule has tens to hundreds of steps.
type SmallWorld struct {
	Ops      int // operations of a trial, all senders together
	Clients  int // of a load group, at the most
	MaxSteps int
}

// The small world of a scenario and a target that say nothing.
const (
	smallOps     = 8
	smallClients = 2
)

// Small returns the program as engine sim runs it: few clients, few operations, the knobs of the small
// world over the scenario's.
func (p Program) Small() (Program, SmallWorld) {
	sim := p.Scenario.Sim
	if sim.At.Kind == spec.Null {
		example, _ := scenario.Parse(p.Target.Name, p.Target.Example, time.Now())
		sim = example.Sim
	}
	small := SmallWorld{Ops: sim.Ops, Clients: sim.Clients, MaxSteps: sim.MaxSteps}
	if small.Ops == 0 {
		small.Ops = smallOps
	}
	if small.Clients == 0 {
		small.Clients = smallClients
	}
	if small.MaxSteps == 0 {
		small.MaxSteps = world.DefaultMaxSteps
	}
	var errs spec.Errors // the knobs were checked when the scenario was compiled
	p.Knobs = targets.ParseKnobs(p.Target.Knobs, mergeFields(p.Scenario.Knobs, sim.Knobs), &errs)
	groups := p.Groups
	p.Groups = nil
	for _, g := range groups {
		if !g.Op.Subscribes {
			g.ShapeName = "saturate" // when a client goes on is the schedule's to say
		}
		p.Groups = append(p.Groups, g)
	}
	return p, small
}

// mergeFields puts the settings of over in the place of those of under.
func mergeFields(under, over []spec.Field) []spec.Field {
	merged := append([]spec.Field(nil), over...)
	for _, u := range under {
		found := false
		for _, o := range over {
			found = found || o.Key.Text == u.Key.Text
		}
		if !found {
			merged = append(merged, u)
		}
	}
	return merged
}

// clientsOf is how many clients of a group the trial has.
func (p *Plan) clientsOf(g *Group) int {
	if p.Small != nil {
		return min(g.Clients, p.Small.Clients)
	}
	return g.Clients
}

// mostOf is how many operations a client of a group does at the most; 0 is no bound.
func (p *Plan) mostOf(g *Group) int {
	if p.Small == nil {
		return 0
	}
	senders := 0
	for i := range p.Program.Groups {
		if o := &p.Program.Groups[i]; !o.Op.Subscribes {
			senders += p.clientsOf(o)
		}
	}
	return max(1, p.Small.Ops/max(1, senders))
}

// simulated turns a plan into one of a small world. When a signal strikes is a matter of the schedule: a
// moment becomes a count of operations, drawn evenly, after which the strike is a task like any other.
func (p Plan) simulated(small SmallWorld) Plan {
	p.Small = &small
	p.ID.Engine = string(scenario.Sim)
	strikes := append([]fault.Strike(nil), p.Strikes...)
	for i := range strikes {
		s := &strikes[i]
		if s.Trigger != fault.AtMoment && s.Trigger != fault.AtOp {
			continue
		}
		draw := p.Seed.Stream("inject/" + strconv.Itoa(i) + "/small")
		s.Trigger, s.Count = fault.AtOp, draw.Int64N(int64(small.Ops)+1)
	}
	p.Strikes = strikes
	return p
}

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
	t := result.Trial{Index: plan.ID.Index, Replacement: plan.ID.Replacement, Number: plan.ID.Number, Seed: plan.ID.Seed}
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

// NewSmallPlan makes the draws of trial index of a simulated campaign.
func NewSmallPlan(p Program, small SmallWorld, v targets.Variant, campaign scenario.Seed, index int, build string) Plan {
	return NewPlan(p, v, campaign, index, build).simulated(small)
}
