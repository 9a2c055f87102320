package gateway

import (
	"testing"
	"time"

	"github.com/racebench/racebench/engine/world"
)

// TestLimiter asks for slots and gives them back, by a limiter alone: two for an address.
func TestLimiter(t *testing.T) {
	for _, tc := range []struct {
		name  string
		make  func(s *server)
		steps string // a: asks and is admitted; l: and is limited; r: gives back
		held  int    // by the limiter's count
	}{
		{"slots are counted", func(*server) {}, "aalra", 2},
		{"one gives back too often", func(*server) {}, "arraal", 2},
		{"a count in use does not grow old", func(s *server) { s.ttl = -1 }, "aal", 2},
		{"a count that is not in use does", func(s *server) { s.ttl = -1 }, "araal", 2},
		{"age takes slots that are in use", func(s *server) { s.ttl, s.ageEvicts = -1, true }, "aaa", 1},
		{"so many in a window", func(s *server) { s.rate, s.rateWindow, s.slots = 3, time.Hour, 9 }, "aaall", 3},
		{"a window ends", func(s *server) { s.rate, s.rateWindow, s.slots = 1, 0, 9 }, "aaa", 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := world.NewReal(world.Options{})
			defer w.Close()
			s := &server{w: w, dead: w.NewToken("the end of the process")}
			s.slots, s.ttl = 2, time.Hour
			tc.make(s)
			done := make(chan struct{})
			w.Go(world.Harness, "test", func(task *world.Task) {
				defer close(done)
				l := newLimiter(s)
				for i, step := range tc.steps {
					if step == 'r' {
						l.release(task, "an address", true)
						continue
					}
					if got, want := l.admit(task, "an address"), map[rune]verdict{'a': admitted, 'l': limited}[step]; got != want {
						t.Errorf("step %d: %d, want %d", i+1, got, want)
					}
				}
				if l.held != tc.held || l.heldNow.Get() != int64(tc.held) {
					t.Errorf("%d slots are counted as held, %d told; want %d", l.held, l.heldNow.Get(), tc.held)
				}
			})
			<-done
		})
	}
}
