package external

import (
	"fmt"
	"maps"
	"slices"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result"
)

// answeredInFlight says whether a request was read before the signal and got its whole answer after it.
func (p *Program) answeredInFlight(w ledger.Wire) bool {
	if !p.struck || w.End != extern.WireAnswered || session(w) {
		return false
	}
	risk := p.riskOf(w)
	return risk == riskRead || risk == riskHalf && w.Code > extern.GRPC // which comes last, whatever was sent before it
}

// answeredBadly says whether a request got a whole answer that is no good one, by its status.
func (p *Program) answeredBadly(w ledger.Wire) bool {
	return w.End == extern.WireAnswered && p.opOf(w).Outcome != ledger.Accepted && !p.unended(w)
}

// unended says whether a request got a good status, and an answer without the end that the scenario says whole ones have.
func (p *Program) unended(w ledger.Wire) bool {
	a, ok := p.answerOf(w.Msg)
	return ok && a.Unended
}

// Asked says how each kind of request was answered, before the signal and in flight, in the order of their names.
func Asked(e *ledger.Evidence, terms breach.Terms) []result.Asked {
	p := Of(e)
	if p == nil {
		return nil
	}
	of := map[string]*result.Asked{}
	count := func(lane int) *result.Asked {
		kind := terms.AskingOf(e.Lanes[lane].Group).Kind
		if of[kind] == nil {
			of[kind] = &result.Asked{Kind: kind}
		}
		return of[kind]
	}
	for lane, ops := range e.Ops {
		for i := range ops {
			switch op := &ops[i]; {
			case op.Code == 0 || p.struck && op.Ended > p.strikeAt:
			case op.Outcome == ledger.Accepted:
				count(lane).Good++
			default:
				count(lane).Bad++
			}
		}
	}
	for _, w := range e.Wires {
		if !p.answeredInFlight(w) {
			continue
		}
		a := count(w.Lane)
		a.InFlight++
		if p.answeredBadly(w) {
			a.BadInFlight, a.Trials = a.BadInFlight+1, 1
		}
	}
	for _, a := range p.e.Answers {
		if p.untouched(a) && a.Pieces > 0 {
			asked := count(a.Msg.Lane())
			if asked.Ends == nil {
				asked.Ends = &result.Ends{Last: a.Last}
			} else if asked.Ends.Last != a.Last {
				asked.Ends.Last = 0
			}
			asked.Ends.Count++
		}
	}
	delete(of, "")
	var all []result.Asked
	for _, kind := range slices.Sorted(maps.Keys(of)) {
		all = append(all, *of[kind])
	}
	return all
}

// Suspects are requests that the program had read before the signal and answered with a status that is no good one.
// Whether that is the stop's doing depends on all other answers to requests of their kind.
func Suspects(e *ledger.Evidence, terms breach.Terms) []result.Breach {
	p := Of(e)
	if p == nil || !p.struck || terms.Killed {
		return nil
	}
	type suspect struct{ kind, class string }
	groups := map[suspect]*breach.Group[ledger.Wire]{}
	var order []suspect
	inFlight := map[string]int64{}
	for _, w := range e.Wires {
		kind := terms.AskingOf(e.Lanes[w.Lane].Group).Kind
		if kind == "" || !p.answeredInFlight(w) {
			continue
		}
		inFlight[kind]++
		if !p.answeredBadly(w) {
			continue
		}
		one := suspect{kind, "every-request-answered/answered-badly/" + extern.StatusName(w.Code)}
		if groups[one] == nil {
			groups[one] = &breach.Group[ledger.Wire]{Class: one.class}
			order = append(order, one)
		}
		groups[one].Add(w)
	}
	r := breach.NewReport(e, terms)
	for _, one := range order {
		g := groups[one]
		g.Of = inFlight[one.kind]
		need, asking := result.AlwaysGood, terms.AskingOf(e.Lanes[g.Example.Lane].Group)
		switch {
		case asking.Lists || terms.Named:
		case extern.Unavailable(g.Example.Code), asking.Hurries && extern.TimedOut(g.Example.Code):
			need = result.NeverMore // it says that it refuses, or that there was no time
		}
		summary := "requests that the server had read before the signal were answered with " + extern.StatusName(g.Example.Code)
		r.Suspect(one.class, one.kind, need, g.N, g.Of, summary, p.wireStory(r, g))
	}
	p.shortAnswers(r)
	p.unendedAnswers(r)
	return r.Breaches()
}

// answerOf is what was kept of the answer to a request.
func (p *Program) answerOf(m ledger.MsgID) (ledger.Answer, bool) {
	i := slices.IndexFunc(p.e.Answers, func(a ledger.Answer) bool { return a.Msg == m })
	if i < 0 {
		return ledger.Answer{}, false
	}
	return p.e.Answers[i], true
}

// endOfAnswer says how a request ended, with what was kept of a bad answer.
func (p *Program) endOfAnswer(w ledger.Wire) string {
	if a, ok := p.answerOf(w.Msg); ok && p.answeredBadly(w) {
		return "answered with: " + answerWords(p.e.Text(a.Line), p.e.Text(a.Body))
	}
	return endOfWire(w)
}

// answerWords are the status line and how the body begins.
func answerWords(line, body string) string {
	if body == "" {
		return line
	}
	return fmt.Sprintf("%s, %q", line, body)
}
