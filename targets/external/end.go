package external

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/signals"
	"github.com/racebench/racebench/engine/world"
)

const (
	// settleLimit is how long clients may take to see the end of connections that the kernel has closed.
	settleLimit = 5 * time.Second
	// orphanGrace is the least that a process may outlive the one that got the signal.
	orphanGrace = time.Second
	// stackLimit is how long a hung program may take to print its stacks.
	stackLimit = 500 * time.Millisecond
)

// End implements targets.Ender.
func (s *instance) End(t *world.Task) {
	defer s.p.release()
	struck := s.sent.Load() != 0
	checks := struck && s.p.hasEnded() // one that is killed still held what it had
	if s.unsample != nil {
		s.unsample()
	}
	switch {
	case !struck && !s.p.hasEnded():
		s.wait(t, max(settleLimit, s.h.DrainLimit), func() bool { return s.requests.Load() == 0 })
		if s.out.Control() {
			s.tryReadBack(t)
			s.tryJobs(t)
			checks = s.tryCheck(t)
			s.Prepare(t) // tried before any trial rests on it
		}
	case s.p.hasEnded():
		s.tellEnd(t, struck)
		for _, p := range []*polls{s.polls, s.window} {
			if p.started.Load() {
				s.wait(t, settleLimit, p.over) // the port refuses now, unless somebody is left who listens
			}
		}
	default:
		s.tellHang(t)
	}
	s.closing.Store(true)
	s.hangUp()
	s.p.kill()
	for _, p := range []*polls{s.polls, s.window} {
		if p.started.Load() {
			t.Blocking(s.w.NewObject("the last poll"), func() { <-p.ended })
		}
	}
	var jobs []*inquiry
	if struck && checks {
		jobs = s.lookAtStop(t)
	}
	if checks {
		s.check()
	}
	if struck {
		s.p.stopServices(stopAfter)
		s.audit(t, jobs)
	}
	s.tellServices(t)
}

// wait lets something come true, up to a limit.
func (s *instance) wait(t *world.Task, limit time.Duration, done func() bool) bool {
	deadline := t.Now() + limit
	for pause := 200 * time.Microsecond; !done(); pause = min(2*pause, 10*time.Millisecond) {
		if t.Now() > deadline {
			return false
		}
		t.Sleep(pause)
	}
	return true
}

// tellEnd records how the program ended and what it left behind.
func (s *instance) tellEnd(t *world.Task, struck bool) {
	left := s.orphans(t, struck)
	if len(left) == 0 {
		// Nobody holds a connection any more: every client is told by the kernel.
		s.wait(t, settleLimit, func() bool { return s.requests.Load() == 0 && s.sessions.Load() == 0 })
	}
	status, signal := s.p.status, int(s.p.signal)
	if s.c.attach != "" {
		status = extern.StatusUnknown
	}
	s.out.Process(ledger.Process{
		Event: extern.ProcessEnded, PID: s.p.pid, Status: status, Signal: signal, Clean: s.p.clean(), At: s.p.endedAt,
	}, "")
	if rested := s.rest.since.Load(); rested > 0 {
		s.out.Process(ledger.Process{Event: extern.ProcessRested, PID: s.p.pid, At: time.Duration(rested)}, "")
	}
	if len(left) == 0 {
		s.p.out.awaitEnd(lastWordsLimit)
	}
	if line := s.p.out.crash(); line != "" {
		s.out.Process(ledger.Process{Event: extern.ProcessPanicked, PID: s.p.pid, At: s.p.endedAt}, line)
	}
	if line := s.p.out.uncaught(status); line != "" && signal == 0 {
		s.out.Process(ledger.Process{Event: extern.ProcessUncaught, PID: s.p.pid, At: s.p.endedAt}, line)
	}
	s.tellWords()
	for _, pid := range left {
		s.out.Process(ledger.Process{Event: extern.ProcessLeft, PID: pid, At: t.Now()}, nameOf(pid))
	}
	if len(left) == 0 {
		return
	}
	if _, _, held := s.listening(); held && s.accepts() {
		s.out.Process(ledger.Process{Event: extern.ProcessListens, PID: left[0], At: t.Now()}, "")
	}
}

// tellWords records what the program printed of its stop.
func (s *instance) tellWords() {
	for _, line := range s.p.out.told() {
		s.out.Process(ledger.Process{Event: extern.ProcessSaid, PID: s.p.pid, Count: int64(line.port), At: line.at}, line.text)
	}
}

// orphans are the processes that are left after the leader, once they had time to go: those that do nothing
// after the grace, and all after the drain's limit.
func (s *instance) orphans(t *world.Task, struck bool) []int {
	if !struck {
		return nil
	}
	began := t.Now()
	var left []int
	s.wait(t, max(orphanGrace, time.Duration(s.sent.Load())+s.h.DrainLimit-began), func() bool {
		reapAll(s.p.pid)
		left = s.p.alive()
		return len(left) == 0 || t.Now()-began > orphanGrace && len(busyThreads(left)) == 0
	})
	return left
}

// tellHang records what a program was doing that did not end, and asks for its stacks.
func (s *instance) tellHang(t *world.Task) {
	pid, name, accepts := s.listening()
	if accepts = accepts && s.accepts(); accepts {
		s.out.Process(ledger.Process{Event: extern.ProcessListens, PID: pid, At: t.Now()}, name)
	}
	s.closing.Store(true)
	if began := s.serving.Load(); began > 0 {
		s.out.Process(ledger.Process{Event: extern.ProcessServes, PID: s.p.pid, At: time.Duration(began)}, "")
	}
	if s.c.attach != "" {
		s.out.Process(ledger.Process{Event: extern.ProcessKilled, PID: s.p.pid, At: t.Now()}, "racebench did not start it and leaves it alone: it runs on")
		return
	}
	s.out.Process(ledger.Process{Event: extern.ProcessKilled, PID: s.p.pid, At: t.Now()}, s.disposition(accepts))
	s.tellWords()
	for _, pid := range s.p.alive() {
		_ = askForStacks(pid)
	}
	s.wait(t, stackLimit, func() bool { return s.p.hasEnded() })
}

// disposition says what the program does with the signal that it got, as far as the system shows it.
func (s *instance) disposition(accepts bool) string {
	sig := syscall.Signal(s.first.Load())
	name := signals.Name(int(sig))
	switch {
	case ignores(s.p.pid, sig):
		return fmt.Sprintf("it ignores %s (SigIgn in /proc/%d/status)", name, s.p.pid)
	case defenceless(s.p.pid, sig): // one that blocks it may take it by sigwait or signalfd
		return fmt.Sprintf("it has no handler for %s (SigCgt in /proc/%d/status)", name, s.p.pid)
	case catches(s.p.pid, sig) && accepts && len(s.p.alive()) == 1: // else what it does shows that it has one
		return "it has a handler for " + name
	}
	return ""
}

// listening is the process of the program that holds the socket it listens with: a child with its command line where
// the first process does not hold it. It is false where none does: another program may have been given the port since.
// What cannot be looked into may hold it.
func (s *instance) listening() (pid int, name string, ok bool) {
	all, err := listeners()
	if err != nil {
		return s.p.pid, "", true
	}
	hidden := false
	holds := func(pid int) bool {
		held := socketsOf(pid)
		hidden = hidden || held == nil
		return slices.ContainsFunc(all, func(l listener) bool { return l.port == s.p.address.port && held[l.inode] })
	}
	if !s.p.hasEnded() && holds(s.p.pid) {
		return s.p.pid, "", true
	}
	for _, pid := range s.p.alive() {
		if holds(pid) {
			return pid, nameOf(pid), true
		}
	}
	return s.p.pid, "", hidden
}

// accepts says whether a process takes a new connection at the program's address: the kernel alone completes
// connections for a listener that nobody serves.
func (s *instance) accepts() bool {
	if s.p.address.port == 0 {
		return false
	}
	conn, err := s.p.address.connect(time.Second)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	mine, ok := conn.LocalAddr().(*net.TCPAddr)
	for range 50 {
		peers, err := peersOf(s.p.address.port)
		if err != nil || !ok {
			return true
		}
		if peers[mine.Port].accepted {
			return true
		}
		time.Sleep(4 * time.Millisecond)
	}
	return false
}

// hangUp closes every connection, so that no client waits for ever.
func (s *instance) hangUp() {
	s.mu.Lock()
	all := make([]*wireConn, 0, len(s.conns))
	for c := range s.conns {
		all = append(all, c)
	}
	held := slices.Collect(maps.Keys(s.held))
	s.mu.Unlock()
	for _, c := range all {
		_ = c.Close()
	}
	for _, x := range held {
		x.close()
	}
}
