package trial

import (
	"syscall"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/fault"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario/spec"
)

// slowCourier needs as long for a signal as a machine that is too busy for it.
type slowCourier struct {
	sends   chan struct{} // it has been told to send
	release chan struct{}
}

func (slowCourier) Aim(*world.Task) {}

func (c slowCourier) Send(t *world.Task, _ syscall.Signal) (time.Duration, error) {
	close(c.sends)
	<-c.release
	return t.Now(), nil
}

// lateTrial is a trial in which no strike came in the time it had for one.
func lateTrial(t *testing.T) (*serving, slowCourier) {
	t.Helper()
	out, err := ledger.Create(t.TempDir()+"/ledger", 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = out.Close() })
	var plan Plan
	plan.Program.Scenario.External = &spec.Value{}
	s, c := &serving{}, slowCourier{make(chan struct{}), make(chan struct{})}
	s.prepare(plan, "", out, world.NewReal)
	t.Cleanup(s.w.Close)
	s.courier, s.loadBegan = c, -time.Hour
	return s, c
}

// awaitsStrike is what the trial's own task finds.
func awaitsStrike(s *serving) chan bool {
	struck := make(chan bool, 1)
	s.w.Go(world.Harness, TrialTask, func(t *world.Task) { struck <- s.awaitStrike(t) })
	return struck
}

// TestAStrikeThatIsOnItsWayIsWaitedFor: given up in the meantime, its drain would have lasted no time at all when the
// program was said to hang.
func TestAStrikeThatIsOnItsWayIsWaitedFor(t *testing.T) {
	s, c := lateTrial(t)
	s.w.Go(world.Harness, "injector", func(t *world.Task) { s.strike(t, fault.Strike{Signal: syscall.SIGTERM}, 0) })
	<-c.sends
	struck := awaitsStrike(s)
	time.AfterFunc(50*time.Millisecond, func() { close(c.release) })
	if !<-struck {
		t.Error("the trial gave up, and then the signal left")
	}
}

func TestNoStrikeBeginsWhenTheTrialHasGivenUp(t *testing.T) {
	s, c := lateTrial(t)
	close(c.release)
	if <-awaitsStrike(s) {
		t.Error("nobody struck")
	}
	done := make(chan struct{})
	s.w.Go(world.Harness, "injector", func(t *world.Task) {
		s.strike(t, fault.Strike{Signal: syscall.SIGTERM}, 0)
		close(done)
	})
	<-done
	select {
	case <-c.sends:
		t.Error("a signal was sent of which nobody watched what came")
	default:
	}
}
