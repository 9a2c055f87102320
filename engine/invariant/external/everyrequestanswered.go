package external

import (
	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/signals"
)

// answerCut is where an answer is lost that had begun, as part of a class.
const answerCut = "answer-cut"

// unansweredWords say of each station of a loss what was lost.
var unansweredWords = map[string]string{
	riskRead:   "requests that the server had read before the signal got no answer",
	riskUpload: "uploads of which the server had read the head got no answer",
	riskHalf:   "answers that had begun before the signal were not finished",
	answerCut:  "answers were cut off",
}

// EveryRequestAnswered reports requests that a program had read before the signal and did not answer, and answers
// that it began and did not finish. What it was killed for is judged as a hang.
func EveryRequestAnswered(p *Program, r *breach.Report) {
	if !p.struck || r.Killed {
		return
	}
	type loss struct {
		station string
		wire    ledger.Wire
	}
	var losses breach.Groups[loss]
	atRisk := map[string]int64{}
	for _, w := range p.e.Wires {
		station := p.riskOf(w)
		if p.cutShort(w) {
			station = answerCut
		}
		if station == "" || station == riskSession || station == riskStream || station == riskOpened {
			continue
		}
		atRisk[station]++
		if w.End.Lost() {
			losses.Add("every-request-answered/"+station+"/"+p.lossCause(w), loss{station, w})
		}
	}
	for g := range losses.Found() {
		lost := breach.Group[ledger.Wire]{Class: g.Class, N: g.N, Of: atRisk[g.Example.station], Example: g.Example.wire}
		p.reportWire(r, &lost, unansweredWords[g.Example.station])
	}
}

// lossCause says what took a request's answer away: the program, which lived on, or its end. What cannot be told
// apart, such as an end right after the program had closed its connections, counts as the end's doing.
func (p *Program) lossCause(w ledger.Wire) string {
	end, ok := p.process(extern.ProcessEnded)
	switch {
	case !ok, p.livedOn(w):
		return "connection-closed"
	case end.Signal != 0:
		return "died-of-" + signals.Name(end.Signal)
	}
	return "exited"
}

// livedOn says whether the program is proved to have lived on after a client had seen its connection end: it was seen
// to wait later, told of the end itself, or answered a request that was sent later. How long it lived proves nothing.
func (p *Program) livedOn(w ledger.Wire) bool {
	for _, one := range p.e.Processes {
		if one.Event == extern.ProcessRested && one.At >= w.Ended ||
			one.Event == extern.ProcessSaid && one.Count > 0 && one.Count == int64(w.Port) {
			return true
		}
	}
	for _, ops := range p.e.Ops {
		for i := range ops {
			if op := &ops[i]; op.Outcome == ledger.Accepted && op.Began > w.Ended {
				return true
			}
		}
	}
	return false
}
