package shell

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/gateway"
	"github.com/racebench/racebench/targets/targettest"
)

var catalog = trial.Catalog{gateway.Target(New)}

func TestMain(m *testing.M) {
	trial.MaybeChild(trial.Config{Catalog: catalog})
	os.Exit(m.Run())
}

// The seam itself is held by TestSeam, beside the connections in memory. Here the real core runs on it.
func TestConformance(t *testing.T) {
	// A slot comes back a little after the answer, and a client is quick.
	targettest.Run(t, gateway.Target(New), map[string]string{"slots": "1000000", "hang-up": "1h"})
}

// on makes a Net in a world of its own and runs body on a task.
func on(tb testing.TB, body func(t *world.Task, n *network)) {
	tb.Helper()
	w := world.NewReal(world.Options{})
	defer w.Close()
	n, err := open(targets.Host{World: w}, 16)
	if err != nil {
		tb.Fatal(err)
	}
	done := make(chan struct{})
	w.Go(world.Harness, "test", func(t *world.Task) {
		t.AtEnd(func(*world.Task) { close(done) })
		body(t, n)
	})
	<-done
}

// serverOf lets one raw server stand for the plain door: it takes one connection and does with it what the
// test says.
func serverOf(tb testing.TB, n *network, serve func(c *net.TCPConn, in *bufio.Reader)) {
	tb.Helper()
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		tb.Fatal(err)
	}
	n.doors[gateway.Plain] = &door{which: gateway.Plain, address: l.Addr().(*net.TCPAddr)}
	gone := make(chan struct{})
	tb.Cleanup(func() { <-gone })
	go func() {
		defer close(gone)
		defer l.Close()
		c, err := l.AcceptTCP()
		if err != nil {
			return
		}
		defer c.Close()
		serve(c, bufio.NewReader(c))
	}()
}

// Each way to end is told from the others by the bytes that went over the connection.
func TestEndings(t *testing.T) {
	const whole = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1"
	answering := func(text string) func(c *net.TCPConn, in *bufio.Reader) {
		return func(c *net.TCPConn, in *bufio.Reader) {
			if r, err := http.ReadRequest(in); err == nil {
				_, _ = io.Copy(io.Discard, r.Body)
				_, _ = io.WriteString(c, text)
			}
		}
	}
	tests := []struct {
		name  string
		serve func(c *net.TCPConn, in *bufio.Reader)
		ended bool // the request waits until the server has gone
		want  gateway.Ending
	}{
		{"a whole answer", answering(whole), false, gateway.Ending{End: gateway.Answered, Code: 200, In: int64(len(whole))}},
		{"half an answer", answering(whole[:20]), false, gateway.Ending{End: gateway.CutShort, In: 20}},
		{"a head without its body", answering(whole[:len(whole)-1]), false, gateway.Ending{End: gateway.CutShort, In: int64(len(whole)) - 1}},
		{"no answer", answering(""), false, gateway.Ending{End: gateway.Unanswered}},
		{"gone before the request", func(*net.TCPConn, *bufio.Reader) {}, true, gateway.Ending{End: gateway.NotSent}},
		{"an answer to nothing", func(c *net.TCPConn, _ *bufio.Reader) { _, _ = io.WriteString(c, whole) }, true, gateway.Ending{End: gateway.NotSent}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			on(t, func(task *world.Task, n *network) {
				serverOf(t, n, test.serve)
				conn, err := n.Connect(task, gateway.Plain, "caller")
				if err != nil {
					t.Error(err)
					return
				}
				c := conn.(*client)
				for test.ended && !c.wire.ended() {
					task.Sleep(10 * time.Microsecond)
				}
				q := gateway.Request{ID: 1, Size: 100, Name: "caller"}
				_, e := c.Ask(task, q, 0)
				if test.want.End != gateway.NotSent {
					test.want.Out = int64(len(n.appendRequest(nil, q))) + q.Size
				}
				test.want.Msg = 1
				if e != test.want {
					t.Errorf("ended %+v, want %+v", e, test.want)
				}
			})
		})
	}
}

// A port may have been another gateway's a moment ago, and its clients may still come to it.
func TestStrangersAreNotServed(t *testing.T) {
	on(t, func(task *world.Task, n *network) {
		served := false
		l, err := n.Listen(task, gateway.Plain, func(*world.Task, gateway.Exchange) { served = true })
		if err != nil {
			t.Error(err)
			return
		}
		defer l.Kill(task)
		other, err := open(targets.Host{World: n.w}, 16)
		if err != nil {
			t.Error(err)
			return
		}
		other.doors = n.doors
		c, err := other.Connect(task, gateway.Plain, "stranger")
		if err != nil {
			t.Error(err)
			return
		}
		if _, e := c.Ask(task, gateway.Request{ID: 1}, 0); e.End != gateway.Unanswered || served {
			t.Errorf("the stranger's request ended %+v; served: %t", e, served)
		}
	})
}

func TestTooFewDescriptorsAreSaidPlainly(t *testing.T) {
	on(t, func(task *world.Task, n *network) {
		l, err := n.Listen(task, gateway.Plain, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer l.Kill(task)
		n.most = spareDescriptors + 2
		c, err := n.Connect(task, gateway.Plain, "first")
		if err != nil {
			t.Error(err)
			return
		}
		_, err = n.Connect(task, gateway.Plain, "second")
		if err == nil || errors.Is(err, gateway.ErrRefused) || !strings.Contains(err.Error(), "1 connections are open") ||
			!strings.Contains(err.Error(), "ulimit -n") {
			t.Errorf("the second connection got %v", err)
		}
		c.HangUp(task)
		if _, err := n.Connect(task, gateway.Plain, "third"); err != nil {
			t.Errorf("after a hang-up: %v", err)
		}
	})
}
