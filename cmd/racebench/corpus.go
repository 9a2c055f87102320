package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/gotest"
	"github.com/racebench/racebench/engine/search"
)

func (a *app) corpusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "corpus list|merge|prune|push|pull DIR...",
		Short: "Look after folders of kept schedules: list, merge, prune and share them",
		Long: `Look after the folders in which racebench fuzz --corpus keeps failing schedules, such as
testdata/racebench. They stay small: one schedule of each class and variant, the
smallest that still fails. push and pull share them, by a folder or a branch of git.

A file that cannot be read, that is no regular file, or that is a link out of its folder
is told and left alone, as is one that this build cannot play, or whose runs differ from one
another here. All others are seen to, and the status is 2.`,
		Example: `  racebench corpus list testdata/racebench
  racebench corpus prune testdata/racebench --dry-run
  racebench corpus merge testdata/racebench part-1 part-2
  racebench corpus pull git:racebench-corpus`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("racebench corpus has no %q%s: it has list, merge, prune, push and pull", args[0], didYouMean(args[0], commandNames(cmd)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.corpusList(), a.corpusMerge(), a.corpusPrune(), a.corpusPush(), a.corpusPull())
	return cmd
}

func (a *app) corpusList() *cobra.Command {
	return &cobra.Command{
		Use:   "list DIR",
		Short: "List the kept schedules of a folder, a line each",
		Long: `List the kept schedules of a folder, a line each: design, class, steps, age of the file, and
the world in which it plays.`,
		Example: "  racebench corpus list testdata/racebench",
		Args:    needOne("a folder of kept schedules"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := needFolder(args[0]); err != nil {
				return err
			}
			k, done := a.corpusKeeper(false)
			defer done() // it has built nothing
			entries, unread, err := k.List(args[0])
			if err != nil {
				return usageError{err}
			}
			w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			for _, e := range entries {
				_, _ = fmt.Fprintf(w, "%s/%s\t%s\t%d steps\t%s\t%s\n", e.Target, e.Variant, e.Class, e.Steps, ageOf(e.Path), e.World) // the writer keeps errors
			}
			if err := w.Flush(); err != nil {
				return err
			}
			return unreadSchedules(unread)
		},
	}
}

func (a *app) corpusMerge() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "merge DIR FROM...",
		Short: "Put the kept schedules of other folders into one",
		Long: `Put the kept schedules of the folders FROM into DIR, which is made where it is not there: of
each class and variant the smallest that still fails. Each is replayed first.`,
		Example: `  racebench corpus merge testdata/racebench part-1 part-2
  racebench corpus merge all part-* --dry-run`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usagef("%s takes the folder to merge into, and one or more to merge from", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, dir := range args[1:] {
				if err := needFolder(dir); err != nil {
					return err
				}
			}
			k, done := a.corpusKeeper(dry)
			unread, err := k.Merge(cmd.Context(), args[0], args[1:])
			if err = errors.Join(err, done()); err != nil {
				return err
			}
			return unreadSchedules(unread)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say what would be done, and do nothing")
	return cmd
}

func (a *app) corpusPrune() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "prune DIR",
		Short: "Drop the kept schedules that no longer fail",
		Long: `Replay every kept schedule of a folder. One that no longer shows its class is dropped, and
so are all but the smallest of one class and variant. Each that is dropped is told. Only what
was replayed is dropped: a schedule of a target or variant that this build does not have stays,
and so does one of a Go test of another module than the one here.`,
		Example: `  racebench corpus prune testdata/racebench --dry-run
  racebench corpus prune testdata/racebench`,
		Args: needOne("a folder of kept schedules"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := needFolder(args[0]); err != nil {
				return err
			}
			k, done := a.corpusKeeper(dry)
			unread, err := k.Prune(cmd.Context(), args[0])
			if err = errors.Join(err, done()); err != nil {
				return err
			}
			return unreadSchedules(unread)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say what would be done, and do nothing")
	return cmd
}

// corpusKeeper looks after kept schedules. Done must be called: it keeps what it has built to play those of Go tests.
func (a *app) corpusKeeper(dry bool) (k search.CorpusKeeper, done func() error) {
	tests := &gotest.Replayer{Dir: ".", Options: gotest.Options{Build: toolInfo().Build}}
	play := func(ctx context.Context, f *explore.File) (search.Replayed, error) {
		r, err := tests.Replay(ctx, f)
		return search.Replayed{File: r.File, Stale: r.Stale, Open: r.Open, Shown: r.Shown, Gone: r.Gone}, err
	}
	return search.CorpusKeeper{
		Catalog: a.catalog, Others: map[string]search.Player{gotest.TargetName: play}, Dry: dry, Tell: func(text string) { a.stdout.Say(text) },
	}, tests.Close
}

// needFolder refuses what is no folder of kept schedules.
func needFolder(dir string) error {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return usagef("%s is no folder: name the one that racebench fuzz --corpus keeps schedules in", dir)
	}
	return nil
}

// unreadSchedules is the error about files that could not be read.
func unreadSchedules(notes []string) error {
	if len(notes) == 0 {
		return nil
	}
	return usagef("%s\nplay such a file with the build that made it, or remove it", strings.Join(notes, "\n"))
}

// ageOf is how long ago a file was written, in words.
func ageOf(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "gone"
	}
	days := int(time.Since(info.ModTime()).Hours() / 24)
	switch {
	case days < 1:
		return "today"
	case days == 1:
		return "1 day"
	}
	return fmt.Sprintf("%d days", days)
}
