package report

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/console"
)

// renderText writes a report for people: the verdicts, then the evidence of each, then a command to type next.
func renderText(r *result.Report, o Options) ([]byte, error) {
	r = cleaned(r)
	p := newPainter(o)
	groups := groupsOf(r)
	if o.CutShort {
		p.interrupted(r)
	}
	for i, g := range groups {
		if i > 0 {
			p.blank()
		}
		p.head(g, len(groups) == 1)
		if g.rows[0].Plain {
			p.plainLoad(g)
			continue
		}
		if outside := g.rows[0].External(); outside {
			for _, row := range g.rows {
				p.struck(row)
			}
		} else {
			p.blank()
			p.results(g)
		}
		for _, row := range worstFirst(g.rows) {
			p.details(row, g)
		}
		if few := len(g.rows) <= 2 && len(g.rows[0].Latency) <= 4; o.Verbose || few {
			p.latencies(g)
		}
		if o.Verbose {
			p.trials(g)
		}
	}
	if len(groups) > 0 {
		p.blank()
	}
	if o.Worked != "" {
		p.marked(p.green, 0, verdictColumn, "WORKED", o.Worked)
	} else {
		p.conclusion(r, groups)
	}
	p.alsoFailed(o)
	if o.Dir != "" {
		p.field("stored", path.Join(clean(o.Dir), "latest")+": "+stored(r, o))
	}
	return console.Guard([]byte(p.b.String())), nil
}

// interrupted heads the report of a run that was ended early.
func (p *painter) interrupted(r *result.Report) {
	ended, planned := 0, 0
	for _, row := range r.Results {
		ended += row.Trials.Run + row.Trials.Void
		planned += max(row.Trials.Planned, row.Trials.Run+row.Trials.Void)
	}
	unit := "trial"
	if len(r.Results) > 0 {
		unit = unitOf(r.Results[0])
	}
	if len(r.Results) > 0 && r.Results[0].Plain {
		p.marked(p.yellow, 0, verdictColumn, "INTERRUPTED", "what was measured by then is below")
		p.blank()
		return
	}
	text := fmt.Sprintf("after %d of %s: the results below are of the trials that ran", ended, count(int64(planned), unit))
	p.marked(p.yellow, 0, verdictColumn, "INTERRUPTED", text)
	p.blank()
}

// stored names the files on disk.
func stored(r *result.Report, o Options) string {
	switch {
	case !o.NoTrials:
		return "result.json, and the trials that were kept"
	case r.Verdict == result.Passed:
		return "result.json; no trials kept: nothing failed"
	}
	return "result.json; no trials kept"
}

// A group is the results of one scenario on one engine: they share a table, because times of different
// clocks cannot be compared.
type group struct {
	report *result.Report
	rows   []result.Row
}

func groupsOf(r *result.Report) []group {
	var groups []group
	for _, row := range r.Results {
		i := slices.IndexFunc(groups, func(g group) bool {
			of := g.rows[0]
			return of.Scenario == row.Scenario && of.ScenarioHash == row.ScenarioHash && of.Engine == row.Engine && of.Seed == row.Seed
		})
		if i < 0 {
			i = len(groups)
			groups = append(groups, group{report: r})
		}
		groups[i].rows = append(groups[i].rows, row)
	}
	return groups
}

// worstFirst orders results by verdict, and leaves those of one verdict in the scenario's order.
func worstFirst(rows []result.Row) []result.Row {
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b result.Row) int { return -cmp.Compare(a.Verdict, b.Verdict) })
	return sorted
}

// head names the scenario, engine, seed and number of trials, in one line if there is room.
func (p *painter) head(g group, only bool) {
	row := g.rows[0]
	parts := []string{row.Scenario, "engine " + row.Engine, "seed " + row.Seed, amount(g.rows)}
	if only && g.report.ElapsedNS > 0 {
		parts[3] += ", in " + lasted(g.report.ElapsedNS)
	}
	p.pack(p.bold, 0, 2, slices.Concat(remoteHosts(g.rows...), parts), " · ")
}

// remoteHosts names the other machines that were loaded: nobody is to miss that.
func remoteHosts(rows ...result.Row) []string {
	var parts []string
	for _, row := range rows {
		if part := "remote " + row.Remote; row.Remote != "" && !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return parts
}

// amount says how much was run: "2 variants, 5 trials each".
func amount(rows []result.Row) string {
	total, same := 0, true
	for _, row := range rows {
		total += row.Trials.Run
		same = same && row.Trials.Run == rows[0].Trials.Run
	}
	if len(rows) == 1 {
		if row := rows[0]; row.EndedEarly != "" && row.Trials.Planned > row.Trials.Run {
			return fmt.Sprintf("%d of %s planned", total, count(int64(row.Trials.Planned), unitOf(row)))
		}
		return count(int64(total), unitOf(rows[0]))
	}
	text := count(int64(len(rows)), "variant") + ", "
	if same {
		return text + count(int64(rows[0].Trials.Run), unitOf(rows[0])) + " each"
	}
	return text + count(int64(total), unitOf(rows[0]))
}

// nameOf is how a user addresses a result.
func nameOf(row result.Row) string { return row.Target + "/" + row.Variant }

// conclusion ends the report: the verdict in a sentence, and what to type next.
func (p *painter) conclusion(r *result.Report, groups []group) {
	took := ""
	if len(groups) != 1 && r.ElapsedNS > 0 {
		took = ", in " + lasted(r.ElapsedNS)
	}
	p.verdict(r.Verdict, sentence(r)+took+".")
	p.next(r)
}

// alsoFailed says why the exit status is that of a finding where the verdict is none.
func (p *painter) alsoFailed(o Options) {
	for i, why := range o.AlsoFailed {
		mark := ""
		if i == 0 {
			mark = "FAILED"
		}
		p.marked(p.red, 0, verdictColumn, mark, clean(why))
	}
}

// sentence sums the results up.
func sentence(r *result.Report) string {
	if len(r.Results) == 0 {
		return "nothing was run"
	}
	tally := map[result.Verdict]int{}
	failed, trials := 0, 0
	for _, row := range r.Results {
		tally[row.Verdict]++
		trials += row.Trials.Run
		if row.Verdict.Finding() {
			failed++
		}
	}
	if len(r.Results) == 1 {
		return alone(r.Results[0])
	}
	if failed == 0 && tally[result.Untested]+tally[result.Known] == 0 {
		return fmt.Sprintf("all %d %ss kept every promise in %s", len(r.Results), resultUnit(r), count(int64(trials), unitOf(r.Results[0])))
	}
	var parts []string
	for v := result.Hung; ; v-- {
		if n := tally[v]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
		if v == result.Passed {
			break
		}
	}
	return fmt.Sprintf("%s: %s", count(int64(len(r.Results)), resultUnit(r)), strings.Join(parts, ", "))
}

// resultUnit is "scenario" if every scenario has one result, else "variant".
func resultUnit(r *result.Report) string {
	scenarios := map[string]bool{}
	for _, row := range r.Results {
		scenarios[row.Scenario] = true
	}
	if len(scenarios) == len(r.Results) {
		return "scenario"
	}
	return "variant"
}

// alone is the sentence about the only result.
func alone(row result.Row) string {
	if row.Plain {
		return plainAlone(row)
	}
	switch name := nameOf(row); row.Verdict {
	case result.Hung:
		return name + " did not stop when it was asked to"
	case result.Crashed:
		return name + " crashed"
	case result.Breached:
		return name + " broke a promise"
	case result.Missed:
		return name + " missed a threshold, or did not show a planted breach"
	case result.Untested:
		return name + " was not tested"
	case result.Known:
		return name + " showed only breaches that the scenario lists as known"
	default:
		return fmt.Sprintf("%s kept every promise in %s", name, count(int64(row.Trials.Run), unitOf(row)))
	}
}

// next names one command to paste.
func (p *painter) next(r *result.Report) {
	for _, row := range worstFirst(r.Results) {
		if !row.Verdict.Finding() {
			continue
		}
		for _, b := range row.Breaches {
			if again := ReplayCommand(r, row, b.First.Dir); b.Known == "" && again != "" {
				p.command("next", again, "")
				return
			}
		}
	}
	if len(r.Command) < 2 || r.Command[1] != "run" {
		return // only run takes a number of trials
	}
	for _, row := range r.Results {
		if row.Verdict == result.Passed && row.RulesOut > onePercent && !wasAttached(row) {
			p.command("next", again(called(r), r.Command[1:], fmt.Sprint(result.TrialsFor(onePercent))), "rules out 1 %")
			return
		}
	}
}

// called is how racebench was called, so that a printed command can be pasted.
func called(r *result.Report) string {
	if len(r.Command) == 0 {
		return Called("")
	}
	return Called(r.Command[0])
}

// ReplayCommand is the command that runs a kept trial again: racebench as it was called, and the trial's path. It
// is empty if no trial was kept, and for a program that was attached to: its process id may be another's now.
func ReplayCommand(r *result.Report, row result.Row, dir string) string {
	if dir == "" || wasAttached(row) {
		return ""
	}
	words := []string{called(r), "replay"}
	if row.Remote != "" {
		words = append(words, "--allow-remote", quote(row.Remote))
	}
	return strings.Join(append(words, quote(dir)), " ")
}

// wasAttached reports that the program ran already: it is signalled once and never again.
func wasAttached(row result.Row) bool { return row.External() && row.Variant == "attached" }

// Called makes text to paste of how racebench was called: a word, or go run PACKAGE.
func Called(as string) string {
	if as == "" {
		return "racebench"
	}
	if pkg, ok := strings.CutPrefix(as, GoRun); ok {
		return GoRun + quote(pkg)
	}
	return quote(as)
}

// GoRun begins how racebench was called where the go command ran it.
const GoRun = "go run "

// again is the command that was run, with another number of trials.
func again(program string, args []string, trials string) string {
	words := []string{program}
	rest := []string{}
	for i := 0; i < len(args); i++ {
		name, _, whole := strings.Cut(args[i], "=")
		if args[i] == "--" {
			rest = args[i:]
			break
		}
		if name == "--trials" || name == "--for" { // they exclude each other
			if !whole {
				i++
			}
			continue
		}
		words = append(words, quote(args[i]))
	}
	words = append(words, "--trials "+trials)
	return strings.Join(append(words, quoteAll(rest)...), " ")
}

func quoteAll(words []string) []string {
	var quoted []string
	for _, w := range words {
		quoted = append(quoted, quote(w))
	}
	return quoted
}

// quote makes one word of a shell command of any text.
func quote(word string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./=:,@%+", r)
	}
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !safe(r) }) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
