package claims

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/internal/rundir"
)

// A killer kills the child of every trial of a run, each at a moment of its own after something was on record,
// or after the child has begun.
type killer struct {
	t       *testing.T
	moments []time.Duration
	early   bool // moments count from the child's begin
	// seen is what a ledger held right before the kill, by the number of its trial.
	seen map[int]*ledger.Evidence
}

// start watches the run until what it returns is called.
func (k *killer) start(run string) (stop func()) {
	k.seen = map[int]*ledger.Evidence{}
	over := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { k.watch(run, over) })
	return func() {
		close(over)
		watching.Wait()
	}
}

func (k *killer) watch(run string, over <-chan struct{}) {
	tick := time.NewTicker(200 * time.Microsecond)
	defer tick.Stop()
	killed := map[int]bool{}
	for {
		select {
		case <-over:
			return
		case <-tick.C:
		}
		for _, pid := range children() {
			dir, ok := trialOf(pid, run)
			if !ok || killed[pid] {
				continue
			}
			killed[pid] = true
			if !k.early {
				awaitRecord(pid, dir, run, over)
			}
			timer := time.NewTimer(k.moments[(dir.Number()-1)%len(k.moments)])
			select {
			case <-over:
				timer.Stop()
				return
			case <-timer.C:
			}
			k.kill(pid, dir, run)
		}
	}
}

// awaitRecord waits until an operation has ended, or the child has.
func awaitRecord(pid int, dir rundir.TrialDir, run string, over <-chan struct{}) {
	for {
		if e, err := ledger.Read(dir.Ledger()); err == nil {
			for _, ops := range e.Ops {
				if len(ops) > 0 && ops[0].Outcome != ledger.Unknown {
					return
				}
			}
		}
		if again, ok := trialOf(pid, run); !ok || again != dir {
			return
		}
		select {
		case <-over:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// kill reads the ledger and kills the child, unless it has ended by itself meanwhile.
func (k *killer) kill(pid int, dir rundir.TrialDir, run string) {
	if again, ok := trialOf(pid, run); !ok || again != dir {
		return
	}
	e, err := ledger.Read(dir.Ledger())
	if err != nil {
		e = nil // it has not made one yet
	}
	if again, ok := trialOf(pid, run); !ok || again != dir {
		return
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return
	}
	if process.Kill() == nil {
		k.seen[dir.Number()] = e
	}
}

// trialOf returns the trial that a process runs, if it is one of the run.
func trialOf(pid int, run string) (rundir.TrialDir, bool) {
	env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	if err != nil {
		return "", false
	}
	for entry := range bytes.SplitSeq(env, []byte{0}) {
		dir, ok := strings.CutPrefix(string(entry), "RACEBENCH_TRIAL=")
		if ok && strings.HasPrefix(dir, run+string(filepath.Separator)) {
			return rundir.TrialDir(dir), true
		}
	}
	return "", false
}
