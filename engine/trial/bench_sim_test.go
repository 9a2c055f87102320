package trial_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/trialtest"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario"
)

// BenchmarkSmallBroker is whole simulated trials of the broker, judged.
func BenchmarkSmallBroker(b *testing.B) {
	p := compile(b, strings.Replace(trialtest.SmallBroker, "VARIANT", "reference", 1))
	small, bounds := p.Small()
	for _, info := range explore.Strategies() {
		b.Run(info.Name, func(b *testing.B) {
			m, err := trial.NewSimulator()
			if err != nil {
				b.Fatal(err)
			}
			defer m.Close()
			b.ReportAllocs()
			steps, n := 0, 0
			for b.Loop() {
				plan := trial.NewSmallPlan(small, bounds, p.Variants[0], scenario.Seed(1), n, "test")
				_, r, err := m.Run(plan, info.New(plan.Seed.Stream("schedule"), explore.Hints{}))
				if err != nil {
					b.Fatal(err)
				}
				steps += r.Steps
				n++
			}
			b.ReportMetric(float64(steps)/b.Elapsed().Seconds()/1e6, "Msteps/s")
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "schedules/s")
			b.ReportMetric(float64(steps)/float64(n), "steps/schedule")
		})
	}
}

// BenchmarkFirstBreach counts the schedules of the portfolio up to the first breach, over campaigns of
// fixed seeds.
func BenchmarkFirstBreach(b *testing.B) {
	const campaigns, most = 200, 2000
	for _, variant := range []string{"timeout-drain", "gate-only", "close-merged", "gate-close-drain", "close-drain-nogate", "gate-select"} {
		b.Run(variant, func(b *testing.B) {
			m, err := trial.NewSimulator()
			if err != nil {
				b.Fatal(err)
			}
			defer m.Close()
			p := compile(b, strings.Replace(trialtest.SmallBroker, "VARIANT", variant, 1))
			small, bounds := p.Small()
			first := trial.NewSmallPlan(small, bounds, p.Variants[0], scenario.Seed(0), 0, "test")
			hints, err := explore.Estimate(8, func(s world.Strategy, onStep func(world.Step)) (int, error) {
				_, r, err := m.Watch(first, s, onStep)
				return r.Steps, err
			})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				var needed []int
				missed := 0
				for c := range campaigns {
					n, found := 0, false
					for ; n < most && !found; n++ {
						plan := trial.NewSmallPlan(small, bounds, p.Variants[0], scenario.Seed(c), n, "test")
						trial, _, err := m.Run(plan, explore.Portfolio(n).New(plan.Seed.Stream("schedule"), hints))
						if err != nil {
							b.Fatal(err)
						}
						found = len(trial.Breaches) > 0
					}
					if !found {
						missed++
					}
					needed = append(needed, n)
				}
				slices.Sort(needed)
				b.ReportMetric(float64(needed[campaigns/2]), "median")
				b.ReportMetric(float64(needed[campaigns*9/10]), "p90")
				b.ReportMetric(float64(missed), "missed")
			}
		})
	}
}
