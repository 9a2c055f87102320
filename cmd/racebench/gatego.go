package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/gate"
)

// gateGo compares the Go tests of two commits. Each side is searched by itself, with one seed and one budget: schedules of
// two programs have nothing in common that could be played in turns.
func (a *app) gateGo(ctx context.Context, dirs []string, f gateFlags) error {
	if f.build != "" || f.given("program") {
		return usagef("Go tests build themselves: leave --build and --program out")
	}
	seed, err := f.goSeed()
	if err != nil {
		return err
	}
	tree, err := a.checkOut(ctx, f.against)
	if err != nil {
		return err
	}
	defer tree.remove()
	there, err := tree.packages(dirs)
	if err != nil {
		return err
	}
	base, err := a.searchPackages(ctx, there, f.runFlags, seed)
	if err != nil {
		return fmt.Errorf("base %s: %w", tree.baseName, err)
	}
	head, err := a.searchPackages(ctx, dirs, f.runFlags, seed)
	if err != nil {
		return err
	}
	c := gate.Compare(base, head, gate.Options{
		Base: tree.baseName, Head: tree.headName, NewHere: func(test, pkg string) bool {
			return !slices.ContainsFunc(base.Results, func(r result.Row) bool { return r.Scenario == test && r.Variant == pkg })
		},
	})
	a.judgeComparison(c, f.runFlags)
	if err := a.printComparison(c, f.runFlags); err != nil {
		return err
	}
	a.hintArtifact(replaysOf(c))
	return nil
}

// packages are the folders that stand for some of ours in the tree, those that it has.
func (t *worktree) packages(dirs []string) ([]string, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	var there []string
	for _, dir := range dirs {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return nil, usageError{err}
		}
		rel, err := filepath.Rel(here, abs)
		if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			return nil, usagef("%s is not below this folder: start racebench in a folder that holds it", dir)
		}
		if other := filepath.Join(t.dir, rel); holds(other, "*_test.go") {
			there = append(there, other)
		}
	}
	return there, nil
}
