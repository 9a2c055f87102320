package glossary

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A row is a row of a table in a page, with the heads of its columns.
type row struct{ head, cells []string }

// cell is the row's cell below a head; empty where the table has no such column.
func (r row) cell(head string) string {
	for i, h := range r.head {
		if h == head && i < len(r.cells) {
			return r.cells[i]
		}
	}
	return ""
}

// rowsOf are the rows of all tables of a page.
func rowsOf(text string) []row {
	var rows []row
	var head []string
	fenced := false
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if fenced || !strings.HasPrefix(line, "|") {
			head = nil
			continue
		}
		switch cells := cellsOf(line); {
		case head == nil:
			head = cells
		case strings.Trim(cells[0], "-:") != "":
			rows = append(rows, row{head, cells})
		}
	}
	return rows
}

func cellsOf(line string) []string {
	cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "|"), "|"), "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}

// A section is the text below a heading, and the heading above that one.
type section struct{ under, heading, text string }

// sectionsOf are the sections of a page with headings of the third level.
func sectionsOf(text string) []section {
	var all []section
	under, fenced := "", false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if !fenced {
			if heading, ok := strings.CutPrefix(line, "### "); ok {
				all = append(all, section{under: under, heading: strings.TrimSpace(heading)})
				continue
			}
			if heading, ok := strings.CutPrefix(line, "## "); ok {
				under = strings.TrimSpace(heading)
				all = append(all, section{under: under})
				continue
			}
		}
		if len(all) > 0 {
			all[len(all)-1].text += line
		}
	}
	return all
}

var (
	links    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\[([^\]]+)\]\([^)]+\)`) })
	emphasis = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(\*\*?)([^*\s][^*]*)(\*\*?)`) })
)

// plain is a text without Markdown's marks.
func plain(text string) string {
	text = links().ReplaceAllString(text, "$1")
	text = emphasis().ReplaceAllString(text, "$2")
	return strings.ReplaceAll(text, "`", "")
}

// paragraphs cuts a section into paragraphs in one line each; drawings and tables are kept line by line, each
// with two spaces before it.
func paragraphs(text string) []string {
	var all []string
	var open []string
	end := func() {
		if len(open) > 0 {
			all = append(all, strings.Join(open, " "))
		}
		open = nil
	}
	fenced := false
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			end()
			fenced = !fenced
			all = append(all, "")
		case fenced, strings.HasPrefix(line, "    "):
			end()
			all = append(all, "  "+line)
		case strings.HasPrefix(line, "|"):
			end()
			if cells := cellsOf(line); strings.Trim(cells[0], "-:") != "" || cells[0] == "" {
				all = append(all, "  "+plain(strings.Join(cells, " · ")))
			}
		case strings.TrimSpace(line) == "":
			end()
			all = append(all, "")
		case strings.HasPrefix(line, "- "):
			end()
			open = append(open, plain(line))
		default:
			open = append(open, plain(strings.TrimSpace(line)))
		}
	}
	end()
	return slices.CompactFunc(all, func(a, b string) bool { return a == "" && b == "" })
}
