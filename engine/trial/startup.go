package trial

import (
	"slices"
	"time"

	"github.com/racebench/racebench/engine/fault"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/targets/promise"
)

// A Span is a part of an external program's start, since it was started.
type Span struct {
	From  time.Duration `json:"from_ns"`
	Until time.Duration `json:"until_ns"`
}

// AtStartup says whether a strike meets the target as it starts.
func (p *Program) AtStartup() bool {
	return slices.ContainsFunc(p.Directives, fault.Directive.AtStartup)
}

// moments are when an external program was started and was ready; -1 where it was not.
func moments(e *ledger.Evidence) (started, ready time.Duration) {
	started, ready = -1, -1
	for _, p := range e.Processes {
		switch p.Event {
		case extern.ProcessStarted:
			started = p.At
		case extern.ProcessReady:
			ready = p.At
		}
	}
	return started, ready
}

// StartOf is the whole start of a program that was ready; nil where it was not.
func StartOf(e *ledger.Evidence) *Span {
	started, ready := moments(e)
	if started < 0 || ready < started {
		return nil
	}
	return &Span{Until: ready - started}
}

// Narrowed is the part of the start that is left once a strike has met the program before its handler was there, or
// when it was ready already.
func (s Span) Narrowed(code void.Code, e *ledger.Evidence) Span {
	strike, struck := e.Strike()
	started, _ := moments(e)
	if !struck || started < 0 {
		return s
	}
	switch at := strike.At - started; code {
	case void.BeforeHandler:
		s.From = max(s.From, at)
	case void.AfterStart:
		s.Until = min(s.Until, at)
		if s.From >= s.Until {
			s.From = s.Until / 2 // the start that put it there was a slow one
		}
	}
	return s
}

// startVoid says why a strike at the start of an external program proves nothing. A signal that comes before the
// program has its handler ends the program, or is lost where it is PID 1: to have none yet is no fault.
func startVoid(p *Program, e *ledger.Evidence) void.Reason {
	strike, struck := e.Strike()
	_, ready := moments(e)
	switch {
	case !struck:
	case ready >= 0 && ready <= strike.At:
		if slices.ContainsFunc(p.Directives, fault.Directive.WholeStart) {
			return void.AfterStart.Because()
		}
	case slices.ContainsFunc(e.Processes, func(one ledger.Process) bool {
		return one.Event == extern.ProcessDefault || ready < 0 && one.Event == extern.ProcessEnded && one.Signal == strike.Number
	}):
		return void.BeforeHandler.Because()
	}
	return void.Reason{}
}

// ofStart are the promises of an external program that a strike before it was ready can break.
var ofStart = []string{promise.DrainEnds, promise.ProcessSurvives, promise.CleanExit, promise.Check}

// struckEarly says whether an external program was struck before it was ready.
func struckEarly(e *ledger.Evidence) bool {
	strike, struck := e.Strike()
	started, ready := moments(e)
	return struck && started >= 0 && (ready < 0 || ready > strike.At)
}
