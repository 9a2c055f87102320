package overlay

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/racebench/racebench/internal/custody"
	"github.com/racebench/racebench/internal/overlay/player"
	"github.com/racebench/racebench/internal/overlay/wire"
)

//go:embed _selftest
var selfFiles embed.FS

// A selfTest is a program whose schedules are known.
type selfTest struct {
	name string
	// shows is the verdict that some of its schedules have; all others pass.
	shows wire.Verdict
}

// died stands for a process that a schedule has ended.
const died = wire.Void + 1

var selfTests = []selfTest{
	{"TestLostWakeup", wire.Deadlock},
	{"TestWakeupIsKept", wire.Passed},
	{"TestLockOrder", wire.Deadlock},
	{"TestSendAfterClose", died},
	{"TestDeadlineAgainstCommit", wire.Failed},
	{"TestLeftBehind", wire.Leak},
	{"TestChance", wire.Passed},
	{"TestSignal", wire.Passed},
	{"TestTimers", wire.Passed},
	{"TestEcho", wire.Passed},
	{"TestSpinner", wire.Passed},
	{"TestThreads", wire.Passed},
	{"TestTestsInATest", wire.Passed},
	{"TestCondition", wire.Passed},
}

const (
	selfSchedules = 50
	selfSlack     = 10_000_000 // nanoseconds
	selfSeed      = 1
)

// A SelfTestError says that the patched tree does not do what it should: our own failure.
type SelfTestError struct{ Version, Test, Problem string }

// Error names the program.
func (e *SelfTestError) Error() string {
	return fmt.Sprintf("the self-test under %s: %s: %s", e.Version, e.Test, e.Problem)
}

// SelfTest plays known programs over the patched tree: once, and a tree that passed is remembered. Traces says whether the
// traces of this Go version are known, and were compared.
func (p Prepared) SelfTest(ctx context.Context) (traces bool, err error) {
	known, traces := knownTraces()[p.minor()]
	dir := filepath.Join(p.cache, "selftest", p.Key)
	passed := filepath.Join(dir, "passed")
	if _, err := os.Stat(passed); err == nil {
		return traces, nil
	}
	binary, err := p.compileSelf(ctx, dir)
	if err != nil {
		return traces, err
	}
	for _, s := range selfTests {
		joint, problem, err := p.playSelf(ctx, binary, s)
		if err != nil {
			return traces, err
		}
		if want := known[s.name]; problem == "" && traces && joint != want {
			problem = fmt.Sprintf("the trace is %s, want %s", joint, want)
		}
		if problem != "" {
			return traces, &SelfTestError{p.Version, s.name, problem}
		}
	}
	if err := os.WriteFile(passed, []byte(p.Version+"\n"), 0o644); err != nil {
		return traces, fmt.Errorf("remember the self-test: %w", err)
	}
	return traces, nil
}

// minor is the version without its patch: "1.26".
func (p Prepared) minor() string {
	parts := strings.Split(strings.TrimPrefix(p.Version, "Go "), ".")
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// compileSelf writes the programs into a module of their own and builds them.
func (p Prepared) compileSelf(ctx context.Context, dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make the folder of the self-test: %w", err)
	}
	for name, text := range map[string]string{"go.mod": "module self\n\ngo " + p.minor() + "\n", "self_test.go": ""} {
		raw := []byte(text)
		if text == "" {
			var err error
			if raw, err = selfFiles.ReadFile("_selftest/" + name); err != nil {
				return "", err
			}
		}
		if err := os.WriteFile(filepath.Join(dir, name), raw, 0o644); err != nil {
			return "", fmt.Errorf("write the self-test: %w", err)
		}
	}
	binary := filepath.Join(dir, "self.test")
	return binary, p.Compile(ctx, Compile{Dir: dir, Package: ".", Out: binary, Flags: []string{"-mod=mod"}})
}

// playSelf plays the schedules of one program and joins the traces of those that did not kill the process.
func (p Prepared) playSelf(ctx context.Context, binary string, s selfTest) (joint, problem string, err error) {
	temp, err := custody.NewFolder("selftest")
	if err != nil {
		return "", "", fmt.Errorf("make a folder for the self-test: %w", err)
	}
	defer temp.Remove()
	hash, seen := uint64(14695981039346656037), map[wire.Verdict]int{}
	note := func(v wire.Verdict, trace uint64) {
		seen[v]++
		hash = ((hash^trace)*1099511628211 ^ uint64(v)) * 1099511628211
	}
	for next := uint64(0); next < selfSchedules; {
		q, err := player.Start(ctx, player.Options{Binary: binary, Test: s.name, Dir: temp.Path(), Temp: temp.Path()})
		if err != nil {
			return "", "", err
		}
		next, err = searchSelf(q, next, note)
		output := q.Output()
		q.Close()
		switch {
		case ctx.Err() != nil:
			return "", "", ctx.Err()
		case err != nil && s.shows == died:
			note(died, 0)
		case err != nil:
			return "", fmt.Sprintf("%v: %s", err, output), nil
		}
	}
	for v, n := range seen {
		if v != wire.Passed && v != s.shows {
			return "", fmt.Sprintf("%d of %d schedules: %v", n, selfSchedules, v), nil
		}
	}
	if seen[s.shows] == 0 {
		return "", fmt.Sprintf("none of %d schedules shows %v", selfSchedules, s.shows), nil
	}
	return fmt.Sprintf("%016x", hash), "", nil
}

// searchSelf plays on from schedule next, up to the first that leaves the process unfit.
func searchSelf(p *player.Process, next uint64, note func(wire.Verdict, uint64)) (uint64, error) {
	a, err := p.Do(wire.Command{Do: wire.DoPlay}, nil)
	if err == nil && a.Verdict != wire.Passed.String() {
		err = fmt.Errorf("the default schedule %s: %s", a.Verdict, p.Memory.Written())
	}
	if err != nil {
		return selfSchedules, err
	}
	a, err = p.Do(wire.Command{
		Do: wire.DoSearch, From: next, To: selfSchedules, Seed: selfSeed, Slack: selfSlack, Hints: &wire.Hints{Steps: 50},
	}, nil)
	for r, ok := p.Memory.Take(); ok; r, ok = p.Memory.Take() {
		note(r.Verdict, r.Hash)
	}
	if err != nil {
		return p.Memory.Index + 1, err
	}
	return a.Next, nil
}

// knownTraces are the joined traces of the programs, by minor version and name.
func knownTraces() map[string]map[string]string {
	known := map[string]map[string]string{}
	raw, err := selfFiles.ReadFile("_selftest/known.json")
	if err == nil {
		err = json.Unmarshal(raw, &known)
	}
	if err != nil {
		panic(err) // it is part of this program
	}
	return known
}
