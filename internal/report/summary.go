package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/racebench/racebench/engine/result"
)

// lossInvariants are the invariants whose breaches count losses.
var lossInvariants = []string{"no-lost-message", "acked-survives-restart"}

// results writes the table of variants, and the meaning of its columns.
func (p *painter) results(g group) {
	main := mainOp(g.rows)
	t := &table{columns: []*column{
		{head: "VARIANT", cells: each(g.rows, variantName)},
		{
			head: "VERDICT", cells: each(g.rows, func(row result.Row) string { return row.Verdict.String() }),
			style: func(i int) lipgloss.Style { return p.of(g.rows[i].Verdict) },
		},
		{
			head: "PASSED", right: true,
			cells: each(g.rows, passedCell),
		},
	}}
	t.add(&column{
		head: "BREACH", drop: 1, cells: each(g.rows, breachCell),
		legend: "breach: each broken promise and in how many trials; in () if listed as known",
		short: &shorter{
			rank: 8, head: "BREACH", cells: each(g.rows, breachShort),
			legend: "breach: a broken promise (+ how many more); in () if listed as known",
		},
	})
	t.add(&column{head: "LOST", right: true, drop: 2, cells: each(g.rows, lostCell)})
	atRisk := "at risk: work in flight when the signal struck"
	if len(g.rows) > 0 && g.rows[0].Target == gotest {
		atRisk = "at risk: goroutines, operations and signals of all schedules"
	}
	t.add(&column{head: "AT RISK", right: true, drop: 5, cells: each(g.rows, riskCell), legend: atRisk})
	latency := func(phase string, quantiles func(result.Latency) string) []string {
		return each(g.rows, func(row result.Row) string {
			for _, l := range row.Latency {
				if l.Op == main.Op && l.Group == main.Group && l.Phase == phase {
					return quantiles(l)
				}
			}
			return nothing
		})
	}
	all := func(l result.Latency) string { return spans(l.P50NS, l.P99NS, l.MaxNS) }
	tail := func(l result.Latency) string { return span(l.P99NS) }
	op := strings.ToUpper(main.Op)
	t.add(&column{
		head: op + "/S", right: true, drop: 6,
		cells:  each(g.rows, func(row result.Row) string { return rateCell(row, main) }),
		legend: fmt.Sprintf("%s/s: accepted a second, before the signal", main.Op),
	})
	t.add(&column{
		head: op + " P50/P99/MAX", right: true, drop: 7, cells: latency(result.Steady, all),
		legend: fmt.Sprintf("%s p50/p99/max: latency of accepted operations that ended before the signal", main.Op),
		short: &shorter{
			rank: 7, head: op + " P99", cells: latency(result.Steady, tail),
			legend: fmt.Sprintf("%s p99: latency of accepted operations that ended before the signal", main.Op),
		},
	})
	t.add(&column{
		head: "AFTER SIGNAL P50/P99/MAX", right: true, drop: 9, cells: latency(result.Drain, all),
		legend: "after signal: the same, of operations that ended after it",
		short: &shorter{
			rank: 9, head: "AFTER SIGNAL P99", cells: latency(result.Drain, tail),
			legend: "after signal p99: the same, of operations that ended after it",
		},
	})
	t.add(&column{
		head: "DRAIN P50/MAX", right: true, drop: 3, cells: each(g.rows, drainCell),
		legend: "drain: from the signal until the server had stopped",
	})
	p.table(t)
	p.legend(t)
}

// legend explains the columns that are shown.
func (p *painter) legend(t *table) {
	first := true
	for _, c := range t.columns {
		if c.legend == "" || p.width < blocksBelow {
			continue
		}
		if first {
			p.blank()
			first = false
		}
		p.text(p.dim, 2, 4, c.legend)
	}
}

func each(rows []result.Row, cell func(result.Row) string) []string {
	cells := make([]string, len(rows))
	for i, row := range rows {
		cells[i] = cell(row)
	}
	return cells
}

// passedCell counts the trials that kept every promise. Those of an untested result kept nothing that was
// at stake.
func passedCell(row result.Row) string {
	if row.Verdict == result.Untested && row.Trials.Passed > 0 {
		return nothing
	}
	return fmt.Sprintf("%d/%d", row.Trials.Passed, row.Trials.Run)
}

func variantName(row result.Row) string {
	if row.Reference {
		return row.Variant + " (ref.)"
	}
	return row.Variant
}

// mainOp is the group whose numbers stand in the table: the scenario's first that sends anything.
func mainOp(rows []result.Row) result.Throughput {
	for _, row := range rows {
		for _, t := range row.Throughput {
			if t.Sent > 0 {
				return t
			}
		}
	}
	return result.Throughput{}
}

// A broken promise is an invariant with the most trials that one of its classes shows.
type broken struct {
	invariant string
	trials    int
	known     bool
}

func brokenOf(row result.Row) []broken {
	var all []broken
	for _, known := range []bool{false, true} {
	next:
		for _, b := range row.Breaches {
			if (b.Known != "") != known {
				continue
			}
			for i := range all {
				if all[i].invariant == b.Invariant {
					if all[i].known == known {
						all[i].trials = max(all[i].trials, b.Trials)
					}
					continue next
				}
			}
			all = append(all, broken{b.Invariant, b.Trials, known})
		}
	}
	return all
}

func (b broken) name() string {
	if b.known {
		return "(" + b.invariant + ")"
	}
	return b.invariant
}

func breachCell(row result.Row) string {
	var parts []string
	for _, b := range brokenOf(row) {
		parts = append(parts, fmt.Sprintf("%s %d", b.name(), b.trials))
	}
	if len(parts) == 0 {
		return nothing
	}
	return strings.Join(parts, ", ")
}

func breachShort(row result.Row) string {
	all := brokenOf(row)
	switch len(all) {
	case 0:
		return nothing
	case 1:
		return all[0].name()
	}
	return fmt.Sprintf("%s +%d", all[0].name(), len(all)-1)
}

func lostCell(row result.Row) string {
	lost := lostOf(row)
	// A server that never stopped still holds its messages: they are not lost, and nobody looked for them.
	if lost == 0 && row.Trials.Hung+row.Trials.Crashed == row.Trials.Run {
		return nothing
	}
	return fmt.Sprint(lost)
}

// lostOf sums up the losses of all breaches; for an external program, of all work at risk whose loss is more than a
// warning.
func lostOf(row result.Row) int64 {
	var n int64
	if row.External() {
		for _, k := range row.AtRisk {
			if !warnsOnly(row, k.Kind) {
				n += k.Lost
			}
		}
		return n
	}
	for _, b := range row.Breaches {
		for _, name := range lossInvariants {
			if b.Invariant == name {
				n += b.Count
			}
		}
	}
	return n
}

func riskCell(row result.Row) string {
	if row.AtRisk == nil {
		return nothing
	}
	return fmt.Sprint(riskOf(row))
}

func riskOf(row result.Row) int64 {
	var n int64
	for _, k := range row.AtRisk {
		if !warnsOnly(row, k.Kind) {
			n += k.Count
		}
	}
	return n
}

// warnsOnly says whether the loss of a kind of work warns and is no breach of this row: the table of results counts what
// its sentences count.
func warnsOnly(row result.Row, kind string) bool {
	if !row.External() {
		return false
	}
	for _, s := range stakes {
		if s.kind != kind || !s.warns {
			continue
		}
		return !slices.ContainsFunc(row.Breaches, func(b result.RowBreach) bool {
			return slices.ContainsFunc(s.classes, func(part string) bool { return strings.Contains(b.Class, part) })
		})
	}
	return false
}

func rateCell(row result.Row, main result.Throughput) string {
	for _, t := range row.Throughput {
		if t.Op == main.Op && t.Group == main.Group && t.PerSecond > 0 {
			return perSecond(t.PerSecond)
		}
	}
	return nothing
}

func drainCell(row result.Row) string {
	d := row.Drain
	switch {
	case d == nil:
		return nothing
	case d.Count == 0:
		return "never"
	case d.Unfinished > 0:
		return span(d.P50NS) + " / never"
	}
	return spans(d.P50NS, d.MaxNS)
}
