package claims

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
)

// killed is a scenario whose trials write as fast as they can, for DURATION.
const killed = `name: killed
target: broker
variants: [reference]
duration: DURATION
drain_limit: 400ms
knobs: {policy: block, stage1: 16, mailbox: 16}
load:
  - {op: publish,   clients: 3}
  - {op: subscribe, clients: 2}
inject:
  - {signal: SIGNAL}
`

func killedBy(signal, duration string) string {
	return strings.NewReplacer("SIGNAL", signal, "DURATION", duration).Replace(killed)
}

func TestKilledByItsScenario(t *testing.T) { killByScenario(t, 20) }

func TestKilledFromOutside(t *testing.T) { killFromOutside(t, 20) }

// perRun is how many trials a run kills: one that writes as fast as it can leaves some ten megabytes, and what does not
// fit into a run's room (rundir.Room) loses its ledger.
const perRun = 1

// killByScenario runs n trials in which the child sends itself SIGKILL at a random moment.
func killByScenario(t *testing.T, n int) {
	clean, struck, total := watch(t), 0, 0
	for done := 0; done < n; done += perRun {
		seed := scenario.Seed(done + 1)
		dirs := keepAll(t, killedBy("SIGKILL, at: 0%..100%", "60ms"), seed, min(perRun, n-done), nil)
		for _, dir := range dirs {
			e := readLedger(t, dir)
			if e != nil && len(e.Signals) == 0 && e.Phases[len(e.Phases)-1].Signal == 0 {
				continue // on a busy machine the trial may be over before its moment comes
			}
			struck++
			if e == nil {
				t.Errorf("%s: no ledger, although the child has recorded its own end", dir)
				continue
			}
			if len(e.Signals) != 1 || e.Signals[0].Number != int(syscall.SIGKILL) {
				t.Errorf("%s: the ledger holds the signals %v, want the one that killed it", dir, e.Signals)
			}
			if last := e.Phases[len(e.Phases)-1]; !last.Ended || last.Signal != int(syscall.SIGKILL) {
				t.Errorf("%s: the process ended with %+v, want SIGKILL", dir, last)
			}
		}
		clean()
		total += len(dirs)
		progress(t, fmt.Sprintf("ended: %d killed by their scenario", struck), total, n)
	}
	if 2*struck < n {
		t.Errorf("of %d trials only %d were killed: the test is blind", total, struck)
	}
}

// killFromOutside kills the children of n trials at random moments, each after it has read what the
// ledger holds by then: as much as anybody outside can have learned.
func killFromOutside(t *testing.T, n int) {
	if runtime.GOOS != "linux" {
		t.Skip("finds children by /proc")
	}
	clean := watch(t)
	chance := rand.New(rand.NewPCG(7, 7))
	struck, inTime, total := 0, 0, 0
	for done := 0; done < n; done += perRun {
		size := min(perRun, n-done)
		k := &killer{t: t, moments: make([]time.Duration, size), early: done/perRun%2 == 1}
		for i := range k.moments {
			k.moments[i] = time.Duration(chance.Int64N(int64(100 * time.Millisecond)))
		}
		dirs := keepAll(t, killedBy("SIGTERM, at: 90%..100%", "400ms"), scenario.Seed(done+1), size, k)
		for _, dir := range dirs {
			after := readLedger(t, dir)
			before := k.seen[dir.Number()]
			if before != nil {
				struck++
				if after == nil {
					t.Errorf("%s: the ledger that was there before the kill is gone", dir)
					continue
				}
				if compare(t, dir, before, after) > 0 {
					inTime++
				}
			}
		}
		clean()
		total += len(dirs)
		progress(t, fmt.Sprintf("ended: %d killed from outside, %d of them with something on record", struck, inTime), total, n)
	}
	// Children live longer than the longest wait; some of those that are killed early have written nothing.
	if 4*inTime < n {
		t.Errorf("of %d trials %d were killed, %d while something was on record: the test is blind", total, struck, inTime)
	}
}

// compare checks that all that was on record before the kill is still there. It returns how much that is.
func compare(t *testing.T, dir rundir.TrialDir, before, after *ledger.Evidence) int {
	t.Helper()
	ops := 0
	for lane := range before.Ops {
		if lane >= len(after.Ops) || len(after.Ops[lane]) < len(before.Ops[lane]) || len(after.Deliveries[lane]) < len(before.Deliveries[lane]) {
			t.Errorf("%s: lane %d is shorter after the kill", dir, lane)
			return ops
		}
		for i, op := range before.Ops[lane] {
			if op.Outcome == ledger.Unknown {
				continue // it was under way
			}
			ops++
			if after.Ops[lane][i] != op {
				t.Errorf("%s: %v was acknowledged as %+v and reads %+v after the kill", dir, op.Msg, op, after.Ops[lane][i])
				return ops
			}
		}
		for i, d := range before.Deliveries[lane] {
			if after.Deliveries[lane][i] != d {
				t.Errorf("%s: delivery %d of lane %d reads %+v, and %+v after the kill", dir, i, lane, d, after.Deliveries[lane][i])
				return ops
			}
		}
	}
	return ops
}

// readLedger reads the ledger of a trial that was killed. It returns nil when there is none: a child that
// is killed early has not made one.
func readLedger(t *testing.T, dir rundir.TrialDir) *ledger.Evidence {
	t.Helper()
	e, err := ledger.Read(dir.Ledger())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Errorf("%s: %v", dir, err)
		return nil
	}
	if e.Cut != "" {
		t.Errorf("%s: the ledger of a killed child is damaged: %s", dir, e.Cut)
	}
	return e
}

// keepAll runs n trials and keeps their directories.
func keepAll(t *testing.T, text string, seed scenario.Seed, n int, k *killer) []rundir.TrialDir {
	t.Helper()
	p := compile(t, "killed", text).program
	run, err := rundir.Create(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c := config
	c.Keep = trial.KeepAll
	if k != nil {
		stop := k.start(run.Path())
		defer stop()
	}
	// Trials that are void are replaced; what they left counts here like any other.
	if _, err := engine.RunCampaigns(inTime(t), []trial.Program{p}, []scenario.Seed{seed}, batch.Budget{Trials: n}, c, run); err != nil {
		t.Fatal(err)
	}
	dirs, err := rundir.OpenTrial(run.Path())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(run.Path()) })
	return dirs
}

// watch gives the trials a directory for temporary files of their own. What it returns checks that
// nothing is left of them: no child, no temporary file.
func watch(t *testing.T) (clean func()) {
	t.Helper()
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	before := children()
	return func() {
		t.Helper()
		if now := children(); len(now) > len(before) {
			t.Errorf("children are left: %v, before: %v", now, before)
		}
		if left, err := os.ReadDir(temp); err != nil {
			t.Error(err)
		} else {
			for _, entry := range left {
				t.Errorf("a temporary file is left: %s", entry.Name())
			}
		}
	}
}

// children returns the processes that this one has started and not waited for. It is nil where there is
// no /proc.
func children() []int {
	var all []int
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue // a thread that has ended since
		}
		for _, field := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				all = append(all, pid)
			}
		}
	}
	return all
}

// progress tells a long suite's reader where it stands.
func progress(t *testing.T, what string, done, n int) {
	t.Helper()
	t.Logf("%d of %d trials %s", done, n, what)
}
