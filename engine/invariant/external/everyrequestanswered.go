package external

import (
	"time"

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

// lossCause says what took a request's answer away: the process's end, or the connection's while the
// program lived on.
func (p *Program) lossCause(w ledger.Wire) string {
	end, ok := p.process(extern.ProcessEnded)
	switch {
	case !ok, p.livedOn(w.Ended, end.At):
		return "connection-closed"
	case end.Signal != 0:
		return "died-of-" + signals.Name(end.Signal)
	}
	return "exited"
}

// clearly is how far apart, at the least, the ends of a connection and of its process are two events on a busy machine.
const clearly = 50 * time.Millisecond

// livedOn says whether the program lived on after it had closed a connection: it answered a request that was sent
// later, or any request clearly later, or ended clearly later than that.
func (p *Program) livedOn(closed, ended time.Duration) bool {
	late := closed + clearly + p.stalled()
	if ended > late {
		return true
	}
	for _, ops := range p.e.Ops {
		for i := range ops {
			if op := &ops[i]; op.Outcome == ledger.Accepted && (op.Began > closed || op.Ended > late) {
				return true
			}
		}
	}
	return false
}

// stalled is for how long the trial's process stood still: what it saw then it saw late.
func (p *Program) stalled() time.Duration {
	var sum time.Duration
	for _, g := range p.e.Gauges {
		if p.e.Text(g.Name) == ledger.StallGauge {
			sum += time.Duration(g.Value)
		}
	}
	return sum
}
