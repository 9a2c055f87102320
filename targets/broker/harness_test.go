package broker

import (
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets/targettest"
)

// A trial is one started broker of a test, with a window that may be held shut.
type trial struct {
	*targettest.Harness
	t      *testing.T
	window *world.Token
}

type knobs map[string]string

// begin starts a variant. Whoever passes the window named hold waits there for open.
func begin(t *testing.T, variant string, k knobs, hold string) *trial {
	t.Helper()
	tr := &trial{t: t}
	tr.Harness = targettest.Start(t, Target(), variant, targettest.Options{Knobs: k, Arm: func(w *world.World) {
		tr.window = w.NewToken("the test")
		if hold != "" {
			w.Arm(hold, func(t *world.Task) { t.Await(tr.window) })
		}
	}})
	return tr
}

// open lets everyone go who waits in the held window.
func (tr *trial) open() {
	tr.t.Helper()
	tr.AwaitTask(tr.World.Go(world.Harness, "open the window", tr.window.Cancel))
}

// held connects a client whose handler waits for Release.
func (tr *trial) held(op, name string) *targettest.Client {
	tr.t.Helper()
	c := tr.Dial(op, name)
	c.Hold = tr.World.NewToken("the hold of " + name)
	return c
}

// publish sends n events of one producer and waits until nothing moves.
func (tr *trial) publish(n int) *targettest.Client {
	tr.t.Helper()
	p := tr.Dial(opPublish, "producer")
	p.Send(n)
	tr.Still()
	return p
}

// start has a producer send n events.
func (tr *trial) start(n int) *targettest.Client {
	tr.t.Helper()
	p := tr.Dial(opPublish, "producer")
	tr.AwaitTask(p.Send(n))
	return p
}

// strike sends the signal and waits until nothing moves.
func (tr *trial) strike() {
	tr.t.Helper()
	tr.Signal()
	tr.Await("the drain to begin", tr.Draining)
	tr.Still()
}

// want checks how a trial went: whether the server ended, and what was lost, by class.
func (tr *trial) want(ended bool, lost map[string]int) {
	tr.t.Helper()
	if got := tr.Ended(); got != ended {
		tr.t.Errorf("server ended: %v, want %v; its tasks: %v", got, ended, tr.Tasks(world.Target))
	}
	books := tr.Books()
	for _, class := range books.Classes() {
		if books.Lost[class] != lost[class] {
			tr.t.Errorf("%s: lost %d, want %d", class, books.Lost[class], lost[class])
		}
	}
	for class, n := range lost {
		if books.Lost[class] == 0 {
			tr.t.Errorf("%s: lost nothing, want %d", class, n)
		}
	}
	for _, w := range books.Wrong {
		tr.t.Error(w)
	}
	if ended {
		for _, task := range tr.Tasks(world.Target) {
			tr.t.Errorf("outlived the stop: %s", task)
		}
	}
}

// wantAt checks that the server ended and how many messages were lost at a station; what is lost
// elsewhere is another bug of the design.
func (tr *trial) wantAt(station string, n int) {
	tr.t.Helper()
	tr.wantEnded()
	books, lost := tr.Books(), 0
	for _, class := range books.Classes() {
		if strings.HasPrefix(class, station+"/") || class == targettest.Unaccounted {
			lost += books.Lost[class]
		}
	}
	if lost != n {
		tr.t.Errorf("lost %d at %s, want %d; all: %v", lost, station, n, books.Lost)
	}
}

// wantEnded checks that the server ended.
func (tr *trial) wantEnded() {
	tr.t.Helper()
	if !tr.Ended() {
		tr.t.Errorf("server did not end; its tasks: %v", tr.Tasks(world.Target))
	}
}

// parked checks that a task of the server waits for the named thing.
func (tr *trial) parked(task, in string) {
	tr.t.Helper()
	tasks := tr.Tasks(world.Target)
	if !slices.ContainsFunc(tasks, func(s string) bool { return strings.HasPrefix(s, task+": ") && strings.HasSuffix(s, in) }) {
		tr.t.Errorf("no task %q waits in %q; there are %v", task, in, tasks)
	}
}
