package external

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/scenario/secret"
)

// HTTP/2 is racebench's own above the frames, as HTTP/1.1 is: nothing is sent twice, and what the server says
// of a stream (GOAWAY, RST_STREAM) is seen as it says it. RFC 9113 sections 5 and 6.

const (
	// ourWindow is how much the server may send before it is told that it was read.
	ourWindow = 1 << 30
	// windowStep is how much is read before it is told so.
	windowStep = 1 << 20
	// firstStreams is how many streams a connection takes of a server that names no limit.
	firstStreams = 100
	// leastFrame is the size of a frame that every server takes.
	leastFrame = 16 << 10
	// prefaceLimit is how long a server may take for its first frame.
	prefaceLimit = 10 * time.Second
)

// An h2conn is one connection that carries HTTP/2.
type h2conn struct {
	s    *instance
	wire *wireConn
	rw   interface{ Close() error }

	writing sync.Mutex // the frames of a head lie together
	w       *bufio.Writer
	fr      *http2.Framer
	enc     *hpack.Encoder
	block   bytes.Buffer

	mu      sync.Mutex // guards what follows; taken after writing
	changed sync.Cond  // a window, a setting, or the end
	streams map[uint32]*h2stream
	next    uint32
	users   int   // clients that may begin streams
	leaving bool  // the server takes no further streams
	keeps   bool  // it stays open when nobody needs it
	hung    bool  // the client has dropped it
	ended   error // the connection's end
	window  int64 // what may be sent
	initial int64
	frame   int
	most    int

	unread uint32 // bytes read that the server was not told of; the reader's own
}

// An h2stream is one request and its answer.
type h2stream struct {
	id     uint32
	window int64
	first  time.Duration
	in     int64
	code   int
	over   bool
	end    extern.WireEnd
	why    string
	line   string
	body   body
	call   *call // of gRPC; nil: a request of another kind
	done   chan struct{}
}

// openH2 makes a connection and waits for the server's first frame.
func (s *instance) openH2(keeps bool) (*h2conn, error) {
	wire, err := s.connect()
	if err != nil {
		return nil, err
	}
	c := &h2conn{s: s, wire: wire, rw: wire, keeps: keeps, streams: map[uint32]*h2stream{}, next: 1, window: 65535, initial: 65535, frame: leastFrame, most: firstStreams}
	c.changed.L = &c.mu
	_ = wire.SetDeadline(time.Now().Add(prefaceLimit))
	if !s.p.address.tls {
		c.w, c.fr = framer(wire)
	} else {
		t := tls.Client(wire, s.p.address.unverified("h2"))
		if err = t.Handshake(); err == nil && t.ConnectionState().NegotiatedProtocol != "h2" {
			err = errors.New("the server does not offer HTTP/2 (ALPN h2)")
		}
		c.w, c.fr = framer(t)
		c.rw = t
	}
	if err == nil {
		err = c.greet()
	}
	if err != nil {
		_ = c.rw.Close()
		return nil, err
	}
	_ = wire.SetDeadline(time.Time{})
	go c.read()
	return c, nil
}

func framer(rw interface {
	Read([]byte) (int, error)
	Write([]byte) (int, error)
}) (*bufio.Writer, *http2.Framer) {
	w := bufio.NewWriterSize(rw, 32<<10)
	fr := http2.NewFramer(w, bufio.NewReaderSize(rw, 32<<10))
	fr.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	return w, fr
}

// greet sends the preface and takes the server's settings, which must come first.
func (c *h2conn) greet() error {
	c.enc = hpack.NewEncoder(&c.block)
	c.enc.SetMaxDynamicTableSizeLimit(0) // whatever the server's limit is, this is below it
	_, _ = c.w.WriteString(http2.ClientPreface)
	_ = c.fr.WriteSettings(http2.Setting{ID: http2.SettingEnablePush}, http2.Setting{ID: http2.SettingInitialWindowSize, Val: ourWindow})
	_ = c.fr.WriteWindowUpdate(0, ourWindow)
	if err := c.w.Flush(); err != nil {
		return err
	}
	f, err := c.fr.ReadFrame()
	if err != nil {
		return fmt.Errorf("the server does not speak HTTP/2 here: %w", err)
	}
	if _, ok := f.(*http2.SettingsFrame); !ok {
		return fmt.Errorf("the server does not speak HTTP/2 here: its first frame is %s", f.Header().Type)
	}
	return c.take(f)
}

// read takes frames until the connection ends.
func (c *h2conn) read() {
	for {
		f, err := c.fr.ReadFrame()
		var wrong http2.StreamError
		switch {
		case errors.As(err, &wrong):
			c.finish(wrong.StreamID, extern.WireGarbage, err.Error())
			continue
		case err == nil:
			err = c.take(f)
		}
		if err != nil {
			c.fail(err)
			return
		}
	}
}

// take deals with one frame.
func (c *h2conn) take(f http2.Frame) error {
	if x := c.stream(f.Header().StreamID); x != nil {
		x.in += int64(f.Header().Length) + 9
	}
	switch f := f.(type) {
	case *http2.SettingsFrame:
		return c.settings(f)
	case *http2.PingFrame:
		if !f.IsAck() {
			return c.say(func() error { return c.fr.WritePing(true, f.Data) })
		}
	case *http2.WindowUpdateFrame:
		c.mu.Lock()
		defer c.mu.Unlock()
		if f.StreamID == 0 {
			c.window += int64(f.Increment)
		} else if x := c.streams[f.StreamID]; x != nil {
			x.window += int64(f.Increment)
		}
		c.changed.Broadcast()
	case *http2.GoAwayFrame:
		c.goAway(f)
	case *http2.RSTStreamFrame:
		c.reset(f)
	case *http2.MetaHeadersFrame:
		c.heads(f)
	case *http2.DataFrame:
		return c.data(f)
	}
	return nil
}

// say writes frames as one.
func (c *h2conn) say(write func() error) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	if err := write(); err != nil {
		return err
	}
	return c.w.Flush()
}

func (c *h2conn) settings(f *http2.SettingsFrame) error {
	if f.IsAck() {
		return nil
	}
	c.mu.Lock()
	_ = f.ForeachSetting(func(s http2.Setting) error {
		switch s.ID {
		case http2.SettingMaxConcurrentStreams:
			c.most = int(min(s.Val, 1<<20))
		case http2.SettingMaxFrameSize:
			c.frame = int(min(max(s.Val, leastFrame), 1<<20))
		case http2.SettingInitialWindowSize:
			for _, x := range c.streams {
				x.window += int64(s.Val) - c.initial
			}
			c.initial = int64(s.Val)
		}
		return nil
	})
	c.changed.Broadcast()
	c.mu.Unlock()
	return c.say(c.fr.WriteSettingsAck)
}

// goAway ends the streams that the server says it will not touch: they are safe, and nothing is lost. Those
// below its last it owes an answer.
func (c *h2conn) goAway(f *http2.GoAwayFrame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaving = true
	for id, x := range c.streams {
		if id > f.LastStreamID {
			c.over(x, extern.WireRetired, "")
		}
	}
	c.changed.Broadcast()
	c.leave()
}

// reset ends a stream on the server's word. One that it refused it has not touched.
func (c *h2conn) reset(f *http2.RSTStreamFrame) {
	x := c.stream(f.StreamID)
	switch {
	case x == nil:
	case f.ErrCode == http2.ErrCodeRefusedStream:
		c.finish(f.StreamID, extern.WireRetired, "")
	case x.first > 0:
		c.finish(f.StreamID, extern.WireCut, "the server reset the stream: "+f.ErrCode.String())
	default:
		c.finish(f.StreamID, extern.WireReset, "the server reset the stream: "+f.ErrCode.String())
	}
}

func (c *h2conn) heads(f *http2.MetaHeadersFrame) {
	x := c.stream(f.StreamID)
	if x == nil {
		return
	}
	if x.first == 0 {
		x.first = c.s.w.Now()
	}
	if status := f.PseudoValue("status"); status != "" {
		code, err := strconv.Atoi(status)
		switch {
		case err != nil || code < 100 || code > 599:
			c.finish(f.StreamID, extern.WireGarbage, fmt.Sprintf("what the server sent is not HTTP/2: a status of %.40q", secret.ScrubText(status)))
			return
		case code < 200:
			return // the answer is still to come
		}
		x.code, x.line = code, "HTTP/2 "+status
		if x.call != nil && !f.StreamEnded() {
			x.call.begins()
		}
		x.body.pieced = !slices.ContainsFunc(f.RegularFields(), func(h hpack.HeaderField) bool { return h.Name == "content-length" })
	}
	for _, h := range f.RegularFields() {
		if x.call != nil {
			x.call.field(h, x)
			continue
		}
		if n, err := strconv.Atoi(h.Value); h.Name == "grpc-status" && err == nil && n > 0 && n < 1<<8 {
			x.code = extern.GRPC + n // what HTTP says is that gRPC has answered
			x.line = "gRPC " + extern.StatusName(x.code)
		} else if h.Name == "grpc-message" {
			_, _ = x.body.Write([]byte(h.Value))
		}
	}
	if f.StreamEnded() {
		c.finish(f.StreamID, extern.WireAnswered, "")
	}
}

func (c *h2conn) data(f *http2.DataFrame) error {
	if x := c.stream(f.StreamID); x != nil && len(f.Data()) > 0 {
		if x.call != nil {
			x.call.takes(f.Data(), &x.body)
		} else {
			_, _ = x.body.Write(f.Data())
			x.body.pieceEnds()
		}
	}
	if f.StreamEnded() {
		c.finish(f.StreamID, extern.WireAnswered, "")
	}
	if c.unread += f.Length; c.unread < windowStep {
		return nil
	}
	n := c.unread
	c.unread = 0
	return c.say(func() error {
		if c.stream(f.StreamID) != nil {
			_ = c.fr.WriteWindowUpdate(f.StreamID, n)
		}
		return c.fr.WriteWindowUpdate(0, n)
	})
}

func (c *h2conn) stream(id uint32) *h2stream {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.streams[id]
}

// finish ends a stream, once.
func (c *h2conn) finish(id uint32, how extern.WireEnd, why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if x := c.streams[id]; x != nil {
		if how == extern.WireAnswered && x.call != nil {
			how, why = x.call.ends(x)
		}
		c.over(x, how, why)
		c.leave()
	}
}

// over ends a stream; the caller holds mu.
func (c *h2conn) over(x *h2stream, how extern.WireEnd, why string) {
	x.over, x.end, x.why = true, how, why
	delete(c.streams, x.id)
	close(x.done)
	c.changed.Broadcast()
}

// leave closes a connection that nobody needs any more; the caller holds mu.
func (c *h2conn) leave() {
	if len(c.streams) == 0 && (c.leaving || c.users == 0) {
		if c.leaving = true; !c.keeps {
			_ = c.rw.Close()
		}
	}
}

// fail ends the connection with all it carries.
func (c *h2conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended, c.leaving = err, true
	for _, x := range c.streams {
		how := c.s.endBy(err)
		if c.hung {
			how = extern.WireHungUp
		} else if x.first > 0 && how != extern.WireOpen {
			how = extern.WireCut
		}
		c.over(x, how, "")
	}
	c.changed.Broadcast()
	if !c.keeps {
		_ = c.rw.Close()
	}
}
