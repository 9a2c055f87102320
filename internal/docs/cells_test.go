package docs

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

var (
	// spans are what stands in code type; a bar in it parts no cells.
	spans = regexp.MustCompile("`[^`]*`")
	// capitals are a part of a class that stands for any word.
	capitals = regexp.MustCompile(`/[A-Z]+(/|$)`)
)

// tornRows returns the rows with more or fewer cells than their table's header, and those in which a name in code type
// is stuck to the word before it.
func tornRows(p page) []string {
	var wrong []string
	text := spans.ReplaceAllStringFunc(p.text, func(s string) string { return strings.ReplaceAll(s, "|", "/") })
	text = strings.ReplaceAll(text, `\|`, "/")
	for _, c := range rowsOf(page{p.name, text}) {
		if len(c.row) != len(c.header) {
			wrong = append(wrong, fmt.Sprintf("%s:%d: %d cells below %d heads", c.page, c.line, len(c.row), len(c.header)))
		}
		for _, cell := range c.row {
			for i, part := range strings.Split(cell, "`") {
				if i%2 == 0 && i < strings.Count(cell, "`") && part != strings.TrimRight(part, "abcdefghijklmnopqrstuvwxyz") {
					wrong = append(wrong, fmt.Sprintf("%s:%d: %q is stuck to the name after it", c.page, c.line, part))
				}
			}
		}
	}
	return wrong
}

// explainedTwice returns the classes of a page that have a second row, whatever stands for any word is called.
func explainedTwice(p page) []string {
	var wrong []string
	first := map[string]int{}
	for _, c := range rowsOf(p) {
		if c.first() != "class" {
			continue
		}
		for _, name := range names(c.row[0]) {
			pattern := capitals.ReplaceAllString(capitals.ReplaceAllString(name, "/*$1"), "/*$1")
			if at := first[pattern]; at > 0 {
				wrong = append(wrong, fmt.Sprintf("%s:%d: %s has a row in line %d already", c.page, c.line, name, at))
				continue
			}
			first[pattern] = c.line
		}
	}
	return wrong
}

func TestTablesAreWhole(t *testing.T) {
	for _, p := range pages(t) {
		for _, why := range tornRows(p) {
			t.Error(why)
		}
	}
}

func TestNoClassIsExplainedTwice(t *testing.T) {
	for _, p := range pages(t) {
		if p.name != "docs/classes.md" {
			continue
		}
		for _, why := range explainedTwice(p) {
			t.Error(why)
		}
		return
	}
	t.Error("there is no page of classes")
}

func TestTornTablesAreFound(t *testing.T) {
	const head = "| class | takes |\n|---|---|\n"
	for rows, want := range map[string]int{
		"| `a/b` | the same, and `x` or `p|q`s |\n":                0,
		"| `a/b` | the same`x` |\n":                                1,
		"| `a/b` | `x` | more |\n":                                 1,
		"| `a/b` |\n":                                              1,
		"| `a/p/found` | |\n| `a/p/CLASS` | |\n| `a/TASK/q` | |\n": 0,
		"| `a/p/found` | |\n| `a/p/found` | |\n":                   1,
		"| `a/p/CLASS` | |\n| `a/p/NAME` | |\n":                    1,
		"| `a/TASK/WAIT` | |\n| `a/STATION/CAUSE` | |\n":           1,
	} {
		doc := page{"planted.md", head + rows}
		if got := append(tornRows(doc), explainedTwice(doc)...); len(got) != want {
			t.Errorf("%q: %q", rows, got)
		}
	}
}
