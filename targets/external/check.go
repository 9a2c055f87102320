package external

import (
	"fmt"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/world"
)

const (
	// checkLimit is how long a check may take.
	checkLimit = 20 * time.Second
	// checkSettles is how long the check of a run without a signal is asked again while the program still works.
	checkSettles = 10 * time.Second
)

// A checkup is what a check said: it holds, it found what stands in lines, or nobody can tell, and why.
type checkup struct {
	holds bool
	lines []string
	why   string
}

// check runs the scenario's own check once the program has ended.
func (s *instance) check() {
	if len(s.c.check) > 0 {
		s.recordCheck(s.runCheck(checkLimit))
	}
}

// tryCheck runs the check while nobody has signalled the program, until it finds nothing: what is under way is done
// sooner or later. It says whether the check is to be run once more when the program is gone: some only work then.
func (s *instance) tryCheck(t *world.Task) (again bool) {
	if len(s.c.check) == 0 {
		return false
	}
	deadline := t.Now() + checkSettles
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		last := s.runCheck(checkLimit)
		if last.holds {
			s.recordCheck(last)
		}
		if last.holds || last.why != "" || t.Now() > deadline || s.p.hasEnded() {
			return !last.holds
		}
		t.Sleep(pause)
	}
}

// recordCheck takes what a check said into the ledger.
func (s *instance) recordCheck(c checkup) {
	at := s.w.Now()
	if c.why != "" {
		s.out.Process(ledger.Process{Event: extern.ProcessUnchecked, PID: s.p.pid, At: at}, c.why)
		return
	}
	s.out.Process(ledger.Process{Event: extern.ProcessChecked, PID: s.p.pid, Clean: c.holds, Count: int64(len(c.lines)), At: at}, "")
	for _, line := range c.lines {
		s.out.Process(ledger.Process{Event: extern.ProcessFound, PID: s.p.pid, At: at}, line)
	}
}

// runCheck runs the check once. Only status 1 with something on standard output is a finding.
func (s *instance) runCheck(limit time.Duration) checkup {
	end := s.runOwn(s.c.check, "external.check", limit)
	switch {
	case end.why != "":
		return checkup{why: end.why}
	case end.overdue:
		return checkup{why: fmt.Sprintf("%s had not ended after %s", end.name, limit)}
	}
	return concluded(end)
}

// concluded says what the end of a check means.
func concluded(end ownEnd) checkup {
	name := end.name
	switch {
	case end.signal != 0:
		return checkup{why: fmt.Sprintf("%s was ended by %s%s", name, end.signal, end.lastSaid())}
	case end.status == 0 && len(end.out) == 0:
		return checkup{holds: true}
	case end.status == 0:
		return checkup{why: fmt.Sprintf("%s ended with status 0 and printed %q: nothing is printed where nothing is found", name, end.out[0])}
	case end.status == 1 && len(end.out) > 0:
		return checkup{lines: end.out}
	case end.status == 1:
		return checkup{why: fmt.Sprintf("%s ended with status 1 and printed nothing on its standard output%s", name, end.lastSaid())}
	}
	return checkup{why: fmt.Sprintf("%s ended with status %d%s", name, end.status, end.lastSaid())}
}
