package gateway

import (
	"testing"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// A client whose connection the server has closed says of its next frame why: closed is the word for the stop alone.
func TestAFrameIsRefusedForWhatClosedItsConnection(t *testing.T) {
	w := world.NewReal(world.Options{})
	defer w.Close()
	for code, want := range map[int]ledger.Cause{
		CodeTimeout: ledger.Timeout, CodeOverload: ledger.Overloaded, CodeAway: ledger.Closed, 0: ledger.Closed,
	} {
		var got targets.Reply
		ended := make(chan struct{})
		w.Go(world.Harness, "client", func(task *world.Task) {
			task.AtEnd(func(*world.Task) { close(ended) })
			c := &lasting{caller: &caller{role: targets.Role{Op: opFrame}}, closed: w.NewToken("the close")}
			c.code.Set(int64(code))
			c.closed.Cancel(task)
			got = c.Do(task, targets.Message{ID: ledger.NewMsgID(0, 1)})
		})
		<-ended
		if got.Outcome != ledger.Refused || got.Cause != want {
			t.Errorf("closed with %d, a frame is %s for cause %d, want %d", code, got.Outcome, got.Cause, want)
		}
	}
}
