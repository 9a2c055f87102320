package explore

import (
	"testing"

	"github.com/racebench/racebench/engine/world"
)

func TestEveryScheduleReplaysFromItsDeviations(t *testing.T) {
	schedules := 300
	if testing.Short() {
		schedules = 50
	}
	pool := &world.Pool{}
	defer pool.Close()
	for _, y := range toys {
		for _, info := range Strategies() {
			for i := range schedules {
				recorder := Record(info.New(chance(i, 7), Hints{Steps: 60}))
				r := y.play(recorder, pool, false)
				replayer := Replay(recorder.Deviations())
				again := y.play(replayer, pool, false)
				if r != again || replayer.Unused() != 0 || len(replayer.Missed()) != 0 {
					t.Fatalf("%s, %s, schedule %d: %+v, replayed %+v, %d unused, missed %v, of\n%v", y.name, info.Name, i,
						r, again, replayer.Unused(), replayer.Missed(), recorder.Deviations())
				}
				if second := Record(Replay(recorder.Deviations())); y.play(second, pool, false) != r ||
					len(second.Deviations()) != len(recorder.Deviations()) {
					t.Fatalf("%s, %s, schedule %d: recorded %v, and of its replay %v", y.name, info.Name, i,
						recorder.Deviations(), second.Deviations())
				}
			}
		}
	}
}

func TestReplayTellsWhatItCouldNotApply(t *testing.T) {
	pool := &world.Pool{}
	defer pool.Close()
	y := toyNamed(t, "lost wakeup")
	usual := y.play(Replay(nil), pool, false)
	replayer := Replay([]Deviation{
		{After: "main", Ops: 1, State: Runs, Next: "main.nobody"},
		{After: "main", Ops: 999, State: Runs, Next: "main"},
	})
	if r := y.play(replayer, pool, false); r != usual {
		t.Errorf("%+v, and without deviations %+v", r, usual)
	}
	if n := replayer.Unused(); n != 1 {
		t.Errorf("%d unused", n)
	}
	if m := replayer.Missed(); len(m) != 1 || m[0].Next != "main.nobody" {
		t.Errorf("missed %v", m)
	}
}
