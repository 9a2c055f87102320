package external

import "time"

// Starved implements targets.Starver: what a program did not get from the machine is not the program's slowness.
func (s *instance) Starved() time.Duration {
	waits := waitsOf(s.p.alive())
	if s.waited == nil {
		s.waited = waits
	}
	var most time.Duration
	for thread, d := range waits {
		most = max(most, d-s.waited[thread])
	}
	return most
}
