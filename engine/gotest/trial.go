package gotest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/input"
	"github.com/racebench/racebench/internal/overlay/wire"
	"github.com/racebench/racebench/internal/rundir"
)

// writeTrial fills the folder of a schedule that is kept: its replay file, and what its verdict follows from.
func writeTrial(dir rundir.TrialDir, file *explore.File, left Evidence) error {
	raw, err := json.MarshalIndent(left, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(rundir.WriteFile(dir.Schedule(), file.Marshal()), rundir.WriteFile(dir.Left(), append(raw, '\n')))
}

// readTrial reads the folder of a schedule.
func readTrial(dir rundir.TrialDir) (file *explore.File, pin pinned, left Evidence, err error) {
	raw, err := input.Found(dir.Schedule(), input.Schedule)
	if err == nil {
		file, err = explore.ParseFile(raw)
	}
	if err == nil {
		pin, err = parsePinned(file.Scenario)
	}
	if err != nil {
		return nil, pin, left, err
	}
	raw, err = input.Found(dir.Left(), input.Evidence)
	if err == nil {
		err = json.Unmarshal(raw, &left)
	}
	if err != nil {
		return nil, pin, left, fmt.Errorf("read what the schedule has left, %s: %w", dir.Left(), err)
	}
	return file, pin, left, nil
}

// IsTrial says whether a folder is that of a Go test's schedule.
func IsTrial(dir rundir.TrialDir) bool {
	raw, err := input.Found(dir.Schedule(), input.Schedule)
	if err != nil {
		return false
	}
	file, err := explore.ParseFile(raw)
	return err == nil && file.Target == TargetName
}

// EvidenceOf is the evidence of a trial, as it is stored.
func EvidenceOf(dir rundir.TrialDir) ([]byte, error) { return input.Found(dir.Left(), input.Evidence) }

// JudgeAll judges kept schedules again, from what they have left alone, and folds them, one result a test.
func JudgeAll(dirs []rundir.TrialDir) ([]*result.Campaign, error) {
	var folds []*result.Campaign
	for _, dir := range dirs {
		file, pin, left, err := readTrial(dir)
		if err != nil {
			return nil, err
		}
		seed, err := strconv.ParseUint(file.Seed, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read replay file %s: seed: %q is no number", dir.Schedule(), file.Seed)
		}
		test := &Test{Package: &Package{ImportPath: file.Variant, Race: pin.race}, Name: pin.test, Seed: seed}
		header := test.header(Budget{})
		at := slices.IndexFunc(folds, func(c *result.Campaign) bool {
			return c.Scenario == header.Scenario && c.Variant == header.Variant && c.Seed == header.Seed
		})
		if at < 0 {
			at = len(folds)
			folds = append(folds, result.NewCampaign(header, result.Rules{}))
			folds[at].Note("judged again from the schedules that were kept: rates are not those of the whole run")
		}
		t := Judge(left)
		t.Index, t.Number, t.Dir = file.Index, dir.Number(), string(dir)
		t.Seed = strconv.FormatUint(wire.Chance(seed, uint64(file.Index)), 10)
		if left.Late > 0 {
			for i := range t.Breaches {
				t.Breaches[i].Summary += needsLate(left.Late)
			}
			t.Warnings, t.Breaches, t.Verdict = t.Breaches, nil, result.Passed
		}
		folds[at].Trials.Planned++
		folds[at].Add(t)
	}
	for _, fold := range folds {
		fold.Finish()
	}
	return folds, nil
}
