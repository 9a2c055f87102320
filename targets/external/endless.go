package external

import (
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/scenario/spec"
)

// endlessWords say whether a stream has an end of its own.
var endlessWords = []string{"auto", "true", "false"}

func (g *group) readEndless(v spec.Value, errs *spec.Errors) {
	if !slices.Contains(endlessWords, v.Text) {
		errs.Add(spec.Unknown(v, "word of endless", endlessWords))
	}
	g.endless = v.Text
}

// events is the media type of streams of events.
const events = "text/event-stream"

// isEndless says whether an answer is a stream without an end, by its head.
func (d *dialer) isEndless(h responseHead) bool {
	if d.g.endless == "false" || h.status >= 400 {
		return false
	}
	return d.g.kind.name == "sse" || d.g.endless == "true" || strings.HasPrefix(strings.ToLower(h.media), events) ||
		h.length < 0 && d.s.out.Endless(d.role.Group)
}

// headed is called with the head of an answer. Nobody waits for the end of a stream that has none.
func (d *dialer) headed(h responseHead, x *exchange) {
	if h.length < 0 {
		d.streamed(x, d.isEndless(h))
	}
}

// streamed is called when an answer has begun whose length nobody knows.
func (d *dialer) streamed(x *exchange, endless bool) {
	s := d.s
	x.unsized, x.wire.Endless = true, endless
	if endless {
		s.requests.Add(-1)
		s.sessions.Add(1)
	}
	d.streams(+1)
}

// left is called when such an answer is over.
func (d *dialer) left(x *exchange) {
	if !x.unsized {
		return
	}
	s := d.s
	if x.wire.Endless {
		s.requests.Add(1) // which do counts
		s.sessions.Add(-1)
	}
	d.streams(-1)
	if s.out.Control() && d.g.endless != "false" && x.wire.End == extern.WireOpen && (x.declared || x.body.flowing(s.h.DrainLimit)) {
		x.wire.Endless = true // it was waited for
	}
}

// flowing says whether an answer has been coming for so long, to the last.
func (b *body) flowing(limit time.Duration) bool {
	return b.size > 0 && time.Since(b.first) >= limit && time.Since(b.last) < limit/4
}
