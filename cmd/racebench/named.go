package main

import (
	"context"
	"path/filepath"

	"github.com/racebench/racebench/internal/input"
	"github.com/racebench/racebench/internal/rundir"
)

// namedFiles are the files that flags name. Each is read once, for a pipe gives only once what it has.
type namedFiles struct {
	ctx  context.Context // ends with the first signal
	read map[string][]byte
}

func newNamedFiles(ctx context.Context) *namedFiles {
	return &namedFiles{ctx, map[string][]byte{}}
}

func (n *namedFiles) file(path string) ([]byte, error) {
	if raw, ok := n.read[path]; ok {
		return raw, nil
	}
	raw, err := input.Named(n.ctx, path, input.Text)
	if err == nil {
		n.read[path] = raw
	}
	return raw, err
}

// schedule reads a replay file: one that was named, or that of a trial's folder.
func (a *app) schedule(path string) ([]byte, error) {
	if path == rundir.TrialDir(filepath.Dir(path)).Schedule() {
		return input.Found(path, input.Schedule)
	}
	return input.Named(a.ctx, path, input.Schedule)
}
