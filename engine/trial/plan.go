package trial

import (
	"cmp"
	"strconv"
	"time"

	"github.com/racebench/racebench/engine/fault"
	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
)

// A Plan is one trial with every draw made. The same program, variant, seed and index give the same
// plan, in the parent and in the child.
type Plan struct {
	Program Program
	Variant targets.Variant
	Seed    scenario.Seed // the trial's own
	Strikes []fault.Strike
	// Small bounds a simulated trial; nil in the real world.
	Small *SmallWorld
	ID    Identity

	LeftOut []string // what the pinned scenario does not say and the environment does not either
}

// Identity is what tells one trial from every other. It is stored in the trial's directory.
type Identity struct {
	Format       string `json:"format"` // identityFormat
	Scenario     string `json:"scenario"`
	ScenarioHash string `json:"scenario_hash"`
	// SeedHash is the hash that the seed follows from, where that is not the scenario's own.
	SeedHash     string `json:"seed_hash,omitempty"`
	Target       string `json:"target"`
	Variant      string `json:"variant"`
	Engine       string `json:"engine"`
	Build        string `json:"build"`
	CampaignSeed string `json:"campaign_seed"`
	Seed         string `json:"seed"`
	Index        int    `json:"index"`
	// Replacement is the how manieth trial in place of a void one of that index this is; 0 is the planned one.
	Replacement int `json:"replacement,omitempty"`
	Number      int `json:"number"`
	// Control says that no signal is sent: what is lost then, no shutdown is to blame for.
	Control bool `json:"control,omitempty"`
	// Look says that what the program can be asked for is found out before the load.
	Look bool `json:"look,omitempty"`
	// Lend is a socket, by its path: whoever waits there asks the program in the place of the load.
	Lend string `json:"lend,omitempty"`
	// Freeze says that the program is stopped before the signal: what shows then is forced.
	Freeze bool `json:"freeze,omitempty"`
	// Folder is where racebench ran an external program: relative paths begin there.
	Folder string `json:"folder,omitempty"`
	// ControlRun is what requests looked like in that run.
	ControlRun []breach.Sample `json:"control_run,omitempty"`
	// Start is the part of the program's start in which it is struck, where that was looked for.
	Start *Span `json:"start,omitempty"`
	// Endless are the groups whose answers never ended there.
	Endless []string `json:"endless,omitempty"`
	// ControlAsked is how they were answered there.
	ControlAsked []result.Asked `json:"control_asked,omitempty"`
}

const identityFormat = "racebench.trial/v1"

// NewPlan makes the draws of trial index of a campaign.
func NewPlan(p Program, v targets.Variant, campaign scenario.Seed, index int, build string) Plan {
	hash := p.Hash
	seed := campaign.Trial(cmp.Or(p.SeedHash, hash), index)
	plan := Plan{Program: p, Variant: v, Seed: seed, ID: Identity{
		Format: identityFormat, Scenario: p.Scenario.Name, ScenarioHash: hash, SeedHash: p.SeedHash,
		Target: p.Target.Name, Variant: v.Name, Engine: string(scenario.Real), Build: build,
		CampaignSeed: campaign.String(), Seed: seed.String(), Index: index,
	}}
	plan.draw()
	return plan
}

func (p *Plan) draw() {
	p.Strikes = nil
	for i, d := range p.Program.Directives {
		if p.ID.Start != nil {
			d = d.Within(p.ID.Start.From, p.ID.Start.Until)
		}
		p.Strikes = append(p.Strikes, d.Draw(p.Seed.Stream("inject/"+strconv.Itoa(i))))
	}
}

// Within is the plan with its strikes at start-up drawn from a part of the start; nil changes nothing.
func (p Plan) Within(start *Span) Plan {
	if start != nil {
		p.ID.Start = start
		p.draw()
	}
	return p
}

// Replacement is the plan of the n-th trial in place of a planned one that is void: other draws, and else the same.
// It follows from the trial that it replaces alone, so that the parts of a run replace as the whole would.
func (p Plan) Replacement(n int) Plan {
	if n == 0 {
		return p
	}
	p.Seed = p.Seed.Replacement(n)
	p.ID.Seed, p.ID.Replacement = p.Seed.String(), n
	p.draw()
	if p.Small != nil {
		p = p.simulated(*p.Small)
	}
	return p
}

// LimitFactor is how many drain limits a drain may take before a trial is given up.
func (p *Program) LimitFactor() int {
	return cmp.Or(p.Target.Traits.LimitFactor, targets.DefaultLimitFactor)
}

// limit is how long the drain may take before a trial is given up.
func (p *Plan) limit() time.Duration {
	return time.Duration(p.Program.LimitFactor()) * p.Program.Scenario.DrainLimit
}

// leastStartLimit is how long a target may take to start at the least whose card says nothing of it.
const leastStartLimit = 5 * time.Second

func (p *Plan) startLimit() time.Duration {
	return cmp.Or(p.Program.Target.Traits.StartLimit, max(leastStartLimit, p.limit()))
}

// mostGiven is how many limits a program is given back at the most.
const mostGiven = 2

// wholeLimit is how long the trial's process may take for all it does.
func (p *Plan) wholeLimit() time.Duration {
	s := p.Program.Scenario
	whole := bootLimit + s.Duration + p.limit() + 2*s.DrainLimit
	if p.Program.Target.Traits.Prepares {
		whole += s.DrainLimit
	}
	if p.Program.Target.Traits.Restarted {
		// It may be started again and stopped again, and have waited for a processor.
		whole += 2*p.startLimit() + s.DrainLimit + mostGiven*p.limit()
	}
	for _, g := range p.Program.Groups {
		whole += 2 * g.Settles()
	}
	return whole
}

// couldNotConnect is how the remark on a client begins whose Dial has failed.
const couldNotConnect = "could not connect: "

// Names of phases in the ledger.
const (
	phaseServe     = "serve"
	phaseNotServed = "not served" // the target did not start
	phaseExited    = "exited"     // the process ended itself before the trial had come to its end
)

// auditTask names the task, the lane and the phase of an audit.
const auditTask = "audit"

// bootLimit is how long a child may take to start beyond the load and the drain.
const bootLimit = 10 * time.Second

// phases are the processes of a trial, one after the other.
func (p Plan) phases() []string {
	if p.Program.Target.Auditor != nil {
		return []string{phaseServe, auditTask}
	}
	return []string{phaseServe}
}

// clientsOf is how many clients of a group the trial has.
func (p *Plan) clientsOf(g *Group) int {
	if p.Small != nil {
		return min(g.Clients, p.Small.Clients)
	}
	return g.Clients
}

// idleDeadline says whether the server's own deadline comes only when nobody else can go on: in half of the
// simulated worlds, drawn.
func (p *Plan) idleDeadline() bool {
	return p.Small != nil && p.Seed.Stream("the drain's deadline").IntN(2) == 0
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
		if s.Trigger != fault.AtMoment && s.Trigger != fault.AtOp && s.Trigger != fault.After {
			continue
		}
		draw := p.Seed.Stream("inject/" + strconv.Itoa(i) + "/small")
		s.Trigger, s.Count = fault.AtOp, draw.Int64N(int64(small.Ops)+1)
	}
	p.Strikes = strikes
	return p
}

// NewSmallPlan makes the draws of trial index of a simulated campaign.
func NewSmallPlan(p Program, small SmallWorld, v targets.Variant, campaign scenario.Seed, index int, build string) Plan {
	return NewPlan(p, v, campaign, index, build).simulated(small)
}

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
	sim := p.sim()
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
	p.expectAll()
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

// sim is what the scenario says of its small world, or else what the target's example does.
func (p Program) sim() scenario.SimWorld {
	sim := p.Scenario.Sim
	if sim.At.Kind == spec.Null || sim.Vary && sim.Ops+sim.Clients+sim.MaxSteps+len(sim.Knobs) == 0 {
		example, _ := scenario.Parse(p.Target.Name, p.Target.Example, time.Now())
		return example.Sim
	}
	return sim
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
