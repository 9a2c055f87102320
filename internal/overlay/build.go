package overlay

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/racebench/racebench/internal/custody"
)

// Compile says which test binary to build.
type Compile struct {
	Dir     string // where the go command runs: in the user's module
	Package string
	Out     string
	Race    bool
	Flags   []string // further ones of go test
}

// messageLines is how much of the go command's output a message has.
const messageLines = 20

// Compile builds the test binary of a package over the patched tree. Its error holds the head of what the go command wrote.
func (p Prepared) Compile(ctx context.Context, c Compile) error {
	args := []string{"test", "-c", "-overlay", p.File, "-vet=off", "-o", c.Out}
	if c.Race {
		args = append(args, "-race")
	}
	args = append(append(args, c.Flags...), c.Package)
	cmd := p.command(args...)
	cmd.Dir = c.Dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := custody.Run(ctx, cmd); err != nil {
		lines := strings.SplitAfter(strings.TrimRight(out.String(), "\n"), "\n")
		if len(lines) > messageLines {
			lines = append(lines[:messageLines], "…")
		}
		return fmt.Errorf("go test -c %s: %w\n%s", c.Package, err, strings.Join(lines, ""))
	}
	return nil
}

// command is a go command over the tree.
func (p Prepared) command(args ...string) *exec.Cmd {
	c := exec.Command(p.Go, args...)
	env := p.env
	if env == nil {
		env = os.Environ()
	}
	c.Env = append(env[:len(env):len(env)], "GOROOT="+p.GOROOT, "GOTOOLCHAIN=local")
	return c
}
