package external

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http2/hpack"

	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/internal/discover"
	"github.com/racebench/racebench/internal/rpc"
	"github.com/racebench/racebench/scenario/spec"
)

// grpcKind is the kind of clients that call by gRPC.
const grpcKind = "grpc"

func (g *group) readCall(v spec.Value, errs *spec.Errors) {
	g.call = v.Text
	if err := rpc.CheckName(v.Text); err != nil {
		errs.Addf(v, "call: %v", err)
	}
}

// timeoutName is the header by which a call is told how long it may take.
const timeoutName = "grpc-timeout"

func (g *group) readDeadline(v spec.Value, errs *spec.Errors) {
	d, err := spec.Duration(v)
	errs.Add(err)
	if err == nil && (d < time.Millisecond || d > longestDeadline) {
		errs.Addf(v, "deadline %s: it is from 1ms to %s", v.Text, longestDeadline)
	}
	g.within = d
}

// longestDeadline fits the eight digits that the header has for a number.
const longestDeadline = 24 * time.Hour

// checkCall looks for what a group of gRPC lacks, or says twice.
func (g *group) checkCall(v, at spec.Value, errs *spec.Errors) {
	if g.kind.name != grpcKind {
		return
	}
	if _, ok := v.Get("call"); !ok {
		errs.Addf(at, "client grpc needs call: the service and the method, such as call: pkg.Service/Method")
	}
	if body, ok := v.Get("body"); ok && strings.TrimSpace(g.body) != "" && !json.Valid([]byte(g.body)) {
		errs.Addf(body, "the body of a call is its message as JSON, such as '{\"name\": \"x\"}'")
	}
	for _, h := range g.headers {
		switch name := strings.ToLower(h[0]); {
		case name == timeoutName:
			errs.Addf(at, "headers: %s is written by deadline, such as deadline: 500ms", timeoutName)
		case slices.Contains([]string{"content-type", "te", "grpc-encoding"}, name):
			errs.Addf(at, "headers: %s is the protocol's own: leave it out", name)
		}
	}
}

// methods are those that clients call, and what became of asking for each.
type methods struct {
	mu  sync.Mutex
	all map[string]found
}

type found struct {
	method *rpc.Method
	err    error
}

// askLimit is how long a program may take to describe itself.
const askLimit = 10 * time.Second

// method finds out what a method is declared as, once.
func (s *instance) method(g group) (*rpc.Method, error) {
	s.methods.mu.Lock()
	defer s.methods.mu.Unlock()
	f, ok := s.methods.all[g.call]
	if !ok {
		f.method, f.err = s.p.address.find(g)
		if s.methods.all == nil {
			s.methods.all = map[string]found{}
		}
		s.methods.all[g.call] = f
	}
	return f.method, f.err
}

// find reads what a method is declared as, or asks the program on a connection of its own.
func (a address) find(g group) (m *rpc.Method, err error) {
	if g.proto != "" {
		return g.declared()
	}
	err = a.calling(askLimit, g.headers, func(ctx context.Context, c *rpc.Caller) error {
		m, err = c.Find(ctx, g.call)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", g.call, err)
	}
	return m, nil
}

// declared reads what the group's method is declared as in its file.
func (g group) declared() (*rpc.Method, error) {
	s, err := rpc.ReadSchema(context.Background(), g.proto)
	if err != nil {
		return nil, err
	}
	return s.Method(g.call)
}

// Check says what is wrong with the group's schema, which is read before anything starts where it is a file.
func (g group) Check() error {
	if g.proto == "" {
		return nil
	}
	m, err := g.declared()
	if err == nil {
		_, err = m.Message(g.body)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", g.call, err)
	}
	return nil
}

// calling lets something be asked by gRPC, on a connection of its own.
func (a address) calling(limit time.Duration, headers [][2]string, ask func(ctx context.Context, c *rpc.Caller) error) error {
	wire, err := a.connect(limit)
	if err != nil {
		return err
	}
	defer func() { _ = wire.Close() }()
	_ = wire.SetDeadline(time.Now().Add(limit))
	conn, err := a.secure(wire, "h2")
	if err != nil {
		return err
	}
	c, err := rpc.NewCaller(conn, a.dial(), headers)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return ask(ctx, c)
}

// refusesCalls says whether the program's health is that it is not serving. One that cannot be asked for it is ready: what is
// wrong with it its clients will say.
func (p *program) refusesCalls() bool {
	service, health := p.c.ready.grpc, rpc.Serving
	if service == allServices {
		service = ""
	}
	err := p.address.calling(readyLimit, nil, func(ctx context.Context, c *rpc.Caller) (err error) {
		health, err = c.Health(ctx, service)
		return err
	})
	return err == nil && health == rpc.NotServing
}

// mostServices is of how many services a look asks for the methods.
const mostServices = 20

// callable finds out what a program that speaks HTTP/2 can be asked for. Only the calls of its health change nothing for sure.
func (a address) callable(root string) (offers []discover.Offer) {
	err := a.calling(wholeLook, nil, func(ctx context.Context, c *rpc.Caller) error {
		health, err := c.Health(ctx, "")
		if _, foreign := errors.AsType[*rpc.Foreigner](err); foreign {
			status, err := c.Get(ctx, root)
			if o := (discover.Offer{Path: root, As: discover.HTTP2, Root: true}); err == nil {
				if status == http.StatusNotFound {
					o.Status = status
				}
				offers = append(offers, o)
			}
			return err
		}
		if err != nil {
			return err
		}
		check := discover.Offer{Path: rpc.Check, As: discover.Call}
		if health == rpc.NoHealth {
			check.Status = extern.GRPC + rpc.Unimplemented
		}
		offers = append(offers, check)
		services, err := c.Services(ctx)
		for _, service := range services[:min(len(services), mostServices)] {
			if service == rpc.HealthService {
				continue
			}
			schema, err := c.Describe(ctx, service)
			if err != nil {
				continue // there is nothing to name
			}
			for _, m := range schema.Callable(service) {
				offers = append(offers, discover.Offer{Path: m.Name, Method: true, Why: "a call may change something"})
			}
		}
		return err
	})
	if err != nil && len(offers) == 0 {
		return nil
	}
	return offers
}

func dialGRPC(d *dialer) (client, error) {
	var m *rpc.Method
	var err error
	d.t.Blocking(d.object, func() { m, err = d.s.method(d.g) })
	if err != nil {
		return nil, err
	}
	message, err := m.Message(d.g.body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.g.call, err)
	}
	d.g.method, d.g.path = "POST", "/"+d.g.call
	d.g.headers = append(slices.Clone(d.g.headers), [2]string{"Content-Type", "application/grpc"}, [2]string{"Te", "trailers"})
	if d.g.within > 0 {
		d.g.headers = append(d.g.headers, [2]string{timeoutName, strconv.FormatInt(d.g.within.Milliseconds(), 10) + "m"})
	}
	c := &h2client{d: d, body: rpc.Frame(message), calls: m}
	c.headers = h2headers(d.s.p.address, d.g, d.g.method, d.g.path, 0)
	d.t.Blocking(d.object, func() { c.conn, err = d.s.h2.get(d) })
	if err != nil {
		return nil, err
	}
	return c, nil
}

// A call is what gRPC says of the answer in a stream of HTTP/2.
type call struct {
	streams  bool // the answer may be any number of messages
	messages rpc.Unframer
	status   int    // -1: not said
	begins   func() // a stream of messages begins
}

// call is what the client's next request expects of its answer; nil where that is not gRPC's.
func (c *h2client) call(x *exchange) *call {
	if c.calls == nil {
		return nil
	}
	begins := func() {}
	if x.declared = c.calls.Streams; x.declared {
		begins = func() { c.d.streamed(x, c.d.endlessCall()) }
	}
	return &call{streams: c.calls.Streams, status: -1, begins: begins}
}

// endlessCall says whether the answers to the group's calls have no end.
func (d *dialer) endlessCall() bool {
	switch d.g.endless {
	case "true":
		return true
	case "false":
		return false
	}
	return d.g.call == rpc.Watch || d.s.out.Endless(d.role.Group)
}

// field takes one of the answer's headers or trailers.
func (c *call) field(h hpack.HeaderField, x *h2stream) {
	switch h.Name {
	case "grpc-status":
		n, err := strconv.Atoi(h.Value)
		if err != nil || n < 0 || n >= 1<<8 {
			return
		}
		c.status = n
		x.line = "gRPC " + extern.StatusName(extern.GRPC+n)
		if n > 0 {
			x.code = extern.GRPC + n // what HTTP says is that gRPC has answered
		}
	case "grpc-message":
		text, err := url.PathUnescape(h.Value)
		if err != nil {
			text = h.Value
		}
		var words body
		_, _ = words.Write([]byte(text))
		x.body.said = words.begins()
	}
}

// takes takes some of the answer's messages.
func (c *call) takes(data []byte, into *body) {
	for len(data) > 0 {
		part, ends, rest := c.messages.Next(data)
		_, _ = into.Write(part)
		if data = rest; ends {
			into.pieceEnds()
		}
	}
}

// ends says what the end of the stream makes of the answer.
func (c *call) ends(x *h2stream) (end extern.WireEnd, why string) {
	switch {
	case c.status < 0 && x.code == 200:
		return extern.WireCut, "the stream ended without a grpc-status"
	case c.status < 0 && x.code < 400:
		return extern.WireGarbage, fmt.Sprintf("it is answered with HTTP status %d, not by gRPC", x.code)
	case c.status != 0:
		return extern.WireAnswered, "" // which says that it is no good
	case c.messages.Within():
		return extern.WireCut, "the stream ended within a message"
	case !c.streams && c.messages.Whole != 1:
		return extern.WireGarbage, fmt.Sprintf("it is answered with OK and %d messages: one is due", c.messages.Whole)
	}
	return extern.WireAnswered, ""
}
