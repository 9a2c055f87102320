package engine

import (
	"slices"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
)

// JudgeAll judges recorded trials again and folds them, one result a scenario and variant, in the order
// in which the directories name them.
func JudgeAll(dirs []rundir.TrialDir, c trial.Config) ([]*result.Campaign, error) {
	return foldJudged(dirs, c, "judged again from the ledgers that were kept: rates are not those of the whole run", func(p trial.Plan, dir rundir.TrialDir) (result.Trial, error) {
		t, _, err := p.Judge(dir)
		return t, err
	})
}

// JudgeEvidence judges evidence in place of a recorded trial's ledger, by the trial's own scenario. The note says whose it is.
func JudgeEvidence(dir rundir.TrialDir, e *ledger.Evidence, note string, c trial.Config) ([]*result.Campaign, error) {
	return foldJudged([]rundir.TrialDir{dir}, c, note, func(p trial.Plan, dir rundir.TrialDir) (result.Trial, error) {
		return p.JudgeEvidence(dir, e), nil
	})
}

// FoldReplays adds up replays of a recorded trial, with what its run knew from the control run.
func FoldReplays(recorded rundir.TrialDir, again []result.Trial, c trial.Config) (*result.Campaign, error) {
	next := 0
	folds, err := foldJudged(slices.Repeat([]rundir.TrialDir{recorded}, len(again)), c, "replays of one trial: rates are not those of the whole run",
		func(trial.Plan, rundir.TrialDir) (result.Trial, error) {
			t := again[next]
			t.Index = next
			next++
			return t, nil
		})
	if err != nil || len(folds) == 0 {
		return nil, err
	}
	return folds[0], nil
}

func foldJudged(dirs []rundir.TrialDir, c trial.Config, note string,
	judge func(trial.Plan, rundir.TrialDir) (result.Trial, error)) ([]*result.Campaign, error) {
	var folds []*result.Campaign
	at := map[string]int{}
	for _, dir := range dirs {
		plan, err := trial.ReadPlan(dir, c.Catalog)
		if err != nil {
			return nil, err
		}
		t, err := judge(plan, dir)
		if err != nil {
			return nil, err
		}
		key := plan.ID.ScenarioHash + " " + plan.ID.Variant
		i, ok := at[key]
		if !ok {
			i = len(folds)
			at[key] = i
			header := batch.HeaderOf(plan.Program, plan.Variant)
			header.Seed, header.Engine = plan.ID.CampaignSeed, plan.ID.Engine
			folds = append(folds, result.NewCampaign(header, batch.RulesOf(plan.Program, plan.Variant)))
			folds[i].AddAsked(plan.ID.ControlAsked) // which every trial of a run has
		}
		folds[i].Trials.Planned++
		folds[i].Add(t)
	}
	for _, fold := range folds {
		fold.Note(note)
		fold.Finish()
	}
	return folds, nil
}
