package trial

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/racebench/racebench/internal/input"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets"
)

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

// ErrNoSecret is wrapped by the errors about a recorded trial whose secrets nobody knows.
var ErrNoSecret = errors.New("kept trials leave secrets out")

// ErrStale is wrapped by the errors about a recorded trial that can be read and cannot be run again as it
// was: it was changed, or this build does not have what it names.
var ErrStale = errors.New("the trial is stale")

// StaleError is an error about a recorded trial that wraps ErrStale.
func StaleError(dir rundir.TrialDir, format string, args ...any) error {
	return fmt.Errorf("read trial %s: %w: %s", dir, ErrStale, fmt.Sprintf(format, args...))
}

// secretOf finds what a pinned scenario leaves out: what the parent handed over, or the user's own variable.
func secretOf(name string) (string, bool) {
	if value, ok := os.LookupEnv(targets.SecretPrefix + name); ok {
		return value, true
	}
	return os.LookupEnv(name)
}

// ReadPlan reads a trial's directory back and makes its draws again. Its errors say why the directory is
// no trial, or wrap ErrStale.
func ReadPlan(dir rundir.TrialDir, catalog Catalog) (Plan, error) {
	var id Identity
	raw, err := input.Found(dir.Plan(), input.Record)
	if err != nil {
		return Plan{}, fmt.Errorf("read trial: %w", err)
	}
	if err := json.Unmarshal(raw, &id); err != nil || id.Format != identityFormat {
		return Plan{}, fmt.Errorf("read trial %s: %s is not a trial of this version (want format %s)", dir, dir.Plan(), identityFormat)
	}
	s, problems, err := scenario.ReadFile(dir.Scenario(), time.Now())
	if err != nil {
		return Plan{}, fmt.Errorf("read trial: %w", err)
	}
	if problems != nil {
		return Plan{}, problems
	}
	s, leftOut := s.Filled(catalog.Vocabulary(), secretOf)
	plan, stale, err := PlanAgain(s, id, nil, catalog)
	switch {
	case err != nil:
		return Plan{}, fmt.Errorf("read trial %s: %w", dir, err)
	case stale != "":
		return Plan{}, StaleError(dir, "%s", stale)
	}
	plan.ID, plan.LeftOut = id, leftOut
	return plan, nil
}

// PlanAgain makes a recorded plan again, from its pinned scenario and what tells its trial from every other. A
// simulated one has the bounds of small, or where that is nil those of the scenario. Stale says why this build
// cannot.
func PlanAgain(s scenario.Scenario, id Identity, small *SmallWorld, catalog Catalog) (plan Plan, stale string, err error) {
	program, errs := Compile(s, catalog)
	if len(errs) > 0 {
		return plan, "its scenario names what this build does not have: " + strings.TrimSpace(errs.Error()), nil
	}
	if program.Hash != id.ScenarioHash {
		return plan, fmt.Sprintf("its scenario has been changed since it ran (hash %s, recorded %s): undo the change, or run the scenario again for a new trial",
			program.Hash, id.ScenarioHash), nil
	}
	v, ok := FindVariant(program.Target, id.Variant)
	if !ok {
		return plan, fmt.Sprintf("this build has no variant %s of %s", id.Variant, program.Target.Name), nil
	}
	seed, err := scenario.ParseSeed(id.CampaignSeed)
	if err != nil {
		return plan, "", err
	}
	program.SeedHash = id.SeedHash
	if id.Engine != string(scenario.Sim) {
		return NewPlan(program, v, seed, id.Index, id.Build).Within(id.Start).Replacement(id.Replacement), "", nil
	}
	program, bounds := program.Small()
	if small != nil {
		bounds = *small
	}
	return NewSmallPlan(program, bounds, v, seed, id.Index, id.Build).Replacement(id.Replacement), "", nil
}
