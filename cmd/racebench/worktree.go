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
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
)

// A worktree is another commit's files, in a temporary directory.
type worktree struct {
	temp, dir          string // dir is in temp; it stands for the directory that we are in
	top                string // of the repository's own work tree
	baseName, headName string
}

// checkOut makes a worktree of the commit where the current one left ref.
func (a *app) checkOut(ctx context.Context, ref string) (*worktree, error) {
	git := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, "git", args...)
		var complaint strings.Builder
		cmd.Stderr = &complaint
		out, err := cmd.Output()
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
	temp, err := os.MkdirTemp("", "racebench-base-")
	if err != nil {
		return nil, fmt.Errorf("make a worktree: %w", err)
	}
	root := filepath.Join(temp, filepath.Base(top))
	t := &worktree{temp: temp, dir: filepath.Join(root, filepath.FromSlash(prefix)), top: top, baseName: short, headName: head}
	clean := t.remove
	a.leaving.Store(&clean)
	if _, err := git("worktree", "add", "--detach", "--quiet", root, commit); err != nil {
		t.remove()
		return nil, err
	}
	return t, nil
}

// remove takes the worktree away, also what git remembers of it. It is done whatever ended the gate.
func (t *worktree) remove() {
	_ = os.RemoveAll(t.temp)
	_ = exec.Command("git", "-C", t.top, "worktree", "prune").Run()
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
