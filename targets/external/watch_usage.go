package external

import (
	"time"

	"github.com/racebench/racebench/engine/ledger"
)

// sampleEvery is how often the program's use of the machine is looked at.
const sampleEvery = 50 * time.Millisecond

// usage is what all processes of a program use together.
type usage struct{ memory, threads, descriptors int64 }

// sample looks at the program until the trial is over.
func (s *instance) sample() (stop func()) {
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		for {
			s.tellUsage()
			select {
			case <-over:
				return
			case <-tick.C:
			}
		}
	}()
	return func() {
		close(over)
		<-done
	}
}

// tellUsage records what the program uses now, where the system says so.
func (s *instance) tellUsage() {
	var sum usage
	for _, pid := range s.p.alive() {
		u := usageOf(pid)
		sum.memory, sum.threads, sum.descriptors = sum.memory+u.memory, sum.threads+u.threads, sum.descriptors+u.descriptors
	}
	if sum.threads == 0 {
		return // it has ended
	}
	s.h.Probe.Gauge(ledger.MemoryGauge, sum.memory, 0, false)
	s.h.Probe.Gauge(ledger.ThreadsGauge, sum.threads, 0, false)
	s.h.Probe.Gauge(ledger.DescriptorsGauge, sum.descriptors, 0, false)
}
