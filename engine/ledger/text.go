package ledger

import (
	"fmt"
	"strings"
	"time"
)

// Format writes evidence in the text form that ParseText reads: a line a record, kinds in a fixed
// order, each kind's records in the order of the evidence. Reading it back gives the same evidence,
// but for the numbers of names and the count of records.
func Format(e *Evidence) string {
	p := &printer{e: e}
	for _, r := range rows {
		if r.print != nil {
			r.print(p)
			continue
		}
		r.records(e, func(x Record) {
			p.begin(r.word)
			x.fields(&visitor{inText: p})
		})
	}
	if e.Full {
		p.begin("full")
	}
	if e.Cut != "" {
		p.begin("cut")
		p.say("%s", quote(e.Cut))
	}
	if p.b.Len() > 0 {
		p.b.WriteByte('\n')
	}
	return p.b.String()
}

// A printer writes a line of what it is shown.
type printer struct {
	e *Evidence
	b strings.Builder
}

var _ line = (*printer)(nil)

// begin begins a line.
func (p *printer) begin(word string) {
	if p.b.Len() > 0 {
		p.b.WriteByte('\n')
	}
	p.b.WriteString(word)
}

func (p *printer) say(format string, args ...any) {
	p.b.WriteByte(' ')
	fmt.Fprintf(&p.b, format, args...)
}

// put says a field, where it is to be said; zero is whether it is what goes without saying.
func (p *printer) put(f field, zero bool, value any) {
	switch {
	case zero && !f.has(always|bare), zero && f.has(optional):
	case f.has(bare):
		p.say("%v", value)
	default:
		p.say("%s=%v", f.key, value)
	}
}

func (p *printer) flag(word string, is bool) bool {
	if is {
		p.say("%s", word)
	}
	return is
}

func (p *printer) either(no, yes string, is bool) bool {
	p.say("%s", pick(is, no, yes))
	return is
}

func (p *printer) moment(no, yes string, is bool, d time.Duration) (bool, time.Duration) {
	p.say("%s=%s", pick(is, no, yes), d)
	return is, d
}

func pick(is bool, no, yes string) string {
	if is {
		return yes
	}
	return no
}

func (p *printer) span(from, until time.Duration) (time.Duration, time.Duration) {
	p.say("%s", spanOf(from, until))
	return from, until
}

// spanOf says two moments; the second is left out where it is 0.
func spanOf(from, until time.Duration) string {
	if until == 0 {
		return from.String() + ".."
	}
	return from.String() + ".." + until.String()
}

func (p *printer) number(f field, n int64) int64 {
	p.put(f, n == f.unsaid(), n)
	return n
}

func (p *printer) bits(f field, n uint64) uint64 {
	if f.has(hex) {
		p.put(f, n == uint64(f.unsaid()), fmt.Sprintf("%#x", n))
	} else {
		p.put(f, n == uint64(f.unsaid()), n)
	}
	return n
}

func (p *printer) time(f field, d time.Duration) time.Duration {
	p.put(f, d == 0, d)
	return d
}

func (p *printer) name(f field, n Name) Name {
	text := p.e.Text(n)
	p.put(f, text == "", quote(text))
	return n
}

func (p *printer) lane(f field, n int) int {
	p.put(f, int64(n) == f.unsaid(), n)
	return n
}

func (p *printer) msg(f field, m MsgID) MsgID {
	p.put(f, m == 0, m)
	return m
}

func (p *printer) word(f field, words []string, n uint8) uint8 {
	p.put(f, n == 0, word(words, int(n)))
	return n
}

func (p *printer) must(bool, string) {}

func (p *printer) lanes() {
	for i, l := range p.e.Lanes {
		p.begin("lane")
		p.say("%d %s %s", i, quote(l.Name), quote(l.Op))
		if l.Group != l.Op {
			p.say("as=%s", quote(l.Group))
		}
	}
}

func (p *printer) ops() {
	for _, ops := range p.e.Ops {
		for i := range ops {
			p.op(&ops[i])
		}
	}
}

func (p *printer) op(o *Op) {
	p.begin("op")
	p.say("%s at=%s", o.Msg, spanOf(o.Began, o.Ended))
	if o.Ended != 0 || o.Outcome != Unknown {
		p.say("%s", o.Outcome)
	}
	if o.Cause != 0 {
		p.say("%s", word(causes, int(o.Cause)))
	}
	if o.Code != 0 {
		p.say("code=%d", o.Code)
	}
	if o.Topic != 0 {
		p.say("topic=%d", o.Topic)
	}
	if o.Size != 0 {
		p.say("size=%d", o.Size)
	}
	if o.Intended != o.Began {
		p.say("intended=%s", o.Intended)
	}
}

func (p *printer) deliveries() {
	for lane, seen := range p.e.Deliveries {
		for _, d := range seen {
			p.begin("deliver")
			p.say("%d %s at=%s", lane, d.Msg, d.At)
		}
	}
}

// quote leaves a text as it is where the reader would take it for one word.
func quote(s string) string {
	plain := s != ""
	for _, c := range s {
		if c <= ' ' || c > '~' || strings.ContainsRune("\"'\\=#`", c) {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	return fmt.Sprintf("%q", s)
}
