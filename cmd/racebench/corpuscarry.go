package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/internal/corpus"
)

func (a *app) corpusPush() *cobra.Command {
	var repo string
	var as natsFlags
	cmd := &cobra.Command{
		Use:   "push DEST [DIR]",
		Short: "Add the kept schedules of a folder to a shared corpus",
		Long: `Add the kept schedules of DIR (default ` + defaultCorpus + `) to DEST: a folder; git:BRANCH, a branch of
the repository here that holds nothing but the corpus; or nats://HOST:PORT/BUCKET, an object store
of a NATS server (default bucket ` + corpus.DefaultBucket + `). Each is made where it is not there.

What DEST has already is left as it is. Another schedule of the same file name is put beside it,
NAME.HASH.replay. What somebody else adds at the same moment stays, too. racebench corpus prune
replays them, and drops what is no longer needed.

A branch gets one commit. The work tree and the index are not touched, and nothing goes over the
network: git push takes the branch onward. A branch that is checked out is refused.`,
		Example: `  racebench corpus push /mnt/share/corpus
  racebench corpus push git:racebench-corpus nightly/
  racebench corpus push git:racebench-corpus --repo ../other && git -C ../other push origin racebench-corpus
  racebench corpus push nats://nats.example:4222/nightly nightly/`,
		Args: needPlace("the place to push to"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.carry(cmd.Context(), corpusDir(args), args[0], "", repo, as)
		},
	}
	cmd.Flags().StringVar(&repo, "repo", "", "the repository of git:BRANCH is at `PATH` (default: the one here)")
	as.registerIdentity(cmd.Flags())
	return cmd
}

func (a *app) corpusPull() *cobra.Command {
	var repo string
	var as natsFlags
	cmd := &cobra.Command{
		Use:   "pull SOURCE [DIR]",
		Short: "Add the kept schedules of a shared corpus to a folder",
		Long: `Add the kept schedules of SOURCE to DIR (default ` + defaultCorpus + `), which is made where it is not there.
SOURCE is a folder; git:BRANCH, a branch of the repository here or of its remotes, as fetched; or
nats://HOST:PORT/BUCKET, an object store of a NATS server (default bucket ` + corpus.DefaultBucket + `).

What DIR has already is left as it is. Another schedule of the same file name is put beside it,
NAME.HASH.replay. racebench fuzz TARGET --corpus DIR plays them first.

A SOURCE that holds a link, a folder in a branch, a name that leads elsewhere, or a file that is no
kept schedule is refused whole, with status 2. Of git nothing goes over the network: git fetch brings the branch.`,
		Example: `  racebench corpus pull /mnt/share/corpus
  git fetch origin racebench-corpus:racebench-corpus && racebench corpus pull git:racebench-corpus
  racebench corpus pull git:origin/racebench-corpus nightly/
  racebench corpus pull nats://nats.example:4222`,
		Args: needPlace("the place to pull from"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.carry(cmd.Context(), args[0], corpusDir(args), repo, "", as)
		},
	}
	cmd.Flags().StringVar(&repo, "repo", "", "the repository of git:BRANCH is at `PATH` (default: the one here)")
	as.registerIdentity(cmd.Flags())
	return cmd
}

func needPlace(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < 1 || len(args) > 2 {
			return usagef("%s takes %s, a folder, git:BRANCH or nats://HOST:PORT/BUCKET, and at most one folder after it", cmd.CommandPath(), what)
		}
		if len(args) == 2 && corpus.IsStore(args[1]) {
			return usagef("%s: the second name is a folder, and the one given is an object store", cmd.CommandPath())
		}
		if len(args) == 2 && strings.HasPrefix(args[1], "git:") {
			return usagef("%s: the second name is a folder, and %s is a branch", cmd.CommandPath(), args[1])
		}
		return nil
	}
}

// corpusDir is the folder here that a corpus is carried from or to.
func corpusDir(args []string) string {
	if len(args) > 1 {
		return args[1]
	}
	return defaultCorpus
}

// carry adds the kept schedules of one place to another, and says which are new there.
func (a *app) carry(ctx context.Context, from, to, fromRepo, toRepo string, as natsFlags) error {
	source, err := corpus.At(from, fromRepo, as.server)
	if err != nil {
		return refused(err)
	}
	dest, err := corpus.At(to, toRepo, as.server)
	if err != nil {
		return refused(err)
	}
	entries, err := source.Read(ctx)
	if err != nil {
		return refused(err)
	}
	added, err := dest.Add(ctx, entries)
	for _, e := range added {
		a.stdout.Say("added " + e.Name)
	}
	if err != nil {
		return refused(err)
	}
	a.stdout.Say(fmt.Sprintf("%d of %d schedules of %s are new in %s", len(added), len(entries), source, dest))
	return nil
}

// refused is an error with its status: 2 for what the caller can mend.
func refused(err error) error {
	if _, ok := errors.AsType[corpus.Refusal](err); ok {
		return usageError{err}
	}
	return err
}
