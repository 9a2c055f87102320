package claims

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// recordPath is the track record, from the module's root.
const recordPath = "docs/track-record.md"

// A finding is one planted bug as it was measured: a row of the track record.
type finding struct {
	Bug     string
	Target  string
	Variant string
	Class   string // as the scenario names it
	Story   string // what goes wrong
	Mutant  bool

	Needed    []int // schedules to the first breach, one a campaign, sorted; Most+1 is none
	Most      int
	Naive     tally
	Real      tally
	Widened   bool
	Reference int // clean schedules of the reference in the same world
}

// A tally is in how many of so many trials a bug showed.
type tally struct{ Shown, Of int }

func (y tally) String() string { return fmt.Sprintf("%d of %d", y.Shown, y.Of) }

// quantile is the schedules that such a share of the campaigns needed.
func (f finding) quantile(share float64) string {
	if len(f.Needed) == 0 {
		return "–"
	}
	n := f.Needed[min(len(f.Needed)-1, int(share*float64(len(f.Needed))))]
	if n > f.Most {
		return fmt.Sprintf("> %d", f.Most)
	}
	return fmt.Sprint(n)
}

// missed is how many campaigns did not find it.
func (f finding) missed() int {
	n := 0
	for _, needed := range f.Needed {
		if needed > f.Most {
			n++
		}
	}
	return n
}

func (f finding) seen() bool {
	return f.missed() < len(f.Needed) || f.Real.Shown > 0 || f.Naive.Shown > 0
}

// file is what the bug is shown by, from the module's root.
func (f finding) file() string {
	if f.Mutant {
		return fmt.Sprintf("bin/racebench-%s.yaml", f.Bug)
	}
	return fmt.Sprintf("targets/%s/testdata/%s.yaml", f.Target, f.Bug)
}

// lastSeen finds in a record when a bug was last seen.
func lastSeen(record, bug, class string) string {
	row := regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(bug) + ` \| [^|]*` + regexp.QuoteMeta("`"+class+"`") + `.*\| (\S+) \|$`).FindStringSubmatch(record)
	if row == nil {
		return "never"
	}
	return row[1]
}

// record writes the page. At is the commit that was measured, on says on what; before is the page as it
// was, which knows when a bug was seen that was not seen now.
func record(findings []finding, at, on, before string) string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	p(`# Track record

Every bug that racebench has found, and how soon it does. `+"`make track-record`"+` writes this page from real runs, and
nobody else does. A bug joins it with its scenario in `+"`targets/NAME/testdata/`"+`, by the entries of `+"`known`"+` that are
`+"`planted`"+`; one that is no longer in the code, with what to change back.

Measured at %s, on %s.

## What was found

| bug | variant, and the breach that shows it | what goes wrong | last seen |
|---|---|---|---|
`, at, on)
	for _, f := range findings {
		seen := at
		if !f.seen() {
			seen = lastSeen(before, f.Bug, f.Class)
		}
		p("| %s | `%s/%s`: `%s` | %s | %s |\n", f.Bug, f.Target, f.Variant, f.Class, f.Story, seen)
	}
	p(`
Rows of one bug are its symptoms. R bugs were found by racebench in our own reference, which has no variant for its
past: ` + "`make mutant BUG=R1`" + ` builds ` + "`bin/racebench-R1`" + `, the program with the old mistake, and writes its scenario beside it.

## How soon

`)
	p("Schedules are those of `racebench fuzz` up to the first that shows the breach: median and 90th percentile over\n%d campaigns of up to %d schedules each, seeds 0 to %d. *Random SIGTERM* is the same small world without its\nscheduler: the same queues, clients and settings on real goroutines, SIGTERM at a uniformly random moment, natural\ntiming, stopped once it has shown three times. What takes very many schedules is measured in fewer and longer campaigns.\n\n",
		len(findings[0].Needed), findings[0].Most, len(findings[0].Needed)-1)
	p("| bug | breach | schedules, median | p90 | campaigns that missed | random SIGTERM: trials that show it |\n|---|---|---|---|---|---|\n")
	for _, f := range findings {
		if len(f.Needed) == 0 {
			continue // no schedule reaches it
		}
		p("| %s | `%s` | %s | %s | %d of %d | %s |\n", f.Bug, f.Class, f.quantile(0.5), f.quantile(0.9), f.missed(), len(f.Needed), f.Naive)
	}
	p("\nIn the same small worlds the reference was clean in every one of %d schedules each.\n", findings[0].Reference)
	p(`
## In the real world

The scenario of a bug provokes it on real goroutines: a load that fills the right queue, a moment that is worth
striking at. Three hangs of one class end a campaign. *Widened* trials hold a window open; they prove that the bug is
there and say nothing of how often users meet it.

| bug | breach | trials that show it | timing |
|---|---|---|---|
`)
	for _, f := range findings {
		timing := "natural"
		if f.Widened {
			timing = "widened"
		}
		p("| %s | `%s` | %s | %s |\n", f.Bug, f.Class, f.Real, timing)
	}
	p("\n## The commands\n\n```sh\n")
	told := map[string]bool{}
	for _, f := range findings {
		if told[f.Bug] {
			continue
		}
		told[f.Bug] = true
		program, schedules := "racebench", within
		if f.Mutant {
			p("make mutant BUG=%s\n", f.Bug)
			program, schedules = "bin/racebench-"+f.Bug, max(within, f.Most)
		}
		p("%s fuzz %s --trials %d\n%s run %s\n", program, f.file(), schedules, program, f.file())
	}
	p("```\n")
	return b.String()
}

func TestTheRecordRemembersWhenABugWasLastSeen(t *testing.T) {
	found := func(shown int, needed ...int) finding {
		return finding{Bug: "X1", Target: "toy", Variant: "v", Class: "drain-ends/*", Story: "it hangs", Most: 100, Needed: needed, Real: tally{shown, 5}}
	}
	other := finding{Bug: "X10", Target: "toy", Variant: "v", Class: "drain-ends/*", Most: 100, Needed: []int{3}}
	before := ""
	for _, step := range []struct {
		at    string
		f     finding
		want  string
		how   string
		reals string
	}{
		{"c1", found(0, 101, 101), "never", "| > 100 | > 100 | 2 of 2 |", "| 0 of 5 |"},
		{"c2", found(0, 7, 101), "c2", "| > 100 | > 100 | 1 of 2 |", "| 0 of 5 |"},
		{"c3", found(2, 101), "c3", "| > 100 | > 100 | 1 of 1 |", "| 2 of 5 |"},
		{"c4", found(0, 101), "c3", "| > 100 | > 100 | 1 of 1 |", "| 0 of 5 |"},
		{"c5", found(0, 1, 2, 3, 40), "c5", "| 3 | 40 | 0 of 4 |", "| 0 of 5 |"},
	} {
		before = record([]finding{step.f, other}, step.at, "a machine", before)
		rows := slices.DeleteFunc(strings.Split(before, "\n"), func(line string) bool { return !strings.HasPrefix(line, "| X1 |") })
		if len(rows) != 3 || !strings.HasSuffix(rows[0], "| "+step.want+" |") || !strings.Contains(rows[1], step.how) || !strings.Contains(rows[2], step.reals) {
			t.Errorf("at %s: want %s, %s, %s:\n%s", step.at, step.want, step.how, step.reals, strings.Join(rows, "\n"))
		}
	}
}
