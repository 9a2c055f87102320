package report

import (
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/racebench/racebench/internal/glossary"
)

// Explain writes what a word of a report means, how it is judged and what usually mends it.
func Explain(e glossary.Explanation, o Options) []byte {
	p := newPainter(o)
	p.pack(p.bold, 0, 2, []string{clean(e.Word), e.Kind}, " · ")
	p.blank()
	for _, means := range e.Means {
		p.field("means", means)
	}
	if e.Unless != "" {
		p.field("unless", "it is not judged when "+e.Unless)
	}
	p.judged(e.Judged)
	for i, mends := range append(adviceOn(e.Word), e.Mends...) {
		label := "mends"
		if i > 0 {
			label = ""
		}
		p.field(label, mends)
	}
	if len(e.See) > 0 {
		p.field("see", strings.Join(e.See, ", "))
	}
	if e.Page != "" {
		p.field("more", e.Page)
	}
	return []byte(p.b.String())
}

// judged writes how something is judged: paragraphs, and drawings as they are.
func (p *painter) judged(lines []string) {
	if len(lines) == 0 {
		return
	}
	p.blank()
	if strings.HasPrefix(lines[0], "  ") || lines[0] == "" {
		p.text(p.bold, 2, 2, "judged")
	} else {
		p.field("judged", lines[0])
		lines = lines[1:]
	}
	for _, line := range lines {
		switch {
		case line == "":
			p.blank()
		case strings.HasPrefix(line, "  "):
			p.line(p.dim, line)
		default:
			p.text(lipgloss.Style{}, labelColumn, labelColumn, line)
		}
	}
	if len(lines) > 0 && lines[len(lines)-1] != "" {
		p.blank()
	}
}
