package report

import (
	"fmt"
	"slices"

	"github.com/charmbracelet/lipgloss"

	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result"
)

// latencies writes the latencies and the outcomes of operations, by group.
func (p *painter) latencies(g group) {
	p.latencyTable(g, ofPhase(result.Steady), "LATENCY BEFORE THE SIGNAL")
	p.latencyTable(g, ofPhase(result.Drain), "LATENCY AFTER THE SIGNAL")
	p.throughputTable(g)
}

// ofPhase picks the latencies of one phase, so that the drain's do not hide among the others.
func ofPhase(phase string) func(row result.Row) []result.Latency {
	return func(row result.Row) []result.Latency {
		var all []result.Latency
		for _, l := range row.Latency {
			if l.Phase == phase {
				all = append(all, l)
			}
		}
		return all
	}
}

// latencyTable writes some latencies of each result.
func (p *painter) latencyTable(g group, of func(row result.Row) []result.Latency, head string) {
	var names []string
	var all []result.Latency
	for _, row := range g.rows {
		for _, l := range of(row) {
			names = append(names, groupName(row, l.Op, l.Group))
			all = append(all, l)
		}
	}
	if len(all) == 0 {
		return
	}
	numbers := func(head string, drop int, of func(result.Latency) string) *column {
		c := &column{head: head, right: true, drop: drop}
		for _, l := range all {
			c.cells = append(c.cells, of(l))
		}
		return c
	}
	t := &table{columns: []*column{
		{head: head, cells: names},
		numbers("COUNT", 4, func(l result.Latency) string { return fmt.Sprint(l.Count) }),
		numbers("MEAN", 6, func(l result.Latency) string { return span(l.MeanNS) }),
		numbers("P50", 2, func(l result.Latency) string { return span(l.P50NS) }),
		numbers("P90", 5, func(l result.Latency) string { return span(l.P90NS) }),
		numbers("P99", 0, func(l result.Latency) string { return span(l.P99NS) }),
		numbers("P99.9", 3, func(l result.Latency) string { return span(l.P999NS) }),
		numbers("MAX", 1, func(l result.Latency) string { return span(l.MaxNS) }),
	}}
	p.blank()
	p.table(t)
}

func (p *painter) throughputTable(g group) {
	var names []string
	var all []result.Throughput
	for _, row := range g.rows {
		for _, t := range row.Throughput {
			names = append(names, groupName(row, t.Op, t.Group))
			all = append(all, t)
		}
		for _, e := range errorsOf(row) {
			name := row.Variant + " " + e.words()
			if row.Plain { // there is one server, and no signal
				name = e.what
			}
			names = append(names, name)
			all = append(all, result.Throughput{Refused: e.before + e.after})
		}
	}
	if len(all) == 0 {
		return
	}
	t := &table{columns: []*column{{head: "OPERATIONS", cells: names}}}
	add := func(head string, drop int, of func(result.Throughput) int64) {
		c := &column{head: head, right: true, drop: drop}
		some := false
		for _, th := range all {
			n := of(th)
			some = some || n != 0
			if th.Group == "" && n == 0 { // of errors there is one number alone
				c.cells = append(c.cells, nothing)
				continue
			}
			c.cells = append(c.cells, fmt.Sprint(n))
		}
		if some {
			t.columns = append(t.columns, c)
		}
	}
	rates := &column{head: "ACCEPTED/S", right: true}
	for _, th := range all {
		if th.Group == "" {
			rates.cells = append(rates.cells, nothing)
			continue
		}
		rates.cells = append(rates.cells, perSecond(th.PerSecond))
	}
	t.columns = append(t.columns, rates)
	add("SENT", 5, func(t result.Throughput) int64 { return t.Sent })
	add("ACCEPTED", 1, func(t result.Throughput) int64 { return t.Accepted })
	add("REFUSED", 2, func(t result.Throughput) int64 { return t.Refused })
	add("UNKNOWN", 3, func(t result.Throughput) int64 { return t.Unknown })
	add("RETURNED", 3, func(t result.Throughput) int64 { return t.Returned })
	add("LATE", 4, func(t result.Throughput) int64 { return t.Late })
	add("UNSENT", 4, func(t result.Throughput) int64 { return t.Unsent })
	p.blank()
	p.table(t)
}

// An errorLine is how often something was no good answer, before the signal and after it.
type errorLine struct {
	what          string
	before, after int64
}

// words say what it was, and when.
func (e errorLine) words() string {
	switch {
	case e.before == 0:
		return e.what + ", after the signal"
	case e.after == 0:
		return e.what + ", before the signal"
	}
	return fmt.Sprintf("%s, %d of them after the signal", e.what, e.after)
}

// errorsOf are the answers of a row by the hundreds of their status, and the refused connections, those that there are.
func errorsOf(row result.Row) []errorLine {
	lines := []errorLine{{what: "5xx"}, {what: "4xx"}, {what: "gRPC errors"}, {what: "connections refused"}}
	count := func(i int, phase string, n int64) {
		if phase == result.Steady {
			lines[i].before += n
		} else {
			lines[i].after += n
		}
	}
	for _, a := range row.Answers {
		switch {
		case a.Status >= extern.GRPC:
			count(2, a.Phase, a.Count)
		case a.Status >= 500:
			count(0, a.Phase, a.Count)
		case a.Status >= 400:
			count(1, a.Phase, a.Count)
		}
	}
	for _, f := range row.Failures {
		if f.Class == "refused" {
			count(3, f.Phase, f.Count)
		}
	}
	return slices.DeleteFunc(lines, func(l errorLine) bool { return l.before+l.after == 0 })
}

// groupName names a group of clients of a variant.
func groupName(row result.Row, op, group string) string {
	name := row.Variant + " " + op
	if row.Plain {
		name = op // there is one server
	}
	if group != "" && group != op {
		name += " (" + group + ")"
	}
	return name
}

// trials writes each trial of the results in a line.
func (p *painter) trials(g group) {
	var names []string
	var all []result.RowTrial
	var rows []result.Row
	for _, row := range g.rows {
		for _, t := range row.PerTrial {
			names = append(names, fmt.Sprintf("%s %d", row.Variant, t.Trial))
			all, rows = append(all, t), append(rows, row)
		}
	}
	if len(all) == 0 {
		return
	}
	cells := func(of func(result.RowTrial) string) []string {
		var cells []string
		for _, t := range all {
			cells = append(cells, of(t))
		}
		return cells
	}
	t := &table{columns: []*column{
		{head: "TRIAL", cells: names},
		{
			head: "VERDICT", cells: cells(func(t result.RowTrial) string { return t.Verdict.String() }),
			style: func(i int) lipgloss.Style { return p.of(all[i].Verdict) },
		},
		{head: "SIGNAL AT", right: true, drop: 1, cells: cells(func(t result.RowTrial) string { return spanOr(t.StruckNS) })},
		{head: "DRAIN", right: true, drop: 2, cells: cells(func(t result.RowTrial) string { return spanOr(t.DrainNS) })},
		{head: "SEED", right: true, drop: 3, cells: cells(func(t result.RowTrial) string { return t.Seed })},
	}}
	p.blank()
	p.table(t)
	for i, row := range rows {
		if row.Truncated && (i == len(rows)-1 || rows[i+1].Variant != row.Variant) {
			p.text(p.dim, 2, 4, row.Variant+": more trials were run than are listed")
		}
	}
}

func spanOr(ns int64) string {
	if ns == 0 {
		return nothing
	}
	return span(ns)
}
