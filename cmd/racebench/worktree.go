package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/custody"
	"github.com/racebench/racebench/internal/gate"
	"github.com/racebench/racebench/internal/input"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
)

// A worktree is another commit's files, in a temporary directory.
type worktree struct {
	temp               *custody.Folder
	dir                string // in temp; it stands for the directory that we are in
	baseName, headName string
}

// checkOut makes a worktree of the commit where the current one left ref.
func (a *app) checkOut(ctx context.Context, ref string) (*worktree, error) {
	git := func(args ...string) (string, error) {
		cmd := exec.Command("git", args...)
		var complaint strings.Builder
		cmd.Stderr = &complaint
		out, err := custody.Output(ctx, cmd)
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case errors.Is(err, exec.ErrNotFound):
			return "", usagef("--against needs git: %w", err)
		case err != nil:
			return "", usagef("git %s: %s", args[0], firstLine(complaint.String(), err.Error()))
		}
		return strings.TrimSpace(string(out)), nil
	}
	top, err := git("rev-parse", "--show-toplevel")
	if err != nil {
		return nil, err
	}
	prefix, err := git("rev-parse", "--show-prefix")
	if err != nil {
		return nil, err
	}
	if _, err := git("rev-parse", "--verify", "--quiet", ref+"^{commit}"); err != nil {
		return nil, usagef("--against %s: there is no such commit here; in CI, fetch it first (fetch-depth: 0)", ref)
	}
	commit, err := git("merge-base", ref, "HEAD")
	if err != nil {
		return nil, usagef("--against %s: it has no commit in common with this one; in CI, fetch the whole history (fetch-depth: 0)", ref)
	}
	head, err := git("rev-parse", "--short", "HEAD")
	if err != nil {
		return nil, err
	}
	if dirty, err := git("status", "--porcelain", "--untracked-files=no"); err == nil && dirty != "" {
		head += " and uncommitted changes"
	}
	short, err := git("rev-parse", "--short", commit)
	if err != nil {
		return nil, err
	}
	temp, err := custody.NewFolder("base")
	if err != nil {
		return nil, fmt.Errorf("make a worktree: %w", err)
	}
	root := filepath.Join(temp.Path(), filepath.Base(top))
	t := &worktree{temp: temp, dir: filepath.Join(root, filepath.FromSlash(prefix)), baseName: short, headName: head}
	if err := temp.Owes(top, func() { forgetWorktrees(top, temp.Path()) }); err != nil {
		t.remove()
		return nil, err
	}
	if _, err := git("worktree", "add", "--detach", "--quiet", root, commit); err != nil {
		t.remove()
		return nil, err
	}
	return t, nil
}

// remove takes the worktree away, also what git remembers of it. It is done whatever ended the gate.
func (t *worktree) remove() { _ = t.temp.Remove() }

// forgetWorktrees takes away what a repository remembers of the worktrees below a folder, and of no other. (Git's own
// prune would also forget one of the user's that is on a disk which is not there just now.)
func forgetWorktrees(top, folder string) {
	out, err := exec.Command("git", "-C", top, "rev-parse", "--git-common-dir").Output()
	if err != nil {
		return // the repository is gone, and what it remembered with it
	}
	common := strings.TrimSpace(string(out))
	if !filepath.IsAbs(common) {
		common = filepath.Join(top, common)
	}
	all := filepath.Join(common, "worktrees")
	entries, err := os.ReadDir(all)
	if err != nil {
		return
	}
	below := []string{folder + string(filepath.Separator)}
	if real, err := filepath.EvalSymlinks(folder); err == nil {
		below = append(below, real+string(filepath.Separator))
	}
	for _, e := range entries {
		raw, err := input.Found(filepath.Join(all, e.Name(), "gitdir"), input.Text)
		if err == nil && slices.ContainsFunc(below, func(b string) bool { return strings.HasPrefix(string(raw), b) }) {
			_ = os.RemoveAll(filepath.Join(all, e.Name()))
		}
	}
	_ = os.Remove(all) // refuses when others are left
}

// lacks returns a function that reports whether the tree is without a scenario's file, or without the variant in it.
// A target's own example has no file, and is never reported.
func (t *worktree) lacks(programs []trial.Program) func(scenario, variant string) bool {
	return func(name, variant string) bool {
		i := slices.IndexFunc(programs, func(p trial.Program) bool { return p.Scenario.Name == name })
		if i < 0 || !isFile(programs[i].Scenario.File) || filepath.IsAbs(programs[i].Scenario.File) {
			return false
		}
		there, problems, err := scenario.ReadFile(filepath.Join(t.dir, programs[i].Scenario.File), time.Now())
		switch {
		case err != nil:
			return true
		case problems != nil || programs[i].Scenario.External != nil:
			return false
		}
		return !slices.ContainsFunc(there.Variants, func(v spec.Value) bool {
			of, ok := trial.FindVariant(programs[i].Target, v.Text)
			return ok && of.Name == variant
		})
	}
}

// differs returns a function that says how a scenario's file differs from that of the tree.
func (t *worktree) differs(programs []trial.Program) func(scenario string) []string {
	return func(name string) []string {
		i := slices.IndexFunc(programs, func(p trial.Program) bool { return p.Scenario.Name == name })
		if i < 0 || !isFile(programs[i].Scenario.File) || filepath.IsAbs(programs[i].Scenario.File) {
			return nil
		}
		head, headErr := input.Found(programs[i].Scenario.File, input.Scenario)
		base, baseErr := input.Found(filepath.Join(t.dir, programs[i].Scenario.File), input.Scenario)
		if headErr != nil || baseErr != nil {
			return nil // what the base does not have is new, and said so
		}
		return gate.Lines(string(base), string(head))
	}
}
