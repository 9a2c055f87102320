// Package net asks a network how it behaves: the loopback of the machine, and that of a controlled test.
package net

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var port = regexp.MustCompile(`:\d+`)

// said is an error with the words that a program can look for, and no port.
func said(err error) string {
	if err == nil {
		return "ok"
	}
	s := port.ReplaceAllString(err.Error(), ":P")
	for _, is := range []struct {
		name string
		err  error
	}{
		{"EOF", io.EOF}, {"closed", net.ErrClosed}, {"deadline", os.ErrDeadlineExceeded}, {"reset", syscall.ECONNRESET},
		{"pipe", syscall.EPIPE}, {"refused", syscall.ECONNREFUSED}, {"in use", syscall.EADDRINUSE}, {"canceled", context.Canceled},
		{"late", context.DeadlineExceeded}, {"not available", syscall.EADDRNOTAVAIL},
	} {
		if errors.Is(err, is.err) {
			s += " [" + is.name + "]"
		}
	}
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() {
		s += " [timeout]"
	}
	return s
}

// settle waits until what was sent has come: loopback takes its time.
func settle() { time.Sleep(30 * time.Millisecond) }

type world struct {
	t *testing.T
	b strings.Builder
}

func (w *world) say(format string, args ...any) { fmt.Fprintf(&w.b, " | "+format, args...) }

func (w *world) listen(address string) net.Listener {
	l, err := net.Listen("tcp", address)
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

// pair is a connection, the client's end first.
func (w *world) pair() (net.Conn, net.Conn) {
	l := w.listen("127.0.0.1:0")
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		w.t.Fatal(err)
	}
	return c, s
}

func (w *world) read(c net.Conn, n int) {
	b := make([]byte, n)
	k, err := c.Read(b)
	w.say("read %q %s", b[:k], said(err))
}

func (w *world) write(c net.Conn, text string) {
	n, err := c.Write([]byte(text))
	w.say("write %d %s", n, said(err))
	settle()
}

func (w *world) close(c io.Closer) {
	w.say("close %s", said(c.Close()))
	settle()
}

type half interface {
	CloseRead() error
	CloseWrite() error
}

var cases = []struct {
	name string
	run  func(w *world)
}{
	{"listen on a port in use, and after it is free", func(w *world) {
		l := w.listen("127.0.0.1:0")
		_, err := net.Listen("tcp", l.Addr().String())
		w.say("%s", said(err))
		_, err = net.Listen("tcp", fmt.Sprintf(":%d", l.Addr().(*net.TCPAddr).Port))
		w.say("all addresses: %s", said(err))
		w.close(l)
		w.close(l)
		again, err := net.Listen("tcp", l.Addr().String())
		w.say("%s", said(err))
		w.close(again)
	}},
	{"addresses of listeners", func(w *world) {
		for _, a := range []string{"127.0.0.1:0", "[::1]:0", "localhost:0", "0.0.0.0:0", "[::]:0", ":0", ""} {
			l, err := net.Listen("tcp", a)
			if err != nil {
				w.say("%s: %s", a, said(err))
				continue
			}
			w.say("%s: %s %s %T", a, port.ReplaceAllString(l.Addr().String(), ":P"), l.Addr().Network(), l.Addr())
			l.Close()
		}
		for _, network := range []string{"tcp4", "tcp6"} {
			for _, a := range []string{":0", "127.0.0.1:0", "[::1]:0"} {
				l, err := net.Listen(network, a)
				if err != nil {
					w.say("%s %s: %s", network, a, said(err))
					continue
				}
				w.say("%s %s: %s", network, a, port.ReplaceAllString(l.Addr().String(), ":P"))
				l.Close()
			}
		}
	}},
	{"addresses that are wrong", func(w *world) {
		for _, a := range []string{"127.0.0.1", "127.0.0.1:none", "127.0.0.1:99999", "[::1:80", "203.0.113.7:0"} {
			_, err := net.Listen("tcp", a)
			w.say("listen %s: %s", a, said(err))
		}
		for _, a := range []string{"127.0.0.1", "127.0.0.1:none", "127.0.0.1:99999", "[::1:80", ""} {
			_, err := net.Dial("tcp", a)
			w.say("dial %s: %s", a, said(err))
		}
	}},
	{"dial by other names", func(w *world) {
		l := w.listen(":0")
		defer l.Close()
		p := l.Addr().(*net.TCPAddr).Port
		for _, host := range []string{"", "127.0.0.1", "localhost", "0.0.0.0"} {
			c, err := net.Dial("tcp4", net.JoinHostPort(host, fmt.Sprint(p)))
			if err != nil {
				w.say("%s: %s", host, said(err))
				continue
			}
			s, err := l.Accept()
			if err != nil {
				w.t.Fatal(err)
			}
			w.say("%s: %s to %s, %T, mirrored %v", host, port.ReplaceAllString(c.LocalAddr().String(), ":P"),
				port.ReplaceAllString(c.RemoteAddr().String(), ":P"), c.LocalAddr(),
				c.LocalAddr().String() == s.RemoteAddr().String() && c.RemoteAddr().String() == s.LocalAddr().String())
			c.Close()
			s.Close()
		}
	}},
	{"dial where nobody listens", func(w *world) {
		l := w.listen("127.0.0.1:0")
		l.Close()
		_, err := net.Dial("tcp", l.Addr().String())
		w.say("%s", said(err))
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		var d net.Dialer
		_, err = d.DialContext(ctx, "tcp", l.Addr().String())
		w.say("canceled: %s", said(err))
		ctx, cancel = context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
		defer cancel()
		_, err = d.DialContext(ctx, "tcp", l.Addr().String())
		w.say("late: %s", said(err))
		d.Timeout = -1
		_, err = d.Dial("tcp", l.Addr().String())
		w.say("no time: %s", said(err))
	}},
	{"a listener closes with a connection in its backlog", func(w *world) {
		l := w.listen("127.0.0.1:0")
		c, err := net.Dial("tcp", l.Addr().String())
		w.say("dial %s", said(err))
		w.close(l)
		w.read(c, 1)
		_, err = l.Accept()
		w.say("accept %s", said(err))
		w.write(c, "x")
		w.close(c)
	}},
	{"close unblocks accept", func(w *world) {
		l := w.listen("127.0.0.1:0")
		var group sync.WaitGroup
		group.Go(func() {
			_, err := l.Accept()
			w.say("accept %s", said(err))
		})
		settle()
		w.t.Log(said(l.Close()))
		group.Wait()
	}},
	{"data, then the end", func(w *world) {
		c, s := w.pair()
		w.write(c, "hello")
		w.close(c)
		w.read(s, 3)
		w.read(s, 3)
		w.read(s, 3)
		w.read(s, 3)
		w.close(s)
	}},
	{"half a close", func(w *world) {
		c, s := w.pair()
		w.write(c, "question")
		w.say("%s", said(c.(half).CloseWrite()))
		settle()
		b, err := io.ReadAll(s)
		w.say("%q %s", b, said(err))
		w.write(s, "answer")
		w.read(c, 10)
		w.write(c, "more")
		w.close(s)
		w.read(c, 10)
		w.close(c)
	}},
	{"the other half", func(w *world) {
		c, s := w.pair()
		w.write(s, "ab")
		w.say("%s", said(c.(half).CloseRead()))
		w.read(c, 1)
		w.read(c, 1)
		w.read(c, 1)
		w.close(c)
		w.close(s)
	}},
	{"close with something unread", func(w *world) {
		c, s := w.pair()
		w.write(c, "unread")
		w.close(s)
		w.read(c, 1)
		w.read(c, 1)
		w.write(c, "x")
		w.close(c)
	}},
	{"close with something unread, then a write", func(w *world) {
		c, s := w.pair()
		w.write(c, "unread")
		w.close(s)
		w.write(c, "x")
		w.write(c, "x")
		w.read(c, 1)
		w.close(c)
	}},
	{"data before a reset", func(w *world) {
		c, s := w.pair()
		w.write(c, "unread")
		w.write(s, "last words")
		w.close(s)
		w.read(c, 4)
		w.close(c)
	}},
	{"writes after the peer has closed", func(w *world) {
		c, s := w.pair()
		w.close(s)
		w.write(c, "one")
		w.write(c, "two")
		w.write(c, "three")
		w.read(c, 1)
		w.close(c)
	}},
	{"a write to a peer that has closed, and a read", func(w *world) {
		c, s := w.pair()
		w.write(s, "bye")
		w.close(s)
		w.write(c, "one")
		w.read(c, 3)
		w.read(c, 3)
		w.close(c)
	}},
	{"use after close", func(w *world) {
		c, s := w.pair()
		w.close(c)
		w.close(c)
		w.read(c, 1)
		w.read(c, 0)
		w.write(c, "x")
		w.say("%s", said(c.SetDeadline(time.Now())))
		w.say("%s %s", said(c.(half).CloseRead()), said(c.(half).CloseWrite()))
		w.close(s)
	}},
	{"close unblocks a read and a write of its own side", func(w *world) {
		for _, blocked := range []func(c net.Conn) error{
			func(c net.Conn) error { _, err := c.Read(make([]byte, 1)); return err },
			func(c net.Conn) error { _, err := c.Write(make([]byte, 64<<20)); return err },
		} {
			c, s := w.pair()
			var group sync.WaitGroup
			group.Go(func() { w.say("%s", said(blocked(c))) })
			settle()
			c.Close()
			group.Wait()
			s.Close()
		}
	}},
	{"close of the peer unblocks", func(w *world) {
		for _, blocked := range []func(c net.Conn) error{
			func(c net.Conn) error { _, err := c.Read(make([]byte, 1)); return err },
			func(c net.Conn) error { _, err := c.Write(make([]byte, 64<<20)); return err },
		} {
			c, s := w.pair()
			var group sync.WaitGroup
			group.Go(func() { w.say("%s", said(blocked(c))) })
			settle()
			s.Close()
			group.Wait()
			c.Close()
		}
	}},
	{"a full connection blocks, and goes on", func(w *world) {
		c, s := w.pair()
		sent := bytes.Repeat([]byte("0123456789"), 1<<20)
		var group sync.WaitGroup
		group.Go(func() {
			n, err := c.Write(sent)
			w.say("wrote %d %s", n, said(err))
			c.Close()
		})
		settle()
		got, err := io.ReadAll(s)
		group.Wait()
		w.say("read %d %v %s", len(got), bytes.Equal(got, sent), said(err))
		s.Close()
	}},
	{"deadlines", func(w *world) {
		c, s := w.pair()
		w.write(s, "ready")
		c.SetReadDeadline(time.Now().Add(-time.Second))
		w.read(c, 2)
		w.read(c, 0)
		c.SetReadDeadline(time.Time{})
		w.read(c, 2)
		c.SetDeadline(time.Now().Add(20 * time.Millisecond))
		w.read(c, 9)
		w.read(c, 9)
		w.write(c, "too late")
		c.SetWriteDeadline(time.Time{})
		w.write(c, "in time")
		w.read(s, 99)
		var group sync.WaitGroup
		c.SetReadDeadline(time.Time{})
		group.Go(func() { w.read(c, 1) })
		settle()
		c.SetReadDeadline(time.Now().Add(time.Millisecond)) // while it reads
		group.Wait()
		c.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
		n, err := c.Write(make([]byte, 64<<20))
		w.say("some %v %s", n > 0 && n < 64<<20, said(err))
		c.Close()
		s.Close()
		l := w.listen("127.0.0.1:0")
		l.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Now().Add(time.Millisecond))
		_, err = l.Accept()
		w.say("%s", said(err))
		l.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Time{})
		l.Close()
		w.say("%s", said(l.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Time{})))
	}},
	{"nothing to read and nothing to write", func(w *world) {
		c, s := w.pair()
		w.read(c, 0)
		w.write(c, "")
		w.close(s)
		w.read(c, 0)
		w.close(c)
	}},
	{"several readers share what comes", func(w *world) {
		c, s := w.pair()
		var group sync.WaitGroup
		var mu sync.Mutex
		total := 0
		for range 3 {
			group.Go(func() {
				for {
					n, err := c.Read(make([]byte, 2))
					mu.Lock()
					total += n
					mu.Unlock()
					if err != nil {
						return
					}
				}
			})
		}
		w.write(s, "abcdefg")
		w.close(s)
		group.Wait()
		w.say("%d", total)
		c.Close()
	}},
}

func TestNetwork(t *testing.T) {
	for _, c := range cases {
		w := &world{t: t}
		c.run(w)
		t.Logf("CASE %s%s", c.name, w.b.String())
	}
}

// More connections than any backlog holds: the next dial waits.
func TestBacklog(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for range 4096 {
		if _, err := net.Dial("tcp", l.Addr().String()); err != nil {
			t.Fatal(err)
		}
	}
	late := net.Dialer{Timeout: time.Second}
	_, err = late.Dial("tcp", l.Addr().String())
	t.Logf("CASE full | %s", said(err))
	time.AfterFunc(time.Second, func() { l.Accept() })
	_, err = net.Dial("tcp", l.Addr().String())
	t.Logf("CASE room | %s", said(err))
}
