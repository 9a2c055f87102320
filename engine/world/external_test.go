package world

import (
	"errors"
	"testing"
)

func TestBlockingReadsAsWaitingOutside(t *testing.T) {
	w := NewReal(Options{})
	defer w.Close()
	socket := w.NewObject("a socket")
	release, inside := make(chan struct{}), make(chan struct{})
	task := w.Go(Target, "reader", func(t *Task) {
		t.Blocking(socket, func() { close(inside); <-release })
	})
	<-inside
	s := task.State()
	if !s.Parked || s.Timed || s.Kind != KindBlocking || s.Object != "a socket" {
		t.Errorf("in a blocking call the task reads as %+v", s)
	}
	close(release)
	if err := joinFromOutside(w, task); err != nil {
		t.Error(err)
	}
}

// An abort that comes in a blocking call, or before it, is seen at the next await point and not before.
func TestAbortWaitsForTheBlockingCall(t *testing.T) {
	for range 200 {
		w := NewReal(Options{})
		inside, release := make(chan struct{}), make(chan struct{})
		returned, awaited := false, false
		task := w.Go(Target, "worker", func(t *Task) {
			t.Blocking(w.NewObject("a disk"), func() { close(inside); <-release })
			returned = true
			t.Await(t.World().NewToken("what never comes"))
			awaited = true
		})
		<-inside
		aborter := w.Go(Harness, "aborter", func(t *Task) {
			task.Abort(t)
			close(release)
		})
		if err := joinFromOutside(w, aborter); err != nil {
			t.Fatal(err)
		}
		if err := joinFromOutside(w, task); !errors.Is(err, ErrAborted) || !returned || awaited {
			t.Fatalf("joined with %v, returned %t, awaited %t", err, returned, awaited)
		}
		w.Close()
	}
}

func TestAdoptRunsOnTheCaller(t *testing.T) {
	w := NewReal(Options{})
	defer w.Close()
	token := w.NewToken("go")
	w.Go(Harness, "other", func(t *Task) { token.Cancel(t) })
	ran := false
	if err := w.Adopt(Target, "handler", func(t *Task) { t.Await(token); ran = true }); err != nil || !ran {
		t.Errorf("ended with %v, ran %t", err, ran)
	}
	var p *Panic
	if err := w.Adopt(Target, "handler", func(*Task) { panic("as planted") }); !errors.As(err, &p) || p.Value != "as planted" {
		t.Errorf("a panic ended as %v", err)
	}
	if left := w.Tasks(); len(left) != 0 {
		t.Errorf("tasks are left: %+v", left)
	}
}

// joinFromOutside waits for a task from code that is on none.
func joinFromOutside(w *World, task *Task) error {
	var err error
	if failed := w.Adopt(Harness, "join", func(t *Task) { err = t.Join(task) }); failed != nil {
		return failed
	}
	return err
}
