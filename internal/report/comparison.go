package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/console"
	"github.com/racebench/racebench/internal/gate"
)

// comparisonFormats is the table of ways to write a comparison.
func comparisonFormats() []struct {
	name   string
	render func(*gate.Comparison, Options) ([]byte, error)
} {
	return []struct {
		name   string
		render func(*gate.Comparison, Options) ([]byte, error)
	}{
		{"text", comparisonText},
		{"json", comparisonJSON},
		{"junit", comparisonJUnit},
		{"markdown", comparisonMarkdown},
		{"github", comparisonGitHub},
	}
}

// ComparisonFormats returns the names of the formats of comparisons, the default first.
func ComparisonFormats() []string {
	var names []string
	for _, f := range comparisonFormats() {
		names = append(names, f.name)
	}
	return names
}

// RenderComparison writes a comparison in one of its formats. An error is a format that does not exist.
func RenderComparison(name string, c *gate.Comparison, o Options) ([]byte, error) {
	for _, f := range comparisonFormats() {
		if f.name == name {
			return f.render(c, o)
		}
	}
	return nil, fmt.Errorf("render comparison: there is no format %q", name)
}

func comparisonJSON(c *gate.Comparison, _ Options) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(c); err != nil {
		return nil, fmt.Errorf("encode comparison: %w", err)
	}
	return escaped(b.Bytes()), nil
}

// comparisonText writes a comparison for people: a table for each result that changed, then the outcome.
func comparisonText(c *gate.Comparison, o Options) ([]byte, error) {
	c = cleaned(c)
	p := newPainter(o)
	if o.CutShort {
		p.marked(p.yellow, 0, verdictColumn, "INTERRUPTED", "before all trials had run: the results below are of those that ran")
		p.blank()
	}
	p.sides(c)
	same := 0
	for _, r := range c.Results {
		if !o.Verbose && quiet(r) {
			same++
			continue
		}
		p.blank()
		p.changed(r, c)
	}
	if same > 0 {
		p.blank()
		text := count(int64(same), "result") + " without a change to report"
		if same < len(c.Results) {
			text = count(int64(same), "other result") + " without a change to report"
		}
		p.text(p.dim, 2, 4, text+" (-v shows all)")
	}
	p.blank()
	p.outcome(c)
	p.alsoFailed(o)
	return console.Guard([]byte(p.b.String())), nil
}

// sides names the two sides.
func (p *painter) sides(c *gate.Comparison) {
	how := "stored results"
	if c.Interleaved {
		how = "same machine, same seeds, in turns"
	}
	var parts []string
	for _, host := range c.Remote {
		parts = append(parts, "remote "+host)
	}
	p.pack(p.bold, 0, 2, append(parts, "base "+c.Base.Name, "head "+c.Head.Name, how), " · ")
}

// quiet reports that a result has no change to show.
func quiet(r gate.ResultChange) bool {
	if !r.InBase || r.Untested != "" || r.Verdict == result.Untested || len(r.Breaches) > 0 {
		return false
	}
	for _, t := range r.Thresholds {
		if !t.Holds {
			return false
		}
	}
	for _, m := range r.Metrics {
		if m.Gated || m.State == gate.Better || m.State == gate.Worse {
			return false
		}
	}
	return true
}

// changed writes one result's table and the remarks below it.
func (p *painter) changed(r gate.ResultChange, c *gate.Comparison) {
	parts := []string{r.Name()}
	if r.Owner != "" {
		parts = append(parts, r.Owner)
	}
	parts = append(parts, fmt.Sprintf("%d and %s", r.Trials[0], count(int64(r.Trials[1]), "trial")), "head "+r.Verdict.String())
	p.pack(p.bold, 0, 2, parts, " · ")
	p.blank()
	checks := p.checksOf(r)
	cell := func(of func(check) string) []string {
		var cells []string
		for _, c := range checks {
			cells = append(cells, of(c))
		}
		return cells
	}
	t := &table{columns: []*column{{
		head: "CHECK", cells: cell(func(c check) string { return c.name }),
		short: &shorter{rank: 2, head: "CHECK", cells: cell(func(c check) string { return elide(c.name, nameRoom) })},
	}}}
	t.keep(&column{head: "BASE", right: true, cells: cell(func(c check) string { return c.base })})
	t.keep(&column{head: "HEAD", right: true, cells: cell(func(c check) string { return c.head })})
	t.keep(&column{head: "CHANGE", right: true, cells: cell(func(c check) string { return c.change }), drop: 1})
	t.keep(&column{
		head: "RESULT", cells: cell(func(c check) string { return c.state }),
		style: func(i int) lipgloss.Style { return checks[i].style },
	})
	t.keep(&column{head: "REMARK", cells: cell(func(c check) string { return c.remark }), drop: 4})
	t.keep(&column{head: "CHANCE", cells: cell(func(c check) string { return c.chance }), drop: 3})
	t.keep(&column{head: "NOISE", right: true, cells: cell(func(c check) string { return c.noise }), drop: 5})
	p.table(t)
	p.asides(r, c)
}

// nameRoom is the longest name of a check; a longer one would take the room of the change. Failures are named in
// full below.
const nameRoom = 34

// asides writes below a table what its lines have no room for.
func (p *painter) asides(r gate.ResultChange, c *gate.Comparison) {
	p.blankOnce(func() {
		if names := heldNames(r); r.Row != nil && names != "" {
			p.field("held", names)
		}
		switch {
		case r.InBase:
		case c.Interleaved:
			p.field("base", "does not have this scenario or variant: the head is judged alone")
		default:
			p.field("base", "has no such result: the head is judged alone. Accept it with racebench gate --update")
		}
		said := map[string]bool{}
		for _, m := range r.Metrics {
			if m.Why == "" || said[m.Why] || m.State == gate.New {
				continue
			}
			said[m.Why] = true
			label, text := "unclear", m.Metric+": "+m.Why
			if m.State == gate.NotComparable {
				label, text = "speed", "not comparable: "+m.Why
			}
			p.field(label, text)
		}
		for _, b := range r.Breaches {
			if !b.Fails && b.State != gate.Open {
				continue
			}
			t := tellingOf(r, b)
			p.field("breach", t.sentence)
			for _, l := range exampleOf(b.First) {
				p.evidence(l)
			}
			if t.fix != "" {
				p.field("fix first", t.fix)
			}
			if b.First.Dir != "" {
				p.command("again", Called(c.Head.Called)+" replay "+quote(b.First.Dir), "")
			}
		}
	})
}

// blankOnce puts an empty line before the output of write, if there is any.
func (p *painter) blankOnce(write func()) {
	before := p.b.String()
	p.b.Reset()
	write()
	text := p.b.String()
	p.b.Reset()
	p.b.WriteString(before)
	if text != "" {
		p.blank()
		p.b.WriteString(text)
	}
}

// outcome ends the comparison: warnings, then the outcome with its reasons.
func (p *painter) outcome(c *gate.Comparison) {
	column := len("INCONCLUSIVE") + 2
	for _, w := range c.Warnings {
		p.marked(p.yellow, 0, column, "WARNING", w)
	}
	if len(c.Warnings) > 0 {
		p.blank()
	}
	style := p.red
	switch c.Outcome {
	case gate.Passed:
		style = p.green
	case gate.Inconclusive, gate.Untested:
		style = p.yellow
	}
	reasons := c.Reasons
	if len(reasons) == 0 {
		reasons = []string{summaryOf(c)}
	}
	for i, why := range reasons {
		mark := ""
		if i == 0 {
			mark = strings.ToUpper(string(c.Outcome))
		}
		p.marked(style, 0, column, mark, why)
	}
}

// summaryOf sums up a comparison without a failure.
func summaryOf(c *gate.Comparison) string {
	gated, unclear, apart := 0, 0, 0
	for _, r := range c.Results {
		for _, m := range r.Metrics {
			switch {
			case !m.Gated:
			case m.State == gate.NotComparable, m.State == gate.New:
				apart++
			case m.State == gate.Unclear:
				unclear++
			default:
				gated++
			}
		}
	}
	text := "no new breach"
	if gated > 0 {
		text += fmt.Sprintf(", and none of %s is worse than the scenario allows", count(int64(gated), "metric"))
	}
	if apart > 0 {
		text += fmt.Sprintf("; speed was not compared (%s)", count(int64(apart), "metric"))
	}
	if unclear > 0 {
		return fmt.Sprintf("these trials cannot tell about %s, which fails only with --fail-on inconclusive; %s", count(int64(unclear), "metric"), text)
	}
	return text
}

// A telling is a breach in the words of a run's report.
type telling struct {
	breach        result.RowBreach // of the head
	sentence, fix string
}

func tellingOf(r gate.ResultChange, b gate.BreachChange) telling {
	t := telling{breach: result.RowBreach{Invariant: b.Invariant, Class: b.Class, Summary: b.Summary, First: b.First}, sentence: b.Summary}
	if r.Row == nil {
		return t
	}
	for _, of := range r.Row.Breaches {
		if of.Class == b.Class {
			t.breach, t.sentence, t.fix = of, headline(*r.Row, of), adviceFor(*r.Row, of)
		}
	}
	return t
}
