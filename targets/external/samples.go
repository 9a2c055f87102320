package external

// mostSamples is how many good answers of a group are recorded in a run without a signal.
const mostSamples = 64

// samples says whether a good answer of a group is to be recorded: the same request without a signal.
func (s *instance) samples(group string) bool {
	if !s.out.Control() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.good[group]++
	return s.good[group] <= mostSamples
}
