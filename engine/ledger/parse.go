package ledger

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ParseText reads evidence from its text form: a line a record; blank lines and what follows a word
// that begins with # are left out. Texts with spaces are in Go's double quotes. Lanes come before what
// mentions them, a lane's operations in the order of their numbers, and names and numbers right after
// the kind; the rest of a line is in any order. Parts in brackets may be left out. Times are Go's
// durations.
//
//	lane N NAME OP [as=GROUP]                    GROUP is OP unless given
//	op LANE#SEQ at=BEGAN..[ENDED] [accepted|refused|unknown] [CAUSE] [topic=N] [size=N] [intended=T]
//	deliver LANE LANE#SEQ at=T
//	subscribe LANE [topics=BITS] [from=T] [until=T] [policy] [draining]      BITS is 1 unless given
//	discard LANE#SEQ [lane=N] [station=S] [cause=S] [where=S] [policy] [draining] at=T
//	returned …                                   the same; lane is -1, everybody, unless given
//	drain BEGAN..[ENDED] [returned|deadline|failed] [left=N] [error=S]
//	signal NUMBER sent=T|taken=T [planned=T] [power]
//	phase N NAME began|ended [status=N] [signal=N] [limit] [ready] at=T
//	gauge NAME value=N [bound=N] [final] at=T
//	window NAME [passed=N] [struck=N] [met=N] [widened]
//	panic task=S value=S [stack=S] [target] at=T
//	task NAME [wait=S] [object=S] [holder=S] [target] [parked] [after-drain] [since=T]
//	mark WHO TEXT [count=N] at=T
//	load LANE [planned=N] [late=N] [unsent=N] [worst=T]
//	wire LANE END [msg=LANE#SEQ] [reused|preopened] [aim=READING] [strike=READING] [last=READING] [sent=T]
//	     [first=T] [ended=T] [out=N] [in=N] [port=N] [code=N]
//	process PID EVENT [clean] [status=N] [signal=N] [count=N] [text=S] at=T
//	owner LOG WHO opened|refused|wrote|closed|released at=T
//	audit LANE [unconfirmed=BITS] [gaps=N] [back=N] [torn=N] [beyond=N] [error=S] at=T
//	access N LANE#SEQ read|write|snapshot|ended [key=N] at=T
//	value LANE#SEQ [key=N] [is=N] [wrote]
//	claim WHAT [op=S] [within=T]
//	waited LANE#SEQ for=T
//	full                                         the ledger ran out of room
//	cut TEXT                                     the ledger ends early
//
// READING is not-accepted, unread, part, head or all; END and EVENT are the words of [extern.WireEnd] and
// [extern.ProcessEvent]. CAUSE is closed, timeout, overloaded, cancelled or other. An operation without an outcome
// is open if it has no end and accepted if it has one. Errors begin with the name of the text and the line.
func ParseText(name, text string) (*Evidence, error) {
	p := &parser{e: &Evidence{texts: []string{""}}, names: map[string]Name{"": 0}}
	number := 0
	for line := range strings.Lines(text) {
		number++
		words, err := split(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, number, err)
		}
		if len(words) == 0 {
			continue
		}
		p.words = words[1:]
		p.record(words[0].value)
		p.finish()
		if p.err != nil {
			return nil, fmt.Errorf("%s:%d: %s: %w", name, number, words[0].value, p.err)
		}
	}
	return p.e, nil
}

// A parser fills in what it is shown from the words of one line. The first error stays.
type parser struct {
	e     *Evidence
	names map[string]Name
	words []token
	err   error
}

var _ line = (*parser)(nil)

func (p *parser) visitor() *visitor { return &visitor{inText: p} }

// record takes one line into the evidence.
func (p *parser) record(word string) {
	switch word {
	case "full":
		p.e.Full = true
		return
	case "cut":
		p.e.Cut = p.value("why")
		return
	}
	i := slices.IndexFunc(rows, func(r row) bool { return r.word == word })
	if i < 0 {
		p.fail("unknown kind of record")
		return
	}
	p.e.Records++
	rows[i].parse(p)
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

func (p *parser) flag(word string, _ bool) bool { return p.has(word) }

func (p *parser) either(no, yes string, _ bool) bool {
	is := p.has(yes)
	if p.has(no) == is {
		p.fail("it either %s or %s", no, yes)
	}
	return is
}

func (p *parser) moment(no, yes string, _ bool, _ time.Duration) (bool, time.Duration) {
	a, isNo := p.keyed(no)
	b, isYes := p.keyed(yes)
	if isNo == isYes {
		p.fail("it is either %s= or %s=", no, yes)
		return false, 0
	}
	return isYes, p.duration(pick(isYes, no, yes), a+b)
}

func (p *parser) span(time.Duration, time.Duration) (from, until time.Duration) {
	return p.moments(p.value("time"))
}

// moments are the two of from..until.
func (p *parser) moments(s string) (from, until time.Duration) {
	a, b, ok := strings.Cut(s, "..")
	var err error
	if from, err = time.ParseDuration(a); err == nil && b != "" {
		until, err = time.ParseDuration(b)
	}
	if err != nil || !ok {
		p.fail("%q is not a time from..until", s)
	}
	return from, until
}

// text takes what a field says. ok is false where it is left out, or missing.
func (p *parser) text(f field) (s string, ok bool) {
	if f.has(bare) {
		had := p.err
		s = p.value(f.key)
		return s, p.err == had
	}
	return p.keyed(f.key)
}

func (p *parser) number(f field, _ int64) int64 {
	if s, ok := p.text(f); ok {
		return p.numberOf(s)
	}
	return f.unsaid()
}

func (p *parser) bits(f field, _ uint64) uint64 {
	s, ok := p.text(f)
	if !ok {
		return uint64(f.unsaid())
	}
	n, err := strconv.ParseUint(s, 0, 64)
	if err != nil {
		p.fail("%s: %q is not a number from 0 on", f.key, s)
	}
	return n
}

func (p *parser) time(f field, d time.Duration) time.Duration {
	if s, ok := p.text(f); ok {
		return p.duration(f.key, s)
	}
	return d
}

func (p *parser) name(f field, _ Name) Name {
	text, _ := p.text(f)
	n, ok := p.names[text]
	if !ok {
		n = Name(len(p.e.texts))
		p.names[text] = n
		p.e.texts = append(p.e.texts, text)
	}
	return n
}

func (p *parser) lane(f field, _ int) int {
	if s, ok := p.text(f); ok && (f.has(bare) || s != strconv.FormatInt(f.unsaid(), 10)) {
		return p.laneOf(s)
	}
	return int(f.unsaid())
}

func (p *parser) msg(f field, m MsgID) MsgID {
	if s, ok := p.text(f); ok {
		return p.message(s)
	}
	return m
}

func (p *parser) word(f field, words []string, otherwise uint8) uint8 {
	if f.has(bare) {
		for i, w := range words {
			if w != "" && p.has(w) {
				return uint8(i)
			}
		}
		if !f.has(optional) {
			p.fail("%s is missing: one of %s", f.key, oneOf(words))
		}
		return otherwise
	}
	s, ok := p.keyed(f.key)
	if !ok {
		return otherwise
	}
	i := slices.Index(words, s)
	if i < 0 || s == "" {
		p.fail("%s: %q is not one of %s", f.key, s, oneOf(words))
		return otherwise
	}
	return uint8(i)
}

func (p *parser) must(ok bool, what string) {
	if !ok {
		p.fail("%s", what)
	}
}
