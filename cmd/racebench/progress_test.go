package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/console"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets/all"
)

// told is a progress that writes to a buffer and draws when it is ticked, with the seconds since its
// beginning.
func told(width int) (p *progress, out *bytes.Buffer, tick func(seconds int64)) {
	out = new(bytes.Buffer)
	p = &progress{out: console.New(out), width: width, began: time.Unix(0, 0), quit: make(chan struct{}), ended: make(chan struct{})}
	close(p.ended)
	return p, out, func(seconds int64) {
		// A watch of its own for each tick: it has drawn when it has ended.
		ticks, quit := make(chan time.Time), make(chan struct{})
		drawn := make(chan struct{})
		go func() {
			defer close(drawn)
			p.watch(ticks, quit)
		}()
		ticks <- time.Unix(seconds, 0)
		close(quit)
		<-drawn
	}
}

var someTrial = trial.Progress{Scenario: "orders", Variant: "fast", Trial: 3, Number: 4, Verdict: result.Breached, Done: 4, Planned: 10, Void: 2, Breached: 1}

func TestProgressInALogIsALineATick(t *testing.T) {
	p, out, tick := told(0)
	tick(1) // nothing has ended yet: nothing to say
	p.note(someTrial)
	tick(5)
	tick(10)
	p.done()
	want := "orders fast: 4 of 10 trials, 1 with a breach, 2 void  5s\n" +
		"orders fast: 4 of 10 trials, 1 with a breach, 2 void  10s\n"
	if out.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", out, want)
	}
}

func TestProgressInALogEndsWithTheLastCount(t *testing.T) {
	p, out, tick := told(0)
	p.note(someTrial)
	tick(5)
	last := someTrial
	last.Done = 10
	p.note(last)
	p.done()
	if lines := strings.Split(out.String(), "\n"); len(lines) != 3 || !strings.HasPrefix(lines[1], "orders fast: 10 of 10 trials") {
		t.Errorf("told:\n%s", out)
	}
}

func TestProgressSaysWhatIsShrunk(t *testing.T) {
	p, out, tick := told(0)
	p.note(someSearch)
	p.note(trial.Progress{Scenario: "orders", Variant: "fast", Shrinking: "no-ghost/a/b", Done: 1, Planned: 4})
	tick(9)
	p.done()
	if want := "orders fast: shrinking no-ghost/a/b, 2 of 4  9s\n"; out.String() != want {
		t.Errorf("told %q, want %q", out, want)
	}
}

func TestProgressOnATerminalIsOneLineThatGoesAway(t *testing.T) {
	const width = 30
	p, out, tick := told(width)
	p.note(someTrial)
	tick(5)
	p.done()
	if strings.Contains(out.String(), "\n") {
		t.Errorf("a line ends: %q", out)
	}
	lines := strings.Split(out.String(), "\r\x1b[K")
	if len(lines) < 3 || lines[0] != "" || lines[len(lines)-1] != "" {
		t.Fatalf("drawn: %q", lines)
	}
	for _, line := range lines {
		if len(line) >= width {
			t.Errorf("%q wraps on a terminal of %d columns", line, width)
		}
	}
}

func TestProgressTellsOfEveryTrialWhenAsked(t *testing.T) {
	p, out, _ := told(0)
	p.verbose = true
	p.note(someTrial)
	p.done()
	if want := "orders fast: trial 3 (000004) breached\n"; out.String() != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

var someSearch = trial.Progress{
	Scenario: "orders", Variant: "fast", Schedules: true, Done: 900, Void: 100, Breached: 31, Elapsed: 500 * time.Millisecond, Outcomes: 4,
	Classes: []trial.ClassCount{{Class: "no-ghost/a/b", Trials: 20}, {Class: "drain-ends/late/over-limit", Trials: 9}, {Class: "no-leak/c/d", Trials: 2}, {Class: "no-leak/e/f", Trials: 1}},
}

func TestProgressOfASearchSaysWhatItFound(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*trial.Progress)
		want   string
	}{
		{"so far", func(*trial.Progress) {},
			"orders fast: 900 schedules, 2000/s, 31 with a breach, 100 void, 4 outcomes; no-ghost/a/b 20; drain-ends/late/over-limit 9; no-leak/c/d 2; and 1 more  5s\n"},
		{"a number is planned", func(g *trial.Progress) { g.Planned, g.Classes, g.Void, g.Breached, g.Outcomes = 1000, nil, 0, 0, 1 },
			"orders fast: 900 of 1000 schedules, 1800/s, 0 with a breach, 1 outcome  5s\n"},
		{"not begun", func(g *trial.Progress) { *g = trial.Progress{Scenario: "orders", Variant: "fast", Schedules: true} },
			"orders fast: 0 schedules, 0 with a breach  5s\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, out, tick := told(0)
			p.verbose = true // trials are told one by one then; schedules never are
			g := someSearch
			tc.change(&g)
			p.note(g)
			tick(5)
			p.done()
			if out.String() != tc.want {
				t.Errorf("got:\n%s\nwant:\n%s", out, tc.want)
			}
		})
	}
}

func TestASearchIsDrawnByTheClockAlone(t *testing.T) {
	p, out, tick := told(60)
	for range 1000 {
		p.note(someSearch)
	}
	tick(1)
	p.done()
	if n := strings.Count(out.String(), "orders"); n != 1 {
		t.Errorf("drawn %d times between two ticks: %q", n, out)
	}
}

func TestARunIsAnnouncedWhereNobodySeesItMove(t *testing.T) {
	const program = "target: external\nexternal: {command: ./server}\nload: [{client: http-keepalive}]\n"
	programs := func(text string) []trial.Program {
		of := "target: broker\n"
		if strings.HasPrefix(text, program) {
			of = ""
		}
		s, problems := scenario.Parse("test.yaml", []byte("name: x\n"+of+text), time.Now())
		if problems != nil {
			t.Fatal(problems)
		}
		p, errs := trial.Compile(s, all.Targets())
		if len(errs) > 0 {
			t.Fatal(&errs)
		}
		return []trial.Program{p}
	}
	for _, tc := range []struct {
		name, text string
		flags      func(*runFlags)
		settings   settings
		width      int
		want       string
	}{
		{name: "long", text: "trials: 100\ninject: [{signal: SIGTERM, at: 1s}]", want: "about 1m50s"},
		{name: "two variants", text: "variants: [reference, gate-only]\ntrials: 10\ninject: [{signal: SIGTERM, at: 1s}]", want: "about 22s"},
		{name: "at once", text: "trials: 100\ninject: [{signal: SIGTERM, at: 1s}]", flags: func(f *runFlags) { f.parallel = 4 }, want: "about 28s"},
		{name: "fewer", text: "trials: 100\ninject: [{signal: SIGTERM, at: 1s}]", flags: func(f *runFlags) { f.trials = 10 }, want: "about 11s"},
		{name: "a time", text: "trials: 100", flags: func(f *runFlags) { f.forTime = 7 * time.Second }, want: "about 7s"},
		{name: "a limit", text: "trials: 100", flags: func(f *runFlags) { f.timeout = 9 * time.Second }, want: "about 9s"},
		{name: "what happens decides", text: "trials: 2\nduration: 3s\ninject: [{signal: SIGTERM, at: op 10}]", want: "about 6s"},
		{name: "a program", text: program + "trials: 10\nduration: 2s\ninject: [{signal: SIGTERM, at: 1s}]", want: "about 15s"},
		{name: "a probe", text: program + "trials: 10\nduration: 2s\ninject: [{signal: SIGTERM, at: 1s}]", settings: settings{
			beside: func(context.Context, []*result.Campaign, *rundir.Run) []*result.Campaign { return nil },
		}, want: "about 25s"},
		{name: "short", text: "trials: 1\ninject: [{signal: SIGTERM, at: 1s}]"},
		{name: "a terminal", text: "trials: 100", width: 80},
		{name: "silence", text: "trials: 100", flags: func(f *runFlags) { f.progress = "none" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newRunFlags()
			if tc.flags != nil {
				tc.flags(&f)
			}
			var out bytes.Buffer
			p := &progress{out: console.New(&out), width: tc.width, silent: f.progress == "none"}
			p.announce(programs(tc.text), []scenario.Seed{7}, f, tc.settings)
			if !strings.Contains(out.String(), tc.want) || tc.want == "" && out.Len() > 0 {
				t.Errorf("said %q, want %q", &out, tc.want)
			}
		})
	}
}
