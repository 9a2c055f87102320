package loadgen

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
)

// DefaultStreams is how many clients of HTTP/2 share a connection.
const DefaultStreams = 16

// Streams makes a group's clients share connections of HTTP/2, each with one stream at a time. They need the engine of
// goroutines.
type Streams struct {
	Each int // clients of a connection
	// Calls says that the requests are calls of gRPC, whose status comes last.
	Calls bool
}

// NewStream makes a request of HTTP/2.
func NewStream(method, url string, headers [][2]string, body []byte) (Request, error) {
	r, err := http.NewRequestWithContext(context.Background(), method, url, nil)
	if err != nil {
		return Request{}, fmt.Errorf("%s %s: %w", method, url, err)
	}
	r.Header.Set("User-Agent", "racebench")
	for _, h := range headers {
		name, value := h[0], h[1]
		switch {
		case name == "" || strings.ContainsAny(name, " :\r\n") || strings.ContainsAny(value, "\r\n"):
			return Request{}, fmt.Errorf("header %q is not one name with one line of text", name)
		case strings.EqualFold(name, "host"):
			r.Host = value
		case strings.EqualFold(name, "content-length"), strings.EqualFold(name, "transfer-encoding"):
			return Request{}, fmt.Errorf("header %s: the length of a request is that of its body", name)
		default:
			r.Header.Set(name, value)
		}
	}
	return Request{stream: r, bytes: body, bodied: method != http.MethodHead}, nil
}

// to is the request as it is sent once.
func (r *Request) to(ctx context.Context) *http.Request {
	one := r.stream.WithContext(ctx)
	if len(r.bytes) > 0 {
		one.Body, one.ContentLength = io.NopCloser(bytes.NewReader(r.bytes)), int64(len(r.bytes))
	}
	return one
}

// A shared connection carries the streams of some clients.
type shared struct {
	net.Conn
	pool    *pool
	h2      *http2.ClientConn
	seats   int
	out, in atomic.Int64 // bytes that no request has been charged with
	heard   atomic.Bool  // anything
}

// Write implements net.Conn.
func (s *shared) Write(b []byte) (int, error) {
	n, err := s.Conn.Write(b)
	s.out.Add(int64(n))
	return n, err
}

// Read implements net.Conn.
func (s *shared) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	s.in.Add(int64(n))
	if n > 0 {
		s.heard.Store(true)
	}
	return n, err
}

// A pool is the connections of a group.
type pool struct {
	mu   sync.Mutex
	open []*shared
}

// A seat is a client's place on a connection. As a connection it ends the stream that the client has, and nobody else's.
type seat struct {
	net.Conn
	on *shared

	mu     sync.Mutex
	cancel context.CancelFunc
}

// sit finds a place on a connection that takes streams, and makes one where there is none.
func (p *pool) sit(each int, dial func() (net.Conn, error)) (*seat, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.open {
		if s.seats < each && s.h2.CanTakeNewRequest() {
			s.seats++
			return &seat{on: s}, false, nil
		}
	}
	conn, err := dial()
	if err != nil {
		return nil, false, err
	}
	s := &shared{Conn: conn, pool: p, seats: 1}
	t := &http2.Transport{DisableCompression: true, AllowHTTP: true}
	if s.h2, err = t.NewClientConn(s); err != nil {
		_ = conn.Close()
		return nil, false, fmt.Errorf("begin HTTP/2: %w", err)
	}
	p.open = append(p.open, s)
	return &seat{on: s}, true, nil
}

// Close implements net.Conn: the last one who leaves closes the connection.
func (s *seat) Close() error {
	p := s.on.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.on.seats--; s.on.seats > 0 {
		return nil
	}
	for i, other := range p.open {
		if other == s.on {
			p.open = append(p.open[:i], p.open[i+1:]...)
			break
		}
	}
	return s.on.h2.Close()
}

// SetDeadline implements net.Conn: a moment that is past ends the client's stream.
func (s *seat) SetDeadline(time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel != nil {
		s.cancel()
	}
	return nil
}

// gone says whether the connection takes no more streams.
func (s *seat) gone() bool { return !s.on.h2.CanTakeNewRequest() }

// during says how the client's stream is ended; nil: it has none.
func (s *seat) during(cancel context.CancelFunc) {
	s.mu.Lock()
	s.cancel = cancel
	s.mu.Unlock()
}

// stream sends a request as a stream and reads its answer to the end. An error comes with its class.
func (c *client) stream(r *Request, q *sent) (k class, err error) {
	at := c.conn.(*seat)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	at.during(cancel)
	defer at.during(nil)
	defer func() { q.out, q.in = at.on.out.Swap(0), at.on.in.Swap(0) }()
	res, err := at.on.h2.RoundTrip(r.to(ctx))
	if err != nil {
		return at.on.class(err), err
	}
	_, err = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	if err != nil {
		return partial, err
	}
	c.a.status, c.a.last = res.StatusCode, false
	if c.l.Streams.Calls {
		return c.callStatus(res)
	}
	return 0, nil
}

// callStatus takes the status of a call, which stands behind its answer, or in the place of one.
func (c *client) callStatus(res *http.Response) (class, error) {
	said := res.Trailer.Get("Grpc-Status")
	if said == "" {
		said = res.Header.Get("Grpc-Status")
	}
	code, err := strconv.Atoi(said)
	switch {
	case said == "" && res.StatusCode == http.StatusOK:
		return partial, errors.New("the answer ends without a grpc-status")
	case said == "":
		return 0, nil // HTTP's own status says what is wrong
	case err != nil || code < 0 || code >= grpcCodes:
		return garbage, fmt.Errorf("a grpc-status of %.20q", said)
	case code > 0:
		c.a.status = grpcStatus + code
	}
	return 0, nil
}

// The library's words for a request that the server said it has not touched, and for one that found the connection ended
// although it took streams a moment ago.
const (
	untouched = "graceful shutdown GOAWAY"
	unusable  = "client conn not usable"
)

// Its words for a connection that ended before the server had said what it takes, and for one of HTTP/1.1.
const (
	neverBegan = "client conn could not be established"
	otherHTTP  = "looked like an HTTP/1.1 header"
)

// class is that of a stream without an answer.
func (s *shared) class(err error) class {
	var of http2.StreamError
	switch {
	case errors.As(err, &of) && of.Code == http2.ErrCodeRefusedStream, strings.Contains(err.Error(), untouched):
		return toldAway
	case strings.Contains(err.Error(), unusable):
		return resetBeforeSend
	}
	var frames http2.ConnectionError
	if errors.As(err, &frames) || strings.Contains(err.Error(), otherHTTP) || s.heard.Load() && strings.Contains(err.Error(), neverBegan) {
		return garbage
	}
	return sentNoByte
}

// secured is how TLS is spoken for HTTP/2.
func secured(c *tls.Config) *tls.Config {
	own := c.Clone()
	own.NextProtos = []string{http2.NextProtoTLS}
	return own
}
