package report

import (
	"fmt"
	"strings"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/gate"
)

// perKind is how many annotations of one kind GitHub shows of a step.
const perKind = 10

// annotations are GitHub workflow commands, so many of a kind and no more.
type annotations struct {
	b     strings.Builder
	given map[string]int
	left  map[string]int
}

func newAnnotations() *annotations {
	return &annotations{given: map[string]int{}, left: map[string]int{}}
}

// The characters that end a message, or a property before it.
var (
	messageEscapes  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// add writes an annotation; kind is error, warning or notice, and line 0 none.
func (a *annotations) add(kind, file string, line int, title, message string) {
	if a.given[kind] == perKind {
		a.left[kind]++
		return
	}
	a.given[kind]++
	where := ""
	if file != "" {
		where = "file=" + propertyEscapes.Replace(file) + ","
		if line > 0 {
			where += fmt.Sprintf("line=%d,", line)
		}
	}
	fmt.Fprintf(&a.b, "::%s %stitle=%s::%s\n", kind, where, propertyEscapes.Replace(title), messageEscapes.Replace(message))
}

// bytes ends the list and says how many had no room.
func (a *annotations) bytes() []byte {
	for _, kind := range []string{"error", "warning", "notice"} {
		if n := a.left[kind]; n > 0 {
			fmt.Fprintf(&a.b, "racebench: %s more, which GitHub would not show: see the report\n", count(int64(n), kind))
		}
	}
	if a.b.Len() == 0 {
		return []byte("racebench: nothing to annotate\n")
	}
	return []byte(a.b.String())
}

// renderGitHub writes an annotation for each distinct failure, at the line of the scenario.
func renderGitHub(r *result.Report, _ Options) ([]byte, error) {
	r = cleaned(r)
	a := newAnnotations()
	for _, row := range worstFirst(r.Results) {
		for _, b := range row.Breaches {
			if b.Known != "" {
				continue
			}
			text := fmt.Sprintf("%s\nclass %s, in %s", headline(row, b), b.Class, shownIn(row, b))
			if b.Expired != "" {
				text += "; it was listed as known until " + b.Expired
			}
			if again := ReplayCommand(r, row, b.First.Dir); again != "" {
				text += "\nagain: " + again
			}
			a.add("error", row.File, row.Line, fmt.Sprintf("%s %s: %s", b.Verdict, nameOf(row), b.Invariant), owned(row.Owner, text))
		}
		for _, t := range row.Thresholds {
			if !t.Holds {
				line := t.Line
				if line == 0 {
					line = row.Line
				}
				a.add("error", row.File, line, "missed "+nameOf(row), owned(row.Owner, t.Expr+": "+measured(t)))
			}
		}
		if row.Verdict == result.Untested {
			a.add("error", row.File, row.Line, "untested "+nameOf(row), "nothing was tested: "+strings.Join(untestedBecause(row), "; "))
		}
		for _, w := range row.Warnings {
			a.add("warning", row.File, row.Line, nameOf(row), w.Summary)
		}
	}
	return a.bytes(), nil
}

func owned(owner, text string) string {
	if owner == "" {
		return text
	}
	return text + "\nowner " + owner
}

// comparisonGitHub writes an annotation for each reason and each warning of a gate.
func comparisonGitHub(c *gate.Comparison, _ Options) ([]byte, error) {
	c = cleaned(c)
	a := newAnnotations()
	place := func(text string) (string, int) {
		for _, r := range c.Results {
			if strings.HasPrefix(text, r.Name()+":") {
				return r.File, r.Line
			}
		}
		return "", 0
	}
	for _, why := range c.Reasons {
		file, line := place(why)
		a.add("error", file, line, "racebench gate "+string(c.Outcome), why)
	}
	for _, w := range c.Warnings {
		file, line := place(w)
		a.add("warning", file, line, "racebench gate", w)
	}
	if c.Outcome == gate.Inconclusive {
		a.add("notice", "", 0, "racebench gate inconclusive", summaryOf(c))
	}
	return a.bytes(), nil
}
