package breach

import (
	"slices"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

func TestGroupsCountByClassAndKeepTheFirst(t *testing.T) {
	var groups Groups[string]
	groups.Class("empty").Of = 7
	groups.Add("b", "first of b")
	groups.Add("a", "first of a")
	groups.Class("b").Of = 3
	groups.Add("b", "second of b")
	var got []Group[string]
	for g := range groups.Found() {
		got = append(got, *g)
	}
	want := []Group[string]{{Class: "b", N: 2, Of: 3, Example: "first of b"}, {Class: "a", N: 1, Example: "first of a"}}
	if !slices.Equal(got, want) {
		t.Errorf("the groups are %+v, want %+v: in the order of their first breach, and none that has no breach", got, want)
	}
	for g := range groups.Found() {
		if g.Class != "b" {
			t.Errorf("after %s the loop had been left", g.Class)
		}
		break
	}
}

func TestAReportKnowsTheInvariantFromTheClass(t *testing.T) {
	r := NewReport(&ledger.Evidence{}, Terms{})
	r.Add("no-ghost/subscriber/seen", 2, 0, "2 were seen", r.Story(""))
	r.Add("no-lost-message/stage1/raced", 3, 9, "accepted messages lost", r.Story("one of 3"))
	r.Crash("process-survives/task/panic", 4, "it panicked", r.Story(""))
	r.Hang("drain-ends/task/join", "it never stopped", r.Story(""))
	want := []result.Breach{
		{Invariant: "no-ghost", Class: "no-ghost/subscriber/seen", Verdict: result.Breached, Count: 2, Summary: "2 were seen"},
		{Invariant: "no-lost-message", Class: "no-lost-message/stage1/raced", Verdict: result.Breached, Count: 3, Of: 9,
			Summary: "3 of 9 accepted messages lost", Evidence: []string{"one of 3"}},
		{Invariant: "process-survives", Class: "process-survives/task/panic", Verdict: result.Crashed, Count: 4, Summary: "it panicked"},
		{Invariant: "drain-ends", Class: "drain-ends/task/join", Verdict: result.Hung, Count: 1, Summary: "it never stopped"},
	}
	got := r.Breaches()
	if len(got) != len(want) {
		t.Fatalf("%d breaches, want %d", len(got), len(want))
	}
	for i, b := range got {
		w := want[i]
		if !slices.Equal(b.Evidence, w.Evidence) {
			t.Errorf("%s has the story %q, want %q", b.Class, b.Evidence, w.Evidence)
		}
		b.Evidence, w.Evidence = nil, nil
		if b.Invariant != w.Invariant || b.Class != w.Class || b.Verdict != w.Verdict || b.Count != w.Count || b.Of != w.Of || b.Summary != w.Summary {
			t.Errorf("reported is %+v, want %+v", b, w)
		}
	}
}

// TestAStoryOfOneMoment: what has no order in time is told as one thing led to another, however it was put together.
func TestAStoryOfOneMoment(t *testing.T) {
	const moment = 100 * time.Millisecond
	e := &ledger.Evidence{
		Signals: []ledger.Signal{{Number: 15, At: moment}, {Number: 15, At: moment + 2*time.Millisecond, Taken: true}},
		Drain:   &ledger.Drain{Ended: moment, How: ledger.DrainReturned},
	}
	r := NewReport(e, Terms{})
	s := r.Story("at %s:", moment).Add("", "no moment at all").After(moment, "gauge", "is 3").Drain().At(moment, "server", "gave it up").
		Before(moment, "client", "called").At(moment-time.Millisecond, "server", "was earlier")
	r.Add("x/y/z", 1, 0, "", s)
	want := []string{
		"at 100ms:",
		"    -1.00 ms  server        was earlier",
		"    +0.00 ms  client        called",
		"    +0.00 ms  SIGTERM       struck; the server took it 2.00 ms later",
		"    +0.00 ms  server        gave it up",
		"    +0.00 ms  drain         ended, returned nil: reported success",
		"    +0.00 ms  gauge         is 3",
		"                            no moment at all",
	}
	got := r.Breaches()[0].Evidence
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("the story lacks %q", want[i])
		case i >= len(want):
			t.Errorf("the story has the line %q too many", got[i])
		case got[i] != want[i]:
			t.Errorf("line %d is %q, want %q", i+1, got[i], want[i])
		}
	}
}

func TestPlainNames(t *testing.T) {
	for name, want := range map[string]string{
		"mailbox of laggards-3": "mailbox-of-laggards", "conn 17": "conn", "supervisor": "supervisor", "relay #4": "relay", "": "", "12": "",
	} {
		if got := Plain(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}
