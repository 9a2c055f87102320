package loadgen

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"
)

// lookLimit is how long a host's addresses are looked for, and how long one of several is tried.
const lookLimit = 5 * time.Second

// Addresses are those of a host, by its name or number.
func Addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip.Unmap()}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	all, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", host, err)
	}
	for i := range all {
		all[i] = all[i].Unmap()
	}
	return all, nil
}

// Local says whether all addresses are this machine's own.
func Local(all []netip.Addr) (bool, error) {
	own, err := net.InterfaceAddrs()
	if err != nil {
		return false, fmt.Errorf("list this machine's addresses: %w", err)
	}
	for _, ip := range all {
		if ip.IsLoopback() || ip.IsUnspecified() {
			continue
		}
		if !slices.ContainsFunc(own, func(a net.Addr) bool {
			prefix, err := netip.ParsePrefix(a.String())
			return err == nil && prefix.Addr().Unmap() == ip.WithZone("")
		}) {
			return false, nil
		}
	}
	return len(all) > 0, nil
}

// Reach picks the address of a host that takes connections on a port: a name may have several, and a server listens on
// some. Where none does, the first stands for all; a host without an address stays as it is.
func Reach(ctx context.Context, host, port string) string {
	all, err := Addresses(ctx, host)
	if err != nil || len(all) == 0 {
		return net.JoinHostPort(host, port)
	}
	for _, ip := range all[:len(all)*min(len(all)-1, 1)] { // one needs no trial
		d := net.Dialer{Timeout: lookLimit / time.Duration(len(all))}
		if conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(ip.String(), port)); err == nil {
			_ = conn.Close()
			return net.JoinHostPort(ip.String(), port)
		}
	}
	return net.JoinHostPort(all[0].String(), port)
}
