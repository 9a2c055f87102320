package search

import (
	"fmt"
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/fault"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/signals"
	"github.com/racebench/racebench/engine/trial"
)

// Tell tells the story of a replay file's schedule as far as it shows class. Proof is what is known of
// those with fewer preemptions, or empty, and path is where the file is, for the command that replays it.
func Tell(m *trial.Simulator, f *explore.File, class, proof, path string, catalog trial.Catalog) (explore.Story, error) {
	plan, stale, err := PlanOfFile(f, catalog)
	if err == nil && stale != "" {
		err = fmt.Errorf("tell the schedule's story: it is stale: %s", stale)
	}
	if err != nil {
		return explore.Story{}, err
	}
	strategy, detours := explore.NoteDetours(f.Deviations)
	trace := explore.NewTrace()
	t, _, err := m.Watch(plan, strategy, trace.Step)
	if err != nil {
		return explore.Story{}, err
	}
	e, err := m.Evidence()
	if err != nil {
		return explore.Story{}, err
	}
	breach := breachOf(t, class)
	if breach == nil {
		return explore.Story{}, fmt.Errorf("tell the schedule's story: it does not show %s", class)
	}
	telling := tellingOf(plan, e, *breach)
	telling.Detours = detours()
	telling.Orders, err = explore.FindOrders(trace, telling.Detours, func(d []explore.Deviation) (explore.Replica, error) {
		recorder, moved := explore.Record(explore.Replay(d)), explore.NewTrace()
		t, _, err := m.Watch(plan, recorder, moved.Step)
		return explore.Replica{Fails: breachOf(t, class) != nil, Used: recorder.Deviations(), Trace: moved}, err
	})
	if err != nil {
		return explore.Story{}, err
	}
	telling.World = worldOf(plan)
	telling.Facts = factsOf(trace, telling.Detours, proof)
	if path != "" {
		telling.Again = "racebench replay " + path + "   # exact"
	}
	return explore.Tell(trace, telling), nil
}

func breachOf(t result.Trial, class string) *result.Breach {
	for i := range t.Breaches {
		if t.Breaches[i].Class == class {
			return &t.Breaches[i]
		}
	}
	return nil
}

func factsOf(trace *explore.Trace, detours []explore.Detour, proof string) string {
	preemptions := 0
	for _, t := range detours {
		if t.Preempts() {
			preemptions++
		}
	}
	facts := fmt.Sprintf("%d steps, %d switches, %s", len(trace.Events), trace.Switches(), counted(preemptions, "preemption"))
	if proof != "" {
		facts += ", " + proof
	}
	return facts
}

// Names of racebench's own tasks in a story. Its reader knows the server.
const (
	namedTrial  = "(racebench)"
	namedWaiter = "main()"
)

func tellingOf(plan trial.Plan, e *ledger.Evidence, b result.Breach) explore.Telling {
	t := explore.Telling{
		Title: fmt.Sprintf("%s/%s: %s", plan.ID.Target, plan.Variant.Name, b.Summary),
		Names: map[string]string{trial.TrialTask: namedTrial, trial.WaiterTask: namedWaiter},
		Harness: func(task string) bool {
			return task == trial.TrialTask || task == trial.WaiterTask || strings.HasPrefix(task, trial.InjectorTask)
		},
		Quiet: func(object string) bool {
			return slices.Contains(trial.HarnessTokens, object) || strings.HasPrefix(object, trial.CountedToken)
		},
	}
	for i, s := range plan.Strikes {
		t.Names[fmt.Sprintf("%s%d", trial.InjectorTask, i)] = "(" + s.Name + ")"
	}
	t.Begin = e.LoadBegan()
	t.Remarks = append(signalRemarks(plan.Strikes, e), drainRemarks(e)...)
	for _, p := range e.Panics {
		t.Remarks = append(t.Remarks, explore.Remark{At: p.At, Text: "PANICS: " + firstLine(e.Text(p.Value))})
	}
	told := toldMessages(e)
	for lane, ops := range e.Ops {
		for i := range ops {
			if o := &ops[i]; told[o.Msg] && o.Outcome == ledger.Accepted {
				t.Remarks = append(t.Remarks, explore.Remark{
					At: o.Ended, Task: e.LaneName(lane), Text: messageName(e, o.Msg) + " ACCEPTED",
				})
			}
		}
	}
	for _, d := range e.Discards {
		if told[d.Msg] {
			t.Focus = append(t.Focus, e.Text(d.Where))
		}
	}
	t.Outcome = outcomeOf(e, told, b)
	return t
}

func signalRemarks(strikes []fault.Strike, e *ledger.Evidence) []explore.Remark {
	var all []explore.Remark
	for _, s := range e.Signals {
		name := signals.Name(s.Number)
		for _, strike := range strikes {
			if int(strike.Signal) == s.Number {
				name = strike.Name
			}
		}
		r := explore.Remark{At: s.At, Task: trial.InjectorTask, Text: name + " STRIKES"}
		if s.Taken {
			r.Task, r.Text = "", "takes "+name
		}
		all = append(all, r)
	}
	return all
}

func drainRemarks(e *ledger.Evidence) []explore.Remark {
	d := e.Drain
	if d == nil || d.Ended == 0 {
		return nil
	}
	text := "RETURNS nil: the server reports success"
	switch d.How {
	case ledger.DrainDeadline:
		text = "RETURNS: the server's own deadline has passed"
	case ledger.DrainFailed:
		text = "RETURNS " + e.Text(d.Error)
	}
	return []explore.Remark{{At: d.Ended, Task: trial.WaiterTask, Text: text}}
}

// toldMessages are the messages that left the server undelivered; all, where none did and there are few.
func toldMessages(e *ledger.Evidence) map[ledger.MsgID]bool {
	const few = 4
	told := map[ledger.MsgID]bool{}
	for _, d := range e.Discards {
		if !d.Policy {
			told[d.Msg] = true
		}
	}
	if len(told) > 0 {
		return told
	}
	for _, ops := range e.Ops {
		for i := range ops {
			if len(told) < few {
				told[ops[i].Msg] = true
			}
		}
	}
	return told
}

func messageName(e *ledger.Evidence, m ledger.MsgID) string {
	return fmt.Sprintf("%s#%d", e.LaneName(m.Lane()), m.Seq())
}

// outcomeOf is where the messages ended that the story tells of.
func outcomeOf(e *ledger.Evidence, told map[ledger.MsgID]bool, b result.Breach) []string {
	var lines []string
	for _, d := range e.Discards {
		if !told[d.Msg] || len(lines) == 3 {
			continue
		}
		where := strings.TrimPrefix(e.Text(d.Where), "the ")
		lines = append(lines, fmt.Sprintf("%s is left in the %s (%s)", messageName(e, d.Msg), where, e.Text(d.Cause)))
	}
	return append(lines, "class "+b.Class)
}
