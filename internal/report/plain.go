package report

import (
	"fmt"
	"strings"

	"github.com/racebench/racebench/engine/result"
)

// plainLoad writes what plain load has measured.
func (p *painter) plainLoad(g group) {
	p.throughputTable(g)
	p.latencyTable(g, func(row result.Row) []result.Latency { return row.Latency }, "LATENCY FROM THE INTENDED START")
	p.latencyTable(g, func(row result.Row) []result.Latency { return row.Service }, "SERVICE TIME")
	for _, row := range g.rows {
		p.blank()
		p.ends(row)
		p.curve(row.Load)
		for _, t := range row.Thresholds {
			label := "holds"
			if !t.Holds {
				label = "missed"
			}
			p.field(label, fmt.Sprintf("%s: %s", t.Expr, measured(t)))
		}
		if hint := believe(row); hint != "" {
			p.field("machine", hint)
		}
		for _, n := range row.Notes {
			p.field("note", n)
		}
	}
}

// ends says how requests ended that were not all answered alike.
func (p *painter) ends(row result.Row) {
	var answers []string
	for _, a := range row.Answers {
		answers = append(answers, fmt.Sprintf("%d: %d", a.Status, a.Count))
	}
	if len(answers) > 0 {
		p.field("answers", "by status: "+strings.Join(answers, ", "))
	}
	for _, f := range row.Failures {
		p.field("failed", fmt.Sprintf("%s: %s", count(f.Count, "request"), failed(f.Class)))
	}
}

// failed is a class of failures in words.
func failed(class string) string {
	if words, ok := failureWords[class]; ok {
		return class + ": " + words
	}
	return class
}

var failureWords = map[string]string{
	"refused":           "nobody took the connection",
	"unreachable":       "there was no connection",
	"reset-before-send": "the connection ended before a byte was sent",
	"sent-no-byte":      "sent, and the connection ended without a byte of an answer: the server may have read them or not",
	"partial":           "the connection ended within the answer",
	"told-away":         "the server said that it would not answer",
	"timeout":           "the answer was not whole within the limit",
	"garbage":           "what came is no answer",
}

// curve writes what each rate of a search came to.
func (p *painter) curve(l *result.RowLoad) {
	if l == nil {
		return
	}
	t := &table{columns: []*column{{head: "RATE"}, {head: "ACCEPTED/S", right: true}, {head: "P50", right: true}, {head: "P99", right: true},
		{head: "ERRORS", right: true}, {head: "UNSENT", right: true}, {head: "HOLDS", right: true}}}
	for _, s := range l.Curve {
		holds := "no"
		if s.Holds {
			holds = "yes"
		}
		for i, cell := range []string{
			perSecond(s.Rate) + "/s", perSecond(s.PerSecond), spanOr(s.P50NS), spanOr(s.P99NS), fmt.Sprint(s.Errors), fmt.Sprint(s.Unsent), holds,
		} {
			t.columns[i].cells = append(t.columns[i].cells, cell)
		}
	}
	p.table(t)
	p.blank()
	found := fmt.Sprintf("%s/s is the highest rate that held %s", perSecond(l.Rate), l.Bound)
	if l.Rate == 0 {
		found = "no rate held " + l.Bound
	}
	p.field("found", found)
}

// farApart is from what ratio on latency and service time tell different stories.
const farApart = 2

// believe says which of latency and service time to believe where they are far apart; empty where they are not.
func believe(row result.Row) string {
	for i, l := range row.Latency {
		if i >= len(row.Service) || l.P99NS < farApart*row.Service[i].P99NS {
			continue
		}
		var late, sent int64
		for _, t := range row.Throughput {
			if t.Op == l.Op && t.Group == l.Group {
				late, sent = t.Late, t.Sent
			}
		}
		far := fmt.Sprintf("p99 is %s from the intended start and %s from when requests left", span(l.P99NS), span(row.Service[i].P99NS))
		if late*100 > sent {
			return far + fmt.Sprintf(": %d of %d left late though a client was free: the machine was busy, believe the service time", late, sent)
		}
		return far + ": the pool of clients was busy with slow answers, believe the latency"
	}
	return ""
}

// plainAlone is the sentence about the only result, where it is plain load.
func plainAlone(row result.Row) string {
	var sent, accepted int64
	var rate float64
	for _, t := range row.Throughput {
		sent, accepted, rate = sent+t.Sent, accepted+t.Accepted, rate+t.PerSecond
	}
	switch row.Verdict {
	case result.Untested:
		if accepted == 0 {
			return fmt.Sprintf("%s accepted none of %s", row.Variant, count(sent, "request"))
		}
		return row.Variant + ": nothing was measured for a threshold"
	case result.Missed:
		return row.Variant + " missed a threshold"
	}
	return fmt.Sprintf("%s accepted %d of %s, %s/s", row.Variant, accepted, count(sent, "request"), perSecond(rate))
}
