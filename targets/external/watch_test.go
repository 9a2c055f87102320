package external

import (
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestOneStrikeIsTheFirst has two strikes meet, neither of which has seen the other: one of them is the first in all
// that is noted of it.
func TestOneStrikeIsTheFirst(t *testing.T) {
	all := map[syscall.Signal]time.Duration{syscall.SIGTERM: time.Second, syscall.SIGINT: 2 * time.Second}
	for range 100 {
		s := &instance{p: &program{}}
		var meet sync.WaitGroup
		for sig, at := range all {
			meet.Go(func() { s.strikes(sig, at) })
		}
		meet.Wait()
		first := syscall.Signal(s.first.Load())
		before := time.Duration(s.sent.Load())
		if before != all[first] {
			t.Fatalf("the first is %s, sent at %s", first, before)
		}
		for sig, at := range all {
			s.strikes(sig, at)
		}
		if syscall.Signal(s.first.Load()) != first || time.Duration(s.sent.Load()) != before {
			t.Fatalf("%s at %s took the place of the first", syscall.Signal(s.first.Load()), time.Duration(s.sent.Load()))
		}
	}
}
