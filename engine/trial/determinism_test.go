package trial_test

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/trialtest"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets/broker"
)

// The small worlds whose schedules must be the same everywhere: one with readers alone, and one with
// handlers that send, where many schedules hang.
const smallRelay = `name: small-relay
target: broker
variants: [VARIANT]
knobs: {policy: block}
load:
  - {op: publish, clients: 2}
  - {op: relay, clients: 1}
  - {op: subscribe, clients: 1}
sim: {knobs: {mailbox: 2, stage1: 2, batch: 2, emit: 2}, ops: 6, clients: 2, max_steps: 5000}
`

const (
	// seedsEnv says how many seeds are compared: `make determinism` asks for 200, and `make soak` for ten thousand.
	seedsEnv = "RACEBENCH_SEEDS"
	// raceEnv names this test's binary as built with -race, whose schedules must be the same.
	raceEnv = "RACEBENCH_RACE_BUILD"
	// roleEnv makes the test binary a process beside the test: one that says its digests, or one that
	// only uses up a core.
	roleEnv = "RACEBENCH_TEST_ROLE"
	// digestOf is how many seeds one digest is of: a difference is known to that many.
	digestOf = 50
)

func seedsToCompare(t *testing.T) int {
	t.Helper()
	if text := os.Getenv(seedsEnv); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("%s=%s: it is a number of seeds", seedsEnv, text)
		}
		return n
	}
	if testing.Short() || trialtest.RaceBuild {
		return 20
	}
	return 50
}

// digests are one line for so many seeds of a world, a variant and a strategy: what the schedules came
// to, in steps, traces, time and verdicts.
func digests(t *testing.T, seeds int) []string {
	t.Helper()
	m := trialtest.NewSimulator(t)
	var lines []string
	for _, text := range []string{trialtest.SmallBroker, smallRelay} {
		for _, v := range broker.Target().Variants {
			p := compile(t, strings.Replace(text, "VARIANT", v.Name, 1))
			small, bounds := p.Small()
			hints, err := explore.Estimate(8, func(s world.Strategy, onStep func(world.Step)) (int, error) {
				_, r, err := m.Watch(trial.NewSmallPlan(small, bounds, v, 0, 0, "test"), s, onStep)
				return r.Steps, err
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, info := range explore.Strategies() {
				h := fnv.New64a()
				for seed := range seeds {
					plan := trial.NewSmallPlan(small, bounds, v, scenario.Seed(seed), 0, "test")
					trial, r, err := m.Run(plan, info.New(plan.Seed.Stream("schedule"), hints))
					if err != nil {
						t.Fatal(err)
					}
					fmt.Fprintln(h, r, trial.Verdict, trial.Void, trial.Drain)
					for _, b := range trial.Breaches {
						fmt.Fprintln(h, b.Class, b.Count)
					}
					if (seed+1)%digestOf == 0 || seed == seeds-1 {
						lines = append(lines, fmt.Sprintf("digest %s %s %s up to seed %d: %016x", p.Scenario.Name, v.Name, info.Name, seed, h.Sum64()))
					}
				}
			}
		}
	}
	return lines
}

// A schedule is a function of its plan alone. Two runs, other processes, another number of processors,
// the race detector's build and a machine that is busy with something else must all play the same.
func TestSchedulesAreTheSameEverywhere(t *testing.T) {
	seeds := seedsToCompare(t)
	switch os.Getenv(roleEnv) {
	case "busy":
		beBusy()
	case "digests":
		fmt.Println(strings.Join(digests(t, seeds), "\n"))
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	want := digests(t, seeds)
	same := func(where string, got []string) {
		if slices.Equal(got, want) {
			t.Logf("%s: the same", where)
			return
		}
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || got[i] != want[i] {
				t.Errorf("%s: line %d of %d differs:\n%s\n%s", where, i+1, len(want), at(want, i), at(got, i))
				return
			}
		}
	}
	t.Logf("%d schedules of %d seeds a strategy and variant; %s", 2*len(broker.Target().Variants)*len(explore.Strategies())*seeds, seeds, want[len(want)-1])
	same("a second run", digests(t, seeds))
	same("another process with one processor", elsewhere(t, self, seeds, "GOMAXPROCS=1"))
	same("another process with two processors", elsewhere(t, self, seeds, "GOMAXPROCS=2"))
	if build := os.Getenv(raceEnv); build != "" {
		same("a build with the race detector", elsewhere(t, build, seeds))
	}
	crowd(t, self, 4)
	same("another process on a busy machine", elsewhere(t, self, seeds))
}

func at(lines []string, i int) string {
	if i >= len(lines) {
		return "nothing"
	}
	return lines[i]
}

// elsewhere returns the digests as another process says them.
func elsewhere(t *testing.T, program string, seeds int, env ...string) []string {
	t.Helper()
	cmd := exec.Command(program, "-test.run=^TestSchedulesAreTheSameEverywhere$")
	cmd.Env = append(os.Environ(), roleEnv+"=digests", seedsEnv+"="+strconv.Itoa(seeds))
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var lines []string
	for line := range bytes.Lines(out) {
		if bytes.HasPrefix(line, []byte("digest ")) {
			lines = append(lines, strings.TrimSpace(string(line)))
		}
	}
	return lines
}

// beBusy spins until the standard input ends: with the test, whatever ends it.
func beBusy() {
	go func() {
		_, _ = os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	}()
	for {
		busy++
	}
}

var busy uint64

// crowd starts processes that are busy until the test ends.
func crowd(t *testing.T, self string, n int) {
	t.Helper()
	for range n {
		cmd := exec.Command(self, "-test.run=^TestSchedulesAreTheSameEverywhere$")
		cmd.Env = append(os.Environ(), roleEnv+"=busy")
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = in.Close()
			if err := cmd.Wait(); err != nil {
				t.Errorf("the load beside the test: %v", err)
			}
		})
	}
}
