package main

import (
	_ "embed"
	"fmt"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
)

//go:embed demo.yaml
var demoScenario []byte

func (a *app) demoCommand() *cobra.Command {
	f := newRunFlags()
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See a server lose messages on a real SIGTERM, beside one that does not; about 15 s",
		Long: `Run an embedded scenario: a message broker under load gets a real SIGTERM at random
moments. One design of its shutdown loses messages, another does not. The exit status
is 0 when both do what they should.`,
		Example: `  racebench demo
  racebench demo --seed 7`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			s, problems := scenario.Parse("demo", demoScenario, time.Now())
			if problems != nil {
				return fmt.Errorf("embedded scenario: %w", problems)
			}
			p, errs := trial.Compile(s, a.catalog)
			if len(errs) > 0 {
				return fmt.Errorf("embedded scenario: %w", &errs)
			}
			if err := f.apply(&p, ""); err != nil {
				return err
			}
			a.stderr.Say("racebench: two designs of one broker, each stopped by SIGTERM at random moments")
			rep, err := a.runPrograms(cmd.Context(), []trial.Program{p}, f, settings{})
			if err != nil {
				return err
			}
			worked := demonstrated(rep)
			if worked {
				a.worked = fmt.Sprintf("demo: %s lost messages, %s lost none.", rep.Results[0].Variant, rep.Results[1].Variant)
			}
			if err := a.finish(rep, f); err != nil {
				return err
			}
			if worked {
				a.status = statusPassed
			}
			if to, _ := f.destinations(); to[len(to)-1].format == "text" && a.caught.Load() == 0 {
				a.nextSteps(f.dir)
			}
			return nil
		},
	}
	f.registerSeed(cmd.Flags())
	f.registerProgress(cmd.Flags())
	f.registerDir(cmd.Flags())
	f.registerOutput(cmd.Flags())
	return cmd
}

// demonstrated reports whether both designs did what they should: the first lost messages, and nothing
// worse; the second nothing at all.
func demonstrated(rep *result.Report) bool {
	rows := rep.Results
	return len(rows) == 2 && rows[0].Verdict == result.Breached && rows[1].Verdict == result.Passed &&
		slices.ContainsFunc(rows[0].Breaches, func(b result.RowBreach) bool { return b.Invariant == "no-lost-message" })
}

func (a *app) nextSteps(dir string) {
	a.stdout.Sayf("\nWhat to type next:\n")
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, step := range [][2]string{
		{"replay " + filepath.Join(dir, "latest"), "run the first failing trial again"},
		{"run broker", "the broker's own scenario, and its findings"},
		{"list variants broker", "what was proposed, and what is wrong with it"},
		{"init broker", "a scenario of your own, with comments"},
		{"probe -- COMMAND", "your own program, by the COMMAND that starts it"},
	} {
		fmt.Fprintf(w, "  %s %s\t%s\n", me(), step[0], step[1])
	}
	_ = w.Flush() // the output keeps its own errors
}
