package external

import (
	"fmt"
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result"
)

// shortClass is of answers that end properly, and before their time.
const shortClass = "every-request-answered/answer-cut/short"

// leastWhole is how many answers without a signal it takes to say that a shorter one is no variety.
const leastWhole = 5

// mostWhole is how many answers that differ are kept of a group.
const mostWhole = 16

// untouched says whether what was kept of an answer is of one that no stop can have touched.
func (p *Program) untouched(a ledger.Answer) bool {
	op, ok := p.e.Op(a.Msg)
	return ok && op.Outcome == ledger.Accepted && (!p.struck || op.Ended <= p.strikeAt)
}

// whole are the answers to a group's requests that no stop can have touched.
func (p *Program) whole(group string) []breach.Whole {
	var all []breach.Whole
	for _, a := range p.e.Answers {
		if p.e.Lanes[a.Msg.Lane()].Group != group || !p.untouched(a) {
			continue
		}
		w := breach.Whole{Pieces: a.Pieces, Chain: a.Chain, Last: a.Last, Trail: p.e.Text(a.Trail), Sized: a.Sized}
		if a.Sized {
			w.Body = p.e.Text(a.Body)
		}
		if len(all) < mostWhole && !slices.Contains(all, w) && (w.Trail != "" || w.Body != "" || p.struck) {
			all = append(all, w)
		}
	}
	return all
}

// begins says whether an answer is the beginning of a longer one, and no more.
func begins(short, long breach.Whole) bool {
	if short.Sized != long.Sized {
		return false
	}
	if short.Sized {
		return short.Body != "" && !strings.HasSuffix(short.Body, "…") && len(short.Body) < len(long.Body) && strings.HasPrefix(long.Body, short.Body)
	}
	const digits = 16
	end := int(short.Pieces) * digits
	return short.Pieces > 0 && short.Pieces < long.Pieces && end <= len(long.Trail) &&
		long.Trail[end-digits:end] == fmt.Sprintf("%016x", short.Chain)
}

// shortAnswers suspects answers to requests that were read before the signal, which end properly with fewer pieces than
// the same request got without a signal, and are like it as far as they go. Where such answers are the beginning of one
// another at any time, that is their nature.
func (p *Program) shortAnswers(r *breach.Report) {
	type kept struct {
		breach.Group[ledger.Wire]
		short, whole breach.Whole
	}
	of := map[string]int64{}
	found := map[string]*kept{}
	var order []string
	for _, w := range p.e.Wires {
		group := p.e.Lanes[w.Lane].Group
		kind, whole := r.AskingOf(group).Kind, wholeOf(r.Control, group)
		a, ok := p.answerOf(w.Msg)
		if kind == "" || whole == nil || !ok || !p.answeredAcross(w) || r.EndsOf(kind) != "" {
			continue
		}
		of[kind]++
		short := breach.Whole{Pieces: a.Pieces, Chain: a.Chain, Last: a.Last, Sized: a.Sized}
		if a.Sized {
			short.Body = p.e.Text(a.Body)
		}
		same := func(x breach.Whole) bool {
			return x.Chain == short.Chain && x.Sized == short.Sized && x.Body == short.Body
		}
		at := slices.IndexFunc(whole, func(long breach.Whole) bool { return begins(short, long) })
		if at < 0 || slices.ContainsFunc(whole, same) || slices.ContainsFunc(p.whole(group), same) {
			continue
		}
		if found[kind] == nil {
			found[kind] = &kept{short: short, whole: whole[at]}
			order = append(order, kind)
		}
		found[kind].Add(w)
	}
	for _, kind := range order {
		g := found[kind]
		g.Of, g.Class = of[kind], shortClass
		need := result.WholeEnds
		if g.short.Sized || g.short.Last == g.whole.Last {
			need = result.NeverMore
		}
		s := p.wireStory(r, &g.Group)
		if g.short.Sized {
			s.Add("", fmt.Sprintf("its body was %q; in the control run it was %q", g.short.Body, g.whole.Body))
		} else {
			s.Add("", fmt.Sprintf("its body ended, as a whole one does, after %d pieces; in the control run the same %d were followed by %d more",
				g.short.Pieces, g.short.Pieces, g.whole.Pieces-g.short.Pieces))
		}
		r.Suspect(shortClass, kind, need, g.N, g.Of, "answers that were under way stopped short, and say that they are whole", s)
		r.EndsIn(max(g.whole.Last, 1))
	}
}

// unendedAnswers suspects answers to requests that were read before the signal, which end properly and without the text
// that the scenario says every whole one ends with.
func (p *Program) unendedAnswers(r *breach.Report) {
	var found breach.Groups[ledger.Wire] // by kind
	for _, w := range p.e.Wires {
		kind := r.AskingOf(p.e.Lanes[w.Lane].Group).Kind
		if kind == "" || r.AskingOf(p.e.Lanes[w.Lane].Group).Ends == "" || !p.answeredAcross(w) {
			continue
		}
		g := found.Class(kind)
		g.Of++
		if p.unended(w) {
			g.Add(w)
		}
	}
	for g := range found.Found() {
		kind := g.Class
		g.Class = shortClass
		s := p.wireStory(r, g)
		a, _ := p.answerOf(g.Example.Msg)
		s.Add("", fmt.Sprintf("its body begins %q and does not end with %q, as the scenario says that every whole answer does", p.e.Text(a.Body), r.EndsOf(kind)))
		r.Suspect(shortClass, kind, result.Surely, g.N, g.Of, "answers that were under way ended properly, and without their end", s)
	}
}

// answeredAcross says whether a request was read before the signal, or its answer had begun, and got a good answer after it.
func (p *Program) answeredAcross(w ledger.Wire) bool {
	risk := p.riskOf(w)
	return p.struck && w.End == extern.WireAnswered && !lasting(w) && (risk == riskRead || risk == riskHalf) && !p.answeredBadly(w)
}

// wholeOf are the control run's answers to a group's requests; nil where they are too few, or where one is the beginning of
// another.
func wholeOf(control []breach.Sample, group string) []breach.Whole {
	i := slices.IndexFunc(control, func(c breach.Sample) bool { return c.Group == group })
	if i < 0 || control[i].Of < leastWhole {
		return nil
	}
	whole := control[i].Whole
	for _, short := range whole {
		if slices.ContainsFunc(whole, func(long breach.Whole) bool { return begins(short, long) }) {
			return nil
		}
	}
	return whole
}
