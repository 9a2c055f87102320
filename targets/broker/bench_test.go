package broker

import (
	"testing"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
)

// silent is a probe that keeps nothing.
type silent struct{}

func (silent) Draining(*world.Task)                        {}
func (silent) Drained(*world.Task, ledger.DrainEnd, int64) {}
func (silent) Discard(targets.Discard)                     {}
func (silent) Unsubscribed(int, bool)                      {}
func (silent) Closed(*world.Task, int, int)                {}
func (silent) Gauge(string, int64, int64, bool)            {}
func (silent) Mark(string, string, int64)                  {}

func (silent) Owner(string, string, ledger.Owning, time.Duration) {}

// BenchmarkPublish is one event from one producer through the broker to one subscriber.
func BenchmarkPublish(b *testing.B) {
	for _, variant := range []string{"timeout-drain", "gate-close-drain", "two-phase"} {
		b.Run(variant, func(b *testing.B) {
			w := world.NewReal(world.Options{})
			defer w.Close()
			var errs spec.Errors
			knobs := targets.ParseKnobs(Target().Knobs, []spec.Field{{Key: spec.Text("policy"), Value: spec.Text("block")}}, &errs)
			handled := 0
			done := w.NewToken("the last event")
			b.ReportAllocs()
			finished := make(chan struct{})
			w.Go(world.Target, "benchmark", func(t *world.Task) {
				defer close(finished)
				s, err := Target().Start(t, targets.Host{World: w, Knobs: knobs, Probe: silent{}}, variant)
				if err != nil {
					b.Error(err)
					return
				}
				_, err = s.Dial(t, targets.Role{Op: opSubscribe, Lane: 1, Name: "s", Handle: func(t *world.Task, _ targets.Message) error {
					if handled++; handled == b.N {
						done.Cancel(t)
					}
					return nil
				}})
				if err != nil {
					b.Error(err)
					return
				}
				c, err := s.Dial(t, targets.Role{Op: opPublish, Lane: 0, Name: "p"})
				if err != nil {
					b.Error(err)
					return
				}
				b.ResetTimer()
				for i := range b.N {
					c.Do(t, targets.Message{ID: ledger.NewMsgID(0, int64(i+1))})
				}
				t.Await(done)
				b.StopTimer()
			})
			<-finished
		})
	}
}
