package main

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/gate"
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

// readAll reads stored results one after the other and merges them; all that is wrong with any is said at once.
func (a *app) readAll(paths []string) (*result.Report, error) {
	var sum result.Merger
	var machine result.Machine
	var several bool
	var unread []error
	var unfit error // the first that does not belong to those before it
	first := true
	for r, err := range a.ahead(paths) {
		switch {
		case err != nil:
			unread = append(unread, err)
		case len(unread) == 0 && unfit == nil:
			if first {
				machine, first = r.Machine, false
			}
			several = several || r.Machine != machine
			unfit = sum.Add(r)
		}
	}
	if len(unread) > 0 {
		return nil, usageError{errors.Join(unread...)}
	}
	if unfit != nil {
		return nil, usageError{unfit}
	}
	merged, err := sum.Report()
	if err != nil {
		return nil, usageError{err}
	}
	if len(paths) == 1 {
		return merged, nil
	}
	merged.Command = slices.Concat([]string{calledHere(), "report"}, paths)
	for i := range merged.Results {
		row := &merged.Results[i]
		if several {
			row.Notes = append(row.Notes, "measured on several machines: times are pooled over them")
		}
		row.Notes = append(row.Notes, fmt.Sprintf("merged from %d stored results", len(paths)))
	}
	return merged, nil
}

// ahead yields stored results, each of which holds until the next: that one is read meanwhile, to other memory.
func (a *app) ahead(paths []string) iter.Seq2[*result.Report, error] {
	type reading struct {
		r   *result.Report
		err error
	}
	return func(yield func(*result.Report, error) bool) {
		ready, stop := make(chan reading), make(chan struct{})
		defer close(stop)
		go func() {
			defer close(ready)
			var rooms [2][]byte
			for i, path := range paths {
				r, err := gate.ReadPart(a.ctx, path, &rooms[i%2])
				select {
				case ready <- reading{r, err}:
				case <-stop:
					return
				}
			}
		}()
		for next := range ready {
			if !yield(next.r, next.err) {
				return
			}
		}
	}
}
