package docs

import (
	"regexp"
	"strings"

	"github.com/racebench/racebench/scenario/spec"
)

// A page is one document.
type page struct {
	name string
	text string
}

// A block is one fenced block of a page.
type block struct {
	page    string
	line    int    // of its first line, from 1
	lang    string // of the opening fence
	lines   []string
	invalid string // the file name of a scenario that is shown for its errors
}

func (b block) text() string { return strings.Join(b.lines, "\n") + "\n" }

// A cell is the first one of a row of a table, with the table's header.
type cell struct {
	page   string
	line   int
	header []string
	row    []string
}

// first is the name of the table's first column.
func (c cell) first() string { return c.header[0] }

var invalidMark = regexp.MustCompile(`^<!-- invalid: (\S+) -->$`)

// blocksOf returns the fenced blocks of a page, in order.
func blocksOf(p page) []block {
	var blocks []block
	var open *block
	invalid := ""
	for i, line := range strings.Split(p.text, "\n") {
		switch {
		case strings.HasPrefix(line, "```") && open == nil:
			open = &block{page: p.name, line: i + 2, lang: strings.TrimPrefix(line, "```"), invalid: invalid}
			invalid = ""
		case strings.HasPrefix(line, "```"):
			blocks = append(blocks, *open)
			open = nil
		case open != nil:
			open.lines = append(open.lines, line)
		case invalidMark.MatchString(line):
			invalid = invalidMark.FindStringSubmatch(line)[1]
		}
	}
	return blocks
}

// rowsOf returns the rows of every table of a page.
func rowsOf(p page) []cell {
	var cells []cell
	var header []string
	fenced := false
	for i, line := range strings.Split(p.text, "\n") {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if fenced || !strings.HasPrefix(line, "|") {
			header = nil
			continue
		}
		row := columns(line)
		switch {
		case header == nil:
			header = row
		case strings.Trim(row[0], "-:") != "":
			cells = append(cells, cell{page: p.name, line: i + 1, header: header, row: row})
		}
	}
	return cells
}

func columns(line string) []string {
	line = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "|"), "|")
	parts := strings.Split(line, "|")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

var quoted = regexp.MustCompile("`([^`]+)`")

// names are the words in code type of a text.
func names(text string) []string {
	var words []string
	for _, m := range quoted.FindAllStringSubmatch(text, -1) {
		words = append(words, m[1])
	}
	return words
}

// A command is one call of racebench that a page shows.
type command struct {
	page string
	line int
	args []string
}

var (
	called = regexp.MustCompile(`(?:^|[|&;] *)(?:go run \./cmd/)?racebench( .*|$)`)
	remark = regexp.MustCompile(` #.*$`)
	// what ends a command on its line: a pipe, another command, a redirection
	endOfCommand = regexp.MustCompile(`\s*(\||&&|;|\d?>|<)`)
)

// commandsOf finds what a reader may paste: lines after a $ in any block, lines of sh blocks, and indented
// lines outside of blocks.
func commandsOf(p page) []command {
	var found []command
	for _, b := range blocksOf(p) {
		for i, line := range joined(b.lines) {
			prompt, after := strings.CutPrefix(line, "$ ")
			if after || b.lang == "sh" {
				found = appendCommand(found, b.page, b.line+i, prompt)
			}
		}
	}
	fenced := false
	for i, line := range strings.Split(p.text, "\n") {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if rest, ok := strings.CutPrefix(line, "    racebench"); ok && !fenced {
			found = appendCommand(found, p.name, i+1, "racebench"+rest)
		}
	}
	return found
}

// joined puts continued lines on their first and leaves the others empty, so that lines keep numbers.
func joined(lines []string) []string {
	out := make([]string, len(lines))
	at := 0
	for i, line := range lines {
		part, goesOn := strings.CutSuffix(line, "\\")
		out[at] += part
		if !goesOn {
			at = i + 1
		}
	}
	return out
}

func appendCommand(found []command, page string, line int, text string) []command {
	for _, m := range called.FindAllStringSubmatch(remark.ReplaceAllString(text, ""), -1) {
		rest := m[1]
		if at := endOfCommand.FindStringIndex(rest); at != nil {
			rest = rest[:at[0]]
		}
		args, ok := spec.Split(rest)
		if !ok { // it was cut off in the middle of a quote
			args = strings.Fields(rest)
		}
		found = append(found, command{page: page, line: line, args: args})
	}
	return found
}
