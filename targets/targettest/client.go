package targettest

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// errRefused is what a handler returns when an event of its own was refused.
var errRefused = errors.New("a child event was refused")

// A Client is one connection that keeps its own books.
type Client struct {
	h     *Harness
	lane  int
	info  targets.OpInfo
	conn  targets.Client
	emits int
	seq   int64
	Name  string
	// Pace is slept before each message is handled. Set it before the first one can arrive.
	Pace time.Duration
	// Hold, unless nil, is awaited before each message is handled.
	Hold *world.Token

	mu        sync.Mutex
	accepted  []targets.Message
	refusals  map[ledger.Cause]int
	refusedID map[ledger.MsgID]bool
	open      int // calls that have not returned
	delivered []ledger.MsgID
}

// Dial connects a client for an operation. It fails the test when the server refuses.
func (h *Harness) Dial(op, name string) *Client {
	h.tb.Helper()
	c := h.newClient(op, name)
	var failed error
	h.on(world.Harness, "dial "+name, func(t *world.Task) { failed = c.dial(t) })
	if failed != nil {
		h.tb.Fatalf("dial %s: %v", name, failed)
	}
	return c
}

func (h *Harness) newClient(op, name string) *Client {
	h.tb.Helper()
	c := &Client{
		h: h, lane: len(h.clients), Name: name,
		refusals: map[ledger.Cause]int{}, refusedID: map[ledger.MsgID]bool{},
	}
	for _, info := range h.Target.Ops {
		if info.Name == op {
			c.info = info
		}
	}
	if c.info.Name == "" {
		h.tb.Fatalf("%s has no operation %q", h.Target.Name, op)
	}
	if c.info.Emits != nil {
		c.emits = c.info.Emits(h.knobs)
	}
	h.clients = append(h.clients, c)
	return c
}

func (c *Client) dial(t *world.Task) (err error) {
	role := targets.Role{Op: c.info.Name, Lane: c.lane, Name: c.Name}
	if c.info.Subscribes {
		role.Handle = c.handle
	}
	c.conn, err = c.h.Instance.Dial(t, role)
	return err
}

// Send starts a task that sends n messages, or messages without end if n is negative, until the load is
// over or, for an endless one, the server refuses.
func (c *Client) Send(n int) *world.Task {
	return c.h.World.Go(world.Harness, c.Name, func(t *world.Task) {
		for i := 0; i != n && !c.h.over.Try(); i++ {
			if reply := c.do(t); n < 0 && reply.Outcome == ledger.Refused {
				return
			}
		}
	})
}

func (c *Client) do(t *world.Task) targets.Reply {
	c.seq++
	m := targets.Message{ID: ledger.NewMsgID(c.lane, c.seq), Topic: c.info.Topic, Size: 8}
	c.mu.Lock()
	c.open++
	c.mu.Unlock()
	reply := c.conn.Do(t, m)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open--
	switch reply.Outcome {
	case ledger.Accepted:
		c.accepted = append(c.accepted, m)
	case ledger.Refused:
		c.refusals[reply.Cause]++
		c.refusedID[m.ID] = true
	}
	return reply
}

// handle counts a message as delivered when it is done with it, also with an error.
func (c *Client) handle(t *world.Task, m targets.Message) error {
	if c.Hold != nil {
		t.Await(c.Hold)
	}
	t.Sleep(c.Pace)
	var err error
	for range c.emits {
		if reply := c.do(t); reply.Outcome == ledger.Refused {
			err = errRefused
			break
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.delivered = append(c.delivered, m.ID)
	return err
}

// Accepted returns how many of the client's messages were accepted.
func (c *Client) Accepted() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.accepted)
}

// Refused returns how many of the client's messages were refused for that cause.
func (c *Client) Refused(cause ledger.Cause) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refusals[cause]
}

// Delivered returns how many messages the client has handled.
func (c *Client) Delivered() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.delivered)
}

// Open returns how many of the client's calls have not returned.
func (c *Client) Open() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open
}

// Release ends the client's Hold.
func (c *Client) Release() { c.h.on(world.Harness, "release", c.Hold.Cancel) }

// ReleaseAll ends the Hold of every client that has one.
func (h *Harness) ReleaseAll() {
	for _, c := range h.clients {
		if c.Hold != nil {
			c.Release()
		}
	}
}

// Unfinished returns how many calls of all clients have not returned.
func (h *Harness) Unfinished() int {
	n := 0
	for _, c := range h.clients {
		n += c.Open()
	}
	return n
}

func (c *Client) sent() []targets.Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.accepted)
}

func (c *Client) seen() []ledger.MsgID {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.delivered)
}

func (c *Client) refusedIt(id ledger.MsgID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refusedID[id]
}

// Clients lists the harness's clients in the order they were made.
func (h *Harness) Clients() []*Client { return h.clients }
