package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
)

const (
	// onePercent is the rate of failures that a pass is measured against.
	onePercent = 0.01
	// punctual is how late a signal may leave on a quiet machine.
	punctual = 2_000_000 // ns
)

// kinds puts kinds of work at risk into words; a kind that is not listed is printed as it is.
var kinds = map[string][2]string{
	"goroutine":      {"goroutine", "goroutines"},
	"operation":      {"operation", "operations"},
	"signal":         {"signal delivered", "signals delivered"},
	"queued":         {"accepted message still on its way to a subscriber", "accepted messages still on their way to a subscriber"},
	"call-in-flight": {"call that had not returned", "calls that had not returned"},
	"stream-open":    {"stream open", "streams open"},
	"stored":         {"message that had been accepted", "messages that had been accepted"},
}

// passed writes the invariants that held, the work at risk, and the bugs that the pass does not rule out.
func (p *painter) passed(row result.Row) {
	p.blank()
	held := "every promise held"
	if n := len(row.Tried()); n > 0 {
		held = count(int64(n), "invariant") + " held"
	}
	p.verdict(row.Verdict, fmt.Sprintf("%s: %s in %s; %d void", nameOf(row), held, ofRuns(row, row.Trials.Passed), row.Trials.Void))
	if names := row.Tried(); len(names) > 0 {
		p.field("held", strings.Join(names, ", "))
	}
	if !row.External() || row.AtRisk == nil { // an external program's are in its table
		p.risks(row)
	}
	p.bounds(row)
	if row.RulesOut > 0 {
		p.field("means", leftOpen(row))
	}
	p.voids(row)
}

// leftOpen says how rare a bug must be to have stayed unseen.
func leftOpen(row result.Row) string {
	of := "shutdowns"
	if row.Engine == simulated {
		of = "the schedules of these strategies in this small world"
		if w := row.Worlds; w != nil {
			of = "the schedules of these strategies in worlds drawn like these " + strconv.Itoa(w.Drawn)
		}
	}
	clean := count(int64(row.Proving()), "clean "+unitOf(row))
	if row.Proving() < row.Trials.Run {
		clean += " with work at risk"
	}
	text := fmt.Sprintf("%s: a bug that hits fewer than about %s of %s could still be there (95 %% confidence",
		clean, aboutPercent(row.RulesOut), of)
	if row.Moment != "" && row.Engine != simulated {
		text += "; " + row.Moment
	}
	text += ")."
	if row.RulesOut > onePercent && !wasAttached(row) {
		text += fmt.Sprintf(" To get below 1 %%: --trials %d", result.TrialsFor(onePercent))
	}
	return text
}

// aboutPercent writes a share with no more digits than "about" deserves.
func aboutPercent(share float64) string {
	if share >= 0.1 {
		return fmt.Sprintf("%.0f %%", share*100)
	}
	return percent(share)
}

// gotest is the target of rows of Go tests: nothing need strike them.
const gotest = "gotest"

// risks writes the work in flight when the signal struck.
func (p *painter) risks(row result.Row) {
	label, when := "at risk", " when the signal struck"
	if row.Target == gotest {
		when = ""
	}
	for _, k := range row.AtRisk {
		if k.Count == 0 {
			continue
		}
		what := fmt.Sprintf("%d %s", k.Count, k.Kind)
		if words, ok := kinds[k.Kind]; ok {
			what = count(k.Count, words[0], words[1])
		}
		p.field(label, fmt.Sprintf("%s%s, in %s (fewest in one: %d)", what, when, ofRuns(row, k.Trials), k.Fewest))
		label = ""
	}
	if label != "" && row.Verdict == result.Passed {
		p.field(label, "not needed: the stop itself is the test")
	}
}

// bounds writes how full what has a bound has been: a queue that was never full was not tested at its bound.
func (p *painter) bounds(row result.Row) {
	label := "filled"
	for _, b := range row.Bounded {
		p.field(label, fmt.Sprintf("%s: %d of %d at most; full in %d of %s", b.Name, b.Most, b.Bound, b.Full, count(int64(b.Trials), unitOf(row))))
		label = ""
	}
}

// voids says why trials proved nothing.
func (p *painter) voids(row result.Row) {
	for _, v := range row.Void {
		p.field("void", fmt.Sprintf("%s: %s", count(int64(v.Trials), unitOf(row)), v.Reason))
	}
}

// missed lists the thresholds of a result: those that do not hold as verdicts, the others in one place.
func (p *painter) missed(row result.Row) {
	first := true
	for _, t := range row.Thresholds {
		if t.Holds || t.Value == nil && row.Verdict == result.Untested {
			continue
		}
		if first {
			p.blank()
			first = false
		}
		p.verdict(result.Missed, fmt.Sprintf("%s: %s: %s", nameOf(row), t.Expr, measured(t)))
	}
}

// untested says why a result proves nothing, and what to try.
func (p *painter) untested(row result.Row, r *result.Report) {
	p.blank()
	enough := row.Trials.Run > 0 && 2*row.Trials.Run >= row.Trials.Planned
	why := fmt.Sprintf("only %d of %s gave a verdict", row.Trials.Run, count(int64(row.Trials.Planned), "planned trial"))
	unmeasured := slices.IndexFunc(row.Thresholds, func(t result.Threshold) bool { return t.Value == nil })
	idle := enough && unmeasured < 0
	switch {
	case enough && unmeasured >= 0:
		why = "nothing was measured for " + row.Thresholds[unmeasured].Expr
	case enough && row.External():
		why = "no request was in flight when a signal struck, so none could be lost"
	case enough:
		why = "nothing was in flight when the signal struck, so nothing could be lost"
	case row.Trials.Run == 0:
		why = "no trial gave a verdict"
	}
	p.verdict(row.Verdict, nameOf(row)+": "+why)
	p.voids(row)
	if row.SignalLateNS > punctual || slices.ContainsFunc(row.Void, func(v result.VoidReason) bool { return v.Code == void.Starved }) {
		p.field("try", busyFirst(row))
	}
	said := map[string]bool{}
	probe := len(r.Command) > 1 && r.Command[1] == "probe"
	for _, v := range row.Void {
		if hint := hintFor(v.Code, probe); hint != "" && !said[hint] {
			said[hint] = true
			p.field("try", hint)
		}
	}
	switch {
	case idle && row.Policy > 0:
		p.field("try", fmt.Sprintf("knobs: {policy: block}: before the signal the overflow policy had dropped %s, or stopped the subscriber that had to receive them",
			count(row.Policy, "message")))
	case idle && probe:
		p.field("try", "a path whose answer takes a while: --path /slow; or --stream, --upload, --ws or --grpc. What is answered at once is never met by a signal")
	case idle && row.External():
		p.field("try", "a client whose answers take a while (path: /slow, http-stream, http-upload), or more clients:")
	case idle:
		p.field("try", "more clients or a higher rate, or a slower consumer, so that the signal finds work in flight")
	}
}

// A hint is what to try where a trial is void: in a scenario, and with a probe's flags where those differ.
type hint struct {
	code       void.Code
	try, probe string
}

// busyFirst is what to try first where other work of the machine may be all that is wrong: any other advice would send
// the reader to a program, or a path, that has no fault.
func busyFirst(row result.Row) string {
	late := "the load generator itself was starved"
	if row.SignalLateNS > punctual {
		late = "a signal left " + span(row.SignalLateNS) + " after its moment"
	}
	return "a machine that does nothing else, or -p 1: this one was busy (" + late + "), and what follows may be that alone"
}

// hints has no row for a reason that says itself what to do.
var hints = []hint{
	{void.NotStarted, "start it by hand, and read what it says", ""},
	{void.EndedEarly, "start it by hand, and read what it says", ""},
	{void.NeverStruck, "an earlier at: or a longer duration:", "--ready, if it was not ready yet; --keep all, and stderr.txt of a trial says what it did"},
	{void.NoneAccepted, "a later at:, and a load that the target accepts without the signal", ""},
	{void.NoGoodAnswer, "a later at:, and a path: that is answered well without the signal", "--path with a path that is answered well at once, or --ready if it was not ready yet"},
	{void.ControlNoAnswer, "a path: that is answered with a status below 400, or status: (and ends:) with what a good answer has", "a path that is answered well without any signal: --path, --stream, --upload, --ws; --status says which status is good"},
	{void.ControlMisread, "read: with the path that gives a write back, and value: or match: with what is to be found there", ""},
	{void.ControlCheck, "run the check by hand while the program runs: it says that nothing is wrong with status 0 and not a word on standard output", ""},
	{void.ControlJobs, "look at the queue by hand while the program runs: done: and held: name where a job is found by its id", "look at the queue by hand while the program runs: --done names where a job is found by its id; a scenario has held:, other places of a job that is not done"},
	{void.NoneTaken, "a longer duration: or a later at:, so that the worker has begun", "--at with a later moment, so that the worker has begun"},
	{void.Unchecked, "run the check by hand: status 0 and nothing printed is nothing found, status 1 and a line on standard output is a breach; all else tells nothing", ""},
	{void.Unprepared, "run the command of pre_stop by hand, while the program runs: it must end with status 0, and leave time to stop", ""},
	{void.ControlUnprepared, "run the command of pre_stop by hand, while the program runs: it must end with status 0, and leave time to stop", ""},
	{void.Starved, "fewer clients, a lower rate or -p 1, on a machine that does nothing else", ""},
	{void.LedgerFull, "a lower rate or a shorter duration:", "fewer of --path, --req and --stream"},
	{void.OutOfSteps, "fewer ops: or clients: under sim: in the scenario, or a larger max_steps: there", ""},
	{void.OutOfTime, "a shorter duration:, or more room between it and the trial's limit", "a shorter --grace"},
}

func hintFor(code void.Code, probe bool) string {
	for _, h := range hints {
		if h.code != code {
			continue
		}
		if probe && h.probe != "" {
			return h.probe
		}
		return h.try
	}
	return ""
}

// worlds says in how many drawn worlds a search looked, and what none of its schedules had.
func (p *painter) worlds(w result.RowWorlds) {
	text := fmt.Sprintf("%d drawn", w.Drawn)
	if w.Void > 0 {
		text += fmt.Sprintf("; %d more were void and replaced", w.Void)
	}
	if len(w.NotReached) == 0 {
		text += "; together they had everything that they may have"
	}
	p.field("worlds", text)
	if len(w.NotReached) > 0 {
		p.field("not tried", strings.Join(w.NotReached, ", "))
	}
}

// remarks writes the lines that any verdict may have.
func (p *painter) remarks(row result.Row) {
	quiet := row.Verdict == result.Passed
	if quiet {
		for _, t := range row.Thresholds {
			p.field("holds", fmt.Sprintf("%s: %s", t.Expr, measured(t)))
		}
	}
	if row.Returned > 0 {
		p.field("returned", count(row.Returned, "message")+" given back to the sender before the server stopped: not lost")
	}
	if d := row.DrainDeadline; d != nil && d.Ended > 0 {
		p.field("deadline", fmt.Sprintf("ended by the server's own deadline: %d of %s", d.Ended, count(int64(d.Of), "drain")))
	}
	if row.Policy > 0 {
		p.field("policy", count(row.Policy, "message")+" that the overflow policy dropped before the signal, or that a subscriber it stopped should have received: not lost")
	}
	for _, x := range row.Crossed {
		if row.External() {
			break // they are in the table
		}
		p.field("crossed", fmt.Sprintf("%d of %d %s: on the wire when the signal struck: counted, not a failure", x.Count, x.Of, x.Kind))
	}
	if s := row.Schedules; s != nil {
		p.field("schedules", fmt.Sprintf("%d run, %d of them distinct, %s", s.Run, s.Distinct, count(s.Steps, "step")))
	}
	if w := row.Worlds; w != nil {
		p.worlds(*w)
	}
	for _, w := range row.Windows {
		text := fmt.Sprintf("%s: a task was inside at %s", w.Name, count(w.Struck, "signal"))
		if w.Met > 0 {
			text += fmt.Sprintf(", %d of them aimed at it", w.Met)
		}
		p.field("window", text)
	}
	if peak := row.Peak; peak != nil && row.External() {
		p.field("used", fmt.Sprintf("%s resident, %s, %s at most", size(float64(peak.MemoryBytes)), count(peak.Threads, "thread"), count(peak.Descriptors, "descriptor")))
	}
	if late := row.SignalLateNS; row.Trials.Run > 0 && row.Engine != "sim" && (quiet || late > punctual) {
		text := "quiet: every signal left within " + span(late) + " of its moment"
		if late > punctual {
			text = "busy: a signal left " + span(late) + " after its moment; other work blurs latencies"
		}
		p.field("machine", text)
	}
	for _, n := range row.Notes {
		p.field("note", n)
	}
	p.warnings(row)
}

// warnings tells each with what to do about it. Where nothing worse was found, the first is what to fix first.
func (p *painter) warnings(row result.Row) {
	label := "fix first"
	if len(row.Breaches) > 0 {
		label = ""
	}
	for _, w := range row.Warnings {
		text := w.Summary
		if w.Class != "" && w.Trials > 0 {
			text += ", in " + ofRuns(row, w.Trials)
		}
		p.marked(p.yellow, 2, labelColumn, "warning", text)
		if remedy := remedyOf(row, w); remedy != "" {
			p.field(label, remedy)
			label = ""
		}
	}
}
