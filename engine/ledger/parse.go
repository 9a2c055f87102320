package ledger

import (
	"fmt"
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
//	wire LANE END [msg=LANE#SEQ] [reused|preopened] [aim=READING] [strike=READING] [sent=T] [first=T] [ended=T]
//	     [out=N] [in=N] [port=N] [code=N]
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
// READING is not-accepted, unread, part, head or all; END and EVENT are the words of [WireEnd] and
// [ProcessEvent]. CAUSE is closed, timeout, overloaded, cancelled or other. An operation without an outcome is open if
// it has no end and accepted if it has one. Errors name the line.
func ParseText(text string) (*Evidence, error) {
	p := &parser{e: &Evidence{texts: []string{""}}, names: map[string]Name{"": 0}}
	number := 0
	for line := range strings.Lines(text) {
		number++
		words, err := split(line)
		if err != nil {
			return nil, fmt.Errorf("ledger text, line %d: %w", number, err)
		}
		if len(words) == 0 {
			continue
		}
		l := &fields{words: words[1:], p: p}
		p.record(words[0].value, l)
		l.finish()
		if l.err != nil {
			return nil, fmt.Errorf("ledger text, line %d: %s: %w", number, words[0].value, l.err)
		}
	}
	return p.e, nil
}

type parser struct {
	e     *Evidence
	names map[string]Name
}

func (p *parser) name(text string) Name {
	n, ok := p.names[text]
	if !ok {
		n = Name(len(p.e.texts))
		p.names[text] = n
		p.e.texts = append(p.e.texts, text)
	}
	return n
}

// A token is one word of a line, or key=value.
type token struct {
	key, value string
	quoted     bool
}

func split(line string) ([]token, error) {
	var words []token
	for {
		line = strings.TrimLeft(line, " \t\r\n")
		if line == "" || line[0] == '#' {
			return words, nil
		}
		var t token
		end := strings.IndexAny(line, "= \t\r\n\"")
		if end > 0 && line[end] == '=' {
			t.key, line = line[:end], line[end+1:]
		}
		if line != "" && line[0] == '"' {
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, fmt.Errorf("a quote that does not end: %s", strings.TrimSpace(line))
			}
			t.value, _ = strconv.Unquote(quoted)
			t.quoted, line = true, line[len(quoted):]
		} else {
			end := strings.IndexAny(line, " \t\r\n")
			if end < 0 {
				end = len(line)
			}
			t.value, line = line[:end], line[end:]
		}
		words = append(words, t)
	}
}

// fields hands out the words of one line. The first error stays.
type fields struct {
	words []token
	p     *parser
	err   error
}

func (l *fields) fail(format string, args ...any) {
	if l.err == nil {
		l.err = fmt.Errorf(format, args...)
	}
}

func (l *fields) take(i int) token {
	t := l.words[i]
	l.words = append(l.words[:i:i], l.words[i+1:]...)
	return t
}

// word takes the next word that has no key.
func (l *fields) word(what string) string {
	for i, t := range l.words {
		if t.key == "" {
			return l.take(i).value
		}
	}
	l.fail("%s is missing", what)
	return ""
}

// flag takes a bare word if it is there.
func (l *fields) flag(word string) bool {
	for i, t := range l.words {
		if t.key == "" && !t.quoted && t.value == word {
			l.take(i)
			return true
		}
	}
	return false
}

// oneOf takes one of the words if it is there and returns its index, else -1.
func (l *fields) oneOf(words []string) int {
	for i, w := range words {
		if w != "" && l.flag(w) {
			return i
		}
	}
	return -1
}

func (l *fields) value(key string) (string, bool) {
	for i, t := range l.words {
		if t.key == key {
			return l.take(i).value, true
		}
	}
	return "", false
}

func (l *fields) name(key string) Name {
	s, _ := l.value(key)
	return l.p.name(s)
}

func (l *fields) int(key string, otherwise int64) int64 {
	s, ok := l.value(key)
	if !ok {
		return otherwise
	}
	return l.number(s)
}

func (l *fields) number(s string) int64 {
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		l.fail("%q is not a number", s)
	}
	return n
}

func (l *fields) time(key string) time.Duration {
	s, ok := l.value(key)
	if !ok {
		return 0
	}
	return l.duration(key, s)
}

func (l *fields) duration(key, s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		l.fail("%s: %q is not a time such as 1.5ms", key, s)
	}
	return d
}

func (l *fields) lane(s string) int {
	n := l.number(s)
	if l.err == nil && (n < 0 || n >= int64(len(l.p.e.Lanes))) {
		l.fail("there is no lane %s yet", s)
	}
	return int(n)
}

func (l *fields) msg(s string) MsgID {
	lane, seq, ok := strings.Cut(s, "#")
	a, err1 := strconv.ParseUint(lane, 10, 24)
	b, err2 := strconv.ParseUint(seq, 10, seqBits)
	if !ok || err1 != nil || err2 != nil {
		l.fail("%q is not a message such as 0#1", s)
		return 0
	}
	return NewMsgID(int(a), int64(b))
}

// finish refuses what nobody has taken.
func (l *fields) finish() {
	for _, t := range l.words {
		if t.key != "" {
			l.fail("unknown %s=", t.key)
		} else {
			l.fail("unknown word %q", t.value)
		}
	}
}
