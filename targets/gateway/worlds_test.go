package gateway_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets/gateway"
)

// within is how many schedules of each world are played. What is mended in one showed in fewer.
const within = 1500

// TestWorldsThatShowedABug plays the worlds in which the reference, its promises or a judge were wrong once.
func TestWorldsThatShowedABug(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "worlds", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no worlds: %v", err)
	}
	m, err := trial.NewSimulator()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			s, problems := scenario.Parse(path, raw, time.Now())
			if problems != nil {
				t.Fatal(problems)
			}
			p, errs := trial.Compile(s, trial.Catalog{gateway.Target(nil)})
			if len(errs) > 0 {
				t.Fatal(errs.Error())
			}
			small, bounds := p.Small()
			valid := 0
			for i := range within {
				plan := trial.NewSmallPlan(small, bounds, p.Variants[0], scenario.Seed(1), i, "test")
				played, _, err := m.Run(plan, explore.Portfolio(i).New(plan.Seed.Stream("schedule"), explore.Hints{}))
				if err != nil {
					t.Fatal(err)
				}
				if played.Void == "" {
					valid++
				}
				for _, b := range played.Breaches {
					t.Fatalf("schedule %d breaches %s\n%s", i, b.Class, strings.Join(b.Evidence, "\n"))
				}
			}
			if valid < within/2 {
				t.Errorf("only %d of %d schedules are valid", valid, within)
			}
		})
	}
}
