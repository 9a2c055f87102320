package external

import (
	"bytes"
	"hash"
	"hash/fnv"
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
	pieced      bool      // its length was not said before it
	piece       hash.Hash64
	in          pieces
	tail        tail
	encoded     bool          // its bytes are no text
	said        string        // in words, of one that is encoded
	also        *bytes.Buffer // keeps more of it; nil: nothing does
}

// Write implements io.Writer.
func (b *body) Write(p []byte) (int, error) {
	if b.size < bodyKept {
		copy(b.kept[b.size:], p)
	}
	if b.also != nil {
		b.also.Write(p[:min(len(p), mostGivenIn-min(b.also.Len(), mostGivenIn))])
	}
	b.last = time.Now()
	if b.size == 0 {
		b.first = b.last
	}
	b.size += int64(len(p))
	b.tail.add(p)
	if b.pieced {
		if b.piece == nil {
			b.piece = fnv.New64a()
		}
		_, _ = b.piece.Write(p)
	}
	return len(p), nil
}

// begins is how the body begins, on one line.
func (b *body) begins() string {
	if b.encoded {
		return b.said
	}
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

// keptEnds is of how many good answers before the signal that come in pieces it is recorded how they end.
const keptEnds = 120

// A keptAnswers counts the answers of a group of which something was recorded.
type keptAnswers struct {
	n, unlike int
	first     ledger.Answer
	body      string
}

// wants says whether an answer that no stop can have touched is worth recording: one of the first, or one that is not
// like the first of all.
func (k *keptAnswers) wants(x ledger.Answer, body string, most int) bool {
	if k.n++; k.n == 1 {
		k.first, k.body = x, body
	}
	if x.Chain != k.first.Chain || x.Sized != k.first.Sized || x.Sized && body != k.body {
		k.unlike++
		return k.n <= most || k.unlike <= answersKept
	}
	return k.n <= most
}

// keepAnswer records what was kept of an answer. untouched says that no stop can have touched it.
func (s *instance) keepAnswer(x exchange, d *dialer, untouched bool) {
	in := &x.body.in
	a := ledger.Answer{Msg: x.wire.Msg, Pieces: in.n, Chain: in.chain, Last: in.last, Sized: !x.body.pieced && !x.unsized, Unended: x.unended}
	if untouched {
		if in.n == 0 && !s.out.Control() {
			return
		}
		most, text := answersKept, ""
		if in.n > 0 {
			most = keptEnds
		} else {
			text = x.body.begins()
		}
		s.mu.Lock()
		g := s.answers[d.role.Group]
		if g == nil {
			g = &keptAnswers{}
			s.answers[d.role.Group] = g
		}
		wanted := g.wants(a, text, most)
		s.mu.Unlock()
		if !wanted {
			return
		}
		if !s.out.Control() {
			s.out.Answer(a, "", "", "")
			return
		}
	}
	s.out.Answer(a, x.line, x.body.begins(), in.trailText())
}
