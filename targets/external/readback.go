package external

import (
	"errors"
	"fmt"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/world"
)

const (
	// triedWrites is how many acknowledged writes of a group are read back in the control run.
	triedWrites = 20
	// triedFor is how long a write may take to be found then: a program may store it after it has said so.
	triedFor = 5 * time.Second
)

// tryReadBack reads some acknowledged writes of every group back while the program still runs, as they are read after
// a restart. What is not found as written now would be reported as lost then, and would prove nothing.
func (s *instance) tryReadBack(t *world.Task) {
	s.mu.Lock()
	writes := s.writes
	s.mu.Unlock()
	if s.c.attach != "" || len(writes) == 0 {
		return
	}
	var groups []string
	of := map[string][]write{}
	for _, w := range writes {
		if of[w.group] == nil {
			groups = append(groups, w.group)
		}
		of[w.group] = append(of[w.group], w)
	}
	for _, group := range groups {
		if missed := s.firstMissed(t, of[group]); missed != "" {
			s.out.Process(ledger.Process{Event: extern.ProcessMisread, PID: s.p.pid, At: t.Now()}, group+": "+missed)
			return
		}
	}
}

// firstMissed reads writes of one group back, and says what was found in place of the first that is not there.
func (s *instance) firstMissed(t *world.Task, writes []write) string {
	readers := map[store]reader{}
	defer func() {
		for _, r := range readers {
			r.close()
		}
	}()
	step := max(1, len(writes)/triedWrites)
	deadline := t.Now() + triedFor
	for i := 0; i < len(writes) && i/step < triedWrites; i += step {
		missed, err := s.askUntil(t, deadline, readers, writes[i])
		for err == nil && missed != "" {
			if t.Now() >= deadline {
				return missed
			}
			t.Sleep(20 * time.Millisecond)
			var now string
			if now, err = s.askUntil(t, deadline, readers, writes[i]); errors.Is(err, errOverdue) {
				return missed
			}
			missed = now
		}
		if err != nil && !errors.Is(err, errUntold) { // of others it may be known
			return "" // the restart will say so
		}
	}
	return ""
}

// shown is what was found in place of a text, to beyond the place where the two differ.
func shown(got, want string) string {
	const most, around = 60, 20
	at := 0
	for at < len(got) && at < len(want) && got[at] == want[at] {
		at++
	}
	from, to := 0, min(len(got), max(most, at+around))
	if to > 5*most {
		from = at - around
	}
	text := got[from:to]
	if from > 0 {
		text = "…" + text
	}
	if to < len(got) {
		text += "…"
	}
	return fmt.Sprintf("%q", text)
}
