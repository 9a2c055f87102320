package search

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/fault"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
)

// RecordFailure runs a plan of a small world under a strategy and returns the replay file of what
// happened. Name is the strategy's. The trial tells whether it was a failure at all.
func RecordFailure(m *trial.Simulator, plan trial.Plan, strategy world.Strategy, name string) (*explore.File, result.Trial, error) {
	recorder, trace := explore.Record(strategy), explore.NewTrace()
	t, r, err := m.Watch(plan, recorder, trace.Step)
	if err != nil {
		return nil, t, err
	}
	pinned := plan.Program.Scenario
	// What judges or selects trials has no part in one that is pinned.
	pinned.Known, pinned.Thresholds, pinned.Regression = nil, nil, nil
	pinned.Variants = []spec.Value{spec.Text(plan.Variant.Name)}
	f := &explore.File{
		Build: plan.ID.Build, Go: runtime.Version(), Target: plan.ID.Target, Variant: plan.Variant.Name,
		Hash: plan.ID.ScenarioHash, Seed: plan.ID.CampaignSeed, Index: plan.ID.Index, Replacement: plan.ID.Replacement,
		Ops: plan.Small.Ops, Clients: plan.Small.Clients, MaxSteps: plan.Small.MaxSteps,
		Strategy: name, Classes: t.Classes(), Scenario: string(pinned.Marshal()), Deviations: recorder.Deviations(),
	}
	f.Fill(trace, r)
	return f, t, nil
}

// Replayed is what became of a replay file's schedule when it was run again.
type Replayed struct {
	File  *explore.File
	Plan  trial.Plan
	Trial result.Trial
	// Stale says why the file no longer is what this build runs; empty when the run was exactly the
	// recorded one.
	Stale string
	// Open says that Stale does not tell whether the schedule would fail: it was not played, or two runs of it differ.
	Open bool
	// Shown are the recorded classes that the run showed again, Gone those that it did not: of an exact
	// run these are judged otherwise than they were.
	Shown, Gone []string
}

// Exact says that every step and every breach was as recorded.
func (r Replayed) Exact() bool { return r.Stale == "" && len(r.Gone) == 0 }

// String is the answer in one sentence.
func (r Replayed) String() string {
	switch {
	case r.Stale != "":
		return "stale: " + r.Stale
	case len(r.Gone) > 0:
		return "stale: every step was as recorded, and this build no longer judges it as " + strings.Join(r.Gone, " or ")
	}
	return fmt.Sprintf("exact: %d of %d steps as recorded, and the same breach", r.File.Events, r.File.Events)
}

// ReplayFile runs a replay file's schedule again and compares every step. An error says why the file
// cannot be read, or is racebench's own failure; a file that this build can read and cannot run as it was
// is stale.
func ReplayFile(m *trial.Simulator, raw []byte, catalog trial.Catalog) (Replayed, error) {
	f, err := explore.ParseFile(raw)
	if err != nil {
		return Replayed{}, err
	}
	return replay(m, f, catalog)
}

func replay(m *trial.Simulator, f *explore.File, catalog trial.Catalog) (Replayed, error) {
	out := Replayed{File: f}
	plan, stale, err := PlanOfFile(f, catalog)
	if err != nil || stale != "" {
		out.Stale, out.Open = stale, true
		return out, err
	}
	out.Plan = plan
	replayer, trace := explore.Replay(f.Deviations), explore.NewTrace()
	t, r, err := m.Watch(plan, replayer, trace.Step)
	if err != nil {
		return out, err
	}
	out.Trial = t
	now := t.Classes()
	for _, class := range f.Classes {
		if slices.Contains(now, class) {
			out.Shown = append(out.Shown, class)
		} else {
			out.Gone = append(out.Gone, class)
		}
	}
	d := f.Compare(trace, r)
	if d == nil {
		return out, nil
	}
	if _, again, err := m.Run(plan, explore.Replay(f.Deviations)); err != nil {
		return out, err
	} else if again != r {
		out.Open = true
		out.Stale = "two runs of it differ here: something in this build does not depend on the schedule alone"
		return out, nil
	}
	out.Stale = "the code has changed since it was recorded: " + d.String()
	if missed := replayer.Missed(); len(missed) > 0 {
		out.Stale += fmt.Sprintf("; %s could not go on (%s)", missed[0].Next, missed[0])
	}
	return out, nil
}

// PlanOfFile makes the plan of a replay file again. Stale says why this build cannot.
func PlanOfFile(f *explore.File, catalog trial.Catalog) (plan trial.Plan, stale string, err error) {
	s, problems := scenario.Parse("the scenario in the replay file", []byte(f.Scenario), time.Now())
	if problems != nil {
		return plan, "this build refuses its scenario: " + firstLine(problems.Error()), nil
	}
	bounds := trial.SmallWorld{Ops: f.Ops, Clients: f.Clients, MaxSteps: f.MaxSteps}
	if bounds.Ops == 0 || bounds.Clients == 0 || bounds.MaxSteps == 0 {
		return plan, "", fmt.Errorf("read replay file: a small world has at least one operation, client and step")
	}
	plan, stale, err = trial.PlanAgain(s, trial.Identity{
		ScenarioHash: f.Hash, Variant: f.Variant, Engine: string(scenario.Sim), Build: f.Build,
		CampaignSeed: f.Seed, Index: f.Index, Replacement: f.Replacement,
	}, &bounds, catalog)
	if err != nil {
		err = fmt.Errorf("read replay file: %w", err)
	}
	return plan, firstLine(stale), err
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// worldOf is the world of a plan in one line: who does what, what strikes, and the settings that it does not leave to
// the target.
func worldOf(plan trial.Plan) string {
	p := &plan.Program
	var load, strikes, knobs []string
	for i := range p.Groups {
		g := &p.Groups[i]
		what := fmt.Sprintf("%d %s", min(g.Clients, plan.Small.Clients), g.As)
		if g.StopAtSignal {
			what += " (until the signal)"
		}
		load = append(load, what)
	}
	for _, s := range plan.Strikes {
		what := s.Name
		switch {
		case s.Trigger == fault.AtOp && s.Count == 0:
			what += " at the first moment"
		case s.Trigger == fault.AtOp:
			what += fmt.Sprintf(" after %s", counted(int(s.Count), "operation"))
		case s.Trigger == fault.AtWindow:
			what += " in " + s.Window
		case s.Trigger == fault.AtStartup:
			what += " at start-up"
		}
		strikes = append(strikes, what)
	}
	values := p.Knobs.Values()
	for _, k := range p.Target.Knobs {
		if p.Knobs.Set(k.Name) && values[k.Name] != k.Default {
			knobs = append(knobs, k.Name+" "+values[k.Name])
		}
	}
	parts := []string{strings.Join(load, ", "), counted(plan.Small.Ops, "operation"), strings.Join(strikes, ", then ")}
	if len(knobs) > 0 {
		parts = append(parts, strings.Join(knobs, ", "))
	}
	return strings.Join(parts, "; ")
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
