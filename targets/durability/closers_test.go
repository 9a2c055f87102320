package durability

import (
	"slices"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
)

// leftAtDeadline is what two closers of one host leave by their own count when the deadline strikes. Others are tasks of
// the server that are alive then.
func leftAtDeadline(t *testing.T, others ...func(t *world.Task)) int64 {
	t.Helper()
	w := world.NewReal(world.Options{})
	defer w.Close()
	h := &host{
		s:        &server{w: w, settings: settings{deadline: 5 * time.Millisecond}},
		requests: prim.NewQueue[*request](w, "the durability queue", 1), writes: prim.NewQueue[*request](w, "the write queue", 1),
		taken: w.NewAtomic("the join handle", 0), closed: w.NewToken("the log to be closed"),
	}
	var tasks []*world.Task
	for _, body := range others {
		tasks = append(tasks, w.Go(world.Target, "other", body))
	}
	exit := w.Go(world.Target, "exit", func(t *world.Task) {
		drop := t.Go("database drop", func(drop *world.Task) { h.awaitClosed(drop, t) })
		h.awaitClosed(t, drop)
		_ = t.Join(drop)
	})
	waitsOn := func(s world.TaskState) bool {
		return s.Parked && s.Kind == world.KindWait && s.Object == "the log to be closed"
	}
	for done := 0; done < 2; time.Sleep(50 * time.Microsecond) {
		states := w.Tasks()
		done = len(states) - len(slices.DeleteFunc(states, waitsOn))
	}
	ended := make(chan struct{})
	w.Go(world.Harness, "test", func(t *world.Task) {
		for _, other := range tasks {
			other.Abort(t)
		}
		h.closed.Cancel(t)
		_ = t.Join(exit)
		close(ended)
	})
	<-ended
	return h.left.Get()
}

// TestTheOtherCloserIsNothingLeft: two closers wait for one end. Neither is on its way because of the other, and what is on
// its way counts once.
func TestTheOtherCloserIsNothingLeft(t *testing.T) {
	stuck := func(t *world.Task) { t.Await(t.World().NewToken("never")) }
	if left := leftAtDeadline(t, stuck); left != 0 {
		t.Errorf("%d left by two closers and a task that is parked for good, want none", left)
	}
	if left := leftAtDeadline(t, func(t *world.Task) { t.Sleep(time.Hour) }); left != 1 {
		t.Errorf("%d left by two closers and a task that sleeps, want 1", left)
	}
}
