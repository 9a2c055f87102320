package external

import (
	"sync"
	"sync/atomic"
	"time"
)

// A rest is a moment at which the program was seen waiting, with nothing to run, after a request had lost its answer:
// what took that answer was not its end. A program that ends runs from there to its end.
type rest struct {
	lost  chan struct{} // a request has lost its answer
	once  sync.Once
	since atomic.Int64 // when the latest such look began; 0: there was none
}

const (
	firstRest = 200 * time.Microsecond // until the program is looked at again that was not at rest
	rareRest  = 10 * time.Millisecond
)

// lostOne has the program looked at until it is at rest, or has ended.
func (s *instance) lostOne() {
	s.rest.once.Do(func() { go s.awaitRests() })
	select {
	case s.rest.lost <- struct{}{}:
	default: // it is looked at, or about to be
	}
}

func (s *instance) awaitRests() {
	for {
		select {
		case <-s.p.exited:
			return
		case <-s.rest.lost:
		}
		for pause := firstRest; ; pause = min(2*pause, rareRest) {
			began := s.w.Now()
			if atRest(s.p.pid, s.struck) {
				s.rest.since.Store(int64(began))
				break
			}
			select {
			case <-s.p.exited:
				return
			case <-time.After(pause):
			}
		}
	}
}
