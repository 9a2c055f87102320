package external

import (
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result"
)

// readLate is the kind of crossed requests that the server is proved to have read by the time when it closed their
// connection, and not by the look before the signal. They are among the unread ones, too.
const readLate = "read-late"

// Crossed counts the requests that a signal met on the wire or that came after it: whether they got an
// answer is luck. It is nil for servers inside racebench.
func Crossed(e *ledger.Evidence) []result.Crossed {
	p := Of(e)
	if p == nil || !p.struck {
		return nil
	}
	counts := map[string]*result.Crossed{}
	var order []string
	of := func(kind string) *result.Crossed {
		c := counts[kind]
		if c == nil {
			c = &result.Crossed{Kind: kind}
			counts[kind] = c
			order = append(order, kind)
		}
		return c
	}
	for _, w := range p.e.Wires {
		if lasting(w) || w.End == extern.WireRetired || w.End == extern.WireHungUp || w.End == extern.WireRefused || w.Ended <= p.strikeAt && w.End != extern.WireOpen || p.riskOf(w) != "" {
			continue
		}
		when := "sent-after"
		if p.opOf(w).Began <= p.strikeAt && w.Conn != extern.ConnPreopened {
			when = "unread"
		}
		if when == "unread" && w.End == extern.WireEOF && w.Last == extern.ReadAll {
			late := of(readLate)
			late.Count, late.Of = late.Count+1, late.Of+1
		}
		eof, reset := of(when+"-"+w.Conn.String()+"-eof"), of(when+"-"+w.Conn.String()+"-reset")
		eof.Of++
		reset.Of++
		switch w.End {
		case extern.WireEOF, extern.WireGarbage:
			eof.Count++
		case extern.WireReset:
			reset.Count++
		}
	}
	for _, ops := range p.e.Ops {
		for i := range ops {
			if op := &ops[i]; op.Began > p.strikeAt {
				c := of("refused-after")
				c.Of++
				if op.Outcome == ledger.Refused && op.Cause == ledger.Closed {
					c.Count++
				}
			}
		}
	}
	after := of("refused-after")
	for _, kind := range order {
		if strings.HasPrefix(kind, "sent-after") {
			counts[kind].Of = after.Of - after.Count
		}
	}
	slices.Sort(order)
	var all []result.Crossed
	for _, kind := range order {
		all = append(all, *counts[kind])
	}
	return all
}
