package trial

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/racebench/racebench/engine/fault"
	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
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
	// Freeze says that the program is stopped before the signal: what shows then is forced.
	Freeze bool `json:"freeze,omitempty"`
	// Folder is where racebench ran an external program: relative paths begin there.
	Folder string `json:"folder,omitempty"`
	// ControlRun is what requests looked like in that run.
	ControlRun []breach.Sample `json:"control_run,omitempty"`
	// Start is the part of the program's start in which it is struck, where that was looked for.
	Start *Span `json:"start,omitempty"`
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

// wholeLimit is how long the trial's process may take for all it does.
func (p *Plan) wholeLimit() time.Duration {
	s := p.Program.Scenario
	whole := bootLimit + s.Duration + p.limit() + 2*s.DrainLimit
	if p.Program.Target.Traits.Restarted {
		// It may be started again and stopped again, and have waited for a processor.
		whole += 2*p.startLimit() + s.DrainLimit + mostGiven*p.limit()
	}
	return whole
}

// Write stores the plan in a trial's directory: the pinned scenario and the trial's identity.
func (p Plan) Write(dir rundir.TrialDir) error {
	if err := rundir.WriteFile(dir.Scenario(), p.Program.Scenario.Kept(p.Program.Vocabulary).Marshal()); err != nil {
		return err
	}
	if p.Program.Target.Traits.External {
		folder, err := os.Getwd()
		if err != nil {
			return fmt.Errorf("where is this: %w", err)
		}
		p.ID.Folder = folder
	}
	id, err := json.MarshalIndent(p.ID, "", "  ")
	if err != nil {
		return fmt.Errorf("encode plan: %w", err)
	}
	return rundir.WriteFile(dir.Plan(), append(id, '\n'))
}
