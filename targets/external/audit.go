package external

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// auditLimit is how long a restarted program is asked for what it had acknowledged.
const auditLimit = 20 * time.Second

// audit starts the program again on the same data, reads every acknowledged write back, by its content, and looks up the
// jobs that it is owed.
func (s *instance) audit(t *world.Task, jobs []*inquiry) {
	if len(s.writes)+len(jobs) == 0 {
		return
	}
	if s.c.attach != "" {
		s.unaudited(t, s.p, jobs, errors.New("racebench did not start the program, and does not start it again"))
		return
	}
	again := &program{c: s.c, port: s.p.port, fixed: s.p.fixed, dir: s.p.dir, reach: s.p.reach, services: s.p.services}
	err := again.resumeServices(t)
	if err == nil {
		err = again.launch(s.w)
	}
	if err != nil {
		s.unaudited(t, again, jobs, err)
		return
	}
	defer again.kill()
	if err := again.awaitReady(t, func(time.Duration) bool { return false }); err != nil {
		s.unaudited(t, again, jobs, err)
		return
	}
	s.p = again
	if len(s.writes) > 0 {
		s.auditWrites(t, again)
	}
	s.auditJobs(t, jobs)
}

// auditWrites reads the writes back.
func (s *instance) auditWrites(t *world.Task, again *program) {
	s.closing.Store(false)
	asked, err := s.askAll(t)
	s.closing.Store(true)
	if err != nil && asked == 0 {
		s.unaudited(t, again, nil, err)
		return
	}
	s.out.Process(ledger.Process{Event: extern.ProcessAudited, PID: again.pid, Count: int64(asked), At: t.Now()}, "")
	if err != nil {
		s.h.Probe.Mark("restart", fmt.Sprintf("%d of %d acknowledged writes %s%v", len(s.writes)-asked, len(s.writes), couldNotAsk, err), 0)
	}
}

// couldNotAsk is how a remark goes on about writes of which nobody knows whether they are there.
const couldNotAsk = "could not be asked for after the restart: "

func (s *instance) unaudited(t *world.Task, p *program, jobs []*inquiry, err error) {
	if len(jobs) > 0 {
		s.unasked(t, err)
	}
	if len(s.writes) == 0 {
		return
	}
	s.out.Process(ledger.Process{Event: extern.ProcessUnaudited, PID: p.pid, At: t.Now()}, err.Error())
	s.h.Probe.Mark("restart", "acknowledged writes "+couldNotAsk+err.Error(), 0)
}

// errUntold marks an error as "no answer to this one question": the session goes on, and the next write may be asked
// for.
var errUntold = errors.New("cannot tell")

// askAll asks for every write and records those that are not there. It returns how many it has an answer for, and
// why not for all.
func (s *instance) askAll(t *world.Task) (asked int, why error) {
	deadline := t.Now() + auditLimit
	readers := map[store]reader{}
	defer func() {
		for _, r := range readers {
			r.close()
		}
	}()
	for i, w := range s.writes {
		missed, err := s.askUntil(t, deadline, readers, w)
		switch {
		case errors.Is(err, errUntold):
			why = cmp.Or(why, err)
			continue
		case errors.Is(err, errOverdue):
			return asked, fmt.Errorf("%d of %d were asked for in %s", i, len(s.writes), auditLimit)
		case err != nil:
			return asked, err
		}
		asked++
		if missed != "" {
			s.notFound(w, missed)
		}
	}
	return asked, why
}

// errOverdue says that the audit has taken as long as it may.
var errOverdue = errors.New("the audit took too long")

// askUntil asks for one write until the program is ready to be asked.
func (s *instance) askUntil(t *world.Task, deadline time.Duration, readers map[store]reader, w write) (missed string, err error) {
	for t.Now() <= deadline {
		missed, err = s.ask(readers, w)
		if !errors.Is(err, errLoading) && !errors.Is(err, errRenew) {
			return missed, err
		}
		if errors.Is(err, errLoading) {
			t.Sleep(10 * time.Millisecond)
		}
	}
	return "", errOverdue
}

// errRenew says that a connection had to be made anew.
var errRenew = errors.New("the connection was closed")

// ask reads one write back. missed says what was found instead; it is empty when the write is there.
func (s *instance) ask(readers map[store]reader, w write) (missed string, err error) {
	r := readers[w.in]
	fresh := r == nil
	if fresh {
		if r, err = w.in.reader(s); err != nil {
			return "", err
		}
		readers[w.in] = r
	}
	found, ok, err := r.find(w.key, w.value)
	if errors.Is(err, errUntold) {
		return "", err
	}
	if err != nil {
		r.close()
		delete(readers, w.in)
		if !fresh && !errors.Is(err, errLoading) {
			return "", errRenew
		}
		return "", err
	}
	if found == w.value && ok {
		return "", nil
	}
	if ok {
		return "altered: " + found, nil
	}
	return found, nil
}

// notFound records an acknowledged write that is gone.
func (s *instance) notFound(w write, text string) {
	cause := "missing"
	if len(text) > 8 && text[:8] == "altered:" {
		cause = "altered"
	}
	s.h.Probe.Discard(targets.Discard{Msg: w.msg, Lane: -1, Station: "restart", Cause: cause, Where: text})
}
