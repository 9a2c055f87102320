package external

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Sockets are looked at with sock_diag(7), which is quicker than /proc/net/tcp and counts received bytes.
const (
	sockDiagByFamily = 20
	inetDiagInfo     = 2
	stateEstablished = 1
	stateCloseWait   = 8
	stateListen      = 10
	stateSynRecv     = 3
	stateNewSynRecv  = 12
	diagRequestSize  = 56
	diagMessageSize  = 72
)

// A socket is one TCP socket of this machine.
type socket struct {
	local, remote int // ports
	state         uint8
	unread        int64
	inode         uint32
	taken         int64 // bytes received in all
	addr          [16]byte
	v6            bool
}

// sockets lists TCP sockets in the given states (a bit each) whose local port is port; 0 is any.
func sockets(states uint32, port int) ([]socket, error) {
	var all []socket
	err := askKernel(func(fd int) error {
		for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
			request := newRequest(unix.NLM_F_DUMP, family, states)
			binary.BigEndian.PutUint16(request[idAt:], uint16(port))
			found, err := answersTo(fd, request, make([]byte, 1<<16))
			if err != nil {
				return err
			}
			all = append(all, found...)
		}
		return nil
	})
	return all, err
}

// socketsAt looks up the server's sides of single connections. One that is gone has no socket.
func socketsAt(each []ends) ([]socket, error) {
	var all []socket
	err := askKernel(func(fd int) error {
		buf := make([]byte, 4<<10)
		for _, e := range each {
			found, err := answersTo(fd, lookupOf(e), buf)
			if err != nil && !errors.Is(err, unix.ENOENT) {
				return err
			}
			for _, s := range found {
				if s.state != stateListen { // which the kernel tells of where there is no connection
					all = append(all, s)
				}
			}
		}
		return nil
	})
	return all, err
}

func askKernel(ask func(fd int) error) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return fmt.Errorf("look at sockets: %w", err)
	}
	defer func() { _ = unix.Close(fd) }()
	_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 1})
	if err := ask(fd); err != nil {
		return fmt.Errorf("look at sockets: %w", err)
	}
	return nil
}

// idAt is where in a request the connection's ports and addresses begin.
const idAt = unix.NLMSG_HDRLEN + 8

func newRequest(flags uint16, family byte, states uint32) []byte {
	request := make([]byte, unix.NLMSG_HDRLEN+diagRequestSize)
	h := binary.NativeEndian
	h.PutUint32(request[0:], uint32(len(request)))
	h.PutUint16(request[4:], sockDiagByFamily)
	h.PutUint16(request[6:], unix.NLM_F_REQUEST|flags)
	body := request[unix.NLMSG_HDRLEN:]
	body[0], body[1], body[2] = family, unix.IPPROTO_TCP, 1<<(inetDiagInfo-1)
	h.PutUint32(body[4:], states)
	return request
}

// lookupOf asks for the server's side of a connection.
func lookupOf(e ends) []byte {
	server, client := e.server.Addr().Unmap(), e.client.Addr().Unmap()
	family := byte(unix.AF_INET6)
	if client.Is4() {
		family = unix.AF_INET
	}
	request := newRequest(0, family, ^uint32(0))
	id := request[idAt:]
	binary.BigEndian.PutUint16(id[0:], e.server.Port())
	binary.BigEndian.PutUint16(id[2:], e.client.Port())
	copy(id[4:20], server.AsSlice())
	copy(id[20:36], client.AsSlice())
	for i := 40; i < 48; i++ {
		id[i] = 0xff // whatever the socket's cookie
	}
	return request
}

// answersTo sends a request and takes all answers to it.
func answersTo(fd int, request, buf []byte) ([]socket, error) {
	if err := unix.Sendto(fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, err
	}
	single := binary.NativeEndian.Uint16(request[6:])&unix.NLM_F_DUMP == 0
	var found []socket
	for {
		n, _, err := unix.Recvfrom(fd, buf, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, err
		}
		done, err := eachMessage(buf[:n], func(m []byte) { found = append(found, socketOf(m)) })
		if done || err != nil || single {
			return found, err
		}
	}
}

// eachMessage hands out the sockets of one answer and says whether it was the last.
func eachMessage(b []byte, visit func([]byte)) (done bool, err error) {
	for len(b) >= unix.NLMSG_HDRLEN {
		size := int(binary.NativeEndian.Uint32(b))
		if size < unix.NLMSG_HDRLEN || size > len(b) {
			return true, errors.New("a torn answer of the kernel")
		}
		m := b[unix.NLMSG_HDRLEN:size]
		switch binary.NativeEndian.Uint16(b[4:]) {
		case unix.NLMSG_DONE:
			return true, nil
		case unix.NLMSG_ERROR:
			if len(m) >= 4 {
				return true, unix.Errno(-int32(binary.NativeEndian.Uint32(m)))
			}
			return true, errors.New("an error of the kernel")
		case sockDiagByFamily:
			if len(m) >= diagMessageSize {
				visit(m)
			}
		}
		b = b[min(len(b), (size+3)&^3):]
	}
	return false, nil
}

func socketOf(m []byte) socket {
	h := binary.NativeEndian
	s := socket{
		v6: m[0] == unix.AF_INET6, state: m[1], local: int(binary.BigEndian.Uint16(m[4:])), remote: int(binary.BigEndian.Uint16(m[6:])),
		unread: int64(h.Uint32(m[56:])), inode: h.Uint32(m[68:]), taken: -1,
	}
	copy(s.addr[:], m[8:24])
	for attrs := m[diagMessageSize:]; len(attrs) >= 4; {
		size := int(h.Uint16(attrs))
		if size < 4 || size > len(attrs) {
			break
		}
		if h.Uint16(attrs[2:]) == inetDiagInfo {
			s.taken = bytesReceived(attrs[4:size])
		}
		attrs = attrs[min(len(attrs), (size+3)&^3):]
	}
	return s
}

// bytesReceived is a field of the kernel's tcp_info; older kernels do not have it.
func bytesReceived(info []byte) int64 {
	at := int(unsafe.Offsetof(unix.TCPInfo{}.Bytes_received))
	if len(info) < at+8 {
		return -1
	}
	return int64(binary.NativeEndian.Uint64(info[at:]))
}

// ackedOf is how many bytes of a connection of ours the other side's kernel has taken, whether or not anybody has
// read them; -1 is not known. The first number that the kernel counts is the connection's own, not a byte.
func ackedOf(fd uintptr) int64 {
	info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil || info.Bytes_acked == 0 {
		return -1
	}
	return int64(info.Bytes_acked) - 1
}

// peersOf returns the server's sides of all connections to a port, by the client's port.
func peersOf(port int) (map[int]peer, error) {
	found, err := sockets(1<<stateEstablished|1<<stateCloseWait|1<<stateSynRecv, port)
	if err != nil {
		return nil, err
	}
	return peersIn(found), nil
}

// peersAt returns the server's sides of some connections, by the client's port.
func peersAt(each []ends) (map[int]peer, error) {
	found, err := socketsAt(each)
	if err != nil {
		return nil, err
	}
	return peersIn(found), nil
}

func peersIn(found []socket) map[int]peer {
	peers := make(map[int]peer, len(found))
	for _, s := range found {
		switch s.state {
		case stateEstablished, stateCloseWait, stateSynRecv, stateNewSynRecv:
			accepted := s.inode != 0 && (s.state == stateEstablished || s.state == stateCloseWait)
			peers[s.remote] = peer{accepted: accepted, unread: s.unread, taken: s.taken}
		}
	}
	return peers
}

// A listener is an address that a process takes connections at.
type listener struct {
	port  int
	host  string // to reach it at
	inode uint32
}

func listeners() ([]listener, error) {
	found, err := sockets(1<<stateListen, 0)
	if err != nil {
		return nil, err
	}
	var all []listener
	for _, s := range found {
		all = append(all, listener{s.local, hostOf(s), s.inode})
	}
	return all, nil
}

// hostOf is how to reach a listener on this machine.
func hostOf(s socket) string {
	switch {
	case !s.v6 && s.addr[0] == 0:
		return "127.0.0.1"
	case !s.v6:
		return net.IP(s.addr[:4]).String()
	case s.addr != [16]byte{}:
		return net.IP(s.addr[:]).String() // that of an IPv4 address in an IPv6 socket is the IPv4 address
	}
	if only, err := os.ReadFile("/proc/sys/net/ipv6/bindv6only"); err == nil && len(only) > 0 && only[0] == '1' {
		return "::1"
	}
	return "127.0.0.1"
}
