package report

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

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
func renderGitHub(r *result.Report, o Options) ([]byte, error) {
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
			if fix := adviceFor(row, b); fix != "" {
				text += "\nfix first: " + fix
			}
			if again := ReplayCommand(r, row, b.First.Dir); again != "" {
				text += "\nagain: " + again
			}
			file, line := placeOf(row, b, o.Root)
			a.add("error", file, line, fmt.Sprintf("%s %s: %s", b.Verdict, nameOf(row), b.Invariant), owned(row.Owner, text))
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
			a.add("warning", row.File, promisedAt(row, w.Invariant), nameOf(row), w.Summary)
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

// comparisonGitHub writes an annotation for each reason of a gate that fails or cannot tell, where the scenario, or a
// stack, says what it is about. What base and head share is not the change's and has none.
func comparisonGitHub(c *gate.Comparison, o Options) ([]byte, error) {
	c = cleaned(c)
	a := newAnnotations()
	for _, r := range c.Results {
		a.breachesOf(r, c, o)
		a.boundsOf(r)
		switch {
		case r.Untested != "":
			a.add("error", r.File, r.Line, "untested "+r.Name(), "the base was not tested: "+r.Untested)
		case r.Verdict == result.Untested:
			a.add("error", r.File, r.Line, "untested "+r.Name(), "nothing was tested: its breaches, if it has any, could not show")
		}
		for _, w := range r.NewWarnings {
			a.add("warning", r.File, lineOf(r, w.Invariant), "warning "+r.Name(), owned(r.Owner, w.Summary))
		}
	}
	if len(c.Results) == 0 {
		for _, why := range c.Reasons {
			a.add("error", "", 0, "racebench gate "+string(c.Outcome), why)
		}
	}
	if c.Outcome == gate.Inconclusive {
		a.add("notice", "", 0, "racebench gate inconclusive", summaryOf(c))
	}
	return a.bytes(), nil
}

// breachesOf annotates the classes of one result that fail, or of which nobody knows if they are new.
func (a *annotations) breachesOf(r gate.ResultChange, c *gate.Comparison, o Options) {
	for _, b := range r.Breaches {
		if !b.Fails && b.State != gate.Open {
			continue
		}
		t := tellingOf(r, b)
		text := fmt.Sprintf("%s\nclass %s: %s, was %s", t.sentence, b.Class, of(b.Head, r.Trials[1]), of(b.Base, r.Trials[0]))
		if b.Expired != "" {
			text += "; it was listed as known until " + b.Expired
		}
		if t.fix != "" {
			text += "\nfix first: " + t.fix
		}
		if b.First.Dir != "" {
			text += "\nagain: " + Called(c.Head.Called) + " replay " + quote(b.First.Dir)
		}
		file, line := r.File, r.Line
		if r.Row != nil {
			file, line = placeOf(*r.Row, t.breach, o.Root)
		}
		a.add("error", file, line, fmt.Sprintf("%s %s: %s", b.State, r.Name(), b.Invariant), owned(r.Owner, text))
	}
}

// boundsOf annotates thresholds that do not hold, metrics that are worse and planted breaches that did not show.
func (a *annotations) boundsOf(r gate.ResultChange) {
	missed := false
	for _, t := range r.Thresholds {
		if t.Head != nil && !t.Holds {
			missed = true
			a.add("error", r.File, cmp.Or(t.Line, r.Line), "missed "+r.Name(), owned(r.Owner, fmt.Sprintf("%s: %s, was %s", t.Expr, quantity(t.Head, t.Unit), quantity(t.Base, t.Unit))))
		}
	}
	if r.Verdict == result.Missed && !missed {
		a.add("error", r.File, r.Line, "missed "+r.Name(), owned(r.Owner, "a planted breach did not show: the check is blind"))
	}
	for _, m := range r.Metrics {
		if m.State != gate.Regressed {
			continue
		}
		change := ""
		if m.Change != nil {
			change = ": " + signed(*m.Change)
		}
		a.add("error", r.File, cmp.Or(m.Line, r.Line), "regression "+r.Name(),
			owned(r.Owner, fmt.Sprintf("%s is %s, was %s%s, and %.3g %% is allowed", m.Metric, quantity(m.Head, m.Unit), quantity(m.Base, m.Unit), change, 100*m.Tolerance)))
	}
}

// inStack is a place in source code, as stacks of many runtimes write it.
var inStack = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`([^\s():"']+\.[a-z]{1,4})(?::|", line )(\d+)`) })

// placeOf is where a breach is shown: at the place below root that its story's first stack names, else at the line of the
// scenario that made the promise.
func placeOf(row result.Row, b result.RowBreach, root string) (file string, line int) {
	for _, told := range b.First.Evidence {
		for _, m := range inStack().FindAllStringSubmatch(told, -1) {
			inside, ok := strings.CutPrefix(m[1], strings.TrimSuffix(root, "/")+"/")
			if line, err := strconv.Atoi(m[2]); ok && root != "" && err == nil {
				return inside, line
			}
		}
	}
	return row.File, promisedAt(row, b.Invariant)
}

// lineOf is the line of the scenario that names an invariant.
func lineOf(r gate.ResultChange, invariant string) int {
	if r.Row == nil {
		return r.Line
	}
	return promisedAt(*r.Row, invariant)
}

// promisedAt is the line of the scenario that names an invariant, else that of the variant.
func promisedAt(row result.Row, invariant string) int {
	return cmp.Or(row.Promises[invariant], row.Line)
}
