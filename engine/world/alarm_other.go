//go:build !linux

package world

import "time"

// A sleeper blocks one goroutine until a moment or an interruption. Outside Linux it is as exact as the
// runtime's timers are.
type sleeper struct {
	wake chan struct{}
}

func newSleeper() sleeper { return sleeper{wake: make(chan struct{}, 1)} }

func (s sleeper) prepare() {}

func (s sleeper) sleep(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.wake:
	}
}

func (s sleeper) interrupt() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s sleeper) release() {}
