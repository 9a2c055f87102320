package report

import (
	"io"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"github.com/racebench/racebench/engine/result"
)

const (
	// pipedWidth is used where there is no terminal: what is piped is read in one later.
	pipedWidth = 80
	// leastWidth is what a narrower terminal is treated as: below it nothing can be laid out.
	leastWidth = 30
	// gutter is the space between columns.
	gutter = 2
	// verdictColumn is where text begins behind a verdict's word, labelColumn behind a label.
	verdictColumn = 10
	labelColumn   = 12
)

// A painter lays text out in lines no wider than the terminal, and colours it. All measuring is done on
// plain text; colour is put on last.
type painter struct {
	b                        strings.Builder
	width                    int
	bold, dim                lipgloss.Style
	red, green, yellow, cyan lipgloss.Style
	stories                  map[string]string // which breach was told by it first
}

func newPainter(o Options) *painter {
	// The renderer must know all by itself: asking the terminal writes to it and waits for an answer.
	r := lipgloss.NewRenderer(io.Discard)
	r.SetHasDarkBackground(true)
	r.SetColorProfile(termenv.Ascii)
	if o.Color {
		r.SetColorProfile(termenv.ANSI)
	}
	style := func(color string) lipgloss.Style { return r.NewStyle().Bold(true).Foreground(lipgloss.Color(color)) }
	p := &painter{
		width: o.Width, bold: r.NewStyle().Bold(true), dim: r.NewStyle().Faint(true),
		red: style("1"), green: style("2"), yellow: style("3"), cyan: style("6"),
		stories: map[string]string{},
	}
	if p.width <= 0 {
		p.width = pipedWidth
	}
	p.width = max(p.width, leastWidth)
	return p
}

// of is the style of a verdict.
func (p *painter) of(v result.Verdict) lipgloss.Style {
	switch {
	case v.Finding():
		return p.red
	case v == result.Untested, v == result.Void:
		return p.yellow
	case v == result.Known:
		return p.cyan
	}
	return p.green
}

func (p *painter) blank() { p.b.WriteByte('\n') }

// line writes one line as it is.
func (p *painter) line(style lipgloss.Style, text string) {
	p.b.WriteString(paint(style, text))
	p.b.WriteByte('\n')
}

// text writes lines that begin at an indentation; what does not fit goes on below, indented more.
func (p *painter) text(style lipgloss.Style, indent, hang int, text string) {
	for _, l := range wrap(text, p.width, indent, hang) {
		p.line(style, l)
	}
}

// verdict writes a block's head: the verdict's word first.
func (p *painter) verdict(v result.Verdict, text string) {
	p.marked(p.of(v), 0, verdictColumn, strings.ToUpper(v.String()), text)
}

// field writes a label and what it is about.
func (p *painter) field(label, text string) { p.marked(p.bold, 2, labelColumn, label, text) }

// marked writes a styled mark at an indentation and text beside it, from the column on.
func (p *painter) marked(style lipgloss.Style, indent, column int, mark, text string) {
	pad := strings.Repeat(" ", max(1, column-indent-lipgloss.Width(mark)))
	lines := wrap(mark+pad+text, p.width, indent, column)
	head := strings.Repeat(" ", indent)
	if rest, whole := strings.CutPrefix(lines[0], head+mark); whole { // on a narrow terminal a mark may go on below
		lines[0] = head + paint(style, mark) + rest
	}
	for _, l := range lines {
		p.line(lipgloss.Style{}, l)
	}
}

// command writes something to paste: what does not fit is continued the shell's way.
func (p *painter) command(label, command, remark string) {
	lead := "  " + label + strings.Repeat(" ", max(1, labelColumn-2-lipgloss.Width(label)))
	full := lead + command
	if remark != "" && lipgloss.Width(full)+gutter+2+lipgloss.Width(remark) <= p.width {
		remark = "  # " + remark
	} else {
		remark = ""
	}
	lines := []string{full}
	// A break within quotes would be a part of the text.
	if lipgloss.Width(full) > p.width && !strings.Contains(command, "'") {
		lines = wrap(full, p.width-2, 0, labelColumn)
	}
	for i, l := range lines {
		if i == 0 {
			l = "  " + paint(p.bold, label) + strings.TrimPrefix(l, "  "+label)
		}
		if i < len(lines)-1 {
			l += ` \`
		} else {
			l += paint(p.dim, remark)
		}
		p.line(lipgloss.Style{}, l)
	}
}

// paint colours text but not the spaces around it, so that no line ends in coloured nothing.
func paint(style lipgloss.Style, text string) string {
	core := strings.Trim(text, " ")
	if core == "" {
		return strings.TrimRight(text, " ")
	}
	at := strings.Index(text, core)
	return text[:at] + style.Render(core) + text[at+len(core):]
}

// wrap breaks text at spaces into lines of at most width columns, the first indented by indent and the
// others by hang. Spaces inside a line stay. A number keeps its unit and an option its value; a word too
// long for a line of its own is left whole, for half a path or half a number is worse than a long line.
func wrap(text string, width, indent, hang int) []string {
	if hang > width/2 {
		hang = min(4, width/4)
	}
	var lines []string
	line, empty := strings.Repeat(" ", indent), true
	lead := len(text) - len(strings.TrimLeft(text, " "))
	line += text[:lead]
	for _, w := range words(text[lead:]) {
		if !empty && lipgloss.Width(line)+lipgloss.Width(w.gap)+lipgloss.Width(w.text) > width {
			lines = append(lines, line)
			line, w.gap = strings.Repeat(" ", hang), ""
		}
		line += w.gap + w.text
		empty = false
	}
	return append(lines, line)
}

// pack writes parts with separators between them, breaking lines only there if a part fits on one.
func (p *painter) pack(style lipgloss.Style, indent, hang int, parts []string, separator string) {
	line, started := "", false
	for i, part := range parts {
		if i < len(parts)-1 {
			part += strings.TrimRight(separator, " ·")
		}
		between := separator[len(strings.TrimRight(separator, " ·")):]
		if started && indent+lipgloss.Width(line+between+part) > p.width {
			p.text(style, indent, hang, line)
			line, started, indent = "", false, hang
		}
		if started {
			line += between
		}
		line += part
		started = true
	}
	p.text(style, indent, hang, line)
}

// A word is what wrap does not break, with the spaces before it.
type word struct{ gap, text string }

func words(text string) []word {
	var all []word
	for text != "" {
		rest := strings.TrimLeft(text, " ")
		gap := text[:len(text)-len(rest)]
		end := strings.IndexByte(rest, ' ')
		if end < 0 {
			end = len(rest)
		}
		w := word{gap, rest[:end]}
		text = rest[end:]
		if last := len(all) - 1; last >= 0 && gap == " " && joined(all[last].text, w.text) {
			all[last].text += gap + w.text
			continue
		}
		all = append(all, w)
	}
	return all
}

// joined says whether two words must share a line.
func joined(before, after string) bool {
	if strings.HasPrefix(before, "--") && !strings.ContainsAny(before, "= ") && !strings.HasPrefix(after, "-") {
		return true
	}
	if before == "" || before[len(before)-1] < '0' || before[len(before)-1] > '9' {
		return false
	}
	switch strings.TrimRight(after, ".,;:)") {
	case "%", "s", "ms", "µs", "ns", "min", "h", "B", "KiB", "MiB", "GiB":
		return true
	}
	return false
}
