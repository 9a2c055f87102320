package external

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// lookAgain is how long a queue may take to answer in the end, beyond the time that its jobs have.
const lookAgain = 5 * time.Second

// jobsWatched is how much longer than the load the program works in a run without a signal before its jobs are looked up: one
// that loses them anyway is seen to.
const jobsWatched = time.Second

// An inquiry looks up the jobs that a group has pushed.
type inquiry struct {
	*board
	s     *instance
	q     jobQueue // nil: to be opened
	err   error    // why the latest look told nothing
	seen  sighting // the latest
	open  []job    // neither done nor queued yet, or done and queued at once
	again map[string]bool
	taken int // at the first look
}

// inquire begins an inquiry for each group that has pushed jobs.
func (s *instance) inquire() []*inquiry {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*inquiry
	for _, b := range s.boards {
		all = append(all, &inquiry{board: b, s: s, open: slices.Clone(b.jobs), again: map[string]bool{}})
	}
	return all
}

// look looks once. Jobs that are done, or still queued, are settled.
func (x *inquiry) look() {
	if x.q == nil {
		if x.q, x.err = x.g.kindOfQueue.open(x.s, x.g); x.err != nil {
			x.q = nil
			return
		}
	}
	var v sighting
	if v, x.err = x.q.look(x.jobs); x.err != nil {
		x.close()
		return
	}
	x.seen = v
	x.open = slices.DeleteFunc(x.open, func(j job) bool {
		if x.again[j.id] {
			return v.done[j.id] > 1
		}
		return v.done[j.id] > 0 || v.queued(j.id)
	})
}

// done counts the jobs that are done. A queue may have those of others, too.
func (x *inquiry) done() int {
	n := 0
	for _, j := range x.jobs {
		if x.seen.done[j.id] > 0 {
			n++
		}
	}
	return n
}

func (x *inquiry) close() {
	if x.q != nil {
		x.q.close()
		x.q = nil
	}
}

// lookAtStop looks where jobs are when the program has ended: what it had taken, and what is done and will be done again.
func (s *instance) lookAtStop(t *world.Task) []*inquiry {
	all := s.inquire()
	for _, x := range all {
		s.wait(t, lookAgain, func() bool { x.look(); return x.err == nil })
		x.close()
		if x.err != nil {
			continue
		}
		counts := slices.Contains(x.g.kindOfQueue.counts, x.g.done.kind)
		for _, j := range x.jobs {
			if !x.seen.waiting[j.id] || x.seen.done[j.id] > 0 {
				x.taken++
			}
			if counts && x.seen.done[j.id] > 0 && x.seen.queued(j.id) {
				x.again[j.id] = true
				x.open = append(x.open, j)
			}
		}
	}
	return all
}

// errEndedAgain says that nobody was there to do what is still open.
var errEndedAgain = errors.New("the program that was started again has ended by itself")

// settle looks for jobs until none is open, or all had their time since a moment.
func (x *inquiry) settle(t *world.Task, began time.Duration) {
	defer x.close()
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		late, ended := t.Now()-began-x.g.settle, x.s.p.hasEnded()
		x.look()
		switch {
		case x.err == nil && (len(x.open) == 0 || late > 0):
			return
		case ended:
			x.err = cmp.Or(x.err, errEndedAgain)
			return
		case late > lookAgain:
			return
		}
		t.Sleep(pause)
	}
}

// auditJobs looks up what was pushed, while the program that was started again is there.
func (s *instance) auditJobs(t *world.Task, all []*inquiry) {
	began := t.Now()
	var asked, taken int64
	for _, x := range all {
		if x.err == nil {
			x.settle(t, began)
		}
		if x.err != nil {
			s.unasked(t, x.err)
			continue
		}
		asked, taken = asked+int64(len(x.jobs)), taken+int64(x.taken)
		x.report()
	}
	if asked > 0 {
		s.out.Process(ledger.Process{Event: extern.ProcessLookedUp, PID: s.p.pid, Count: asked, At: t.Now()}, "")
		s.out.Process(ledger.Process{Event: extern.ProcessTook, PID: s.p.pid, Count: taken, At: t.Now()}, "")
	}
}

// unasked records why jobs could not be looked up.
func (s *instance) unasked(t *world.Task, why error) {
	s.out.Process(ledger.Process{Event: extern.ProcessNotLookedUp, PID: s.p.pid, At: t.Now()}, why.Error())
}

// Where a ledger notes what became of jobs.
const (
	jobPlace  = "queue"
	jobWarned = "queue-warned" // it only warns
)

// report records the jobs that are lost, and those that were done twice.
func (x *inquiry) report() {
	for _, j := range x.open {
		if !x.again[j.id] {
			x.s.h.Probe.Discard(targets.Discard{Msg: j.msg, Lane: -1, Station: jobPlace, Cause: "lost", Where: x.nowhere(j)})
		}
	}
	station := jobWarned
	if x.g.once {
		station = jobPlace
	}
	for _, j := range x.jobs {
		if n := x.seen.done[j.id]; n > 1 {
			x.s.h.Probe.Discard(targets.Discard{Msg: j.msg, Lane: -1, Station: station, Cause: "done-twice", Where: fmt.Sprintf("%s is %d times in %s", j.id, n, x.g.done)})
		}
	}
}

// nowhere says where a job was looked for.
func (x *inquiry) nowhere(j job) string {
	text := fmt.Sprintf("%s is neither in %s nor in %s", j.id, x.g.done, x.g.push)
	for _, p := range x.g.held {
		text += " nor in " + p.String()
	}
	return fmt.Sprintf("%s, for %s", text, x.g.settle)
}

// tryJobs looks jobs up while nobody has signalled the program, as they are looked up after a stop: some must be done, and
// all others queued, or a stop would be blamed for what is so without it.
func (s *instance) tryJobs(t *world.Task) {
	var asked, done int64
	for _, x := range s.inquire() {
		why := ""
		if s.wait(t, x.g.settle, func() bool { x.look(); return x.err == nil && x.done() > 0 }) {
			t.Sleep(jobsWatched)
			x.open = slices.Clone(x.jobs) // what was queued until now may be taken, and lost
			x.settle(t, t.Now())
		}
		x.close()
		twice := slices.IndexFunc(x.jobs, func(j job) bool { return x.seen.done[j.id] > 1 })
		switch {
		case x.err != nil:
			why = "the queue could not be asked: " + x.err.Error()
		case x.done() == 0:
			why = fmt.Sprintf("none of %d jobs was in %s after %s", len(x.jobs), x.g.done, x.g.settle)
		case len(x.open) > 0:
			why = x.nowhere(x.open[0])
		case x.g.once && twice >= 0:
			why = fmt.Sprintf("%s is %d times in %s", x.jobs[twice].id, x.seen.done[x.jobs[twice].id], x.g.done)
		}
		if why != "" {
			s.out.Process(ledger.Process{Event: extern.ProcessNotLookedUp, PID: s.p.pid, At: t.Now()}, x.name+": "+why)
			return
		}
		asked, done = asked+int64(len(x.jobs)), done+int64(x.done())
	}
	if asked > 0 {
		s.out.Process(ledger.Process{Event: extern.ProcessLookedUp, PID: s.p.pid, Count: asked, At: t.Now()}, "")
		s.out.Process(ledger.Process{Event: extern.ProcessTook, PID: s.p.pid, Count: done, At: t.Now()}, "")
	}
}
