package gotest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/overlay/wire"
)

// TargetName is the target of results and replay files of Go tests.
const TargetName = "gotest"

// A pinned is what a replay file says of the test. It stands where files of other targets have their scenario.
type pinned struct {
	test, pkg, version string
	dir                string // empty in a corpus
	slack              time.Duration
	race               bool
	sigterm            int
	steps              uint32
}

func (p pinned) String() string {
	folder := ""
	if p.dir != "" {
		folder = "folder: " + p.dir + "\n"
	}
	return fmt.Sprintf("test: %s\npackage: %s\n%sgo: %s\nslack: %s\nrace: %t\nsigterm: %d\nsteps: %d\n",
		p.test, p.pkg, folder, p.version, p.slack, p.race, p.sigterm, p.steps)
}

func parsePinned(text string) (p pinned, err error) {
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		var bad error
		switch key {
		case "test":
			p.test = value
		case "package":
			p.pkg = value
		case "folder":
			p.dir = value
		case "go":
			p.version = value
		case "slack":
			p.slack, bad = time.ParseDuration(value)
		case "race":
			p.race, bad = strconv.ParseBool(value)
		case "sigterm":
			p.sigterm, bad = strconv.Atoi(value)
		case "steps":
			var n uint64
			n, bad = strconv.ParseUint(value, 10, 32)
			p.steps = uint32(n)
		default:
			bad = errors.New("unknown")
		}
		if bad != nil {
			return p, fmt.Errorf("read replay file: scenario: %q: %w", key, bad)
		}
	}
	if !isTest(p.test) || p.pkg == "" {
		return p, errors.New("read replay file: its scenario names no Go test and package")
	}
	return p, nil
}

func hashOf(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:8])
}

// file is the replay file of a schedule that was played in a fresh process.
func (t *Test) file(c Campaign, f explore.Failing, p played) *explore.File {
	pin := pinned{test: t.Name, pkg: t.ImportPath, dir: t.Dir, version: t.Go, slack: t.Slack, race: t.Race, sigterm: t.Sigterm, steps: t.Steps}
	file := &explore.File{
		Build: c.Build, Go: runtime.Version(), Target: TargetName, Variant: t.ImportPath, Hash: hashOf(pin.String()),
		Seed: strconv.FormatUint(t.Seed, 10), Index: f.Workload.Trial, MaxSteps: cmp.Or(int(t.Steps), wire.DefaultSteps),
		Strategy: explore.Portfolio(f.Workload.Trial).Name, Classes: p.trial.Classes(), Scenario: pin.String(), Deviations: f.Deviations,
	}
	file.Fill(p.trace, p.result)
	return file
}

// A Replayed is what became of a replay file's schedule.
type Replayed struct {
	File        *explore.File
	Stale       string
	Open        bool // Stale does not tell whether the schedule would fail
	Shown, Gone []string

	trial result.Trial
	left  Evidence
}

// String is the answer in one sentence.
func (r Replayed) String() string {
	switch {
	case r.Stale != "":
		return "stale: " + r.Stale
	case len(r.Gone) > 0:
		return "stale: every step was as recorded, and it no longer shows " + strings.Join(r.Gone, " or ")
	}
	return fmt.Sprintf("exact: %d of %d steps as recorded, and the same breach", r.File.Events, r.File.Events)
}

// Exact says that every step and every breach was as recorded.
func (r Replayed) Exact() bool { return r.Stale == "" && len(r.Gone) == 0 }

// Replay builds the package of a replay file, and plays its schedule in a process that has done nothing before but the
// default schedule. An error is the caller's to mend, or racebench's own failure.
func Replay(ctx context.Context, f *explore.File, o Options) (Replayed, error) {
	out := Replayed{File: f}
	pin, err := parsePinned(f.Scenario)
	if err != nil {
		return out, err
	}
	if pin.dir == "" { // kept without its place
		here, err := os.Getwd()
		if err == nil {
			pin.dir, err = folderOf(ctx, here, pin.pkg)
		}
		if err != nil {
			return out, err
		}
	}
	if _, err := os.Stat(pin.dir); err != nil {
		out.Stale = "its package was in " + pin.dir + ", and that folder is not there"
		return out, nil
	}
	o.Race = pin.race
	p, err := Build(ctx, pin.dir, o)
	if err != nil {
		return out, err
	}
	defer p.Close()
	return p.replay(ctx, f, pin)
}

// stale says why a test is no longer what a file has recorded. Open says that it may fail all the same.
func (t *Test) stale(ctx context.Context, pin pinned) (why string, open bool, err error) {
	if minor(t.Go) != minor(pin.version) {
		return fmt.Sprintf("it was recorded with %s, and this is %s", pin.version, t.Go), true, nil
	}
	all, err := t.Tests(ctx, "^"+pin.test+"$")
	if errors.Is(err, ErrNothing) || err == nil && !slices.Contains(all, pin.test) {
		return fmt.Sprintf("%s has no %s any longer", t.ImportPath, pin.test), false, nil
	}
	return "", false, err
}

// minor is a Go version without its patch.
func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}
