package external

import (
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/world"
)

// Prepare runs the scenario's pre_stop before the first signal, as an orchestrator does, and returns what of the program's
// time to stop that took.
// Who is struck as it starts is asked for nothing before it.
func (s *instance) Prepare(t *world.Task) (took time.Duration) {
	if len(s.c.preStop) == 0 || !s.ready.Load() {
		return 0
	}
	t.Blocking(s.w.NewObject("pre_stop"), func() {
		s.prepare.Lock()
		defer s.prepare.Unlock()
		if s.prepared {
			return // by the first of several strikes
		}
		s.prepared = true
		took = s.preStop()
	})
	return took
}

// preStop runs the scenario's pre_stop and records how it ended. It returns what of the program's time to stop that took:
// nothing where it failed, for then the trial proves nothing.
func (s *instance) preStop() time.Duration {
	began := s.w.Now()
	end := s.runOwn(s.c.preStop, "external.pre_stop", s.h.DrainLimit)
	took := s.w.Now() - began
	why := end.failed(s.h.DrainLimit)
	if why == "" && s.p.hasEnded() && s.p.clean() {
		why = fmt.Sprintf("the program ended while %s ran, before any signal: what stops it is that command", end.name)
	}
	s.out.Process(ledger.Process{Event: extern.ProcessPrepared, PID: s.p.pid, Clean: why == "", Count: int64(took), At: began}, why)
	s.aimed.Store(false) // what was seen before it is old
	if why != "" {
		return 0
	}
	return took
}

// sleepOf is how long a command takes that only sleeps; 0 for any other.
func sleepOf(command []string) time.Duration {
	if len(command) != 2 || filepath.Base(command[0]) != "sleep" {
		return 0
	}
	if seconds, err := strconv.ParseFloat(command[1], 64); err == nil && seconds < 1e6 {
		return time.Duration(seconds * float64(time.Second))
	}
	d, _ := time.ParseDuration(command[1]) // 5s, 2m
	return d
}

// failed says why a command did not do what it was run for; "" where it did.
func (e ownEnd) failed(limit time.Duration) string {
	switch {
	case e.why != "":
		return e.why
	case e.overdue:
		return fmt.Sprintf("%s had not ended after %s, which is all the time that the program has to stop (drain_limit, --grace)", e.name, limit)
	case e.signal != 0:
		return fmt.Sprintf("%s was ended by %s%s", e.name, e.signal, e.lastSaid())
	case e.status != 0:
		return fmt.Sprintf("%s ended with status %d%s", e.name, e.status, e.lastSaid())
	}
	return ""
}
