package trial

import (
	"testing"

	"github.com/racebench/racebench/engine/world"
)

// A client that waits in a socket for a server that has ended is about to hear of it: a trial that closed
// its books before would say that its call never returned.
func TestWhoIsOutsideIsWaitedForOnceTheServerHasEnded(t *testing.T) {
	w := world.NewReal(world.Options{})
	defer w.Close()
	s := &serving{w: w, milestones: milestones{ended: w.NewToken("the server to end")}}
	inside, release, back := make(chan struct{}), make(chan struct{}), make(chan struct{})
	w.Go(world.Harness, "client", func(t *world.Task) {
		t.AtEnd(func(*world.Task) { close(back) })
		t.Blocking(w.NewObject("a socket"), func() { close(inside); <-release })
	})
	<-inside
	if !s.settled() {
		t.Error("a server that has not ended may never answer, and is waited for")
	}
	s.ended.Expire()
	if s.settled() {
		t.Error("the server has ended, and its client is not waited for")
	}
	close(release)
	<-back
	for !s.settled() { // the task's end is in the books a moment later
	}
}
