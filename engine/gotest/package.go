// Package gotest searches the schedules of ordinary Go tests: it builds a package's tests over the patched Go tree, plays
// each test again and again in processes of its own, and makes small, keeps and tells what fails.
package gotest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/schedule"
	"github.com/racebench/racebench/internal/custody"
	"github.com/racebench/racebench/internal/overlay"
)

const module = "github.com/racebench/racebench/"

// sources are what test processes run of racebench's own.
var sources = []overlay.Source{
	{ImportPath: module + "engine/schedule", FS: schedule.Source},
	{ImportPath: module + "engine/explore", FS: explore.Source},
}

// ErrNothing is in errors that say that there is nothing to test.
var ErrNothing = errors.New("nothing to test")

// ErrBroken is in errors that say that racebench itself fails: programs whose schedules are known play otherwise here.
var ErrBroken = errors.New("schedules of Go tests cannot be trusted here")

// Options say how a package is built.
type Options struct {
	Race     bool
	Build    string // racebench's version
	CacheDir string // "" is racebench's in the user's cache folder
}

// A Package is a Go package whose tests were built to be searched.
type Package struct {
	Dir, ImportPath string
	Go              string // the Go version, such as "Go 1.26.8"
	Race            bool
	Lines           int // that the patch inserts into the Go tree's files

	std    string // where the standard library's files are
	binary string
	temp   *custody.Folder
	places placer
}

// listed is what the go command says of a package.
type listed struct {
	Dir, ImportPath           string
	TestGoFiles, XTestGoFiles []string
	Error                     *struct{ Err string }
}

// Build builds the tests of the package in a folder. What it refuses is the caller's to mend. Close must follow.
func Build(ctx context.Context, dir string, o Options) (*Package, error) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return nil, fmt.Errorf("%s: Go tests are searched on linux/amd64; this is %s/%s", dir, runtime.GOOS, runtime.GOARCH)
	}
	found, err := list(ctx, dir)
	if err != nil {
		return nil, err
	}
	if o.Race {
		if cgo, err := goOutput(ctx, dir, "env", "CGO_ENABLED"); err != nil || strings.TrimSpace(cgo) != "1" {
			return nil, fmt.Errorf("--race needs cgo and a C compiler: CGO_ENABLED is %s", strings.TrimSpace(cgo))
		}
	}
	prepared, err := overlay.Prepare(ctx, overlay.Options{Dir: found.Dir, CacheDir: o.CacheDir, Sources: sources, Build: o.Build})
	if err != nil {
		return nil, err
	}
	if _, err := prepared.SelfTest(ctx); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	temp, err := custody.NewFolder("gotest")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the tests of %s: %w", found.ImportPath, err)
	}
	p := &Package{
		Dir: found.Dir, ImportPath: found.ImportPath, Go: prepared.Version, Race: o.Race, Lines: prepared.Lines,
		std: filepath.Join(prepared.GOROOT, "src") + string(filepath.Separator), binary: filepath.Join(temp.Path(), "x.test"), temp: temp,
	}
	// The user's own checks are none of ours, and vet cannot enter packages that only the overlay has.
	if err := prepared.Compile(ctx, overlay.Compile{Dir: found.Dir, Package: ".", Out: p.binary, Race: o.Race}); err != nil {
		return nil, errors.Join(fmt.Errorf("%w\nremedy: it must build by itself: go test -c %s", err, dir), p.Close())
	}
	return p, nil
}

func list(ctx context.Context, dir string) (listed, error) {
	flags, err := goOutput(ctx, dir, "env", "GOFLAGS")
	if err != nil {
		return listed{}, err
	}
	if strings.Contains(flags, "-overlay") {
		return listed{}, fmt.Errorf("%s: GOFLAGS has an -overlay of its own: racebench lays one over the Go tree; remedy: build without it", dir)
	}
	raw, err := goOutput(ctx, dir, "list", "-json=Dir,ImportPath,TestGoFiles,XTestGoFiles,Error", ".")
	if err != nil {
		return listed{}, err
	}
	var found listed
	if err := json.Unmarshal([]byte(raw), &found); err != nil {
		return listed{}, fmt.Errorf("read what go list says of %s: %w", dir, err)
	}
	if len(found.TestGoFiles)+len(found.XTestGoFiles) == 0 {
		return listed{}, fmt.Errorf("%s holds no _test.go that is built here", dir)
	}
	return found, nil
}

func goOutput(ctx context.Context, dir string, args ...string) (string, error) {
	c := exec.Command("go", args...)
	c.Dir = dir
	var out, stderr bytes.Buffer
	c.Stdout, c.Stderr = &out, &stderr
	if err := custody.Run(ctx, c); err != nil {
		return "", fmt.Errorf("go %s in %s: %w: %s", args[0], dir, err, strings.TrimSpace(stderr.String()))
	}
	return out.String(), nil
}

// Close removes what was built.
func (p *Package) Close() error { return errors.Join(p.places.close(), p.temp.Remove()) }

// Tests lists the tests whose names match an expression, as go test -run does of names without a slash.
func (p *Package) Tests(ctx context.Context, run string) ([]string, error) {
	expression, err := regexp.Compile(run)
	if err != nil {
		return nil, fmt.Errorf("--run %q: %w", run, err)
	}
	c := exec.Command(p.binary, "-test.list", "^Test")
	c.Dir = p.Dir
	out, err := custody.Output(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("list the tests of %s: %w", p.ImportPath, err)
	}
	var all, matched []string
	for line := range strings.Lines(string(out)) {
		if name := strings.TrimSpace(line); isTest(name) {
			all = append(all, name)
			if expression.MatchString(name) {
				matched = append(matched, name)
			}
		}
	}
	slices.Sort(all)
	switch {
	case len(all) == 0:
		return nil, fmt.Errorf("%w: %s has no test", ErrNothing, p.ImportPath)
	case len(matched) == 0:
		return nil, fmt.Errorf("%w: no test of %s matches %q (it has %s)", ErrNothing, p.ImportPath, run, strings.Join(all, ", "))
	}
	return matched, nil
}

var testName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^Test\w*$`) })

// isTest tells a test's name from what a TestMain has printed.
func isTest(line string) bool { return testName().MatchString(line) }
