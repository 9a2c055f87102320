package external

import (
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/procfs"
)

// starvedLook is how long a thread is looked at that could run, to see whether it does.
const starvedLook = 20 * time.Millisecond

// A starvation is for how long a program has wanted a processor since it was first asked.
type starvation struct {
	begun map[int]time.Duration // what each thread had waited by then
	asked time.Duration         // when it was asked last
	now   time.Duration         // what those waited that still wait: the kernel counts a wait when it is over
}

// Starved implements targets.Starver: what a program did not get from the machine is not the program's slowness.
func (s *instance) Starved() time.Duration {
	pids := s.p.alive()
	waits := waitsOf(pids)
	last := s.starved.asked
	s.starved.asked = s.w.Now()
	if s.starved.begun == nil {
		s.starved.begun = waits
		return 0
	}
	if waitsNow(pids) {
		s.starved.now += s.w.Now() - last
	}
	var most time.Duration
	for thread, d := range waits {
		most = max(most, d-s.starved.begun[thread])
	}
	return most + s.starved.now
}

// waitsNow says whether a thread could run and does not.
func waitsNow(pids []int) bool {
	ready := busyThreads(pids)
	if len(ready) == 0 {
		return false
	}
	time.Sleep(starvedLook)
	return slices.ContainsFunc(ready, func(t thread) bool {
		state, _, ok := statOf(fmt.Sprintf("%s/stat", t.dir))
		return ok && state == 'R' && t.runtime() == t.ran
	})
}

// waitsOf is for how long each thread of some processes has waited for a processor since it began, by its id.
func waitsOf(pids []int) map[int]time.Duration {
	waits := map[int]time.Duration{}
	for _, pid := range pids {
		threads, err := procfs.AllThreads(pid)
		if err != nil {
			continue // it has ended
		}
		for _, t := range threads {
			if stat, err := t.Schedstat(); err == nil {
				waits[t.PID] = time.Duration(stat.WaitingNanoseconds)
			}
		}
	}
	return waits
}
