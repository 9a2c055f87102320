package loadgen

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/net/http2"
)

const (
	// readSize is how much is read at once.
	readSize = 4 << 10
	// idleLook is how long a connection must have been idle to be looked at before it is used again: on one that has
	// just carried an answer the server's end would be seen no earlier by a look than by the write.
	idleLook = time.Millisecond
	// patrol is how often requests are looked for whose answers take too long.
	patrol = 100 * time.Millisecond
	// Pauses after a connection could not be made: they double, so that a server that starts again is not drowned.
	firstBackOff = time.Millisecond
	maxBackOff   = 100 * time.Millisecond
)

// A client is one connection at a time, driven by a goroutine of its own.
type client struct {
	l      *load
	s      *shard
	number int // within its group
	rnd    *rand.Rand
	conn   net.Conn
	a      answer
	frames *frames // of a WebSocket
	early  []byte  // what came after its last message, in buf
	buf    []byte
	turn   int           // of its requests
	used   time.Duration // when its connection last carried anything
	pause  time.Duration // after the next refusal

	mu      sync.Mutex // guards what the patrol looks at
	waiting net.Conn   // whose answer is awaited
	since   time.Duration
	expired bool
}

// runGoroutines starts the clients of a group.
func (l *load) runGoroutines(ctx context.Context, running *sync.WaitGroup) {
	clients := make([]*client, 0, l.Clients)
	for part, n := range l.parts {
		for range n {
			c := &client{l: l, s: l.shards[part], number: len(clients), buf: make([]byte, readSize), pause: firstBackOff}
			if l.ThinkMax > 0 {
				c.rnd = l.c.Stream(fmt.Sprintf("think/%d/%d", l.number, c.number))
			}
			clients = append(clients, c)
		}
	}
	l.ready.Add(len(clients))
	stop := make(chan struct{})
	var mine sync.WaitGroup
	for _, c := range clients {
		mine.Go(func() { c.run(ctx) })
	}
	running.Go(func() {
		mine.Wait()
		close(stop)
	})
	running.Go(func() { l.patrol(ctx, clients, stop) })
}

// patrol ends the waits that take too long, and all when the load is to end.
func (l *load) patrol(ctx context.Context, clients []*client, stop <-chan struct{}) {
	<-l.begun
	ticker := time.NewTicker(patrol)
	defer ticker.Stop()
	done := ctx.Done()
	for {
		select {
		case <-stop:
			return
		case <-done:
			done = nil
		case <-ticker.C:
		}
		now := l.now()
		for _, c := range clients {
			c.check(now, l.limit, ctx.Err() != nil)
		}
	}
}

func (c *client) check(now, limit time.Duration, ended bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting == nil || !ended && now-c.since < limit {
		return
	}
	c.expired = true
	_ = c.waiting.SetDeadline(time.Unix(1, 0))
}

// await says on which connection an answer is awaited from now on; nil is none. It returns whether the last wait was
// ended by the patrol.
func (c *client) await(conn net.Conn, since time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.expired
	c.waiting, c.since, c.expired = conn, since, false
	return was
}

// run is the whole life of a client.
func (c *client) run(ctx context.Context) {
	first, cancel := context.WithTimeout(ctx, connectFirst)
	if conn, err := c.dial(first); err == nil {
		c.conn = conn
	}
	cancel()
	c.l.ready.Done()
	<-c.l.begun
	if c.l.starts == nil && !c.sleep(ctx, c.l.first(c.number)) {
		return
	}
	for ctx.Err() == nil {
		start, late, ok := c.next(ctx)
		if !ok {
			break
		}
		c.exchange(ctx, start, late)
	}
	c.drop()
}

// next waits for the client's next request and says when it was meant to start, and whether it leaves late though the
// client was ready for it.
func (c *client) next(ctx context.Context) (start time.Duration, late, ok bool) {
	now := c.l.now()
	if c.l.starts == nil {
		return now, false, c.turn == 0 || !c.l.over(now)
	}
	if c.l.over(now) {
		return 0, false, false
	}
	start, ok = c.l.starts.take()
	if !ok {
		return 0, false, false
	}
	if start > now {
		if !c.sleep(ctx, start) {
			return 0, false, false
		}
		late = c.l.now()-start > lateness
	}
	return start, late, true
}

// sleep waits until a moment. It is false when the load is ended meanwhile.
func (c *client) sleep(ctx context.Context, until time.Duration) bool {
	d := until - c.l.now()
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// exchange sends one request and awaits its answer.
func (c *client) exchange(ctx context.Context, intended time.Duration, late bool) {
	c.s.begin(late)
	r := &c.l.Requests[c.turn%len(c.l.Requests)]
	c.turn++ // also of a request that gets no connection: with the first one's turn the load would have no end
	q := sent{intended: intended, left: c.l.now()}
	if c.conn != nil && c.gone(q.left-c.used) {
		c.drop()
		c.s.retired()
	}
	if c.conn == nil {
		conn, err := c.dial(ctx)
		if err != nil {
			if ctx.Err() == nil {
				c.fail(&q, dialClass(err), err)
				c.backOff(ctx)
			}
			return
		}
		c.conn = conn
		q.left = c.l.now()
	}
	c.await(c.conn, q.left)
	ask := c.converse
	switch {
	case c.frames != nil:
		ask = c.talk
	case c.l.Streams != nil:
		ask = c.stream
	}
	k, err := ask(r, &q)
	if c.await(nil, 0) && err != nil {
		if ctx.Err() != nil {
			c.drop()
			return // it has no outcome
		}
		k, err = timedOut, nil
	}
	now := c.l.now()
	if err != nil || k == timedOut {
		c.fail(&q, k, err)
		return
	}
	c.used = now
	c.s.answered(&q, c.a.status, c.frames != nil || c.l.Good(c.a.status), now, c.l.c.For)
	c.pause = firstBackOff
	if c.a.last {
		c.drop()
	}
	if c.l.starts == nil && c.l.ThinkMax > 0 {
		c.sleep(ctx, now+c.l.think(c.rnd))
	}
}

// gone says whether the connection is of no more use, after it has been idle for a while.
func (c *client) gone(idle time.Duration) bool {
	if s, ok := c.conn.(*seat); ok {
		return s.gone()
	}
	return idle > idleLook && closed(c.conn, c.frames != nil)
}

// converse writes a request and reads its answer to the end. An error comes with its class.
func (c *client) converse(r *Request, q *sent) (class, error) {
	c.a.reset(r.bodied)
	n, err := c.conn.Write(r.bytes)
	q.out = int64(n)
	if err != nil && n == 0 {
		return resetBeforeSend, err
	}
	for {
		n, err := c.conn.Read(c.buf)
		q.in += int64(n)
		took, done, bad := c.a.feed(c.buf[:n])
		switch {
		case bad != nil:
			return garbage, bad
		case done:
			c.a.last = c.a.last || took < n || err != nil
			return 0, nil
		case err == nil:
		case errors.Is(err, io.EOF) && c.a.ended():
			return 0, nil
		case c.a.any:
			return partial, err
		default:
			return sentNoByte, err
		}
	}
}

// fail counts a request that failed and gives its connection up.
func (c *client) fail(q *sent, k class, err error) {
	c.s.failed(q, k, c.l.now())
	if k == unreachable || k == garbage {
		c.l.said.note(k, err)
	}
	c.drop()
}

func (c *client) backOff(ctx context.Context) {
	c.sleep(ctx, c.l.now()+c.pause)
	c.pause = min(2*c.pause, maxBackOff)
}

func (c *client) drop() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn, c.frames, c.early = nil, nil, nil
	}
}

// dial opens a connection, or takes a place on one that clients share.
func (c *client) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.l.limit)
	defer cancel()
	if c.l.Streams == nil {
		conn, err := c.connect(ctx)
		if err == nil {
			c.s.opened()
			c.used = c.l.used()
		}
		return conn, err
	}
	at, opened, err := c.l.pool.sit(c.l.Streams.Each, func() (net.Conn, error) { return c.connect(ctx) })
	if err != nil {
		return nil, err
	}
	if opened {
		c.s.opened()
	}
	return at, nil
}

// connect opens a connection.
func (c *client) connect(ctx context.Context) (net.Conn, error) {
	conn, err := c.l.c.Way.Dial(ctx, c.l.c.Address)
	if err != nil {
		return nil, err
	}
	if c.l.c.TLS != nil {
		config := c.l.c.TLS
		if c.l.Streams != nil {
			config = secured(config)
		}
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			if errors.Is(err, context.DeadlineExceeded) {
				err = errors.New("the handshake was not over within the limit")
			}
			return nil, fmt.Errorf("TLS: %w", err)
		}
		if c.l.Streams != nil && secure.ConnectionState().NegotiatedProtocol != http2.NextProtoTLS {
			_ = conn.Close()
			return nil, errors.New("the server does not offer HTTP/2 (ALPN h2)")
		}
		conn = secure
	}
	if c.l.Upgrade != nil {
		_ = conn.SetDeadline(time.Now().Add(c.l.limit))
		early, err := upgrade(conn, c.l.Upgrade)
		if err != nil {
			_ = conn.Close()
			return nil, err
		}
		_ = conn.SetDeadline(time.Time{})
		c.frames, c.early = &frames{}, early
	}
	return conn, nil
}

// used is now, or before the load begins its very start.
func (l *load) used() time.Duration {
	select {
	case <-l.begun:
		return l.now()
	default:
		return 0
	}
}

// dialClass is the class of a connection that could not be made.
func dialClass(err error) class {
	var sys *os.SyscallError
	if errors.As(err, &sys) && isRefused(sys.Err) {
		return refused
	}
	return unreachable
}
