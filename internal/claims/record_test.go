package claims

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// What is measured of each bug.
const (
	campaigns     = 200
	mostSchedules = 2000
	cleanOnes     = 2000 // schedules of the reference
	realTrials    = 20
	naiveTrials   = 100
	naiveEnough   = 3                // showings that end the naive search
	naiveTime     = 10 * time.Second // what ends it too
)

// recordPath is the track record, from the module's root.
const recordPath = "docs/track-record.md"

// findingsPath keeps what was measured, from the module's root: the page is written from it.
const findingsPath = "internal/claims/testdata/track-record.json"

// A finding is one planted bug as it was measured: a row of the track record.
type finding struct {
	Bug     string
	Target  string
	Variant string
	Class   string // as the scenario names it
	Story   string // what goes wrong
	Mutant  bool

	Needed  []int // schedules to the first breach, one a campaign, sorted; Most+1 is none
	Most    int
	Naive   tally
	Real    tally
	Widened bool

	At       string // the commit that was measured
	LastSeen string // the last one that showed it
}

// A tally is in how many of so many trials a bug showed.
type tally struct{ Shown, Of int }

// String is "k of n"; trials that were not run, since they cannot show the breach, are not judged.
func (y tally) String() string {
	if y.Of == 0 {
		return "not judged"
	}
	return fmt.Sprintf("%d of %d", y.Shown, y.Of)
}

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

// merge puts what was measured now in the place of what is known of the same bugs. A breach that did not
// show now was last seen when it was.
func merge(known, now []finding) []finding {
	measured := map[string]bool{}
	for i := range now {
		measured[now[i].Target+" "+now[i].Bug] = true
		now[i].LastSeen = "never"
		if now[i].seen() {
			now[i].LastSeen = now[i].At
			continue
		}
		for _, k := range known {
			if k.Bug == now[i].Bug && k.Variant == now[i].Variant && k.Class == now[i].Class {
				now[i].LastSeen = k.LastSeen
			}
		}
	}
	for _, k := range known {
		if !measured[k.Target+" "+k.Bug] {
			now = append(now, k)
		}
	}
	slices.SortStableFunc(now, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), compareNames(a.Bug, b.Bug))
	})
	return now
}

// measuredOn begins the line that names the machine.
const measuredOn = "Measured on "

// summed is the table that opens the page: a row for each target.
func summed(findings []finding) string {
	var b strings.Builder
	b.WriteString("| target | bugs | breaches | schedules: middle, slowest breach | campaigns that missed | shown on real goroutines |\n|---|---|---|---|---|---|\n")
	for len(findings) > 0 {
		target := findings[0].Target
		n := slices.IndexFunc(findings, func(f finding) bool { return f.Target != target })
		if n < 0 {
			n = len(findings)
		}
		b.WriteString(summedOf(target, findings[:n]))
		findings = findings[n:]
	}
	return b.String()
}

func summedOf(target string, findings []finding) string {
	bugs := map[string]bool{}
	var medians []finding // those that a schedule can reach
	campaigns, missed := 0, 0
	var real tally
	for _, f := range findings {
		bugs[f.Bug] = true
		if len(f.Needed) > 0 {
			medians = append(medians, f)
		}
		campaigns, missed = campaigns+len(f.Needed), missed+f.missed()
		if f.Real.Of > 0 {
			real.Of++
			real.Shown += min(f.Real.Shown, 1)
		}
	}
	slices.SortStableFunc(medians, func(a, b finding) int {
		return cmp.Compare(a.Needed[len(a.Needed)/2], b.Needed[len(b.Needed)/2])
	})
	schedules := "–"
	if n := len(medians); n > 0 {
		schedules = medians[n/2].quantile(0.5) + ", " + medians[n-1].quantile(0.5)
	}
	return fmt.Sprintf("| %s | %d | %d | %s | %d of %d | %s |\n", target, len(bugs), len(findings), schedules, missed, campaigns, real)
}

// record writes the page.
func record(findings []finding, on string) string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	p(`# Track record

Every bug that racebench has found, and how soon it finds it.

`)
	p("%s", summed(findings))
	p(`
A bug may have several *breaches*, its symptoms. *Schedules* are those of `+"`racebench fuzz`"+` up to the first that shows a breach, in the
median of its campaigns: of the target's middle breach, and of its slowest. *Missed* campaigns did not find the breach. *Shown*
breaches showed in the bug's scenario on real goroutines; those that cannot be judged there do not count. Four tables follow: what was
found, how soon in simulation, how often in the real world, and the commands.

`+"`make track-record`"+` writes this page from real runs, and nobody else does. A bug joins the page with its scenario in
`+"`targets/NAME/testdata/`"+`, by the entries of `+"`known`"+` that are `+"`planted`"+`. A bug that is no longer in the code joins with the change
that brings it back. `+"`make track-record ONLY=BR3`"+` measures one bug again.

%s%s, at the commits below.

## What was found

| bug | variant, and the breach that shows it | what goes wrong | measured at | last seen at |
|---|---|---|---|---|
`, measuredOn, on)
	for _, f := range findings {
		p("| %s | `%s/%s`: `%s` | %s | %s | %s |\n", f.Bug, f.Target, f.Variant, f.Class, f.Story, f.At, f.LastSeen)
	}
	p(`
Rows of one bug are its symptoms. racebench found the R bugs in its own reference designs. No variant keeps their past, so
` + "`make mutant BUG=R1`" + ` builds ` + "`bin/racebench-R1`" + `, the program with the old mistake, and writes its scenario beside it.

## How soon

`)
	p("Schedules are those of `racebench fuzz` up to the first that shows the breach: median and 90th percentile over\n%d campaigns of up to %d schedules each, seeds 0 to %d. A breach that takes very many schedules is measured in fewer\nand longer campaigns. *Random SIGTERM* is the same small world without its scheduler: the same queues, clients and\nsettings on real goroutines, natural timing, and SIGTERM at a uniformly random moment. It ends when the breach has\nshown three times, and after %d trials or %s.\n\n",
		campaigns, mostSchedules, campaigns-1, naiveTrials, naiveTime)
	p("| bug | breach | schedules, median | p90 | campaigns that missed | random SIGTERM: trials that show it |\n|---|---|---|---|---|---|\n")
	for _, f := range findings {
		if len(f.Needed) == 0 {
			continue // no schedule reaches it
		}
		p("| %s | `%s` | %s | %s | %d of %d | %s |\n", f.Bug, f.Class, f.quantile(0.5), f.quantile(0.9), f.missed(), len(f.Needed), f.Naive)
	}
	p("\nIn the same small worlds the reference was clean in every one of %d schedules each.\n", cleanOnes)
	p(`
## In the real world

The scenario of a bug provokes it on real goroutines: its load fills the right queue, and its signal comes at a good moment.
Three hangs of one class end a campaign. *Widened* trials hold a window open: they prove that the bug exists, and not how
often users meet it. How long others kept a call waiting is *not judged* here: a busy machine looks the same.

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
	other := finding{Bug: "X10", Target: "toy", Variant: "v", Class: "drain-ends/*", Most: 100, Needed: []int{3}, At: "c0", LastSeen: "c0"}
	known := []finding{other}
	for _, step := range []struct {
		at     string
		shown  int // real trials
		needed []int
		want   []string // of its rows, in the page's order
	}{
		{"c1", 0, []int{101, 101}, []string{"| c1 | never |", "| > 100 | > 100 | 2 of 2 |", "| 0 of 5 |"}},
		{"c2", 0, []int{7, 101}, []string{"| c2 | c2 |", "| > 100 | > 100 | 1 of 2 |", "| 0 of 5 |"}},
		{"c3", 2, []int{101}, []string{"| c3 | c3 |", "| > 100 | > 100 | 1 of 1 |", "| 2 of 5 |"}},
		{"c4", 0, []int{101}, []string{"| c4 | c3 |", "| > 100 | > 100 | 1 of 1 |", "| 0 of 5 |"}},
		{"c5", 0, []int{1, 2, 3, 40}, []string{"| c5 | c5 |", "| 3 | 40 | 0 of 4 |", "| 0 of 5 |"}},
	} {
		now := finding{
			Bug: "X2", Target: "toy", Variant: "v", Class: "drain-ends/*", Story: "it hangs", Most: 100,
			Needed: step.needed, Real: tally{step.shown, 5}, At: step.at,
		}
		known = merge(known, []finding{now})
		if len(known) != 2 || known[0].Bug != "X2" || known[1].LastSeen != "c0" {
			t.Fatalf("at %s: %+v", step.at, known)
		}
		lines := strings.Split(record(known, "a machine"), "\n")
		rows := slices.DeleteFunc(lines, func(line string) bool { return !strings.HasPrefix(line, "| X2 |") })
		for i, want := range step.want {
			if len(rows) != len(step.want) || !strings.Contains(rows[i], want) {
				t.Errorf("at %s: want %q:\n%s", step.at, step.want, strings.Join(rows, "\n"))
			}
		}
	}
}
