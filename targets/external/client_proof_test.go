package external

import (
	"errors"
	"testing"
)

// A fakeShelf is a lookup whose writes come at once, with the proof, or never.
type fakeShelf struct {
	there  map[string]string
	late   map[string]string // there once a proof was tried
	why    error             // what a proof says
	proved int
}

func (s *fakeShelf) look(key string) (found, missed string, err error) {
	if found, ok := s.there[key]; ok {
		return found, "", nil
	}
	return "", "there is no " + key, nil
}

func (*fakeShelf) part(string) string { return "all" }

func (s *fakeShelf) prove(string) error {
	s.proved++
	for key, value := range s.late {
		s.there[key] = value
	}
	return s.why
}

// TestAWriteIsMissingOnlyByProof asks twice for one write: it is missing only where the store gives back what was
// written after it, and one proof is enough.
func TestAWriteIsMissingOnlyByProof(t *testing.T) {
	broken := errors.New("the store says nothing")
	for _, tc := range []struct {
		name   string
		shelf  fakeShelf
		ok     bool
		err    error
		proofs int // of both questions together
	}{
		{"it is there", fakeShelf{there: map[string]string{"k": "v"}}, true, nil, 0},
		{"another value is there", fakeShelf{there: map[string]string{"k": "w"}}, true, nil, 0},
		{"it is lost", fakeShelf{}, false, nil, 1},
		{"it is late", fakeShelf{late: map[string]string{"k": "v"}}, true, nil, 1},
		{"the proof fails", fakeShelf{why: broken}, false, errUntold, 1},
		{"the proof fails, and it comes", fakeShelf{why: broken, late: map[string]string{"k": "v"}}, true, nil, 1},
		{"the store is not ready", fakeShelf{why: errLoading}, false, errLoading, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.shelf.there == nil {
				tc.shelf.there = map[string]string{}
			}
			known := proofs{}
			for range 2 {
				_, ok, err := known.find(&tc.shelf, "k", "v")
				if ok != tc.ok || !errors.Is(err, tc.err) || (err == nil) != (tc.err == nil) {
					t.Errorf("found %t, error %v; want found %t, error %v", ok, err, tc.ok, tc.err)
				}
				if errors.Is(err, errLoading) && errors.Is(err, errUntold) {
					t.Errorf("%v: a store that is not ready is to be asked again", err)
				}
			}
			if tc.shelf.proved != tc.proofs {
				t.Errorf("%d proofs, want %d", tc.shelf.proved, tc.proofs)
			}
		})
	}
}
