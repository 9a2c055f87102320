package external

import (
	"fmt"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
)

// Unwell is a load group that was not served well although nobody had signalled the program.
type Unwell struct {
	Group, Why string
	Starved    bool // nobody served it for long: others may have held all that serve
}

// longestWait is how long a request may wait for its answer to begin.
const longestWait = 3 * time.Second

// starved says whether a request waited too long for its answer to begin.
func starved(w ledger.Wire) bool {
	waited := w.First - w.Sent
	if w.First == 0 {
		waited = w.Ended - w.Sent
	}
	return w.Sent > 0 && !session(w) && (w.End == extern.WireAnswered || w.End == extern.WireOpen) && waited > longestWait
}

// UnwellIn are those of a run without a signal, in the order of the groups.
func UnwellIn(e *ledger.Evidence) []Unwell {
	p := newProgram(e)
	var all []Unwell
	for lane, info := range e.Lanes {
		if slices.ContainsFunc(all, func(u Unwell) bool { return u.Group == info.Group }) {
			continue
		}
		hungry := slices.ContainsFunc(p.e.Wires, func(w ledger.Wire) bool { return w.Lane == lane && starved(w) })
		if why := p.unwell(lane); why != "" {
			all = append(all, Unwell{info.Group, why, hungry})
		} else if hungry {
			all = append(all, Unwell{info.Group, fmt.Sprintf("its answer did not begin within %s without a signal", longestWait), hungry})
		}
	}
	return all
}

// unwell says what was wrong with a client's answers; "" is nothing.
func (p *Program) unwell(lane int) string {
	for _, op := range p.e.Ops[lane] {
		switch {
		case op.Outcome == ledger.Refused && op.Code > 0:
			return fmt.Sprintf("it was answered with %s without a signal", extern.StatusName(int(op.Code)))
		case op.Outcome == ledger.Refused:
			return "it " + refusedFor(op.Cause) + " without a signal"
		}
	}
	seen := len(p.e.Ops[lane]) > 0
	for _, w := range p.e.Wires {
		if w.Lane != lane {
			continue
		}
		seen = true
		switch {
		case session(w) && w.End != extern.WireOpen:
			return "its connection ended without a signal"
		case lasting(w):
		case w.End.Lost():
			return endOfWire(w) + ", without a signal"
		case w.End == extern.WireOpen:
			return "its answer had not ended in the run without a signal"
		}
	}
	if !seen && p.e.Lanes[lane].Op == "websocket" {
		return "no WebSocket could be opened"
	}
	return ""
}
