// Package overlay builds Go tests whose goroutines racebench can run one at a time, in an order of its choice. It lays a
// patch over the user's own Go tree: a few lines at anchors in the runtime and the packages that tests synchronize with, and
// files of ours beside them. Nothing is written into the tree or into the user's module.
package overlay

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/racebench/racebench/internal/overlay/wire"
)

//go:embed _patch
var patchFiles embed.FS

// A Source is the source of a package of racebench that test processes run, too.
type Source struct {
	ImportPath string
	FS         fs.FS // its Go files
}

var wireSource = Source{module + "internal/overlay/wire", wire.Source}

// Options say what to prepare.
type Options struct {
	Dir      string // where the user's module is: its toolchain is asked for
	Go       string // the go command; "" is the one that is found
	CacheDir string // "" is racebench's in the user's cache folder
	Sources  []Source
	Build    string   // racebench's version
	Env      []string // of go commands; nil is this process's
}

// Prepared is a Go tree with the patch over it.
type Prepared struct {
	Go      string // the go command to use with it
	GOROOT  string
	File    string // for -overlay
	Version string
	Key     string // of all that a test process is built from, the user's code apart
	Lines   int    // that the patch inserts into the tree's files

	cache string
	env   []string
}

// Prepare checks that the patch fits, and writes what is laid over the tree. An *Unsupported error names every anchor that
// misses; nothing was built then.
func Prepare(ctx context.Context, o Options) (Prepared, error) {
	tree, err := findTree(ctx, o)
	if err != nil {
		return Prepared{}, err
	}
	if o.CacheDir == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return Prepared{}, fmt.Errorf("find a folder for the patched Go tree: %w", err)
		}
		o.CacheDir = filepath.Join(dir, "racebench", "gotest")
	}
	p, err := find(os.DirFS(filepath.Join(tree.root, "src")), tree.version)
	if err != nil {
		return Prepared{}, err
	}
	if err := p.add(o.Sources); err != nil {
		return Prepared{}, fmt.Errorf("put the patch of %s together: %w", tree.version, err)
	}
	if err := tree.move(o.CacheDir); err != nil {
		return Prepared{}, err
	}
	key := p.key(tree, o.Build)
	file, err := p.write(filepath.Join(o.CacheDir, "overlay", key), tree.root)
	if err != nil {
		return Prepared{}, fmt.Errorf("write the patch of %s: %w", tree.version, err)
	}
	return Prepared{
		Go: tree.command, GOROOT: tree.root, File: file, Version: tree.version, Key: key, Lines: p.lines,
		cache: o.CacheDir, env: o.Env,
	}, nil
}
