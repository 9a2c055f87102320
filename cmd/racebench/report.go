package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/engine/result"
)

func (a *app) reportCommand() *cobra.Command {
	f := newRunFlags()
	cmd := &cobra.Command{
		Use:   "report PATH...",
		Short: "Render stored results in another format; several are merged first",
		Long: `Render stored results: each PATH is a result's file or a run's directory. Several are
merged: shards of one run, or runs of other seeds. The exit status is that of run.`,
		Example: `  racebench report racebench-runs/latest -o html=report.html
  racebench report shard-1.json shard-2.json -o json=all.json -o junit=junit.xml`,
		Args: needArgs("a stored result"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			rep, err := a.readAll(args)
			if err != nil {
				return err
			}
			f.dir = "" // nothing was stored by this command
			return a.finish(rep, f)
		},
	}
	f.registerOutput(cmd.Flags())
	return cmd
}

// readAll reads stored results and merges them; all that is wrong with any is said at once.
func (a *app) readAll(paths []string) (*result.Report, error) {
	var reports []*result.Report
	var errs []error
	for _, path := range paths {
		r, err := a.readResult(path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		reports = append(reports, r)
	}
	if len(errs) > 0 {
		return nil, usageError{errors.Join(errs...)}
	}
	merged, err := result.Merge(reports)
	if err != nil {
		return nil, usageError{err}
	}
	if len(reports) == 1 {
		return merged, nil
	}
	if slices.ContainsFunc(reports, func(r *result.Report) bool { return r.Machine != reports[0].Machine }) {
		for i := range merged.Results {
			merged.Results[i].Notes = append(merged.Results[i].Notes, "measured on several machines: times are pooled over them")
		}
	}
	merged.Command = slices.Concat([]string{calledHere(), "report"}, paths)
	for i := range merged.Results {
		merged.Results[i].Notes = append(merged.Results[i].Notes, fmt.Sprintf("merged from %d stored results", len(reports)))
	}
	return merged, nil
}
