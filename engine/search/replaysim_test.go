package search_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/search"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/trialtest"
	"github.com/racebench/racebench/scenario"
)

// failures records the first n failing schedules of a variant that show class.
func failures(t *testing.T, m *trial.Simulator, variant, class string, n int) []*explore.File {
	t.Helper()
	p := compile(t, strings.Replace(trialtest.SmallBroker, "VARIANT", variant, 1))
	small, bounds := p.Small()
	var files []*explore.File
	for i := 0; len(files) < n; i++ {
		if i == 20_000 {
			t.Fatalf("%d failures of %s in %d schedules, want %d", len(files), variant, i, n)
		}
		plan := trial.NewSmallPlan(small, bounds, p.Variants[0], scenario.Seed(1), i, "test")
		strategy := explore.Portfolio(i)
		f, trial, err := search.RecordFailure(m, plan, strategy.New(plan.Seed.Stream("schedule"), explore.Hints{}), strategy.Name)
		if err != nil {
			t.Fatal(err)
		}
		if len(trial.Breaches) > 0 && slices.Contains(f.Classes, class) {
			files = append(files, f)
		}
	}
	return files
}

const pastGate = "no-lost-message/stage1/sent-past-gate"

// replayEnv names the file that this process is to replay, when the test starts itself.
const replayEnv = "RACEBENCH_TEST_REPLAY"

func TestAFileReplaysInAnotherProcess(t *testing.T) {
	m := trialtest.NewSimulator(t)
	if path := os.Getenv(replayEnv); path != "" {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r, err := search.ReplayFile(m, raw, catalog)
		fmt.Printf("answer: %s; %v; %v\n", r, r.Shown, err)
		return
	}
	f := failures(t, m, "gate-only", pastGate, 1)[0]
	shrunk, _, err := search.ShrinkFile(m, f, pastGate, explore.ShrinkBudget{Replays: 2000}, catalog)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]*explore.File{"found": f, "shrunk": shrunk} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, f.Marshal(), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(os.Args[0], "-test.run=^TestAFileReplaysInAnotherProcess$")
		cmd.Env = append(os.Environ(), replayEnv+"="+path)
		out, err := cmd.CombinedOutput()
		want := fmt.Sprintf("answer: exact: %d of %d steps as recorded, and the same breach; [%s]; <nil>", f.Events, f.Events, pastGate)
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v\n%s\nwant %s", name, err, out, want)
		}
	}
}

func TestAStaleFileSaysWhy(t *testing.T) {
	m := trialtest.NewSimulator(t)
	good := failures(t, m, "gate-only", pastGate, 1)[0].Marshal()
	for name, tc := range map[string]struct{ old, new, want string }{
		"variant":  {`variant "gate-only"`, `variant "gate-lonely"`, "stale: this build has no variant gate-lonely"},
		"knobs":    {"mailbox: 2", "mailbox: 3", "stale: its scenario has been changed since it ran"},
		"target":   {"target: broker", "target: bakery", "stale: its scenario names what this build does not have"},
		"scenario": {"  drain_limit:", "  drain_time:", "stale: this build refuses its scenario"},
		// Other code under the same words is what a changed build looks like.
		"code": {`variant "gate-only"`, `variant "timeout-drain"`, "stale: the code has changed since it was recorded: step "},
		"step": {"cancel the gate\t", "cancel the fate\t", "exact"}, // spelled out for people: the hashes decide
		"hash": {"\ntrace ", "\ntrace 0", "trace: "},
	} {
		t.Run(name, func(t *testing.T) {
			raw := bytes.Replace(good, []byte(tc.old), []byte(tc.new), 1)
			if bytes.Equal(raw, good) {
				t.Fatalf("the file has no %q", tc.old)
			}
			r, err := search.ReplayFile(m, raw, catalog)
			got := fmt.Sprint(err)
			if err == nil {
				got = r.String()
			}
			if !strings.Contains(got, tc.want) {
				t.Errorf("%s, want %s", got, tc.want)
			}
			if r.Exact() && name != "step" && err == nil {
				t.Error("it is called exact")
			}
		})
	}
}

// Every failure must become short, tell its story and replay. The work of it is logged.
func TestFailuresShrinkToShortStories(t *testing.T) {
	each := 6
	if testing.Short() || trialtest.RaceBuild {
		each = 2
	}
	shrinkToShortStories(t, each)
}

// shrinkToShortStories shrinks so many failures of each bug.
func shrinkToShortStories(t *testing.T, each int) {
	t.Helper()
	m := trialtest.NewSimulator(t)
	var steps []int
	all, short, proven := 0, 0, 0
	for _, tc := range [][2]string{
		{"gate-only", pastGate},
		{"timeout-drain", "no-lost-message/stage1/broker-stopped-reading"},
		{"close-merged", "drain-ends/broker/recv-the-merged-queues"},
		{"gate-select", "no-lost-message/mailbox/actor-stopped"},
		{"gate-close-drain", "no-lost-message/mailbox/actor-stopped"},
	} {
		variant, class := tc[0], tc[1]
		for i, f := range failures(t, m, variant, class, each) {
			small, shrunk, err := search.ShrinkFile(m, f, class, explore.ShrinkBudget{}, catalog)
			if err != nil {
				t.Fatal(err)
			}
			if r, err := search.ReplayFile(m, small.Marshal(), catalog); err != nil || !r.Exact() || !slices.Contains(r.Shown, class) {
				t.Fatalf("%s, failure %d: %s, %v", variant, i, r, err)
			}
			story, err := search.Tell(m, small, class, "a proof", "x.replay", catalog)
			if err != nil {
				t.Fatal(err)
			}
			all++
			steps = append(steps, shrunk.Steps)
			if shrunk.Proven {
				proven++
			}
			if lines := strings.Count(story.Text(), "\n"); shrunk.Cost.Preemptions <= 3 && lines <= 25 {
				short++
			} else {
				t.Logf("%s, failure %d: %+v -> %+v\n%s", variant, i, shrunk.Before.Cost, shrunk.Cost, story.Text())
			}
		}
	}
	slices.Sort(steps)
	t.Logf("%d of %d short, %d proven to need their preemptions; shrunk in %d steps, 95 %% in %d, all in %d", short, all, proven,
		steps[all/2], steps[all*95/100], steps[all-1])
	if short*100 < all*95 {
		t.Errorf("only %d of %d failures became short", short, all)
	}
}

// Every schedule of every strategy must come out of its deviations alone, whatever the variant does.
func TestBrokerSchedulesReplayFromTheirDeviations(t *testing.T) {
	schedules := 200
	if testing.Short() {
		schedules = 30
	}
	m, err := trial.NewSimulator()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for _, variant := range []string{"reference", "timeout-drain", "close-merged", "gate-select"} {
		p := compile(t, strings.Replace(trialtest.SmallBroker, "VARIANT", variant, 1))
		small, bounds := p.Small()
		for _, info := range explore.Strategies() {
			for i := range schedules {
				plan := trial.NewSmallPlan(small, bounds, p.Variants[0], scenario.Seed(3), i, "test")
				recorder := explore.Record(info.New(plan.Seed.Stream("schedule"), explore.Hints{}))
				_, r, err := m.Run(plan, recorder)
				if err != nil {
					t.Fatal(err)
				}
				replayer := explore.Replay(recorder.Deviations())
				_, again, err := m.Run(plan, replayer)
				if err != nil {
					t.Fatal(err)
				}
				if r != again || replayer.Unused() != 0 || len(replayer.Missed()) != 0 {
					t.Fatalf("%s, %s, schedule %d: %+v, replayed %+v, %d unused, missed %v, of %d", variant, info.Name, i,
						r, again, replayer.Unused(), replayer.Missed(), len(recorder.Deviations()))
				}
			}
		}
	}
}
