package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/targets/all"
)

// The scenarios that notes name are there.
func TestEveryKnownBugHasAScenario(t *testing.T) {
	for _, target := range all.Targets() {
		for _, v := range target.Variants {
			if len(v.Breaches) == 0 {
				continue
			}
			has := func(bug string) bool {
				return exists(filepath.Join("..", "..", scenariosOf(target.Name), bug+".yaml"))
			}
			if !slices.ContainsFunc(v.Bugs, has) {
				t.Errorf("%s/%s: no scenario for any of %q", target.Name, v.Name, v.Bugs)
			}
		}
	}
}

func TestAKnownBugThatWasNotFoundIsNoted(t *testing.T) {
	broker, _ := trial.Catalog(all.Targets()).Find("broker")
	buggy, _ := trial.FindVariant(broker, "gate-only")
	right, _ := trial.FindVariant(broker, "reference")
	p := trial.Program{Target: broker, Expect: broker.Promises}
	passed := func() *result.Campaign {
		c := result.NewCampaign(result.Header{}, result.Rules{})
		c.Add(result.Trial{Verdict: result.Passed})
		c.Finish()
		return c
	}
	found := passed()
	found.Breaches = []result.RowBreach{{Invariant: buggy.Breaches[0]}}
	if note := unreached(p, buggy, &passed().Row); !strings.HasPrefix(note, "gate-only is known to breach "+buggy.Breaches[0]) {
		t.Errorf("noted %q", note)
	}
	for name, note := range map[string]string{
		"found":      unreached(p, buggy, &found.Row),
		"correct":    unreached(p, right, &passed().Row),
		"not judged": unreached(trial.Program{Target: broker}, buggy, &passed().Row),
		"not tested": unreached(p, buggy, &result.NewCampaign(result.Header{}, result.Rules{}).Row),
	} {
		if note != "" {
			t.Errorf("%s: noted %q", name, note)
		}
	}
}
