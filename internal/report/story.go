package report

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/lipgloss"

	"github.com/racebench/racebench/engine/result"
)

const (
	// fullStories is how many breaches of a variant are told in full; the rest has a line each.
	fullStories = 3
	// knownDays is for how long the entry to paste tolerates a breach.
	knownDays = 60
)

// details writes all that stands behind one result.
func (p *painter) details(row result.Row, g group) {
	told := 0
	for _, b := range row.Breaches {
		if b.Known != "" {
			continue
		}
		p.blank()
		switch {
		case row.External() && told == 0:
			p.breach(row, b, g.report)
		case !row.External() && told < fullStories:
			p.breach(row, b, g.report)
		default:
			p.verdict(b.Verdict, fmt.Sprintf("%s: %s, in %s; class %s", nameOf(row), headline(row, b), shownIn(row, b), b.Class))
		}
		told++
	}
	p.tolerated(row)
	p.missed(row)
	switch row.Verdict {
	case result.Passed:
		p.passed(row)
	case result.Untested:
		p.untested(row, g.report)
	default:
		if told == 0 {
			p.voids(row)
		}
	}
	p.remarks(row)
}

// breach tells one class of breach in full.
func (p *painter) breach(row result.Row, b result.RowBreach, r *result.Report) {
	p.verdict(b.Verdict, nameOf(row)+": "+headline(row, b))
	hang := strings.Repeat(" ", verdictColumn)
	p.text(lipgloss.Style{}, 0, verdictColumn, hang+fmt.Sprintf("%s in %s · %s", b.Invariant, shownIn(row, b), timing(row, b)))
	p.text(lipgloss.Style{}, 0, verdictColumn, hang+"class "+b.Class)
	p.story(row, b)
	p.fixFirst(row, b)
	p.blank()
	switch again := ReplayCommand(r, row, b.First.Dir); {
	case again != "":
		remark := "likely: the machine decides the order of steps"
		if row.Engine == simulated {
			remark = "exact"
		}
		p.command("again", again, remark)
		if b.First.Script != "" {
			p.command("without us", "sh "+quote(b.First.Script), "curl, kill")
		}
	case wasAttached(row):
		p.field("again", "start the program once more and attach to that: it is signalled once")
	case keptNone(r.Command):
		p.field("again", fmt.Sprintf("no trial was kept: run with --keep failing --seed %s, then replay", row.Seed))
	default:
		p.field("again", fmt.Sprintf("no trial of it was kept: --seed %s makes the same draws again", row.Seed))
	}
	p.accept(row, b, r.Started)
}

// keptNone reports that a run was told to keep no trial.
func keptNone(command []string) bool {
	for i, word := range command {
		if word == "--keep=none" || i > 0 && command[i-1] == "--keep" && word == "none" {
			return true
		}
	}
	return false
}

// story tells a breach's example. One that was told already, of another variant or class, is only named.
func (p *painter) story(row result.Row, b result.RowBreach) {
	if len(b.First.Evidence) == 0 {
		return
	}
	p.blank()
	key := storyKey(b)
	if of, again := p.stories[key]; again {
		p.evidence("the same story as " + of + ", above")
		return
	}
	p.stories[key] = fmt.Sprintf("%s, class %s", nameOf(row), b.Class)
	for _, l := range exampleOf(b.First) {
		p.evidence(l)
	}
}

var oneOf = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^one of (\d+): `) })

// exampleOf is a story as it is printed: what its number counts is said, which is less than the sentence counts.
func exampleOf(f result.FirstTrial) []string {
	lines := slices.Clone(f.Evidence)
	for i, l := range lines {
		lines[i] = oneOf().ReplaceAllString(l, "one of $1 in this trial: ")
	}
	return lines
}

// storyKey is a story without its class, which the report gives apart.
func storyKey(b result.RowBreach) string {
	return strings.ReplaceAll(strings.Join(b.First.Evidence, "\n"), "class "+b.Class, "")
}

// accept shows the entry that makes the breach a known one.
func (p *painter) accept(row result.Row, b result.RowBreach, started time.Time) {
	if row.Target == gotest {
		return // a Go test has no scenario to paste it into
	}
	until := "YYYY-MM-DD"
	if !started.IsZero() {
		until = started.AddDate(0, 0, knownDays).UTC().Format(time.DateOnly)
	}
	p.field("accept", "if this is expected: paste under known: in the scenario; add a why:")
	indent := labelColumn
	if p.width < blocksBelow {
		indent = 4
	}
	p.pack(lipgloss.Style{}, indent, indent+3, []string{
		"- {variant: " + plainYAML(row.Variant), "class: " + plainYAML(b.Class), "until: " + until + "}",
	}, ", ")
}

// evidence writes one line of a story. Its columns were laid out for 80 columns of text; on less it goes
// on below.
func (p *painter) evidence(l string) {
	text := strings.TrimLeft(l, " ")
	lead := 2 + len(l) - len(text)
	if p.width < pipedWidth {
		lead = min(lead, 4)
	}
	hang := lead + 4
	if last := strings.LastIndex(text, "  "); last >= 0 && lead+last+2 <= p.width/2 {
		hang = lead + lipgloss.Width(text[:last+2])
	}
	p.text(lipgloss.Style{}, lead, hang, text)
}

var plainWord = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._/-]*$`) })

// plainYAML quotes a text that YAML would read as something else.
func plainYAML(s string) string {
	if plainWord().MatchString(s) {
		return s
	}
	return strconv.Quote(s)
}

// counted is how breaches of an invariant are told where their number over all trials is known.
var counted = map[string][2]string{
	"acked-survives-restart": {"acknowledged write lost", "acknowledged writes lost"},
	"every-call-returns":     {"call never returned: the server stopped without answering it", "calls never returned: the server stopped without answering them"},
	"no-ghost":               {"refused message delivered all the same", "refused messages delivered all the same"},
	"no-leak":                {"task of the server outlived its stop", "tasks of the server outlived its stop"},
	"no-lost-message":        {"accepted message lost", "accepted messages lost"},
}

// headline tells a breach in one line, over all trials. A breach without a noun to count is told by its first
// trial.
func headline(row result.Row, b result.RowBreach) string {
	nouns, ok := counted[b.Invariant]
	switch {
	case strings.HasPrefix(b.Summary, fmt.Sprintf("%d of ", b.Count)):
		return b.Summary // it speaks of all trials itself
	case b.Trials <= 1 && b.Summary != "", !ok && b.Count <= int64(b.Trials):
		return b.Summary
	case !ok:
		return fmt.Sprintf("%s (the first such trial; %d in all)", b.Summary, b.Count)
	}
	if of := acceptedBy(row); b.Invariant == "no-lost-message" && of > b.Count {
		return fmt.Sprintf("%d of %s", b.Count, count(of, nouns[0], nouns[1]))
	}
	return count(b.Count, nouns[0], nouns[1])
}

// acceptedBy counts accepted messages. A group that only receives sends none.
func acceptedBy(row result.Row) int64 {
	var n int64
	for _, t := range row.Throughput {
		if t.Sent > 0 {
			n += t.Accepted
		}
	}
	return n
}

// timing tells natural from widened breaches.
func timing(row result.Row, b result.RowBreach) string {
	switch {
	case row.Engine == simulated:
		return "simulated: the same seed shows it again"
	case b.Widened == 0:
		return "natural timing, nothing widened"
	case b.Natural == 0:
		return "only with a window held open (widened)"
	}
	return fmt.Sprintf("%d with natural timing, %d with a window held open (widened)", b.Natural, b.Widened)
}

// tolerated writes a line for each breach that the scenario lists as known.
func (p *painter) tolerated(row result.Row) {
	first := true
	for _, b := range row.Breaches {
		if b.Known == "" {
			continue
		}
		if first {
			p.blank()
			first = false
		}
		mark, text := "KNOWN", fmt.Sprintf("%s: %s in %s: %s", nameOf(row), b.Class, shownIn(row, b), b.Known)
		if b.Planted {
			mark, text = "PLANTED", fmt.Sprintf("%s: expected bug seen in %s (at least one is needed): %s", nameOf(row), shownIn(row, b), b.Class)
			if b.Known != "planted" {
				text += ": " + b.Known
			}
		}
		p.text(p.dim, 0, verdictColumn, mark+strings.Repeat(" ", verdictColumn-len(mark))+text)
	}
}
