package external

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUnixListenerIsFound names the socket at which a program listens that is asked by TCP.
func TestUnixListenerIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if got := unixListener(socketsOf(os.Getpid())); got != path {
		t.Errorf("%q, want %q", got, path)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if got := unixListener(socketsOf(os.Getpid())); got != "" {
		t.Errorf("%q, and it is closed", got)
	}
}

// TestListenersAreReached dials every kind of listener at the host that is told of it.
func TestListenersAreReached(t *testing.T) {
	for _, at := range []string{"127.0.0.1", "127.3.2.1", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1"} {
		l, err := net.Listen("tcp", net.JoinHostPort(at, "0"))
		if err != nil {
			t.Logf("%s: %v", at, err) // a machine without IPv6
			continue
		}
		port := l.Addr().(*net.TCPAddr).Port
		all, err := listeners()
		if err != nil {
			t.Fatal(err)
		}
		host := ""
		for _, x := range all {
			if x.port == port {
				host = x.host
			}
		}
		c, err := net.Dial("tcp", net.JoinHostPort(host, fmt.Sprint(port)))
		if err != nil {
			t.Errorf("%s is told as %q: %v", at, host, err)
			continue
		}
		_, _ = c.Close(), l.Close()
	}
}

// TestURLElsewhereIsToldAtOnce has a program that listens where its url does not lead.
func TestURLElsewhereIsToldAtOnce(t *testing.T) {
	p := &program{c: config{url: "http://127.0.0.1:{port}/"}, port: 4000}
	if err := p.settle(listener{port: 4000, host: "::1"}); err == nil || !strings.Contains(err.Error(), "it listens at [::1]:4000") {
		t.Error(err)
	}
	for _, host := range []string{"127.0.0.1", "127.3.2.1"} {
		if err := p.settle(listener{port: 4000, host: host}); err != nil {
			t.Error(err)
		}
	}
}
