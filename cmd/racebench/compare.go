package main

import (
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/gate"
	"github.com/racebench/racebench/internal/report"
)

func (a *app) compareCommand() *cobra.Command {
	f := newRunFlags()
	f.outputs.known = report.ComparisonFormats()
	cmd := &cobra.Command{
		Use:   "compare BASE.json HEAD.json",
		Short: "Say what changed from one result to another, with statistics; always status 0",
		Long: `Compare two stored results: breaches by class, thresholds, and speed. Each is a result's
file or a run's directory. A trial is one sample. What compare calls worse, gate fails
for; compare itself ends with status 0.`,
		Example: `  racebench compare before.json racebench-runs/latest
  racebench compare before.json after.json -o markdown`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usagef("%s takes two results, and was given %d: see %s --help", cmd.CommandPath(), len(args), cmd.CommandPath())
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			base, baseErr := a.readResult(args[0])
			head, headErr := a.readResult(args[1])
			if err := errors.Join(baseErr, headErr); err != nil {
				return usageError{err}
			}
			c := gate.Compare(base, head, gate.Options{Base: args[0], Head: args[1]})
			if err := a.printComparison(c, f); err != nil {
				return err
			}
			return nil
		},
	}
	f.registerOutput(cmd.Flags())
	_ = cmd.Flags().MarkHidden("fail-on") // nothing fails
	return cmd
}

// readResult reads a stored result; what is wrong with it is the caller's mistake.
func (a *app) readResult(path string) (*result.Report, error) {
	r, err := gate.Read(a.ctx, path)
	if err != nil {
		return nil, usageError{err}
	}
	return r, nil
}

// printComparison writes a comparison wherever it is wanted.
func (a *app) printComparison(c *gate.Comparison, f runFlags) error {
	return a.printAll(f, func(format string, o report.Options) ([]byte, error) {
		return report.RenderComparison(format, c, o)
	})
}

// judgeComparison sets the exit status of a gate, and notes why where the outcome does not say it.
func (a *app) judgeComparison(c *gate.Comparison, f runFlags) {
	switch c.Outcome {
	case gate.Failed:
		a.status = statusFinding
		return
	case gate.Untested:
		a.status = statusUntested
		return
	case gate.Inconclusive:
		if slices.Contains(f.failOn, "inconclusive") {
			a.alsoFailed = append(a.alsoFailed, "by --fail-on inconclusive: these trials cannot tell")
		}
	}
	if slices.Contains(f.failOn, "warnings") {
		for _, w := range c.Warnings {
			a.alsoFailed = append(a.alsoFailed, "by --fail-on warnings: "+w)
		}
	}
	for _, r := range c.Results {
		var crossed int64
		for _, x := range r.Crossed {
			if result.OnTheWire(x.Kind) {
				crossed += x.Head
			}
		}
		a.alsoFailed = append(a.alsoFailed, crossedOrUnseen(r.Name(), crossed, r.Unseen, f.failOn)...)
	}
	if len(a.alsoFailed) > 0 {
		a.status = statusFinding
	}
}

// replaysOf are the commands that run the head's failing trials again.
func replaysOf(c *gate.Comparison) []string {
	var all []string
	for _, r := range c.Results {
		all = append(all, r.Replay)
	}
	return all
}
