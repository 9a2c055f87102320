package external

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/scenario/secret"
)

const (
	// bodyKept is how much of an answer's body is kept for people.
	bodyKept = 160
	// answersKept is of how many good answers of a group that is, in a run without a signal.
	answersKept = 4
)

// A body is what is kept of an answer's body while it is read.
type body struct {
	kept        [bodyKept]byte
	size        int64
	first, last time.Time // when some of it came
}

// Write implements io.Writer.
func (b *body) Write(p []byte) (int, error) {
	if b.size < bodyKept {
		copy(b.kept[b.size:], p)
	}
	b.last = time.Now()
	if b.size == 0 {
		b.first = b.last
	}
	b.size += int64(len(p))
	return len(p), nil
}

// begins is how the body begins, on one line.
func (b *body) begins() string {
	kept := b.kept[:min(b.size, bodyKept)]
	if b.size > bodyKept {
		kept = kept[:secret.Whole(kept)] // a secret that was cut
	}
	for n := 0; n < utf8.UTFMax && len(kept) > 0 && b.size > bodyKept && !utf8.Valid(kept); n++ {
		kept = kept[:len(kept)-1] // a letter that was cut
	}
	text := strings.TrimSpace(strings.ToValidUTF8(string(kept), "?"))
	if b.size > bodyKept {
		text += "…"
	}
	return text
}

// keepAnswer records what was kept of an answer.
func (s *instance) keepAnswer(x exchange, d *dialer) {
	if s.out.Control() {
		s.mu.Lock()
		s.answers[d.role.Group]++
		enough := s.answers[d.role.Group] > answersKept
		s.mu.Unlock()
		if enough {
			return
		}
	}
	a := ledger.Answer{Msg: x.wire.Msg}
	s.out.Answer(a, x.line, x.body.begins())
}
