package ledger

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

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

func (p *parser) take(i int) token {
	t := p.words[i]
	p.words = append(p.words[:i:i], p.words[i+1:]...)
	return t
}

// value takes the next word that has no key.
func (p *parser) value(what string) string {
	for i, t := range p.words {
		if t.key == "" {
			return p.take(i).value
		}
	}
	p.fail("%s is missing", what)
	return ""
}

// has takes a bare word if it is there.
func (p *parser) has(word string) bool {
	for i, t := range p.words {
		if t.key == "" && !t.quoted && t.value == word {
			p.take(i)
			return true
		}
	}
	return false
}

// keyed takes the value of key=value if it is there.
func (p *parser) keyed(key string) (string, bool) {
	for i, t := range p.words {
		if t.key == key {
			return p.take(i).value, true
		}
	}
	return "", false
}

func (p *parser) numberOf(s string) int64 {
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		p.fail("%q is not a number", s)
	}
	return n
}

func (p *parser) duration(key, s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		p.fail("%s: %q is not a time such as 1.5ms", key, s)
	}
	return d
}

func (p *parser) laneOf(s string) int {
	n := p.numberOf(s)
	if p.err == nil && (n < 0 || n >= int64(len(p.e.Lanes))) {
		p.fail("there is no lane %s yet", s)
	}
	return int(n)
}

func (p *parser) message(s string) MsgID {
	lane, seq, ok := strings.Cut(s, "#")
	a, err1 := strconv.ParseUint(lane, 10, 64-seqBits)
	b, err2 := strconv.ParseUint(seq, 10, seqBits)
	if !ok || err1 != nil || err2 != nil {
		p.fail("%q is not a message such as 0#1", s)
		return 0
	}
	return NewMsgID(int(a), int64(b))
}

// finish refuses what nobody has taken.
func (p *parser) finish() {
	for _, t := range p.words {
		if t.key != "" {
			p.fail("unknown %s=", t.key)
		} else {
			p.fail("unknown word %q", t.value)
		}
	}
}

// laneLine takes the description of a lane.
func (p *parser) laneLine() {
	if n := p.numberOf(p.value("number")); n != int64(len(p.e.Lanes)) {
		p.fail("lane %d is due", len(p.e.Lanes))
	}
	info := LaneInfo{Name: p.value("name"), Op: p.value("op")}
	group, ok := p.keyed("as")
	if !ok {
		group = info.Op
	}
	info.Group = group
	p.e.Lanes = append(p.e.Lanes, info)
	p.e.Ops = append(p.e.Ops, nil)
	p.e.Deliveries = append(p.e.Deliveries, nil)
}

// deliverLine takes a delivery.
func (p *parser) deliverLine() {
	lane := p.laneOf(p.value("lane"))
	d := Delivery{Msg: p.message(p.value("message"))}
	d.At = p.time(field{key: "at"}, 0)
	if p.err == nil {
		p.e.Deliveries[lane] = append(p.e.Deliveries[lane], d)
	}
}

// opLine takes an operation.
func (p *parser) opLine() {
	o := Op{Msg: p.message(p.value("message"))}
	at, _ := p.keyed("at")
	o.Began, o.Ended = p.moments(at)
	o.Intended = p.time(field{key: "intended"}, o.Began)
	if o.Ended != 0 {
		o.Outcome = Accepted
	}
	o.Outcome = Outcome(p.word(field{place: bare | optional}, outcomes, uint8(o.Outcome)))
	o.Cause = Cause(p.word(field{place: bare | optional}, causes, 0))
	code := p.number(field{key: "code"}, 0)
	o.Code = uint16(code)
	topic := p.number(field{key: "topic"}, 0)
	o.Size = p.number(field{key: "size"}, 0)
	o.Topic = uint8(topic)
	lane := p.laneOf(strconv.Itoa(o.Msg.Lane()))
	if p.err != nil {
		return
	}
	switch due := int64(len(p.e.Ops[lane])) + 1; {
	case o.Msg.Seq() != due:
		p.fail("message %d#%d is due", lane, due)
	case code < 0 || code > math.MaxUint16:
		p.fail("there is no code %d", code)
	case topic < 0 || topic > 255:
		p.fail("there is no topic %d", topic)
	case o.Ended == 0 && o.Outcome != Unknown:
		p.fail("an open operation has no outcome")
	default:
		p.e.Ops[lane] = append(p.e.Ops[lane], o)
	}
}
