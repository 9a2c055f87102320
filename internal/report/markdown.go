package report

import (
	"fmt"
	"strings"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/gate"
)

// markdownLimit is how long a report may be: GitHub drops a step's summary of more than 1 MiB as a whole.
const markdownLimit = 900_000

// A markdown is a report in GitHub's dialect. Names and evidence are escaped: they never become a
// link, a mention or markup.
type markdown struct {
	b       strings.Builder
	dropped int
}

var markdownEscapes = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", "|", "&#124;", "`", "&#96;", "*", "&#42;", "_", "&#95;", "[", "&#91;", "]", "&#93;",
	"~", "&#126;", "@", "&#64;", "#", "&#35;", "\\", "&#92;", "\n", " ", "$", "&#36;", "://", "&#58;//", "www.", "www&#46;",
)

func md(text string) string { return markdownEscapes.Replace(text) }

func code(text string) string { return "<code>" + md(text) + "</code>" }

// block appends a block that must be whole, or counts it as dropped when there is no room.
func (m *markdown) block(text string) {
	if m.b.Len()+len(text) > markdownLimit {
		m.dropped++
		return
	}
	m.b.WriteString(text)
}

func (m *markdown) bytes() []byte {
	if m.dropped > 0 {
		fmt.Fprintf(&m.b, "\n%s left out: the summary would be too long. All of it is in <code>result.json</code>.\n", count(int64(m.dropped), "block"))
	}
	return []byte(m.b.String())
}

// tableOf writes a table; its first column is on the left, the others on the right.
func tableOf(head []string, rows [][]string) string {
	var b strings.Builder
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(head)
	rule := make([]string, len(head))
	for i := range rule {
		rule[i] = "---"
	}
	line(rule)
	for _, row := range rows {
		line(row)
	}
	return b.String()
}

// renderMarkdown writes a summary for a pull request or a step of a workflow.
func renderMarkdown(r *result.Report, o Options) ([]byte, error) {
	r = cleaned(r)
	m := &markdown{}
	m.block(fmt.Sprintf("## racebench: %s\n\n%s.\n", strings.ToUpper(r.Verdict.String()), md(sentence(r))))
	m.alsoFailed(o)
	for _, g := range groupsOf(r) {
		first := g.rows[0]
		m.block(fmt.Sprintf("\n### %s\n\nengine %s · seed %s · %s\n\n", md(first.Scenario), md(first.Engine), md(first.Seed), md(amount(g.rows))))
		var rows [][]string
		for _, row := range g.rows {
			verdict := row.Verdict.String()
			if row.Verdict.Finding() {
				verdict = "**" + strings.ToUpper(verdict) + "**"
			}
			rows = append(rows, []string{md(variantName(row)), verdict, passedCell(row), md(breachCell(row)), lostCell(row), riskCell(row), drainCell(row)})
		}
		m.block(tableOf([]string{"variant", "verdict", "passed", "breach", "lost", "at risk", "drain p50/max"}, rows))
		for _, row := range worstFirst(g.rows) {
			m.finding(r, row)
		}
	}
	return m.bytes(), nil
}

// alsoFailed says why the exit status is that of a finding where the verdict is none.
func (m *markdown) alsoFailed(o Options) {
	for _, why := range o.AlsoFailed {
		m.block("\n**FAILED** " + md(clean(why)) + "\n")
	}
}

// finding writes the breaches, thresholds and warnings of a result that is not clean.
func (m *markdown) finding(r *result.Report, row result.Row) {
	for _, b := range row.Breaches {
		if b.Known != "" {
			m.block(fmt.Sprintf("\nknown: %s: %s in %s: %s\n", md(nameOf(row)), code(b.Class), md(shownIn(row, b)), md(b.Known)))
			continue
		}
		var s strings.Builder
		fmt.Fprintf(&s, "\n<details><summary><b>%s</b> %s: %s</summary>\n\n", b.Verdict, md(nameOf(row)), md(headline(row, b)))
		fmt.Fprintf(&s, "%s in %s · class %s", md(b.Invariant), md(shownIn(row, b)), code(b.Class))
		if row.Owner != "" {
			s.WriteString(" · owner " + md(row.Owner))
		}
		s.WriteString("\n\n")
		if len(b.First.Evidence) > 0 {
			s.WriteString(pre(exampleOf(b.First)))
		}
		if fix := adviceFor(row, b); fix != "" {
			s.WriteString("\n**fix first** " + md(fix) + "\n")
		}
		if again := ReplayCommand(r, row, b.First.Dir); again != "" {
			s.WriteString("\nagain: " + code(again) + "\n")
		}
		s.WriteString("\n</details>\n")
		m.block(s.String())
	}
	for _, t := range row.Thresholds {
		if !t.Holds {
			m.block(fmt.Sprintf("\n**missed** %s: %s: %s\n", md(nameOf(row)), code(t.Expr), md(measured(t))))
		}
	}
	if row.Verdict == result.Untested {
		m.block(fmt.Sprintf("\n**untested** %s: %s\n", md(nameOf(row)), md(strings.Join(untestedBecause(row), "; "))))
	}
	for _, w := range row.Warnings {
		m.block(fmt.Sprintf("\nwarning: %s: %s\n", md(nameOf(row)), md(w.Summary)))
	}
}

// pre keeps lines as they are. An empty line would end the block for a reader of Markdown.
func pre(lines []string) string {
	var escaped []string
	for _, l := range lines {
		if strings.TrimSpace(l) == "" {
			l = "&nbsp;"
		} else {
			l = md(l)
		}
		escaped = append(escaped, l)
	}
	return "<pre>" + strings.Join(escaped, "\n") + "</pre>\n"
}

// comparisonMarkdown writes a gate's outcome for a pull request.
func comparisonMarkdown(c *gate.Comparison, o Options) ([]byte, error) {
	c = cleaned(c)
	m := &markdown{}
	how := "stored results"
	if c.Interleaved {
		how = "same machine, same seeds, in turns"
	}
	m.block(fmt.Sprintf("## racebench gate: %s\n\nbase %s · head %s · %s\n\n", strings.ToUpper(string(c.Outcome)), code(c.Base.Name), code(c.Head.Name), how))
	for _, why := range c.Reasons {
		m.block("- **" + md(why) + "**\n")
	}
	if len(c.Reasons) == 0 {
		m.block(md(summaryOf(c)) + ".\n")
	}
	m.alsoFailed(o)
	for _, w := range c.Warnings {
		m.block("- warning: " + md(w) + "\n")
	}
	p := newPainter(Options{})
	same := 0
	for _, r := range c.Results {
		if quiet(r) {
			same++
			continue
		}
		var rows [][]string
		for _, line := range p.checksOf(r) {
			state := md(line.state)
			if line.fails {
				state = "**" + state + "**"
			}
			rows = append(rows, []string{md(line.name), line.base, line.head, line.change, state, md(line.remark), line.chance, line.noise})
		}
		m.block(fmt.Sprintf("\n### %s\n\n%d and %s\n\n", md(r.Name()), r.Trials[0], count(int64(r.Trials[1]), "trial")))
		m.block(tableOf([]string{"check", "base", "head", "change", "result", "remark", "chance", "noise"}, rows))
		if told := m.told(r, Called(c.Head.Called)); !told && r.Replay != "" {
			m.block("\nagain: " + code(r.Replay) + "\n")
		}
	}
	if same > 0 {
		m.block(fmt.Sprintf("\n%s without a change.\n", count(int64(same), "result")))
	}
	return m.bytes(), nil
}

// told tells what fails of one result: each new breach in a sentence, with what to fix first, its example and the command
// that runs it again.
func (m *markdown) told(r gate.ResultChange, called string) (some bool) {
	for _, b := range r.Breaches {
		if !b.Fails && b.State != gate.Open {
			continue
		}
		t := tellingOf(r, b)
		var s strings.Builder
		fmt.Fprintf(&s, "\n**%s** %s\n", breachState(b), md(t.sentence))
		if t.fix != "" {
			s.WriteString("\n**fix first** " + md(t.fix) + "\n")
		}
		if len(b.First.Evidence) > 0 {
			fmt.Fprintf(&s, "\n<details><summary>%s</summary>\n\n%s\n</details>\n", code(b.Class), pre(exampleOf(b.First)))
		}
		if b.First.Dir != "" {
			s.WriteString("\nagain: " + code(called+" replay "+quote(b.First.Dir)) + "\n")
		}
		m.block(s.String())
		some = true
	}
	for _, x := range r.Metrics {
		if x.Why != "" && x.State == gate.Unclear {
			m.block(fmt.Sprintf("\n%s: %s: %s\n", x.State, md(x.Metric), md(x.Why)))
		}
	}
	return some
}
