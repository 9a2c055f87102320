package overlay

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/racebench/racebench/internal/custody"
)

// A tree is a Go tree and its go command.
type tree struct {
	root, version, command, modules string
}

// findTree asks the go command of the user's folder, which knows the toolchain that the module wants.
func findTree(ctx context.Context, o Options) (tree, error) {
	command := o.Go
	if command == "" {
		command = "go"
	}
	c := exec.Command(command, "env", "-json", "GOROOT", "GOVERSION", "GOMODCACHE", "GOOS", "GOARCH")
	c.Dir, c.Env = o.Dir, o.Env
	var stderr bytes.Buffer
	c.Stderr = &stderr
	raw, err := custody.Output(ctx, c)
	if err != nil {
		return tree{}, fmt.Errorf("ask %s for its tree: %w: %s", command, err, strings.TrimSpace(stderr.String()))
	}
	var env struct{ GOROOT, GOVERSION, GOMODCACHE, GOOS, GOARCH string }
	if err := json.Unmarshal(raw, &env); err != nil {
		return tree{}, fmt.Errorf("read what %s says of its tree: %w", command, err)
	}
	if env.GOOS != "linux" || env.GOARCH != "amd64" {
		return tree{}, fmt.Errorf("Go tests are searched on linux/amd64; this is %s/%s", env.GOOS, env.GOARCH)
	}
	return tree{
		root: env.GOROOT, version: "Go " + strings.TrimPrefix(env.GOVERSION, "go"), command: filepath.Join(env.GOROOT, "bin", "go"),
		modules: env.GOMODCACHE,
	}, nil
}

// move gives a tree that the go command downloaded another path: it lays nothing over files of the module cache. The path
// is a link, and the tree stays where it is.
func (t *tree) move(cache string) error {
	inside, err := filepath.Rel(t.modules, t.root)
	if t.modules == "" || err != nil || strings.HasPrefix(inside, "..") {
		return nil
	}
	link := filepath.Join(cache, "goroot", filepath.Base(t.root))
	if to, err := os.Readlink(link); err != nil || to != t.root {
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			return fmt.Errorf("link the tree of %s: %w", t.version, err)
		}
		temp := fmt.Sprintf("%s.%d", link, os.Getpid())
		if err := os.Symlink(t.root, temp); err != nil {
			return fmt.Errorf("link the tree of %s: %w", t.version, err)
		}
		if err := os.Rename(temp, link); err != nil {
			return fmt.Errorf("link the tree of %s: %w", t.version, err)
		}
	}
	t.root, t.command = link, filepath.Join(link, "bin", "go")
	return nil
}
