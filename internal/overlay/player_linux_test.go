package overlay

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/racebench/racebench/internal/overlay/player"
	"github.com/racebench/racebench/internal/overlay/wire"
)

// programs builds testdata/programs once for all tests.
var programs = sync.OnceValues(func() (string, error) {
	p, err := Prepare(suite.ctx, Options{CacheDir: filepath.Join(suite.dir, "cache"), Sources: sources()})
	if err != nil {
		return "", err
	}
	binary := filepath.Join(suite.dir, "programs.test")
	return binary, p.Compile(suite.ctx, Compile{Dir: ".", Package: "./testdata/programs", Out: binary})
})

func program(t *testing.T, test string) *player.Process {
	t.Helper()
	onlyHere(t)
	binary, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	return begin(t, binary, test)
}

func do(t *testing.T, p *player.Process, c wire.Command) wire.Answer {
	t.Helper()
	a, err := p.Do(c, nil)
	if err != nil {
		t.Fatalf("%v: %s", err, p.Output())
	}
	return a
}

// The default schedule of each program, and what it comes to.
func TestWhatTheDefaultScheduleComesTo(t *testing.T) {
	for _, c := range []struct {
		test, verdict string
		stop          uint32
		left          int
		text          string
	}{
		{"TestSignalThatIsIgnored", "passed", 0, 0, ""},
		{"TestWaitsForSignals", "deadlock", 0, 2, ""},
		{"TestSpinsForEver", "livelock", wire.StopLivelock, 3, ""},
		{"TestLooksForEver", "livelock", wire.StopLivelock, 2, ""},
		{"TestTicksForEver", "void", wire.StopSteps, 2, ""},
		{"TestTickerIsLeft", "passed", 0, 1, ""}, // the default schedule leaves it: every one does
		{"TestCrowd", "void", wire.StopMany, -1, ""},
		{"TestCrowdThatWaits", "void", wire.StopMany, -1, ""},
		{"TestFilesAndPrograms", "passed", 0, 0, ""},
		{"TestSkips", "skipped", 0, 0, "on purpose"},
		{"TestFails", "failed", 0, 0, "on purpose"},
		{"TestHTTP", "passed", 0, 0, ""},
		{"TestTLS", "passed", 0, 0, ""},
	} {
		t.Run(c.test, func(t *testing.T) {
			p := program(t, c.test)
			a := do(t, p, wire.Command{Do: wire.DoPlay})
			if a.Verdict != c.verdict || a.Stop != c.stop || c.left >= 0 && len(a.Left) != c.left {
				t.Errorf("%+v, want %+v: %s", a, c, p.Memory.Written())
			}
			if c.verdict == "passed" {
				if a := do(t, p, wire.Command{Do: wire.DoSearch, To: 20, Seed: 1, Slack: selfSlack}); a.Did != wire.DidSearch || a.Next != 20 {
					t.Errorf("a search came to %+v: %s", a, p.Memory.Written())
				}
				return
			}
			if !strings.Contains(p.Memory.Written(), c.text) {
				t.Errorf("the test wrote %q, want %q", p.Memory.Written(), c.text)
			}
		})
	}
}

func deviations(t *testing.T, p *player.Process) []wire.Deviation {
	t.Helper()
	names := do(t, p, wire.Command{Do: wire.DoNames}).Names
	var all []wire.Deviation
	states := []string{"runs", "blocked", "ended", "yields"}
	for _, d := range p.Memory.Dev[:p.Memory.Devs] {
		after := ""
		if d.After != wire.Clock {
			after = names[d.After]
		}
		all = append(all, wire.Deviation{After: after, Ops: int(d.Ops), State: states[d.State], Nth: int(d.Nth), Next: names[d.Next]})
	}
	return all
}

// until searches until a schedule has the verdict.
func until(t *testing.T, p *player.Process, verdict string, slack int64) wire.Answer {
	t.Helper()
	a := do(t, p, wire.Command{Do: wire.DoSearch, To: 1000, Seed: 1, Slack: slack})
	if a.Did != wire.DidFailed || a.Verdict != verdict {
		t.Fatalf("a search came to %+v, want %s", a, verdict)
	}
	return a
}

// A schedule is its deviations: they lead to the same trace in another process, and so does a search of the same seed.
func TestAScheduleIsPlayedAgainByItsDeviations(t *testing.T) {
	p := program(t, "TestLostUpdate")
	if a := do(t, p, wire.Command{Do: wire.DoPlay}); a.Verdict != "passed" {
		t.Fatalf("%+v", a)
	}
	a := until(t, p, "failed", 0)
	hash, steps, chance := p.Memory.Hash, p.Memory.Step, wire.Chance(1, a.Index)
	found := deviations(t, p)
	if len(found) == 0 {
		t.Fatal("the default schedule fails")
	}
	again := program(t, "TestLostUpdate")
	do(t, again, wire.Command{Do: wire.DoPlay})
	b := do(t, again, wire.Command{Do: wire.DoPlay, Deviations: found, Chance: chance, Log: true})
	m := again.Memory
	if b.Verdict != "failed" || b.Unused != 0 || m.Hash != hash || m.Step != steps {
		t.Errorf("%+v, hash %x of %d steps, want %x of %d", b, m.Hash, m.Step, hash, steps)
	}
	if m.Events != m.Step {
		t.Errorf("%d events of %d steps were noted", m.Events, m.Step)
	}
	var pcs []uint64
	for _, e := range m.Event[:m.Events] {
		pcs = append(pcs, e.PCs[:e.Frames]...)
	}
	slices.Sort(pcs)
	places := do(t, again, wire.Command{Do: wire.DoPlaces, PCs: slices.Compact(pcs)}).Places
	if !slices.ContainsFunc(places, func(p wire.Place) bool {
		return strings.HasSuffix(p.Function, "programs.TestLostUpdate.func1") && filepath.Base(p.File) == "programs_test.go" && p.Line > 0
	}) {
		t.Errorf("none of %d places is in the test", len(places))
	}
	wrong := append(slices.Clone(found), wire.Deviation{After: "nobody", Ops: 3, State: "runs", Next: "test"})
	third := program(t, "TestLostUpdate")
	do(t, third, wire.Command{Do: wire.DoPlay})
	if c := do(t, third, wire.Command{Do: wire.DoPlay, Deviations: wrong, Chance: chance}); c.Unused != 1 || c.Verdict != "failed" {
		t.Errorf("a deviation whose moment does not come: %+v", c)
	}
}

// racebench can decide by itself: here it goes by the turns of a list.
func TestRacebenchDecidesItself(t *testing.T) {
	play := func(choose func(m *wire.Memory) uint32) (wire.Answer, *player.Process) {
		p := program(t, "TestLostUpdate")
		do(t, p, wire.Command{Do: wire.DoPlay})
		a, err := p.Do(wire.Command{Do: wire.DoRemote}, choose)
		if err != nil {
			t.Fatalf("%v: %s", err, p.Output())
		}
		return a, p
	}
	asked := 0
	first, p := play(func(m *wire.Memory) uint32 { asked++; return m.Run[0] })
	if asked == 0 || uint32(asked) != p.Memory.Decisions {
		t.Errorf("asked %d times for %d decisions", asked, p.Memory.Decisions)
	}
	hash := p.Memory.Hash
	if again, p := play(func(m *wire.Memory) uint32 { return m.Run[0] }); again.Verdict != first.Verdict || p.Memory.Hash != hash {
		t.Errorf("%+v with hash %x, and again %+v with %x", first, hash, again, p.Memory.Hash)
	}
	if other, p := play(func(m *wire.Memory) uint32 { return m.Run[m.N-1] }); p.Memory.Hash == hash {
		t.Errorf("other choices, same trace: %+v", other)
	}
	if a, _ := play(func(m *wire.Memory) uint32 { return wire.MaxTasks - 1 }); a.Verdict != "void" || a.Stop != wire.StopForbidden {
		t.Errorf("a task that is none was chosen: %+v", a)
	}
}

// A panic kills the process. What led to it is in the memory.
func TestAPanicLeavesItsDeviations(t *testing.T) {
	p := program(t, "TestPanic")
	do(t, p, wire.Command{Do: wire.DoPlay})
	_, err := p.Do(wire.Command{Do: wire.DoSearch, To: 1000, Seed: 1}, nil)
	m := p.Memory
	if err == nil || m.Phase != wire.Playing || m.Devs == 0 || !strings.Contains(p.Output(), "panic: send on closed channel") {
		t.Fatalf("%v, phase %d, %d deviations: %s", err, m.Phase, m.Devs, p.Output())
	}
	// Names are a matter of the binary: another process knows them.
	again := program(t, "TestPanic")
	do(t, again, wire.Command{Do: wire.DoPlay})
	var entries []uint64
	for i := range m.Tasks {
		entries = append(entries, m.Task[i].Entry)
	}
	var namer wire.Namer
	places := do(t, again, wire.Command{Do: wire.DoPlaces, PCs: entries}).Places
	for i := range m.Tasks {
		at := slices.IndexFunc(places, func(p wire.Place) bool { return p.PC == m.Task[i].Entry })
		namer.Add(places[at].Function, m.Task[i].Parent)
	}
	names := namer.Paths()
	var found []wire.Deviation
	for _, d := range m.Dev[:m.Devs] {
		after := ""
		if d.After != wire.Clock {
			after = names[d.After]
		}
		state := []string{"runs", "blocked", "ended", "yields"}[d.State]
		found = append(found, wire.Deviation{After: after, Ops: int(d.Ops), State: state, Nth: int(d.Nth), Next: names[d.Next]})
	}
	_, err = again.Do(wire.Command{Do: wire.DoPlay, Deviations: found, Chance: wire.Chance(1, m.Index)}, nil)
	if err == nil || again.Memory.Hash != m.Hash || !strings.Contains(again.Output(), "panic: send on closed channel") {
		t.Errorf("played again: %v, hash %x, want %x: %s", err, again.Memory.Hash, m.Hash, again.Output())
	}
}

func TestASignalThatNobodyWantsKills(t *testing.T) {
	p := program(t, "TestSignalNobodyWants")
	a, err := p.Do(wire.Command{Do: wire.DoPlay}, nil)
	if err == nil {
		t.Fatalf("%+v", a)
	}
	if s := p.State().Sys().(syscall.WaitStatus); !s.Signaled() || s.Signal() != syscall.SIGTERM {
		t.Errorf("the process ended with %v", p.State())
	}
}

func TestSignalsAreAdded(t *testing.T) {
	for n, want := range []string{"deadlock", "deadlock", "passed"} {
		p := program(t, "TestWaitsForSignals")
		a := do(t, p, wire.Command{Do: wire.DoPlay, Sigterm: n})
		if a.Verdict != want || int(p.Memory.Signals) != n {
			t.Errorf("%d signals, %d delivered: %+v, want %s", n, p.Memory.Signals, a, want)
		}
	}
}

// Nobody can go on, and none of them can be said to wait for ever: somebody outside may answer.
func TestRealInputStandsStill(t *testing.T) {
	p := program(t, "TestPipe")
	answered := make(chan error, 1)
	go func() {
		_, err := p.Do(wire.Command{Do: wire.DoPlay}, nil)
		answered <- err
	}()
	dump := ""
	for !strings.Contains(dump, "TestPipe(") {
		if p.Memory.Holder != wire.Nobody || p.Memory.Phase != wire.Playing || p.Memory.Tasks < 4 {
			continue
		}
		p.Signal(syscall.SIGQUIT)
		<-answered
		dump = p.Output()
	}
	if !strings.Contains(dump, "[IO wait, synctest bubble") {
		t.Errorf("the dump does not say who waits in real input: %s", dump)
	}
}

// A seed is the same schedules in every process, also where net/http is played.
func TestSeedsAreTheSameEverywhere(t *testing.T) {
	for _, test := range []string{"TestHTTP", "TestTLS", "TestLostUpdate"} {
		var joint []string
		for range 3 {
			p := program(t, test)
			do(t, p, wire.Command{Do: wire.DoPlay})
			a := do(t, p, wire.Command{Do: wire.DoSearch, To: 40, Seed: 1, Slack: selfSlack})
			text := fmt.Sprint(a.Verdict)
			for r, ok := p.Memory.Take(); ok; r, ok = p.Memory.Take() {
				text += fmt.Sprintf(" %x", r.Hash)
			}
			joint = append(joint, text)
		}
		if joint[0] != joint[1] || joint[0] != joint[2] || joint[0] == "" {
			t.Errorf("%s: three processes, and not one trace: %.300q", test, joint)
		}
	}
}

func TestACommandThatMakesNoSenseIsRefused(t *testing.T) {
	p := program(t, "TestHTTP")
	if _, err := p.Do(wire.Command{Do: "dance"}, nil); err == nil || !strings.Contains(err.Error(), `there is no command "dance"`) {
		t.Errorf("%v", err)
	}
	do(t, p, wire.Command{Do: wire.DoPlay}) // it goes on
}
