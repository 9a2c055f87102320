package external

import (
	"testing"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
)

// TestTwoAnswersOnOneConnection notes when a client is answered twice on a connection after the signal, and nothing less.
func TestTwoAnswersOnOneConnection(t *testing.T) {
	const sent = 1000
	type answer struct {
		conn  extern.ConnKind
		port  int
		began time.Duration
	}
	fresh, reused := extern.ConnFresh, extern.ConnReused
	for name, tc := range map[string]struct {
		answers []answer
		want    int64
	}{
		"twice on one":                  {[]answer{{reused, 1, 1100}, {reused, 1, 1200}}, 1100},
		"on one that was new":           {[]answer{{fresh, 1, 1100}, {reused, 1, 1200}, {reused, 1, 1300}}, 1200},
		"on a session without a port":   {[]answer{{fresh, 0, 1100}, {reused, 0, 1200}}, 1100},
		"each on its own":               {[]answer{{fresh, 1, 1100}, {fresh, 2, 1200}, {fresh, 3, 1300}}, 0},
		"each on its own session":       {[]answer{{fresh, 0, 1100}, {fresh, 0, 1200}}, 0},
		"the last on the old one":       {[]answer{{reused, 1, 900}, {reused, 1, 1100}, {fresh, 2, 1200}}, 0},
		"of another client's, the next": {[]answer{{reused, 1, 1100}, {reused, 2, 1200}}, 0},
		"before the signal":             {[]answer{{reused, 1, 800}, {reused, 1, 900}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := &instance{}
			s.sent.Store(sent)
			d := &dialer{s: s}
			for _, a := range tc.answers {
				d.answers(ledger.Wire{Conn: a.conn, Port: a.port}, a.began)
			}
			if got := s.serving.Load(); got != tc.want {
				t.Errorf("serving since %d, want %d", got, tc.want)
			}
			if tc.want == 0 {
				return
			}
			other := &dialer{s: s} // that was served for less long
			other.answers(ledger.Wire{Conn: reused, Port: 9}, sent)
			other.answers(ledger.Wire{Conn: reused, Port: 9}, tc.answers[0].began)
			if got := s.serving.Load(); got != tc.want {
				t.Errorf("another client makes it %d, want %d", got, tc.want)
			}
		})
	}
}
