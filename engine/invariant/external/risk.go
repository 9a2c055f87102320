package external

import (
	"slices"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result"
)

// Kinds of what is at risk in an external program.
const (
	riskRead     = "request-read"
	riskHalf     = "answer-half-sent"
	riskUpload   = "upload-half-received"
	riskOpened   = "preopened"
	riskSession  = "websocket-open"
	riskStream   = "stream-open"
	riskWrite    = "acknowledged-write"
	riskJob      = "accepted-job"
	restartPlace = "restart"
)

var risks = []string{riskRead, riskHalf, riskUpload, riskOpened, riskSession, riskStream, riskWrite, riskJob}

// riskOf says which kind of risk a request or connection was; "" for none that is proved. An answer that was
// cut in the stop proves that the server had read its request, whenever that came.
func (p *Program) riskOf(w ledger.Wire) string {
	switch {
	case p.cutShort(w):
		return riskHalf
	case w.Conn == extern.ConnPreopened:
		if w.Sent > p.strikeAt && w.Strike == extern.ReadAll {
			return riskOpened
		}
	case !p.underway(w):
	case session(w):
		return riskSession
	case w.Endless:
		return riskStream
	case w.First > 0 && w.First <= p.strikeAt:
		return riskHalf
	case p.readOf(w) == extern.ReadAll:
		return riskRead
	case p.readOf(w) == extern.ReadHead:
		return riskUpload
	}
	return ""
}

// cutShort says whether an answer was begun and not finished after the signal.
func (p *Program) cutShort(w ledger.Wire) bool {
	return p.struck && w.End == extern.WireCut && !lasting(w) && w.Ended > p.strikeAt
}

// lostAt says whether what was at risk was lost.
func lostAt(kind string, w ledger.Wire) bool {
	if kind == riskSession || kind == riskStream {
		return w.End == extern.WireEOF || w.End == extern.WireReset || w.End == extern.WireCut
	}
	return w.End.Lost()
}

// AtRisk says what was under way at the program when the first signal struck. Every kind has a row: zero is not
// tested.
func (p *Program) AtRisk() []result.Risk {
	all := make([]result.Risk, len(risks))
	for i, kind := range risks {
		all[i].Kind = kind
	}
	for _, w := range p.e.Wires {
		if i := slices.Index(risks, p.riskOf(w)); i >= 0 {
			all[i].Count++
			if lostAt(all[i].Kind, w) {
				all[i].Lost++
			}
		}
	}
	writes := &all[slices.Index(risks, riskWrite)]
	if audit, ok := p.process(extern.ProcessAudited); ok {
		writes.Count, writes.Lost = audit.Count, int64(len(p.notFound()))
	}
	jobs := &all[slices.Index(risks, riskJob)]
	if looked, ok := p.process(extern.ProcessLookedUp); ok {
		jobs.Count, jobs.Lost = looked.Count, p.lostJobs()
	}
	return all
}
