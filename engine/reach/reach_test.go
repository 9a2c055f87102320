package reach

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// with makes a machine that has the interface 198.51.100.7, and a resolver that knows names.
func with(t *testing.T, names map[string][]string) {
	t.Helper()
	oldLookup, oldOwn := lookup, own
	t.Cleanup(func() { lookup, own = oldLookup, oldOwn })
	own = func() ([]netip.Addr, error) { return []netip.Addr{netip.MustParseAddr("198.51.100.7")}, nil }
	lookup = func(_ context.Context, host string) ([]netip.Addr, error) {
		var all []netip.Addr
		for _, ip := range names[host] {
			all = append(all, netip.MustParseAddr(ip))
		}
		if all == nil {
			return nil, errors.New("no such host")
		}
		return all, nil
	}
}

func TestCheck(t *testing.T) {
	with(t, map[string][]string{
		"here.test": {"127.0.0.1", "::1"}, "mine.test": {"198.51.100.7"}, "there.test": {"192.0.2.1"},
		"both.test": {"127.0.0.1", "192.0.2.1"},
	})
	for _, c := range []struct {
		host, allowed, refused string
		remote                 bool
	}{
		{host: "127.0.0.1"}, {host: "127.9.9.9"}, {host: "::1"}, {host: "0.0.0.0"}, {host: "::ffff:127.0.0.1"},
		{host: "here.test"}, {host: "mine.test"}, {host: "198.51.100.7"},
		{host: "192.0.2.1", refused: "192.0.2.1 is not this machine: "},
		{host: "::ffff:192.0.2.1", refused: "is not this machine"},
		{host: "there.test", refused: "(its address is 192.0.2.1)"},
		{host: "both.test", refused: "(its address is 192.0.2.1)"}, // one of its addresses is enough
		{host: "nowhere.test", refused: "has no address that could be this machine's"},
		{host: "there.test", allowed: "there.test", remote: true},
		{host: "There.test.", allowed: "THERE.TEST", remote: true},
		{host: "there.test", allowed: "192.0.2.1", refused: "(its address is 192.0.2.1)"}, // a host is allowed as it is named
		{host: "192.0.2.1", allowed: "192.0.2.1", remote: true},
		{host: "::1", allowed: "[::1]"},
		{host: "here.test", allowed: "here.test"}, // it is this machine all the same
		{host: "nowhere.test", allowed: "nowhere.test", remote: true},
	} {
		var r Rule
		if c.allowed != "" {
			r = Allowing("other.test", c.allowed)
		}
		remote, err := r.Check(t.Context(), c.host)
		refusal, ok := errors.AsType[*Refusal](err)
		switch {
		case c.refused == "" && err != nil, remote != c.remote:
			t.Errorf("%s, allowed %q: remote %v, %v", c.host, c.allowed, remote, err)
		case c.refused != "" && (!ok || !strings.Contains(refusal.Error(), c.refused) || !strings.Contains(refusal.Error(), "--allow-remote "+c.host)):
			t.Errorf("%s, allowed %q: %v, want %q", c.host, c.allowed, err, c.refused)
		}
	}
}

// A name that has another address by the time of a connection leads nowhere else: what was checked is not what is
// trusted.
func TestEachConnectionIsChecked(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	names := map[string][]string{"moves.test": {"127.0.0.1"}}
	with(t, names)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	var r Rule
	if _, err := r.Check(t.Context(), "moves.test"); err != nil {
		t.Fatal(err)
	}
	way := r.To("moves.test")
	conn, err := way.DialWithin(time.Minute, way.Pick(t.Context(), "moves.test", port))
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	names["moves.test"] = []string{"192.0.2.1"}
	_, err = way.DialWithin(time.Minute, way.Pick(t.Context(), "moves.test", port))
	if _, refused := errors.AsType[*Refusal](err); !refused {
		t.Errorf("a connection to another machine: %v", err)
	}
	if err := Allowing("moves.test").To("moves.test").Permit(netip.MustParseAddr("192.0.2.1")); err != nil {
		t.Errorf("a host that was allowed: %v", err)
	}
	if err := Allowing("other.test").To("moves.test").Permit(netip.MustParseAddr("192.0.2.1")); err == nil {
		t.Error("another host was allowed, and this one went through")
	}
}
