package report

import (
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

// What a kept schedule showed is told as that, and no rate is made of it.
func TestKeptSchedulesAreNamed(t *testing.T) {
	one := row("gate-only", result.Breached, result.Counts{Planned: 20, Run: 20, Passed: 20})
	one.Engine = simulated
	for _, c := range []struct {
		trials int
		kept   []string
		want   string
	}{
		{2, nil, "2 of 20 schedules"},
		{2, []string{"corpus/a.replay"}, "2 of 20 schedules and the kept schedule corpus/a.replay"},
		{0, []string{"corpus/a.replay"}, "the kept schedule corpus/a.replay and none of 20 schedules"},
		{0, []string{"corpus/a.replay", "corpus/b.replay"}, "2 kept schedules (corpus/a.replay, …) and none of 20 schedules"},
	} {
		b := result.RowBreach{Invariant: "no-lost-message", Class: "no-lost-message/x/y", Verdict: result.Breached, Trials: c.trials, Kept: c.kept, Summary: "1 of 4 accepted messages lost"}
		if got := shownIn(one, b); got != c.want {
			t.Errorf("it says %q, want %q", got, c.want)
		}
		one.Breaches = []result.RowBreach{b}
		for _, format := range []string{"text", "markdown", "html", "junit", "github"} {
			if got := render(t, format, reportOf(one), Options{Width: 200}); len(c.kept) > 0 && !strings.Contains(got, "corpus/a.replay") {
				t.Errorf("%s does not name the kept schedule:\n%s", format, got)
			}
		}
	}
}

// What to do where no trial was kept depends on whether that was asked for.
func TestAdviceWhereNothingWasKept(t *testing.T) {
	one := row("gate-only", result.Breached, five())
	one.Breaches = []result.RowBreach{{Invariant: "no-lost-message", Class: "no-lost-message/x/y", Verdict: result.Breached, Trials: 1}}
	for command, want := range map[string]string{
		"racebench run x.yaml":             "no trial of it was kept: --seed 7 makes the same draws again",
		"racebench run x.yaml --keep none": "no trial was kept: run with --keep failing --seed 7, then replay",
		"racebench run --keep=none x.yaml": "no trial was kept: run with --keep failing --seed 7, then replay",
	} {
		r := reportOf(one)
		r.Command = strings.Fields(command)
		if got := render(t, "text", r, Options{}); !strings.Contains(got, want) {
			t.Errorf("%s: it does not say %q:\n%s", command, want, got)
		}
	}
}
