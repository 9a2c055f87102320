package reach

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

// lookup asks the system's resolver. A test has its own.
var lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// addresses are those of a host, by its name or number.
func addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip.Unmap()}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	all, err := lookup(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", host, err)
	}
	for i := range all {
		all[i] = all[i].Unmap()
	}
	return all, nil
}

// own are the addresses of this machine's interfaces. A test has its own.
var own = func() ([]netip.Addr, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list this machine's addresses: %w", err)
	}
	var ips []netip.Addr
	for _, a := range all {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil {
			ips = append(ips, prefix.Addr().Unmap())
		}
	}
	return ips, nil
}

// isLocal says whether an address is this machine's own.
func isLocal(ip netip.Addr) (bool, error) {
	ip = ip.Unmap()
	if ip.IsLoopback() || ip.IsUnspecified() {
		return true, nil
	}
	ips, err := own()
	return slices.Contains(ips, ip.WithZone("")), err
}
