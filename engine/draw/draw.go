// Package draw draws the small worlds that a search plays: which knobs, which load and what strikes.
//
// A world is a pure function of the build, the seed and the world's number. It is a scenario like one from a file, so
// that whatever takes a scenario takes a world: a replay file, a story, run and gate.
package draw

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
)

// Schedules is how many schedules of a world are played before the next is drawn. Most breaches of a world that has
// them show in fewer; a world that has none costs no more.
const Schedules = 40

// A Source draws worlds around one scenario.
type Source struct {
	program trial.Program
	seed    scenario.Seed
	knobs   targets.Knobs    // of the small world that is drawn around
	bounds  trial.SmallWorld // its
	groups  []spec.Value     // its load groups, and after them one of each other op
	own     int              // how many of groups are its own
	wide    bool             // the scenario is a target's example: nothing in it is meant more than another
}

// New returns the worlds around a program's small world.
func New(p trial.Program, seed scenario.Seed) *Source {
	s := &Source{
		program: p, seed: seed, groups: p.Scenario.Load, own: len(p.Scenario.Load),
		wide: bytes.Equal(p.Scenario.Source, p.Target.Example),
	}
	small, bounds := p.Small()
	s.knobs, s.bounds = small.Knobs, bounds
	named := map[string]bool{}
	for _, g := range p.Groups {
		named[g.Op.Name] = true
	}
	s.groups = s.groups[:s.own:s.own]
	for _, op := range p.Target.Ops {
		if !named[op.Name] {
			s.groups = append(s.groups, entry("op", op.Name))
		}
	}
	return s
}

// A World is one that was drawn.
type World struct {
	Number int // counted from 0 through the search
	Try    int // the how manieth in place of a void one of that number; 0 is the first

	Small  trial.Program // as engine sim runs it
	Bounds trial.SmallWorld
	Parts  []string // what it has, of what Source.Parts lists
}

// World draws world number, or the one in place of it after so many tries.
func (s *Source) World(number, try int) (World, error) {
	w := World{Number: number, Try: try}
	c := chance{s.seed, "world/" + strconv.Itoa(number) + "/" + strconv.Itoa(try) + "/", &w.Parts}
	drawn := s.program.Scenario
	drawn.Knobs = s.drawKnobs(c)
	load, senders := s.drawLoad(c)
	drawn.Load, drawn.Inject = load, s.drawInjections(c)
	drawn.Widen, drawn.Thresholds, drawn.Regression = nil, nil, nil
	drawn.Sim = scenario.SimWorld{
		Ops: s.drawOps(c, senders), Clients: mostClients, MaxSteps: stepsFactor * s.bounds.MaxSteps,
	}
	err := w.compile(s.program, drawn)
	return w, err
}

// compile makes a world of a scenario.
func (w *World) compile(of trial.Program, drawn scenario.Scenario) error {
	drawn.Sim.At = spec.Value{Kind: spec.Map}
	p, errs := of.With(drawn)
	if len(errs) > 0 {
		return fmt.Errorf("draw world %d of %s: %s\n%w", w.Number, of.Target.Name, drawn.Marshal(), &errs)
	}
	w.Small, w.Bounds = p.Small()
	return nil
}

// Smaller is the world with half of its operations, and then with half of its clients; false where it has few.
func (w World) Smaller() (World, bool) {
	s := w.Small.Scenario
	switch {
	case s.Sim.Ops > leastOps:
		s.Sim.Ops = max(leastOps, s.Sim.Ops/2)
	case s.Sim.Clients > 1:
		s.Sim.Clients--
	default:
		return w, false
	}
	err := w.compile(w.Small, s)
	return w, err == nil
}

const (
	leastOps    = 2
	mostClients = 3 // of a group
	stepsFactor = 2 // a drawn world may take so many times the steps of the one it is drawn around
)

// drawOps draws how many operations there are: each sender has one at the least.
func (s *Source) drawOps(c chance, senders int) int {
	least := max(leastOps, senders)
	most := max(least, s.bounds.Ops*3/2)
	return least + c.of("ops").IntN(most-least+1)
}

// A chance is where the draws of one world come from: a stream of the seed for each thing, so that one more knob
// shifts no other draw.
type chance struct {
	seed  scenario.Seed
	world string
	parts *[]string
}

func (c chance) of(what string) *rand.Rand { return c.seed.Stream(c.world + what) }

// has notes what the world takes part in.
func (c chance) has(part string) { *c.parts = append(*c.parts, part) }

// pick draws one of some values.
func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// entry makes a map of pairs of words.
func entry(pairs ...string) spec.Value {
	v := spec.Value{Kind: spec.Map}
	for i := 0; i < len(pairs); i += 2 {
		v.Fields = append(v.Fields, spec.Field{Key: spec.Text(pairs[i]), Value: spec.Text(pairs[i+1])})
	}
	return v
}

// faultRate is the share of worlds that have a planted fault.
const faultRate = 0.125

// drawKnobs draws the settings. At most one plants a fault.
func (s *Source) drawKnobs(c chance) []spec.Field {
	faulty, r := "", c.of("fault")
	var faults []targets.Knob
	for _, k := range s.program.Target.Knobs {
		if len(k.Faults) > 0 {
			faults = append(faults, k)
		}
	}
	if len(faults) > 0 && r.Float64() < faultRate {
		faulty = pick(r, faults).Name
	}
	keep := 0.75
	if s.wide {
		keep = 0.5
	}
	var all []spec.Field
	values := s.knobs.Values()
	for _, k := range s.program.Target.Knobs {
		value, said := values[k.Name], s.knobs.Set(k.Name)
		r := c.of("knob/" + k.Name)
		switch {
		case k.Name == faulty:
			value, said = pick(r, k.Faults), true
		case len(k.Small) > 0 && r.Float64() >= keep:
			value, said = pick(r, k.Small), true
		}
		if said {
			all = append(all, spec.Field{Key: spec.Text(k.Name), Value: spec.Text(value)})
		}
		if len(k.Small)+len(k.Faults) > 0 {
			c.has(knobPart(k.Name, value))
		}
	}
	return all
}
