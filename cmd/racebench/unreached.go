package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/targets"
)

// noteUnreached adds a note to every search that found nothing wrong with a design known to be wrong: where its bug is
// shown. Without the note, passed would read as praise. A shard adds none, because others may have found the bug.
func noteUnreached(programs []trial.Program, folds []*result.Campaign, shard batch.Shard) {
	if shard.Of > 1 {
		return
	}
	i := 0
	for _, p := range programs {
		for _, v := range p.Variants {
			if i == len(folds) {
				return // the search was ended early
			}
			if note := unreached(p, v, &folds[i].Row); note != "" {
				folds[i].Note(note)
			}
			i++
		}
	}
}

// unreached is the note on one search; empty where it found what the design is known for, or could not have.
func unreached(p trial.Program, v targets.Variant, fold *result.Row) string {
	var judged []string
	for _, name := range v.Breaches {
		if slices.Contains(p.Expect, name) {
			judged = append(judged, name)
		}
	}
	found := slices.ContainsFunc(fold.Breaches, func(b result.RowBreach) bool {
		return slices.Contains(v.Breaches, b.Invariant) || slices.Contains(v.Also, b.Invariant)
	})
	if len(judged) == 0 || found || fold.Trials.Run == 0 {
		return ""
	}
	name, where := p.Target.Name, "this small world"
	if fold.Worlds != nil {
		where = fmt.Sprintf("these %d worlds", fold.Worlds.Drawn)
	}
	return fmt.Sprintf("%s is known to breach %s, and %s did not show it: see %s in docs/%s.md, and the scenarios of that name in %s",
		v.Name, strings.Join(judged, " and "), where, strings.Join(v.Bugs, ", "), name, scenariosOf(name))
}

// scenariosOf is the folder of the scenarios that have one bug each to themselves.
func scenariosOf(target string) string { return "targets/" + target + "/testdata" }
