package external

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario/secret"
	"github.com/racebench/racebench/targets"
)

// A store is what acknowledged writes are read back from, once the program has been started again. It is
// comparable: writes of one store share a reader.
type store interface {
	reader(s *instance) (reader, error)
}

// A reader reads values back. A key that is not there is no error; errUntold says that nobody can tell.
type reader interface {
	find(key, value string) (found string, ok bool, err error)
	close()
}

// A wireStore writes and reads over an httpConn, whatever the protocol, so that what the program had read of
// its requests is proved the same way.
type wireStore interface {
	// writing is the request that stores a value; good says whether an answer acknowledges it.
	writing(key, value string) request
	good(x exchange) bool
	// find reads a value back.
	find(c *httpConn, key, value string) (found string, ok bool, err error)
}

// onWire is the store of a wireStore.
type onWire struct{ wireStore }

func (o onWire) reader(s *instance) (reader, error) {
	c, err := s.open()
	if err != nil {
		return nil, err
	}
	return wireReader{c, o.wireStore}, nil
}

type wireReader struct {
	*httpConn
	in wireStore
}

func (r wireReader) find(key, value string) (string, bool, error) {
	return r.in.find(r.httpConn, key, value)
}

// A write was acknowledged, and must be there after a restart.
type write struct {
	msg        ledger.MsgID
	key, value string
	group      string
	in         store
}

// newWrite makes up a key and a value that nobody else has.
func newWrite(m ledger.MsgID, group string, in store) write {
	key := fmt.Sprintf("racebench-%d-%d", m.Lane(), m.Seq())
	return write{msg: m, key: key, value: "value of " + key, group: group, in: in}
}

// keep remembers a write that was acknowledged.
func (s *instance) keep(w write) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes = append(s.writes, w)
}

// A writer stores one value after the other.
type writer struct {
	d    *dialer
	in   wireStore
	conn *httpConn
}

// Do implements targets.Client.
func (c *writer) Do(t *world.Task, m targets.Message) (reply targets.Reply) {
	t.Blocking(c.d.object, func() { reply = c.write(m.ID) })
	return reply
}

func (c *writer) write(m ledger.MsgID) targets.Reply {
	s := c.d.s
	w := newWrite(m, c.d.role.Group, onWire{c.in})
	for {
		if c.conn == nil {
			conn, err := s.open()
			if err != nil {
				return s.unreached(err)
			}
			c.conn = conn
		}
		q := c.in.writing(w.key, w.value)
		q.msg = m
		x := c.conn.do(s, q)
		if x.close {
			c.conn.close()
			c.conn = nil
		}
		if x.wire.End == extern.WireRetired && x.wire.Conn == extern.ConnReused {
			continue
		}
		reply := s.conclude(x, c.d)
		if names, ok := c.in.(namer); ok && reply.Outcome == ledger.Accepted {
			if w, ok = names.named(w, x); !ok {
				s.remark(c.d.role.Group, fmt.Sprintf("%s was answered with %s and without what given: %s names", c.d.g.target(), extern.StatusName(x.wire.Code), c.d.g.given))
				return targets.Reply{Outcome: ledger.Refused, Cause: ledger.OtherCause, Code: reply.Code}
			}
		}
		if x.wire.End == extern.WireAnswered && !c.in.good(x) && reply.Outcome == ledger.Accepted {
			reply = targets.Reply{Outcome: ledger.Refused, Cause: ledger.OtherCause, Code: reply.Code}
		}
		if reply.Outcome == ledger.Accepted {
			s.keep(w)
		}
		return reply
	}
}

// Close implements targets.Client.
func (c *writer) Close(*world.Task) {
	if c.conn != nil {
		c.conn.close()
	}
}

// idWord stands for a write's key in paths and bodies.
const idWord = "{id}"

// httpStore writes by HTTP: PUT of a body to a path, GET of another.
type httpStore struct {
	d *dialer
}

func dialWriteHTTP(d *dialer) (client, error) {
	if d.g.given == "" && !strings.Contains(d.path()+d.g.body, idWord) {
		return nil, fmt.Errorf("write-http: neither path nor body has %s, and given: names nothing of the answer, so that no write could be told from another", idWord)
	}
	return &writer{d: d, in: httpStore{d}}, nil
}

func (h httpStore) fill(template, key string) string {
	return strings.ReplaceAll(template, idWord, key)
}

// content is what a write's body holds, and what must come back.
func (h httpStore) content(key, value string) string {
	if h.d.g.body == "" {
		return value
	}
	return h.fill(h.d.g.body, key)
}

func (h httpStore) writing(key, value string) request {
	body := []byte(h.content(key, value))
	method := h.d.g.methodOr("PUT")
	q := request{method: method, body: body, head: headOf(h.d.s.p.address, h.d.g, method, h.fill(h.d.path(), key), len(body), false)}
	if h.d.g.given != "" {
		q.also = new(bytes.Buffer)
	}
	return q
}

func (h httpStore) good(x exchange) bool { return h.d.g.status.takes(x.wire.Code) }

func (h httpStore) find(c *httpConn, key, value string) (string, bool, error) {
	key, given, _ := strings.Cut(key, givenAfter)
	path := strings.ReplaceAll(cmp.Or(h.d.g.read, h.d.path()), givenWord, url.PathEscape(given))
	if _, err := c.rw.Write(headOf(h.d.s.p.address, h.d.g, "GET", h.fill(path, key), 0, false)); err != nil {
		return "", false, err
	}
	head, err := readHead(c.r)
	if err != nil {
		return "", false, err
	}
	var body bytes.Buffer
	if err := head.copyBody(c.r, &body); err != nil {
		return "", false, err
	}
	if head.last {
		c.close()
	}
	switch {
	case head.status == 404 || head.status == 410:
		return fmt.Sprintf("GET %s was answered with %d", h.fill(path, key), head.status), false, nil
	case head.status == 503 || head.status == 429:
		return "", false, errLoading
	case head.status >= 300:
		return "", false, fmt.Errorf("%w: GET %s was answered with %d", errUntold, h.fill(path, key), head.status)
	}
	want, there := h.look(body.String(), key, value)
	if there {
		return value, true, nil
	}
	return fmt.Sprintf("GET %s gave %s, in which there is no %q", h.fill(path, key), shown(body.String(), want), want), true, nil
}

// valueWord stands for what was written in what is looked for.
const valueWord = "{value}"

// look looks in an answer for what was written, or for what the scenario says instead. It returns what it looked for.
func (h httpStore) look(body, key, value string) (want string, there bool) {
	content := h.content(key, value)
	if h.d.g.match != "" {
		quoted := strings.NewReplacer(idWord, regexp.QuoteMeta(key), valueWord, regexp.QuoteMeta(content)).Replace(h.d.g.match)
		pattern, err := regexp.Compile(quoted)
		return quoted, err == nil && pattern.MatchString(body)
	}
	if h.d.g.value != "" {
		content = strings.NewReplacer(idWord, key, valueWord, content).Replace(h.d.g.value)
	}
	return content, strings.Contains(body, content)
}

// copyBody reads a body into a buffer. Only what answers small reads comes this way.
func (h *responseHead) copyBody(r *bufio.Reader, into *bytes.Buffer) error {
	if h.length >= 0 && !h.chunked {
		_, err := io.CopyN(into, r, h.length)
		return err
	}
	tee := bufio.NewReader(io.TeeReader(r, into))
	if !h.chunked {
		h.last = true
		_, err := io.Copy(io.Discard, tee)
		return err
	}
	h.last = true // the reader below may have taken more than the body
	return readChunks(tee, io.Discard)
}

// redisStore writes with SET and reads with GET, in the protocol of Redis (RESP).
type redisStore struct{ d *dialer }

func dialWriteRedis(d *dialer) (client, error) { return &writer{d: d, in: redisStore{d}}, nil }

func redisCommand(words ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(w), w)
	}
	return b.Bytes()
}

func (redisStore) writing(key, value string) request {
	return request{head: redisCommand("SET", key, value), read: func(r *bufio.Reader, x *exchange) (bool, error) {
		line, err := readLine(r)
		if err != nil {
			return true, err
		}
		if string(line) == "+OK" {
			x.wire.Code = 200
			return false, nil
		}
		if len(line) == 0 || line[0] != '-' {
			return true, fmt.Errorf("%w: SET was answered with %.40q", errGarbage, secret.Scrub(line))
		}
		x.wire.Code = 500 // refused, in words of HTTP
		return false, nil
	}}
}

func (redisStore) good(x exchange) bool { return x.wire.Code == 200 }

// errLoading says that the server is not ready to be asked.
var errLoading = errors.New("it is still loading its data")

func (redisStore) find(c *httpConn, key, value string) (string, bool, error) {
	if _, err := c.rw.Write(redisCommand("GET", key)); err != nil {
		return "", false, err
	}
	line, err := readLine(c.r)
	if err != nil {
		return "", false, err
	}
	switch {
	case bytes.HasPrefix(line, []byte("-LOADING")):
		return "", false, errLoading
	case string(line) == "$-1":
		return "GET " + key + " gave nothing", false, nil
	case len(line) < 2 || line[0] != '$':
		return "", false, fmt.Errorf("GET was answered with %.60q", secret.Scrub(line))
	}
	size, err := strconv.Atoi(string(line[1:]))
	if err != nil || size < 0 || size > 1<<20 {
		return "", false, fmt.Errorf("GET was answered with %.60q", secret.Scrub(line))
	}
	got := make([]byte, size+2)
	if _, err := io.ReadFull(c.r, got); err != nil {
		return "", false, err
	}
	if string(got[:size]) == value {
		return value, true, nil
	}
	return fmt.Sprintf("GET %s gave %s", key, shown(string(got[:size]), value)), true, nil
}
