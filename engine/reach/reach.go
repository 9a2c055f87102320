// Package reach says where load may go: to this machine, and to hosts that the user has named. Every client that
// racebench has connects through it. A scenario, or a folder that somebody has sent, names hosts; only the command
// line allows them.
package reach

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A Rule is where load may go. The zero value is this machine alone.
type Rule struct{ hosts []string }

// Allowing returns the rule that lets load go to hosts as well, by name or number.
func Allowing(hosts ...string) Rule {
	var r Rule
	for _, h := range hosts {
		r.hosts = append(r.hosts, canonical(h))
	}
	return r
}

// canonical is one spelling for each host.
func canonical(host string) string {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if ip, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return ip.Unmap().String()
	}
	return host
}

// Hosts are those that the rule names.
func (r Rule) Hosts() []string { return slices.Clone(r.hosts) }

// A Refusal is why load may not go to a host.
type Refusal struct{ host, why string }

// Error implements error.
func (e *Refusal) Error() string {
	return fmt.Sprintf("%s %s: load goes to this machine only, unless --allow-remote %s names another", e.host, e.why, e.host)
}

// Check looks a host up and returns a Refusal if load may not go there. Remote says that it may, and that the host is
// not this machine.
func (r Rule) Check(ctx context.Context, host string) (remote bool, err error) {
	named := slices.Contains(r.hosts, canonical(host))
	all, err := addresses(ctx, host)
	switch {
	case err != nil && named:
		return true, nil // the load itself finds out that nobody is there
	case err != nil:
		return false, &Refusal{host, fmt.Sprintf("has no address that could be this machine's (%v)", err)}
	}
	for _, ip := range all {
		local, err := isLocal(ip)
		switch {
		case err != nil:
			return false, err
		case !local && named:
			return true, nil
		case !local && ip.String() == host:
			return false, &Refusal{host, "is not this machine"}
		case !local:
			return false, &Refusal{host, fmt.Sprintf("is not this machine (its address is %s)", ip)}
		}
	}
	return false, nil
}

// A Way is how connections to one host are made. The zero value leads to this machine alone.
type Way struct{ free bool }

// To returns the way to a host.
func (r Rule) To(host string) Way { return Way{slices.Contains(r.hosts, canonical(host))} }

// Permit returns an error unless the way leads to an address. It is asked at each connection: a name may have another
// address by then.
func (w Way) Permit(ip netip.Addr) error {
	if w.free {
		return nil
	}
	local, err := isLocal(ip)
	if err == nil && !local {
		err = &Refusal{ip.String(), "is not this machine"}
	}
	return err
}

// Dial connects by TCP.
func (w Way) Dial(ctx context.Context, address string) (net.Conn, error) {
	d := net.Dialer{Control: func(_, resolved string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(resolved)
		if err != nil {
			return fmt.Errorf("read address: %w", err)
		}
		return w.Permit(at.Addr())
	}}
	return d.DialContext(ctx, "tcp", address)
}

// DialWithin connects by TCP within a time.
func (w Way) DialWithin(limit time.Duration, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return w.Dial(ctx, address)
}

// Pick picks the address of a host that takes connections on a port: a name may have several, and a server listens on
// some. Where none does, the first stands for all; a host without an address stays as it is.
func (w Way) Pick(ctx context.Context, host, port string) string {
	all, err := addresses(ctx, host)
	if err != nil || len(all) == 0 {
		return net.JoinHostPort(host, port)
	}
	for _, ip := range all[:len(all)*min(len(all)-1, 1)] { // one needs no trial
		at := net.JoinHostPort(ip.String(), port)
		if conn, err := w.DialWithin(lookLimit/time.Duration(len(all)), at); err == nil {
			_ = conn.Close()
			return at
		}
	}
	return net.JoinHostPort(all[0].String(), port)
}
