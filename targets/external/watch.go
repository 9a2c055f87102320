package external

import (
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/world"
)

// Aim implements targets.Courier. What the server has read by now it must answer, once every thread that ran
// at that moment has slept or run on: until then a request may be in the hands of one that has not looked
// at it yet.
func (s *instance) Aim(t *world.Task) {
	if !s.ready.Load() {
		return // a signal that meets a program as it starts waits for nothing
	}
	s.tellUsage() // as it is when it is struck
	pids := s.p.alive()
	if err := s.look(false); err != nil {
		s.out.Process(ledger.Process{Event: extern.ProcessUnproved, PID: s.p.pid, At: t.Now()}, err.Error())
		return
	}
	if !settles(t, pids, longestAim) {
		s.unaim()
		s.out.Process(ledger.Process{Event: extern.ProcessUnproved, PID: s.p.pid, At: t.Now()},
			fmt.Sprintf("its threads got no processor for %s", longestAim))
	}
	s.pids, s.single = pids, s.c.attach == "" && slices.Equal(pids, []int{s.p.pid})
	s.aimed.Store(true)
}

// A clock is what waiting takes: a task, or the time itself.
type clock interface {
	Now() time.Duration
	Sleep(time.Duration)
}

// settles waits until every thread that runs now has slept or run on. It returns false when one has not
// within the limit.
func settles(t clock, pids []int, limit time.Duration) bool {
	deadline := t.Now() + limit
	for busy := busyThreads(pids); len(busy) > 0; busy = stillBusy(busy) {
		if t.Now() > deadline {
			return false
		}
		t.Sleep(100 * time.Microsecond)
	}
	return true
}

const (
	// longestAim is how long a signal may be held back for a server that gets no processor.
	longestAim = 60 * time.Millisecond
	// ranOn is how much a thread must have run to have dealt with what it had just read.
	ranOn = 2 * time.Millisecond
	// longestLook is how long the signal itself may wait for what was read since the first look.
	longestLook = time.Millisecond
	// mostSingly is how many connections are looked up one by one. To list them all the kernel goes through the
	// whole table of the machine's sockets, which takes as long as hundreds of those.
	mostSingly = 256
	// mostLooks is how often that look is taken again on a busy machine.
	mostLooks = 3
)

func stillBusy(threads []thread) []thread {
	left := threads[:0]
	for _, t := range threads {
		if t.runs() && t.runtime() < t.ran+uint64(ranOn) {
			left = append(left, t)
		}
	}
	return left
}

// look notes for every connection how much of its request the server has read.
func (s *instance) look(striking bool) error {
	type seen struct {
		c     *wireConn
		marks []mark
	}
	s.mu.Lock()
	all := make([]seen, 0, len(s.conns))
	for c := range s.conns {
		all = append(all, seen{c: c})
	}
	s.mu.Unlock()
	for i := range all {
		all[i].marks = all[i].c.marks() // before the kernel is asked: what was sent then is there now
	}
	each := make([]ends, len(all))
	for i, x := range all {
		each[i] = x.c.ends
	}
	peers, err := s.peers(each)
	if err != nil {
		return err
	}
	for _, x := range all {
		p, found := peers[x.c.port]
		looks := make([]look, len(x.marks))
		for i, m := range x.marks {
			looks[i] = look{m.msg, readingOf(m, p, found)}
		}
		x.c.note(looks, striking)
	}
	return nil
}

// peers returns the server's sides of some connections, and maybe of others, by the client's port.
func (s *instance) peers(each []ends) (map[int]peer, error) {
	if len(each) <= mostSingly {
		return peersAt(each)
	}
	return peersOf(s.p.address.port)
}

// lookAgain looks right before the signal. Where this process lost its processor meanwhile, the look has become
// an old one, and another is taken.
func (s *instance) lookAgain(t *world.Task) {
	for range mostLooks {
		began := t.Now()
		if s.look(true) == nil && settles(t, s.pids, longestLook) {
			s.promote() // what was read until now is proved, too
		}
		if t.Now()-began <= 2*longestLook {
			return
		}
	}
}

// promote makes the second look the one that proves.
func (s *instance) promote() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.mu.Lock()
		c.aim = c.strike
		c.mu.Unlock()
	}
}

// unaim forgets the first look.
func (s *instance) unaim() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.note(nil, false)
	}
}

// Send implements targets.Courier.
func (s *instance) Send(t *world.Task, sig syscall.Signal) (time.Duration, error) {
	s.p.stopServices(stopBefore)
	looks := s.ready.Load() && s.p.address.port != 0 && s.sent.Load() == 0 // what is proved is what was read before the first
	if !s.aimed.Load() && looks {
		s.Aim(t)
	}
	if s.p.hasEnded() {
		return 0, fmt.Errorf("the program had ended")
	}
	if (s.single || !s.ready.Load() && s.c.attach == "") && defenceless(s.p.pid, sig) {
		s.out.Process(ledger.Process{Event: extern.ProcessDefault, PID: s.p.pid, Signal: int(sig), At: t.Now()}, "")
	}
	switch {
	case looks && s.out.Freeze():
		defer s.freeze(t)()
		_ = s.look(true) // the look before it proved what is proved
	case looks:
		s.lookAgain(t)
	}
	s.p.out.heed()
	at := t.Now()
	s.strikes(sig, at)
	defer s.polls.begin()
	defer s.window.begin()
	if s.c.group {
		return at, signalGroup(s.p.pid, sig)
	}
	return at, sendSignal(s.p.pid, sig)
}

// strikes notes a signal before it is sent, if it is the first. Strikes of several tasks may meet: none goes on before
// that is noted.
func (s *instance) strikes(sig syscall.Signal, at time.Duration) {
	s.once.Do(func() {
		s.struck = s.pids
		if len(s.pids) == 0 { // it is struck as it starts
			s.struck = []int{s.p.pid}
		}
		s.first.Store(int64(sig))
		s.sent.Store(int64(max(at, 1)))
		go s.lookLate()
		if s.ready.Load() && s.polls.path != "" {
			s.polls.start(s)
		}
		if s.ready.Load() && s.c.servesFor > 0 {
			s.window.start(s)
		}
	})
}
