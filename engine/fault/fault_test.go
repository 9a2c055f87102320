package fault

import (
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/signals"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
)

var scope = Scope{
	Duration: 2 * time.Second,
	Ops:      []string{"publish", "laggards"},
	Windows:  []string{"stage1.between-check-and-send", "stop.after-signal"},
	Stops:    []syscall.Signal{syscall.SIGTERM, syscall.SIGINT},
}

// entry reads one entry of inject from a scenario, so that its places are those of a file. The entry
// begins in column 5 of line 4.
func entry(t *testing.T, text string) spec.Value {
	t.Helper()
	s, problems := scenario.Parse("x.yaml", []byte("name: x\ntarget: y\ninject:\n  - "+text+"\n"), time.Now())
	if problems != nil {
		t.Fatal(problems)
	}
	return s.Inject[0]
}

func parse(t *testing.T, text string, scope Scope) (Directive, spec.Errors) {
	t.Helper()
	var errs spec.Errors
	d := Parse(entry(t, text), scope, &errs)
	return d, errs
}

func stream(seed uint64) *rand.Rand { return scenario.Seed(seed).Stream("inject/0") }

// Every trigger: what it says, and between what it draws.
func TestWithin(t *testing.T) {
	const ms = time.Millisecond
	for _, tc := range []struct {
		name    string
		trigger trigger
		lo, hi  time.Duration
	}{
		{"any moment of the start", startup{hi: ms, whole: true}, 100 * ms, 400 * ms},
		{"a range that reaches into it", startup{lo: 50 * ms, hi: 300 * ms}, 100 * ms, 300 * ms},
		{"a range before it", startup{lo: 10 * ms, hi: 20 * ms}, 20 * ms, 20 * ms},
		{"a moment of the load", moment{lo: 5 * ms, hi: 5 * ms}, 5 * ms, 5 * ms},
	} {
		d := Directive{trigger: tc.trigger}.Within(100*ms, 400*ms)
		r := rand.New(rand.NewPCG(1, 2))
		for range 200 {
			if s := d.Draw(r); s.Moment < tc.lo || s.Moment > tc.hi {
				t.Fatalf("%s: %s, want %s..%s", tc.name, s.Moment, tc.lo, tc.hi)
			}
		}
	}
}

func TestTriggers(t *testing.T) {
	for _, tc := range []struct {
		at, summary string
		least, most Strike // of the draws; their other fields are every draw's
	}{
		{"20%..80%", "uniform over 20%..80% of 2s",
			Strike{Trigger: AtMoment, Moment: 400 * time.Millisecond}, Strike{Trigger: AtMoment, Moment: 1600 * time.Millisecond}},
		{"50%", "at 50% of 2s",
			Strike{Trigger: AtMoment, Moment: time.Second}, Strike{Trigger: AtMoment, Moment: time.Second}},
		{"0%..100%", "uniform over 0%..100% of 2s",
			Strike{Trigger: AtMoment}, Strike{Trigger: AtMoment, Moment: 2 * time.Second}},
		{"300ms", "at 300ms",
			Strike{Trigger: AtMoment, Moment: 300 * time.Millisecond}, Strike{Trigger: AtMoment, Moment: 300 * time.Millisecond}},
		{"100ms..2s", "uniform over 100ms..2s",
			Strike{Trigger: AtMoment, Moment: 100 * time.Millisecond}, Strike{Trigger: AtMoment, Moment: 2 * time.Second}},
		{"1ns..3ns", "uniform over 1ns..3ns",
			Strike{Trigger: AtMoment, Moment: 1}, Strike{Trigger: AtMoment, Moment: 3}},
		{"op 1000..5000", "uniform over 1000..5000 operations",
			Strike{Trigger: AtOp, Count: 1000}, Strike{Trigger: AtOp, Count: 5000}},
		{"op 1..2", "uniform over 1..2 operations", Strike{Trigger: AtOp, Count: 1}, Strike{Trigger: AtOp, Count: 2}},
		{"op 7", "after 7 operations", Strike{Trigger: AtOp, Count: 7}, Strike{Trigger: AtOp, Count: 7}},
		{"op laggards 10..20", "uniform over 10..20 laggards",
			Strike{Trigger: AtOp, Op: "laggards", Count: 10}, Strike{Trigger: AtOp, Op: "laggards", Count: 20}},
		{"op publish 1", "after 1 publish", Strike{Trigger: AtOp, Op: "publish", Count: 1}, Strike{Trigger: AtOp, Op: "publish", Count: 1}},
		{"startup", "uniform over 0s..1ms of the start",
			Strike{Trigger: AtStartup}, Strike{Trigger: AtStartup, Moment: startupSpan}},
		{"startup 100us", "100µs into the start",
			Strike{Trigger: AtStartup, Moment: 100 * time.Microsecond}, Strike{Trigger: AtStartup, Moment: 100 * time.Microsecond}},
		{"startup 0s..200us", "uniform over 0s..200µs of the start",
			Strike{Trigger: AtStartup}, Strike{Trigger: AtStartup, Moment: 200 * time.Microsecond}},
		{"after 100ms", "100ms after the first signal",
			Strike{Trigger: After, Moment: 100 * time.Millisecond}, Strike{Trigger: After, Moment: 100 * time.Millisecond}},
		{"after 50ms..200ms", "uniform over 50ms..200ms after the first signal",
			Strike{Trigger: After, Moment: 50 * time.Millisecond}, Strike{Trigger: After, Moment: 200 * time.Millisecond}},
		{"window stop.after-signal", "in window stop.after-signal",
			Strike{Trigger: AtWindow, Window: "stop.after-signal", Moment: 200 * time.Millisecond},
			Strike{Trigger: AtWindow, Window: "stop.after-signal", Moment: 1600 * time.Millisecond}},
		{"window  stop.after-signal  hold", "in window stop.after-signal, held",
			Strike{Trigger: AtWindow, Window: "stop.after-signal", Hold: true, Moment: 200 * time.Millisecond},
			Strike{Trigger: AtWindow, Window: "stop.after-signal", Hold: true, Moment: 1600 * time.Millisecond}},
	} {
		t.Run(tc.at, func(t *testing.T) {
			d, errs := parse(t, "{signal: SIGTERM, at: "+tc.at+"}", scope)
			if len(errs) > 0 {
				t.Fatal(&errs)
			}
			if want := "SIGTERM " + tc.summary; d.Summary() != want {
				t.Errorf("summary %q, want %q", d.Summary(), want)
			}
			if got, want := d.AtStartup(), tc.least.Trigger == AtStartup; got != want {
				t.Errorf("at start-up: %t, want %t", got, want)
			}
			drawsBetween(t, d, tc.least, tc.most)
		})
	}
}

// drawsBetween draws often and checks that no draw leaves the range, that all of it is drawn from, and
// that everything else is the same in each.
func drawsBetween(t *testing.T, d Directive, least, most Strike) {
	t.Helper()
	least.Signal, least.Name = syscall.SIGTERM, "SIGTERM"
	const draws = 2000
	var moments []time.Duration
	var counts []int64
	r := stream(7)
	for range draws {
		s := d.Draw(r)
		moments, counts = append(moments, s.Moment), append(counts, s.Count)
		s.Moment, s.Count = least.Moment, least.Count
		if s != least {
			t.Fatalf("drawn %+v, want %+v", s, least)
		}
	}
	spread(t, "moments", moments, least.Moment, most.Moment)
	spread(t, "counts", counts, least.Count, most.Count)
}

// spread checks that values fill a range: of a narrow one every value is drawn, and of a wide one every
// tenth gets its share of the draws to within a half, which even draws miss less than once in 10^12.
func spread[T ~int64](t *testing.T, what string, values []T, least, most T) {
	t.Helper()
	if lo, hi := slices.Min(values), slices.Max(values); lo < least || hi > most {
		t.Errorf("%s from %d to %d, want %d..%d", what, lo, hi, least, most)
	}
	if width := most - least; width < 50 {
		for v := least; v <= most; v++ {
			if !slices.Contains(values, v) {
				t.Errorf("%s: %d of %d..%d is never drawn", what, v, least, most)
			}
		}
		return
	}
	var tenths [10]int
	for _, v := range values {
		tenths[min(9, int(10*float64(v-least)/float64(most-least)))]++
	}
	for i, n := range tenths {
		if n < len(values)/20 || n > len(values)*3/20 {
			t.Errorf("%s: %d of %d draws in tenth %d of the range", what, n, len(values), i)
		}
	}
}

func TestDrawsAreTheSeeds(t *testing.T) {
	d, errs := parse(t, "{signal: SIGTERM, at: 20%..80%}", scope)
	if len(errs) > 0 {
		t.Fatal(&errs)
	}
	if a, b := d.Draw(stream(7)), d.Draw(stream(7)); a != b {
		t.Errorf("the same stream gives %+v and %+v", a, b)
	}
	if a, b := d.Draw(stream(7)), d.Draw(stream(8)); a == b {
		t.Errorf("two seeds give the same draw %+v", a)
	}
}

func TestOnlyASignalThatStopsTheTargetIsAFairTest(t *testing.T) {
	for _, name := range []string{"SIGTERM", "SIGINT", "SIGKILL"} {
		if _, errs := parse(t, "{signal: "+name+", at: 1s}", scope); len(errs) > 0 {
			t.Errorf("%s: %v", name, &errs)
		}
	}
	_, errs := parse(t, "{signal: SIGUSR1, at: 1s}", scope)
	if len(errs) != 1 || errs[0].Msg != "this target does not stop on SIGUSR1: it stops on SIGTERM and SIGINT" {
		t.Errorf("SIGUSR1: %v", &errs)
	}
}

func TestSignals(t *testing.T) {
	for _, name := range sendable {
		number, ok := signals.Number(name)
		if !ok {
			t.Fatalf("%s may be sent, and this system has no such signal", name)
		}
		want := syscall.Signal(number)
		scope := scope
		scope.Stops = append(scope.Stops, want)
		for _, written := range []string{name, strings.ToLower(name)} {
			d, errs := parse(t, "{signal: "+written+", at: 1s}", scope)
			if len(errs) > 0 || d.Signal != want || d.Name != name {
				t.Errorf("%s is read as %s (%d), errors %v; want %s (%d)", written, d.Name, d.Signal, &errs, name, want)
			}
		}
	}
}

func TestACrashIsForTargetsThatAreReopened(t *testing.T) {
	audited := scope
	audited.Audited = true
	for what, want := range map[string]Strike{
		"kill":  {Signal: syscall.SIGKILL, Name: "SIGKILL"},
		"power": {Signal: syscall.SIGKILL, Name: "power cut", Power: true},
	} {
		d, errs := parse(t, "{crash: "+what+", at: 1s}", audited)
		if len(errs) > 0 {
			t.Fatal(&errs)
		}
		got := d.Draw(stream(1))
		want.Trigger, want.Moment = got.Trigger, got.Moment
		if got != want {
			t.Errorf("crash: %s draws %+v, want %+v", what, got, want)
		}
		if _, errs := parse(t, "{crash: "+what+", at: 1s}", scope); len(errs) == 0 {
			t.Errorf("crash: %s is taken of a target that nobody reopens", what)
		}
	}
}

func TestDefault(t *testing.T) {
	d := Default(10 * time.Second)
	if want := "SIGTERM uniform over 20%..80% of 10s"; d.Summary() != want {
		t.Errorf("summary %q, want %q", d.Summary(), want)
	}
	drawsBetween(t, d, Strike{Trigger: AtMoment, Moment: 2 * time.Second}, Strike{Trigger: AtMoment, Moment: 8 * time.Second})
}

// Every error points at its place: columns count from the entry's, which is 5.
func TestErrors(t *testing.T) {
	const at = "{signal: SIGTERM, at: " // what follows is in column 27
	for _, tc := range []struct {
		text string
		want []string
	}{
		{"{at: 1s}", []string{"4:5: this injection has no signal and no crash: write what strikes, such as signal: SIGTERM"}},
		{"{signal: SIGTERM}", []string{"4:5: this injection has no at: write when it strikes, such as at: 20%..80%"}},
		{"{}", []string{
			"4:5: this injection has no at: write when it strikes, such as at: 20%..80%",
			"4:5: this injection has no signal and no crash: write what strikes, such as signal: SIGTERM"}},
		{"{signal: SIGTRM, at: 1s}", []string{`4:14: unknown signal "SIGTRM" (did you mean "SIGTERM"?)`}},
		{"{signal: TERM, at: 1s}", []string{`4:14: unknown signal "TERM" (did you mean "SIGTERM"?)`}},
		{"{signal: SIGSTOP, at: 1s}", []string{`4:14: unknown signal "SIGSTOP"`}},
		{"{signal: [SIGTERM], at: 1s}", []string{"4:14: a list is not the name of a known signal"}},
		{"{signal: SIGTERM, when: 1s}", []string{
			"4:5: this injection has no at", `4:23: unknown field of an injection "when"`}},
		{"{signal: SIGTERM, crash: kill, at: 1s}", []string{"4:30: an injection is a signal or a crash, not both"}},
		{"{crash: kill, at: 1s}", []string{"4:13: this target keeps nothing beyond its process, so a crash proves nothing"}},
		{"{crash: pwer, at: 1s}", []string{`4:13: unknown crash "pwer" (did you mean "power"?)`}},

		{at + "[1s]}", []string{"4:27: at is one value: a moment (300ms)"}},
		{at + `""}`, []string{"4:27: at is empty"}},
		{at + `"  "}`, []string{"4:27: at is empty"}},
		{at + "later}", []string{`4:27: "later"`}},
		{at + "80ms..20ms}", []string{`4:27: the range "80ms..20ms" is empty: write the lower end first`}},
		{at + "80%..20%}", []string{`4:27: the range "80%..20%" is empty: write the lower end first`}},
		{at + "1s..}", []string{`4:27: "1s.." has only one end`}},
		{at + "3s}", []string{"4:27: at 3s lies beyond the load: duration is 2s"}},
		{at + "1s..3s}", []string{"4:27: at 1s..3s lies beyond the load: duration is 2s"}},
		{at + "101%}", []string{"4:27: "}},
		{at + "50%..150%}", []string{"4:32: "}},
		{at + "-1s}", []string{"4:27: "}},
		{at + "1s..x}", []string{`4:31: "x"`}},
		{at + "startpu 1s}", []string{`4:27: unknown trigger "startpu" (did you mean "startup"?)`}},
		{at + "startup 1ms 2ms}", []string{"4:39: at: startup takes at most one range"}},
		{at + "startup soon}", []string{`4:35: "soon"`}},
		{at + "startup 2ms..1ms}", []string{`4:35: the range "2ms..1ms" is empty`}},
		{at + "after}", []string{"4:27: at: after takes a time, or a range of it, since the first signal: write after 100ms"}},
		{at + "after soon}", []string{`4:33: "soon"`}},
		{at + "op}", []string{"4:27: at: op takes a count"}},
		{at + "op 0}", []string{"4:30: operations are counted from 1"}},
		{at + "op 0..5}", []string{"4:30: operations are counted from 1"}},
		{at + "op 5..1}", []string{`4:30: the range "5..1" is empty`}},
		{at + "op many}", []string{`4:30: "many"`}},
		{at + "op pubish 5}", []string{`4:30: unknown operation or load group "pubish" (did you mean "publish"?)`}},
		{at + "op publish 5 6}", []string{"4:27: at: op takes a count"}},
		{at + "op pubish 0}", []string{
			`4:30: unknown operation or load group "pubish" (did you mean "publish"?)`, "4:37: operations are counted from 1"}},
		{at + "window}", []string{"4:27: at: window takes a window's name"}},
		{at + "window a hold on}", []string{"4:27: at: window takes a window's name"}},
		{at + "window stop.after-sgnal}", []string{`4:34: unknown window "stop.after-sgnal" (did you mean "stop.after-signal"?)`}},
		{at + "window stop.after-signal held}", []string{`4:52: unknown word after a window "held" (did you mean "hold"?)`}},
	} {
		t.Run(tc.text, func(t *testing.T) {
			d, errs := parse(t, tc.text, scope)
			errs.Sort()
			if len(errs) != len(tc.want) {
				t.Fatalf("errors:\n%s\nwant:\n%s", &errs, strings.Join(tc.want, "\n"))
			}
			for i, e := range errs {
				if !strings.HasPrefix(e.Error(), tc.want[i]) {
					t.Errorf("error %q, want %q", e, tc.want[i])
				}
			}
			d.Draw(stream(1)) // a bad directive may still be drawn from: nothing panics
			_ = d.Summary()
		})
	}
}

func TestAnEntryIsAMap(t *testing.T) {
	var errs spec.Errors
	Parse(spec.Text("SIGTERM"), scope, &errs)
	if len(errs) != 1 || !strings.Contains(errs[0].Error(), "an injection is a map: write it such as {signal: SIGTERM, at: 20%..80%}") {
		t.Errorf("errors: %v", &errs)
	}
}
