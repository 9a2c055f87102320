package external

// mostSamples is how many good answers of a group are recorded in a run without a signal.
const mostSamples = 64

// enoughAnswers is how many good answers to requests of a kind a run without a signal waits for.
const enoughAnswers = 20

// A kindCount is what has become of requests of a kind.
type kindCount struct{ good, bad, open, streams int }

// asks counts a request that is about to be sent. The caller counts its end.
func (d *dialer) asks() (end func(good bool)) {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	n := d.s.countOf(d)
	n.open++
	return func(good bool) {
		d.s.mu.Lock()
		defer d.s.mu.Unlock()
		n.open--
		if good {
			n.good++
		} else {
			n.bad++
		}
	}
}

// streams counts answers under way whose length nobody knows.
func (d *dialer) streams(by int) {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	d.s.countOf(d).streams += by
}

// countOf is the count of what a client asks; the caller holds mu.
func (s *instance) countOf(d *dialer) *kindCount {
	kind := d.g.kind.name + " " + d.g.Asks()
	if s.asked[kind] == nil {
		s.asked[kind] = &kindCount{}
	}
	return s.asked[kind]
}

// Enough says that a run without a signal has shown enough: every kind of request that clients are busy with was
// answered well often enough, or once badly. Answers whose length nobody knows are waited for at the end.
func (s *instance) Enough() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.asked {
		if n.open > n.streams && n.bad == 0 && n.good < enoughAnswers {
			return false
		}
	}
	return true
}

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
