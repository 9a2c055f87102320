package loadgen

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/racebench/racebench/scenario/secret"
)

// maxHead is the longest head of an answer, and the longest line of its trailers.
const maxHead = 64 << 10

// errGarbage says that what came is not HTTP/1.1.
var errGarbage = errors.New("what the server sent is not HTTP/1.1")

// A part is where in an answer its reader is.
type part uint8

const (
	inHead part = iota
	inBody
	inChunkSize
	inChunk
	afterChunk
	inTrailer
	untilEnd // the connection's end is the body's
	whole
)

// An answer reads one answer, in whatever pieces it comes. It keeps nothing of a body. Its zero value is not ready:
// reset comes first.
type answer struct {
	at      part
	status  int
	left    int64 // of a body or a chunk; of a trailer's line what it has had so far
	digits  int   // of a chunk's size that were read
	extends bool  // the rest of a chunk's size is an extension
	bodied  bool  // the request's method lets the answer have a body
	chunked bool
	last    bool // the connection carries nothing after it
	any     bool // something of it has come
	carry   []byte
}

// reset makes ready for the answer to one request.
func (a *answer) reset(bodied bool) {
	*a = answer{bodied: bodied, carry: a.carry[:0]}
}

// feed takes the next bytes of a connection. It returns how many of them belong to the answer and whether the answer
// is whole.
func (a *answer) feed(b []byte) (n int, done bool, err error) {
	a.any = a.any || len(b) > 0
	for n < len(b) && a.at != whole {
		var took int
		switch a.at {
		case inHead:
			took, err = a.head(b[n:])
		case inBody:
			took = int(min(a.left, int64(len(b)-n)))
			if a.left -= int64(took); a.left == 0 {
				a.at = whole
			}
		case inChunk:
			took = int(min(a.left, int64(len(b)-n)))
			if a.left -= int64(took); a.left == 0 {
				a.at = afterChunk
			}
		case untilEnd:
			took = len(b) - n
		default:
			took, err = 1, a.framing(b[n])
		}
		n += took
		if err != nil {
			return n, false, err
		}
	}
	return n, a.at == whole, nil
}

// ended says whether the end of the connection makes the answer whole.
func (a *answer) ended() bool { return a.at == untilEnd }

// head takes bytes of a head, which may have begun in earlier ones.
func (a *answer) head(b []byte) (int, error) {
	if len(a.carry) == 0 {
		n, ok, err := a.parseHead(b)
		if err != nil || ok {
			return n, err
		}
		return len(b), a.keep(b)
	}
	before := len(a.carry)
	b = b[:min(len(b), maxHead-before)] // a body may follow that is longer than any head
	if err := a.keep(b); err != nil {
		return len(b), err
	}
	if bytes.IndexByte(b, '\n') < 0 { // no line has ended
		if !plausible(a.carry) {
			return len(b), fmt.Errorf("%w: it begins with %s", errGarbage, quoted(a.carry))
		}
		return len(b), nil
	}
	n, ok, err := a.parseHead(a.carry)
	if err != nil || !ok {
		return len(b), err
	}
	a.carry = a.carry[:0]
	return n - before, nil
}

// keep puts aside what of a head has come. It is full where the head has come to its limit and has no end.
func (a *answer) keep(b []byte) error {
	if len(b) == 0 || len(a.carry)+len(b) > maxHead {
		return fmt.Errorf("%w: a head of more than 64 KiB", errGarbage)
	}
	a.carry = append(a.carry, b...)
	return nil
}

// quoteFrom is of how much of a text its quote is made, quoteLength how long that is.
const (
	quoteFrom   = 1 << 10
	quoteLength = 40
)

// quoted quotes the beginning of what a server sent. It may repeat a secret of the request: secrets are taken out before
// the text is cut, and so is one of which only a part has come.
func quoted(b []byte) string { return fmt.Sprintf("%q", beginning(b, quoteLength)) }

// beginning is so much of a text without secrets.
func beginning(b []byte, length int) []byte {
	b = b[:min(len(b), quoteFrom)]
	b = secret.Scrub(b[:secret.Whole(b)])
	return b[:min(len(b), length)]
}

// fields are what one answer's head says of its body.
type fields struct {
	length         int64 // -1: not said
	chunked, coded bool
	closes, keeps  bool
}

// parseHead reads a head that begins with b. It is false when b does not hold the whole of it.
func (a *answer) parseHead(b []byte) (n int, ok bool, err error) {
	f := fields{length: -1}
	line, n, ok := nextLine(b)
	if !ok {
		if !plausible(b) {
			return 0, false, fmt.Errorf("%w: it begins with %s", errGarbage, quoted(b))
		}
		return 0, false, nil
	}
	old, err := a.statusLine(line)
	if err != nil {
		return 0, false, err
	}
	for {
		line, took, ok := nextLine(b[n:])
		if !ok {
			return 0, false, nil
		}
		if n += took; n > maxHead {
			return n, false, fmt.Errorf("%w: a head of more than 64 KiB", errGarbage)
		}
		if len(line) == 0 {
			break
		}
		if err := f.take(line); err != nil {
			return 0, false, err
		}
	}
	a.last = f.closes || old && !f.keeps
	a.chunked = f.chunked
	a.body(f)
	return n, true, nil
}

// plausible says whether bytes can be the beginning of an answer.
func plausible(b []byte) bool {
	const start = "HTTP/1."
	n := min(len(b), len(start))
	return string(b[:n]) == start[:n]
}

// body says where the body of an answer with such a head ends.
func (a *answer) body(f fields) {
	switch {
	case a.status < 200 && a.status != 101:
		a.at, a.status = inHead, 0 // the answer is still to come
	case !a.bodied, a.status == 204, a.status == 304, a.status == 101:
		a.at = whole
	case f.chunked:
		a.at = inChunkSize
	case f.length == 0 && !f.coded:
		a.at = whole
	case f.length > 0 && !f.coded:
		a.at, a.left = inBody, f.length
	default:
		a.at, a.last = untilEnd, true
	}
	a.last = a.last || a.status == 101
}

// statusLine reads the first line; old says that the version is 1.0.
func (a *answer) statusLine(line []byte) (old bool, err error) {
	if len(line) < 12 || !plausible(line) || line[8] != ' ' || len(line) > 12 && line[12] != ' ' {
		return false, fmt.Errorf("%w: it begins with %s", errGarbage, quoted(line))
	}
	a.status = 0
	for _, c := range line[9:12] {
		if c < '0' || c > '9' {
			return false, fmt.Errorf("%w: it begins with %s", errGarbage, quoted(line))
		}
		a.status = a.status*10 + int(c-'0')
	}
	if a.status < 100 || a.status > 599 {
		return false, fmt.Errorf("%w: it begins with %s", errGarbage, quoted(line))
	}
	return line[7] == '0', nil
}

// take reads one line of a head: most say nothing about the body, and their first letter shows it.
func (f *fields) take(line []byte) error {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return fmt.Errorf("%w: a header line %s", errGarbage, quoted(line))
	}
	switch line[0] | 0x20 {
	case 'c', 't':
	default:
		return nil
	}
	name, value := line[:colon], bytes.TrimSpace(line[colon+1:])
	switch {
	case len(name) == len("content-length") && bytes.EqualFold(name, []byte("content-length")):
		n, ok := decimal(value)
		if !ok || f.length >= 0 && f.length != n {
			return fmt.Errorf("%w: Content-Length %s", errGarbage, quoted(value))
		}
		f.length = n
	case len(name) == len("transfer-encoding") && bytes.EqualFold(name, []byte("transfer-encoding")):
		f.coded, f.chunked = true, endsInChunked(value)
	case len(name) == len("connection") && bytes.EqualFold(name, []byte("connection")):
		f.connection(value)
	}
	return nil
}

// connection reads a Connection header. Most servers say one word.
func (f *fields) connection(value []byte) {
	if bytes.EqualFold(value, []byte("keep-alive")) {
		f.keeps = true
		return
	}
	for word := range bytes.SplitSeq(value, []byte(",")) {
		word = bytes.TrimSpace(word)
		f.closes = f.closes || bytes.EqualFold(word, []byte("close"))
		f.keeps = f.keeps || bytes.EqualFold(word, []byte("keep-alive"))
	}
}

// endsInChunked says whether the last coding of a list is chunked.
func endsInChunked(value []byte) bool {
	coding := value
	if i := bytes.LastIndexByte(value, ','); i >= 0 {
		coding = bytes.TrimSpace(value[i+1:])
	}
	return bytes.EqualFold(coding, []byte("chunked"))
}

// decimal reads a number of at most 18 digits.
func decimal(b []byte) (n int64, ok bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// nextLine cuts a line off, without its end; n is how long it is with it.
func nextLine(b []byte) (line []byte, n int, ok bool) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return nil, 0, false
	}
	line = b[:i]
	if i > 0 && line[i-1] == '\r' {
		line = line[:i-1]
	}
	return line, i + 1, true
}

// framing takes one byte of what stands between the pieces of a chunked body.
func (a *answer) framing(c byte) error {
	switch a.at {
	case inChunkSize:
		return a.chunkSize(c)
	case afterChunk:
		switch c {
		case '\r':
		case '\n':
			a.at, a.digits, a.extends = inChunkSize, 0, false
		default:
			return fmt.Errorf("%w: %q after a chunk", errGarbage, c)
		}
	case inTrailer:
		switch {
		case c == '\r':
		case c != '\n':
			if a.left++; a.left > maxHead {
				return fmt.Errorf("%w: a trailer of more than 64 KiB", errGarbage)
			}
		case a.left == 0:
			a.at = whole
		default:
			a.left = 0
		}
	}
	return nil
}

// chunkSize takes one byte of the line that begins a chunk.
func (a *answer) chunkSize(c byte) error {
	digit, isHex := hexadecimal(c)
	switch {
	case c == '\n' && a.digits > 0:
		if a.at = inChunk; a.left == 0 {
			a.at = inTrailer
		}
		return nil
	case a.extends || c == '\r' || c == ' ':
		return nil
	case c == ';' && a.digits > 0:
		a.extends = true
		return nil
	case !isHex || a.digits == 15:
		return fmt.Errorf("%w: %q in a chunk's size", errGarbage, c)
	}
	if a.digits++; a.digits == 1 {
		a.left = 0
	}
	a.left = a.left<<4 | int64(digit)
	return nil
}

func hexadecimal(c byte) (digit byte, ok bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}
