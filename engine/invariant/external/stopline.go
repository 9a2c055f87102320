package external

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result"
)

// Moments are those of a stop, counted from the strike; what a stop has not is nil.
func Moments(e *ledger.Evidence) (m result.RowTimeline) {
	p := Of(e)
	if p == nil || !p.struck {
		return m
	}
	since := func(at time.Duration) *int64 {
		if at <= p.strikeAt {
			return nil
		}
		ns := (at - p.strikeAt).Nanoseconds()
		return &ns
	}
	t, _ := p.turn()
	refused, answered := p.edges()
	m.ReadinessTurnedNS, m.FirstRefusedNS, m.LastAnswerNS = since(t.turned), since(refused), since(answered)
	if end, ended := p.process(extern.ProcessEnded); ended {
		m.EndedNS = since(end.At)
	}
	return m
}

// StopLine tells a stop on one line, in the order of time: when the readiness said no, when the first connection was
// refused, when the last answer came, and when the program had ended. It is empty where nobody was signalled.
func StopLine(e *ledger.Evidence) string {
	p := Of(e)
	if p == nil || !p.struck {
		return ""
	}
	type moment struct {
		at   time.Duration
		what string
	}
	var all []moment
	add := func(at time.Duration, what string) {
		if at > p.strikeAt {
			all = append(all, moment{at, what})
		}
	}
	t, _ := p.turn()
	add(t.turned, fmt.Sprintf("GET %s says no (%s)", t.path, t.otherwise))
	refused, answered := p.edges()
	add(refused, "the first connection is refused")
	add(answered, "the last answer has come")
	if end, ended := p.process(extern.ProcessEnded); ended {
		add(end.At, "it has ended")
	} else if killed, ok := p.process(extern.ProcessKilled); ok {
		add(killed.At, "it has not ended")
	}
	slices.SortStableFunc(all, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	var words []string
	if took := p.prepared(); took > 0 {
		words = append(words, fmt.Sprintf("pre_stop took %s before the signal", breach.Milliseconds(took)))
	}
	for _, m := range all {
		words = append(words, breach.Relative(m.at-p.strikeAt)+" "+m.what)
	}
	return strings.Join(words, ", ")
}

// edges are when a client or a poll was first refused a connection after the signal, and when the last answer came; 0 where
// none was, or did.
func (p *Program) edges() (refused, answered time.Duration) {
	for _, ops := range p.e.Ops {
		for i := range ops {
			switch op := &ops[i]; {
			case op.Ended <= p.strikeAt:
			case op.Outcome == ledger.Accepted || op.Code > 0:
				answered = max(answered, op.Ended)
			case op.Outcome == ledger.Refused && op.Cause == ledger.Closed && op.Began > p.strikeAt && (refused == 0 || op.Ended < refused):
				refused = op.Ended
			}
		}
	}
	for _, poll := range p.e.Polls {
		if poll.End == extern.WireRefused && (refused == 0 || poll.Ended < refused) {
			refused = poll.Ended
		}
	}
	return refused, answered
}
