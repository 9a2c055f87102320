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
	for i, l := range e.Lanes {
		p.line("lane %d %s %s", i, quote(l.Name), quote(l.Op))
		p.when(l.Group != l.Op, "as=%s", quote(l.Group))
	}
	p.phases()
	p.signals()
	for _, s := range e.Subscriptions {
		p.line("subscribe %d topics=%#x from=%s", s.Lane, s.Topics, s.From)
		p.when(s.Until != 0, "until=%s", s.Until)
		p.flags(s.Policy, "policy", s.Draining, "draining")
	}
	for _, ops := range e.Ops {
		for _, o := range ops {
			p.op(o)
		}
	}
	for lane, ds := range e.Deliveries {
		for _, d := range ds {
			p.line("deliver %d %s at=%s", lane, d.Msg, d.At)
		}
	}
	p.discards("discard", e.Discards)
	p.discards("returned", e.Returned)
	if d := e.Drain; d != nil {
		p.drain(d)
	}
	p.facts()
	if e.Full {
		p.line("full")
	}
	if e.Cut != "" {
		p.line("cut %s", quote(e.Cut))
	}
	if p.b.Len() > 0 {
		p.b.WriteByte('\n')
	}
	return p.b.String()
}

type printer struct {
	e *Evidence
	b strings.Builder
}

func (p *printer) line(format string, args ...any) {
	if p.b.Len() > 0 {
		p.b.WriteByte('\n')
	}
	fmt.Fprintf(&p.b, format, args...)
}

func (p *printer) when(say bool, format string, args ...any) {
	if say {
		p.b.WriteByte(' ')
		fmt.Fprintf(&p.b, format, args...)
	}
}

// flags takes pairs of a condition and its word.
func (p *printer) flags(pairs ...any) {
	for i := 0; i < len(pairs); i += 2 {
		p.when(pairs[i].(bool), "%s", pairs[i+1])
	}
}

func (p *printer) name(n Name) string { return quote(p.e.Text(n)) }

// named says a text that may be left out.
func (p *printer) named(key string, n Name) { p.when(p.e.Text(n) != "", "%s=%s", key, p.name(n)) }

func (p *printer) op(o Op) {
	p.line("op %s at=%s..", o.Msg, o.Began)
	if o.Ended != 0 {
		p.b.WriteString(o.Ended.String())
	}
	p.when(o.Ended != 0 || o.Outcome != Unknown, "%s", o.Outcome)
	p.when(o.Cause != NoCause, "%s", o.Cause)
	p.when(o.Topic != 0, "topic=%d", o.Topic)
	p.when(o.Size != 0, "size=%d", o.Size)
	p.when(o.Intended != o.Began, "intended=%s", o.Intended)
}

func (p *printer) discards(word string, ds []Discard) {
	for _, d := range ds {
		p.line("%s %s", word, d.Msg)
		p.when(d.Lane != -1, "lane=%d", d.Lane)
		p.named("station", d.Station)
		p.named("cause", d.Cause)
		p.named("where", d.Where)
		p.flags(d.Policy, "policy", d.Draining, "draining")
		p.when(true, "at=%s", d.At)
	}
}

func (p *printer) drain(d *Drain) {
	p.line("drain %s..", d.Began)
	if d.Ended != 0 {
		p.b.WriteString(d.Ended.String())
	}
	p.when(d.How != 0, "%s", d.How)
	p.when(d.Left != 0, "left=%d", d.Left)
	p.named("error", d.Error)
}

func (p *printer) phases() {
	for _, f := range p.e.Phases {
		p.line("phase %d %s", f.Index, p.name(f.Name))
		p.when(f.Ended, "ended status=%d", f.Status)
		p.when(!f.Ended, "began")
		p.when(!f.Ended && f.Status != 0, "status=%d", f.Status)
		p.when(f.Signal != 0, "signal=%d", f.Signal)
		p.flags(f.Limit, "limit", f.Ready, "ready")
		p.when(true, "at=%s", f.At)
	}
}

func (p *printer) signals() {
	for _, s := range p.e.Signals {
		if s.Taken {
			p.line("signal %d taken=%s", s.Number, s.At)
		} else {
			p.line("signal %d sent=%s", s.Number, s.At)
		}
		p.flags(s.Power, "power")
		p.when(s.Planned != 0, "planned=%s", s.Planned)
	}
}

// facts writes what is known about processes, queues and windows rather than messages.
func (p *printer) facts() {
	for _, g := range p.e.Gauges {
		p.line("gauge %s value=%d", p.name(g.Name), g.Value)
		p.when(g.Bound != 0, "bound=%d", g.Bound)
		p.flags(g.Final, "final")
		p.when(true, "at=%s", g.At)
	}
	for _, w := range p.e.Windows {
		p.line("window %s passed=%d struck=%d met=%d", p.name(w.Name), w.Passed, w.Struck, w.Met)
		p.flags(w.Widened, "widened")
	}
	for _, f := range p.e.Panics {
		p.line("panic task=%s value=%s stack=%s", p.name(f.Task), p.name(f.Value), p.name(f.Stack))
		p.flags(f.Target, "target")
		p.when(true, "at=%s", f.At)
	}
	for _, t := range p.e.Tasks {
		p.line("task %s wait=%s object=%s", p.name(t.Name), p.name(t.Wait), p.name(t.Object))
		p.when(p.e.Text(t.Holder) != "", "holder=%s", p.name(t.Holder))
		p.flags(t.Target, "target", t.Parked, "parked", t.AfterDrain, "after-drain")
		p.when(true, "since=%s", t.Since)
	}
	for _, m := range p.e.Marks {
		p.line("mark %s %s", p.name(m.Who), p.name(m.Text))
		p.when(m.Count != 0, "count=%d", m.Count)
		p.when(true, "at=%s", m.At)
	}
	for _, l := range p.e.Loads {
		p.line("load %d planned=%d late=%d unsent=%d worst=%s", l.Lane, l.Planned, l.Late, l.Unsent, l.Worst)
	}
	p.outside()
	p.reopened()
	p.stored()
}

var (
	outcomes  = []string{Unknown: "unknown", Accepted: "accepted", Refused: "refused"}
	causes    = []string{NoCause: "no-cause", Closed: "closed", Timeout: "timeout", Overloaded: "overloaded", Cancelled: "cancelled", OtherCause: "other"}
	drainEnds = []string{"", DrainReturned: "returned", DrainDeadline: "deadline", DrainFailed: "failed"}
)

// String returns the outcome as people read it.
func (o Outcome) String() string { return word(outcomes, int(o)) }

// String returns the cause as people read it.
func (c Cause) String() string { return word(causes, int(c)) }

// String returns the way the drain ended as people read it.
func (d DrainEnd) String() string { return word(drainEnds, int(d)) }

func word(words []string, i int) string {
	if i < len(words) {
		return words[i]
	}
	return fmt.Sprint(i)
}

// String returns the id as lane#number.
func (m MsgID) String() string { return fmt.Sprintf("%d#%d", m.Lane(), m.Seq()) }

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

// span parses A..B and A.. into two moments; the second is 0 when it is left out.
func span(s string) (from, to time.Duration, err error) {
	a, b, ok := strings.Cut(s, "..")
	if !ok {
		return 0, 0, fmt.Errorf("%q is not a time from..until", s)
	}
	if from, err = time.ParseDuration(a); err == nil && b != "" {
		to, err = time.ParseDuration(b)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("%q is not a time from..until", s)
	}
	return from, to, nil
}
