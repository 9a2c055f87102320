package draw

import (
	"math/rand/v2"
	"slices"

	"github.com/racebench/racebench/engine/signals"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
)

// How often a world has what.
const (
	keepInjections = 0.4 // those of the scenario
	atStartup      = 0.08
	inWindow       = 0.12
	secondSignal   = 0.25
	thirdSignal    = 0.3 // of those that have a second
	crashes        = 0.3 // of targets that can be reopened
	anyMoment      = "0%..100%"
)

// drawInjections draws what strikes, and when.
func (s *Source) drawInjections(c chance) []spec.Value {
	r := c.of("inject")
	all := s.program.Scenario.Inject
	if len(all) == 0 || r.Float64() >= keepInjections {
		all = s.drawNew(r)
	}
	signals := 0
	for _, v := range all {
		s.notes(c, v)
		if _, signal := v.Get("signal"); !signal {
			continue
		}
		if signals++; signals == 2 {
			c.has(partSecond)
		} else if signals == 3 {
			c.has(partThird)
		}
	}
	return all
}

// drawNew draws injections that are not the scenario's.
func (s *Source) drawNew(r *rand.Rand) []spec.Value {
	all := []spec.Value{s.drawFirst(r)}
	for _, likely := range []float64{secondSignal, thirdSignal} {
		if r.Float64() >= likely {
			break
		}
		all = append(all, s.drawFurther(r))
	}
	if s.program.Target.Auditor != nil && r.Float64() < crashes {
		crash := entry("crash", pick(r, []string{"kill", "power"}), "at", s.moment(r, targets.InDrain))
		if r.IntN(2) == 0 {
			all = nil // it strikes alone
		}
		all = append(all, crash)
	}
	return all
}

// drawFirst draws the first signal: one of those that ask the target to stop, SIGTERM most times.
func (s *Source) drawFirst(r *rand.Rand) spec.Value {
	signal := s.program.Target.StopSignals[0]
	if r.IntN(4) == 0 {
		signal = pick(r, s.program.Target.StopSignals)
	}
	at, before := anyMoment, s.windows(targets.AtStart, targets.UnderLoad)
	switch p := r.Float64(); {
	case p < atStartup:
		at = "startup"
	case p < atStartup+inWindow && len(before) > 0:
		at = "window " + pick(r, before)
	}
	return entry("signal", signals.Name(int(signal)), "at", at)
}

// drawFurther draws a further signal: at any moment, or while the target stops.
func (s *Source) drawFurther(r *rand.Rand) spec.Value {
	return entry("signal", signals.Name(int(pick(r, s.program.Target.StopSignals))), "at", s.moment(r, targets.InDrain))
}

// moment is any moment, or as often a window of a stage.
func (s *Source) moment(r *rand.Rand, stage targets.Stage) string {
	if windows := s.windows(stage); len(windows) > 0 && r.IntN(2) == 0 {
		return "window " + pick(r, windows)
	}
	return anyMoment
}

// windows are the names of the target's windows of some stages.
func (s *Source) windows(stages ...targets.Stage) []string {
	var all []string
	for _, w := range s.program.Target.Windows {
		if slices.Contains(stages, w.Stage) {
			all = append(all, w.Name)
		}
	}
	return all
}

// notes what an injection takes part in.
func (s *Source) notes(c chance, v spec.Value) {
	if at, _ := v.Get("at"); at.Text == "startup" {
		c.has(partStartup)
	}
	if crash, ok := v.Get("crash"); ok {
		c.has(crashPart(crash.Text))
	}
	if signal, ok := v.Get("signal"); ok {
		number, _ := signals.Number(signal.Text) // the scenario was compiled
		c.has(signals.Name(number))
	}
}
