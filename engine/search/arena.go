package search

import (
	"github.com/racebench/racebench/engine/draw"
	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets"
)

const (
	// walks is how many schedules of the only world are spent on hints.
	walks = 8
	// walksOfWorld is how many of a drawn world are: a world has but few schedules.
	walksOfWorld = 4
	// mostTries is how many void worlds are replaced one after the other.
	mostTries = 20
)

// An arena is a world with what its schedules have in common.
type arena struct {
	small  trial.Program // as engine sim runs it
	bounds trial.SmallWorld
	hints  explore.Hints

	// Of a world that was drawn:
	number int
	void   int // worlds in whose place it was drawn
	parts  []string
	drawn  bool
}

// Grounds are what the worlds of a search have in common.
type grounds struct {
	variant targets.Variant
	seed    scenario.Seed
	build   string
	fixed   arena        // where no worlds are drawn
	worlds  *draw.Source // that draws them; nil: none
}

// opens says whether a schedule is the first of a drawn world.
func (a *arena) opens(index int) bool { return a.drawn && index%draw.Schedules == 0 }

func (g *grounds) planOf(a *arena, index int) trial.Plan {
	return trial.NewSmallPlan(a.small, a.bounds, g.variant, g.seed, index, g.build)
}

// arenaOf is the world of a schedule. Last is the one at hand, which may be the same.
func (g *grounds) arenaOf(m *trial.Simulator, last *arena, index int) (*arena, error) {
	number := index / draw.Schedules
	if g.worlds == nil || last.drawn && last.number == number {
		return last, nil
	}
	for try := 0; ; try++ {
		w, err := g.worlds.World(number, try)
		if err != nil {
			return nil, err
		}
		a, void, err := g.enter(m, w)
		if err != nil || !void || try == mostTries {
			return a, err
		}
	}
}

// enter tries the first schedules of a drawn world: it is made smaller while most of them spend their steps, and void
// where most of them prove nothing. What it comes to follows from the world alone.
func (g *grounds) enter(m *trial.Simulator, w draw.World) (a *arena, void bool, err error) {
	for {
		a = &arena{small: w.Small, bounds: w.Bounds, number: w.Number, void: w.Try, parts: w.Parts, drawn: true}
		spent, empty, walk := 0, 0, 0
		a.hints, err = explore.Estimate(walksOfWorld, func(by world.Strategy, onStep func(world.Step)) (int, error) {
			t, r, err := m.Watch(g.planOf(a, w.Number*draw.Schedules+walk), by, onStep)
			walk++
			if r.Ending == world.OutOfSteps {
				spent++
			}
			if t.Verdict == result.Void {
				empty++
			}
			return r.Steps, err
		})
		if err != nil {
			return nil, false, err
		}
		if 2*spent > walksOfWorld {
			if smaller, ok := w.Smaller(); ok {
				w = smaller
				continue
			}
		}
		return a, 2*empty > walksOfWorld, nil
	}
}

// learn has the only world's strategies know what they want to know, from walks through the schedules of the first
// trial: a function of the plan, so that a trial stays one of its index and seed.
func (g *grounds) learn() error {
	m, err := trial.NewSimulator()
	if err != nil {
		return err
	}
	defer m.Close()
	first := g.planOf(&g.fixed, 0)
	g.fixed.hints, err = explore.Estimate(walks, func(by world.Strategy, onStep func(world.Step)) (int, error) {
		_, r, err := m.Watch(first, by, onStep)
		return r.Steps, err
	})
	return err
}
