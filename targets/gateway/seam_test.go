package gateway_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/gateway"
	"github.com/racebench/racebench/targets/gateway/shell"
)

// What the seam of net.go promises, held against both nets and both doors.
func TestSeam(t *testing.T) {
	nets := []struct {
		name string
		make func(t *testing.T, w *world.World) gateway.Net
	}{
		{"memory", func(_ *testing.T, w *world.World) gateway.Net { return gateway.NewMemory(w, 16) }},
		{"sockets", func(t *testing.T, w *world.World) gateway.Net {
			var errs spec.Errors
			knobs := targets.ParseKnobs(gateway.Target(nil).Knobs, nil, &errs)
			net, err := shell.New(targets.Host{World: w, Knobs: knobs})
			if err != nil {
				t.Fatal(err)
			}
			return net
		}},
	}
	for _, net := range nets {
		for _, door := range []gateway.Door{gateway.Plain, gateway.TLS} {
			for _, test := range seamTests {
				t.Run(net.name+"/"+door.String()+"/"+test.name, func(t *testing.T) {
					f := &fixture{tb: t, door: door, panics: make(chan world.Panic, 1)}
					f.w = world.NewReal(world.Options{OnPanic: func(p world.Panic) { f.panics <- p }})
					t.Cleanup(f.w.Close)
					f.net = net.make(t, f.w)
					f.on(f.open)
					t.Cleanup(func() { f.on(f.close) })
					f.on(func(t *world.Task) { test.run(t, f) })
				})
			}
		}
	}
}

// A fixture is a door with a handler that each test sets before its first request.
type fixture struct {
	tb       testing.TB
	w        *world.World
	door     gateway.Door
	net      gateway.Net
	listener gateway.Listener
	serve    gateway.Serve
	clients  []gateway.Conn
	panics   chan world.Panic
}

// on runs body on a task and waits for it.
func (f *fixture) on(body func(t *world.Task)) {
	f.tb.Helper()
	done := make(chan struct{})
	f.w.Go(world.Harness, "test", func(t *world.Task) {
		t.AtEnd(func(*world.Task) { close(done) })
		body(t)
	})
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		for _, task := range f.w.Tasks() {
			f.tb.Logf("%+v", task)
		}
		f.tb.Fatal("the test does not end")
	}
}

func (f *fixture) open(t *world.Task) {
	for _, door := range []gateway.Door{gateway.Plain, gateway.TLS} {
		l, err := f.net.Listen(t, door, func(t *world.Task, x gateway.Exchange) { f.serve(t, x) })
		if err != nil {
			f.tb.Fatal(err)
		}
		if door == f.door {
			f.listener = l
		}
	}
}

func (f *fixture) close(t *world.Task) {
	f.listener.Kill(t)
	f.net.Close(t)
	for _, c := range f.clients {
		c.HangUp(t)
	}
}

func (f *fixture) connect(t *world.Task) gateway.Conn {
	f.tb.Helper()
	c, err := f.net.Connect(t, f.door, "caller-7")
	if err != nil {
		f.tb.Fatal(err)
	}
	f.clients = append(f.clients, c)
	return c
}

// ask sends one request on a task of its own, and checks how it ended when that is done.
func (f *fixture) ask(t *world.Task, c gateway.Conn, want gateway.End) *world.Task {
	return t.Go("asker", func(t *world.Task) {
		if r, e := c.Ask(t, request(1), 0); e.End != want || e.Msg != 1 {
			f.tb.Errorf("the request ended %+v with %+v, want end %d", e, r, want)
		}
	})
}

func request(id ledger.MsgID) gateway.Request {
	return gateway.Request{ID: id, From: "10.0.0.7", Size: 300, Lane: 7, Name: "caller-7"}
}

// answer responds to a request at once.
func answer(status gateway.Status) gateway.Serve {
	return func(t *world.Task, x gateway.Exchange) {
		_ = x.Respond(t, gateway.Response{Status: status, ID: x.Request().ID})
	}
}

// upgraded connects one WebSocket and returns both its ends.
func (f *fixture) upgraded(t *world.Task) (server, client gateway.Socket) {
	f.tb.Helper()
	made := f.w.NewToken("the socket")
	f.serve = func(t *world.Task, x gateway.Exchange) {
		var err error
		if server, err = x.Upgrade(t); err != nil {
			f.tb.Error(err)
		}
		made.Cancel(t)
	}
	client, r, e := f.connect(t).Upgrade(t, request(1))
	if client == nil || e.End != gateway.Answered || r.Status != 101 {
		f.tb.Fatalf("the upgrade ended %+v with %+v", e, r)
	}
	t.Await(made)
	return server, client
}

func (f *fixture) send(t *world.Task, s gateway.Socket, frames ...gateway.Frame) {
	f.tb.Helper()
	for _, frame := range frames {
		if err := s.Send(t, frame); err != nil {
			f.tb.Fatalf("send %+v: %v", frame, err)
		}
	}
}

// expect receives exactly these frames.
func (f *fixture) expect(t *world.Task, s gateway.Socket, frames ...gateway.Frame) {
	f.tb.Helper()
	for _, want := range frames {
		if got, err := s.Recv(t); err != nil || got != want {
			f.tb.Fatalf("received %+v, %v, want %+v", got, err, want)
		}
	}
}

func (f *fixture) expectGone(t *world.Task, s gateway.Socket) {
	f.tb.Helper()
	if got, err := s.Recv(t); !errors.Is(err, gateway.ErrGone) {
		f.tb.Fatalf("received %+v, %v, want the end", got, err)
	}
}

var seamTests = []struct {
	name string
	run  func(t *world.Task, f *fixture)
}{
	{"a request and its answer", func(t *world.Task, f *fixture) {
		var seen []gateway.Request
		f.serve = func(t *world.Task, x gateway.Exchange) {
			seen = append(seen, x.Request())
			answer(gateway.StatusOK)(t, x)
		}
		c := f.connect(t)
		for id := ledger.MsgID(1); id <= 3; id++ {
			r, e := c.Ask(t, request(id), 0)
			if e.End != gateway.Answered || e.Msg != id || r != (gateway.Response{Status: gateway.StatusOK, ID: id}) {
				f.tb.Errorf("request %d ended %+v with %+v", id, e, r)
			}
		}
		if want := []gateway.Request{request(1), request(2), request(3)}; !slices.Equal(seen, want) {
			f.tb.Errorf("served %+v, want %+v", seen, want)
		}
	}},
	{"a last answer says so", func(t *world.Task, f *fixture) {
		f.serve = func(t *world.Task, x gateway.Exchange) {
			_ = x.Respond(t, gateway.Response{Status: gateway.StatusUnavailable, ID: x.Request().ID, Last: true})
		}
		if r, e := f.connect(t).Ask(t, request(4), 0); e.End != gateway.Answered || e.Code != 503 || !r.Last {
			f.tb.Errorf("ended %+v with %+v", e, r)
		}
	}},
	{"no answer drops the connection", func(t *world.Task, f *fixture) {
		f.serve = func(*world.Task, gateway.Exchange) {}
		c := f.connect(t)
		t.Await(f.ask(t, c, gateway.Unanswered))
		t.Await(f.ask(t, c, gateway.NotSent))
	}},
	{"a panic drops the connection and is told", func(t *world.Task, f *fixture) {
		f.serve = func(*world.Task, gateway.Exchange) { panic("a bug") }
		t.Await(f.ask(t, f.connect(t), gateway.Unanswered))
		if p := <-f.panics; p.Value != "a bug" || p.Realm != world.Target {
			f.tb.Errorf("told %+v", p)
		}
	}},
	{"a hang-up is seen", func(t *world.Task, f *fixture) {
		seen := f.w.NewToken("the hang-up to be seen")
		f.serve = func(t *world.Task, x gateway.Exchange) {
			t.Await(x.Gone())
			seen.Cancel(t)
		}
		if _, e := f.connect(t).Ask(t, request(1), time.Millisecond); e.End != gateway.HungUp {
			f.tb.Errorf("ended %+v", e)
		}
		t.Await(seen)
	}},
	{"a shut door refuses, and keeps who is in", func(t *world.Task, f *fixture) {
		f.serve = answer(gateway.StatusOK)
		c := f.connect(t)
		t.Await(f.ask(t, c, gateway.Answered))
		f.listener.StopAccepting(t)
		f.listener.StopAccepting(t)
		if _, err := f.net.Connect(t, f.door, "latecomer"); !errors.Is(err, gateway.ErrRefused) {
			f.tb.Errorf("the latecomer got %v", err)
		}
		t.Await(f.ask(t, c, gateway.Answered))
	}},
	{"a drain waits for answers and for nothing else", func(t *world.Task, f *fixture) {
		begun, finish := f.w.NewToken("a request"), f.w.NewToken("its answer")
		_, client := f.upgraded(t)
		f.serve = answer(gateway.StatusOK)
		unused, idle, busy := f.connect(t), f.connect(t), f.connect(t)
		t.Await(f.ask(t, idle, gateway.Answered))
		f.serve = func(t *world.Task, x gateway.Exchange) {
			begun.Cancel(t)
			t.Await(finish)
			answer(gateway.StatusOK)(t, x)
		}
		answered := t.Go("asker", func(t *world.Task) {
			if r, e := busy.Ask(t, request(2), 0); e.End != gateway.Answered || !r.Last {
				f.tb.Errorf("the request in flight ended %+v with %+v", e, r)
			}
		})
		t.Await(begun)
		drain := t.Go("drain", f.listener.Drain)
		for kind := world.KindNone; kind != world.KindWait && kind != world.KindBlocking; kind = drain.State().Kind {
			t.Sleep(10 * time.Microsecond)
		}
		for _, c := range []gateway.Conn{unused, idle} {
			if r, e := c.Ask(t, request(3), 0); e.End != gateway.NotSent && e.End != gateway.Unanswered {
				f.tb.Errorf("a request while the door drains ended %+v with %+v", e, r)
			}
		}
		if drain.Ended() {
			f.tb.Error("the drain did not wait for the request in flight")
		}
		finish.Cancel(t)
		t.Await(drain)
		t.Await(answered)
		f.send(t, client, gateway.Frame{Kind: gateway.Data, ID: 9, Size: 40})
	}},
	{"an empty door drains at once", func(t *world.Task, f *fixture) {
		f.listener.StopAccepting(t)
		f.listener.Drain(t)
	}},
	{"a kill drops everybody and ends a drain", func(t *world.Task, f *fixture) {
		server, client := f.upgraded(t)
		begun := f.w.NewToken("a request")
		f.serve = func(t *world.Task, x gateway.Exchange) {
			begun.Cancel(t)
			t.Await(x.Gone())
		}
		cut := f.ask(t, f.connect(t), gateway.Unanswered)
		reader := t.Go("reader", func(t *world.Task) { f.expectGone(t, server) })
		t.Await(begun)
		drain := t.Go("drain", f.listener.Drain)
		f.listener.Kill(t)
		t.Await(drain)
		t.Await(cut)
		t.Await(reader)
		f.expectGone(t, client)
	}},
	{"frames of every kind, both ways", func(t *world.Task, f *fixture) {
		server, client := f.upgraded(t)
		frames := []gateway.Frame{
			{Kind: gateway.Data, ID: ledger.NewMsgID(3, 5), Size: 256}, {Kind: gateway.Data, ID: 2, Size: 0}, {Kind: gateway.Data, ID: 2, Size: 70_000},
			{Kind: gateway.Ack, ID: 1}, {Kind: gateway.Ping, Seq: 64}, {Kind: gateway.Pong, Seq: 64},
			{Kind: gateway.Close, Code: gateway.CodeAway},
		}
		for _, ends := range [][2]gateway.Socket{{server, client}, {client, server}} {
			sender := t.Go("sender", func(t *world.Task) { f.send(t, ends[0], frames...) })
			f.expect(t, ends[1], frames...)
			t.Await(sender)
		}
		server.Cut(t)
		f.expectGone(t, client)
	}},
	{"a cut keeps what was sent", func(t *world.Task, f *fixture) {
		server, client := f.upgraded(t)
		unread := gateway.Frame{Kind: gateway.Data, ID: 1, Size: 100}
		f.send(t, client, unread, unread)
		read := f.w.NewToken("what the client sent")
		reader := t.Go("reader", func(t *world.Task) {
			f.expect(t, server, unread, unread)
			read.Cancel(t)
			for err := error(nil); err == nil; {
				_, err = server.Recv(t)
			}
		})
		f.send(t, server, gateway.Frame{Kind: gateway.Ack, ID: 1}, gateway.Frame{Kind: gateway.Close, Code: gateway.CodeOverload})
		t.Await(read)
		f.send(t, client, unread) // nobody reads it, or the reader gets it before the end
		server.Cut(t)
		server.Cut(t)
		t.Await(reader)
		if err := server.Send(t, unread); !errors.Is(err, gateway.ErrGone) {
			f.tb.Errorf("a send after the cut returned %v", err)
		}
		f.expect(t, client, gateway.Frame{Kind: gateway.Ack, ID: 1}, gateway.Frame{Kind: gateway.Close, Code: gateway.CodeOverload})
		f.expectGone(t, client)
	}},
	{"a cut frees who waits for a client that does not read", func(t *world.Task, f *fixture) {
		server, client := f.upgraded(t)
		var sent []gateway.Frame
		sender := t.Go("sender", func(t *world.Task) {
			for id := ledger.MsgID(1); ; id++ {
				frame := gateway.Frame{Kind: gateway.Data, ID: id, Size: 4000}
				if server.Send(t, frame) != nil {
					return
				}
				sent = append(sent, frame)
			}
		})
		for n, still := -1, 0; still < 20; { // it stands still when nothing more goes in
			t.Sleep(time.Millisecond)
			if s := sender.State(); s.Parked && int(s.Since) == n {
				still++
			} else {
				n, still = int(s.Since), 0
			}
		}
		server.Cut(t)
		t.Await(sender)
		f.expect(t, client, sent...)
		f.expectGone(t, client)
	}},
	{"a refused upgrade leaves the connection", func(t *world.Task, f *fixture) {
		f.serve = answer(gateway.StatusRateLimited)
		c := f.connect(t)
		socket, r, e := c.Upgrade(t, request(1))
		if socket != nil || r.Status != gateway.StatusRateLimited || r.ID != 1 || e.End != gateway.Answered || e.Code != 429 {
			f.tb.Errorf("the upgrade came to %v, %+v, %+v", socket, r, e)
		}
		t.Await(f.ask(t, c, gateway.Answered))
	}},
	{"two tasks send for a client", func(t *world.Task, f *fixture) {
		server, client := f.upgraded(t)
		const each = 200
		for lane := range 2 {
			t.Go("sender", func(t *world.Task) {
				for seq := range int64(each) {
					f.send(t, client, gateway.Frame{Kind: gateway.Data, ID: ledger.NewMsgID(lane, seq), Size: 50})
				}
			})
		}
		var next [2]int64
		for range 2 * each {
			got, err := server.Recv(t)
			if err != nil || got.ID.Seq() != next[got.ID.Lane()] {
				f.tb.Fatalf("received %+v, %v, want number %v", got, err, next)
			}
			next[got.ID.Lane()]++
		}
	}},
}
