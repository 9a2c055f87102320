package external

import (
	"net"
	"testing"
)

// TestPeersAreLookedUpAsTheyAreListed compares both ways to look at the server's sides of connections: with an
// accepted one that has unread bytes, one that nobody has accepted, one whose client has closed, and one that is gone.
func TestPeersAreLookedUpAsTheyAreListed(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", "[::1]:0", "[::]:0"} {
		l, err := net.Listen("tcp", at)
		if err != nil {
			t.Logf("%s: %v", at, err) // a machine without IPv6
			continue
		}
		t.Cleanup(func() { _ = l.Close() }) // and not before: a listener that nothing refers to is closed by the collector
		port := l.Addr().(*net.TCPAddr).Port
		host := "127.0.0.1"
		if at == "[::1]:0" {
			host = "::1"
		}
		var each []ends
		dial := func() *net.TCPConn {
			c, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.ParseIP(host), Port: port})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			each = append(each, ends{client: c.LocalAddr().(*net.TCPAddr).AddrPort(), server: c.RemoteAddr().(*net.TCPAddr).AddrPort()})
			return c
		}
		accept := func() net.Conn {
			c, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			return c
		}
		asks, closes := dial(), dial()
		accept()
		accept()
		dial() // stays in the queue
		if _, err := asks.Write([]byte("unread")); err != nil {
			t.Fatal(err)
		}
		if err := closes.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		gone := each[0]
		gone.client = each[0].server
		listed, err := peersOf(port)
		if err != nil {
			t.Fatal(err)
		}
		found, err := peersAt(append(each, gone))
		if err != nil {
			t.Fatal(err)
		}
		if len(found) != len(each) || len(listed) != len(each) {
			t.Errorf("%s: %v found, %v listed", at, found, listed)
		}
		for _, e := range each {
			if n := int(e.client.Port()); found[n] != listed[n] {
				t.Errorf("%s: %+v found, %+v listed", at, found[n], listed[n])
			}
		}
		if p := found[int(each[0].client.Port())]; !p.accepted || p.unread != 6 || p.taken != 6 {
			t.Errorf("%s: %+v of one with 6 unread bytes", at, p)
		}
		if p := found[int(each[2].client.Port())]; p.accepted {
			t.Errorf("%s: %+v of one that waits", at, p)
		}
	}
}

func BenchmarkLook(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	var each []ends
	for range 12 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = c.Close() })
		each = append(each, ends{client: c.LocalAddr().(*net.TCPAddr).AddrPort(), server: c.RemoteAddr().(*net.TCPAddr).AddrPort()})
	}
	b.Run("list all", func(b *testing.B) {
		for b.Loop() {
			if _, err := peersOf(port); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("look up 12", func(b *testing.B) {
		for b.Loop() {
			if _, err := peersAt(each); err != nil {
				b.Fatal(err)
			}
		}
	})
}
