package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"unsafe"
)

// books is the server's own ledger, where a test asks for one: a line before a request is taken out of the kernel
// and one after it, a line before its answer is handed to the kernel and one after it. What the server dies in
// between is an open entry.
var books = sync.OnceValue(func() *os.File {
	dir := os.Getenv("BOOKS")
	if dir == "" {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(dir, fmt.Sprint(os.Getpid())), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	must(err)
	return f
})

func book(what, client string) {
	if books() == nil {
		return
	}
	_, port, err := net.SplitHostPort(client)
	must(err)
	_, err = books().WriteString(what + " " + port + "\n") // one write, so that no line is torn
	must(err)
}

// A bookedListener writes down what its connections read.
type bookedListener struct{ net.Listener }

func (l bookedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &bookedConn{TCPConn: c.(*net.TCPConn)}, nil
}

func serveBooked(srv *http.Server, addr string) error {
	l, err := net.Listen("tcp", addr)
	must(err)
	return srv.Serve(bookedListener{l})
}

// A bookedConn carries requests without a body. One goroutine reads at a time.
type bookedConn struct {
	*net.TCPConn
	tail []byte // the last that was read, as many bytes as may belong to the end of a head
}

// headEnd ends a request that has no body.
var headEnd = []byte("\r\n\r\n")

// Read implements net.Conn. It looks at what there is before it takes it.
func (c *bookedConn) Read(b []byte) (int, error) {
	raw, err := c.SyscallConn()
	must(err)
	n, failed := 0, error(nil)
	err = raw.Read(func(fd uintptr) bool {
		n, _, failed = syscall.Recvfrom(int(fd), b, syscall.MSG_PEEK)
		return !errors.Is(failed, syscall.EAGAIN)
	})
	switch {
	case err != nil:
		return 0, err
	case failed != nil:
		return 0, failed
	case n == 0 && len(b) > 0:
		return 0, io.EOF
	}
	seen := append(c.tail, b[:n]...)
	whole := bytes.Count(seen, headEnd)
	c.tail = bytes.Clone(seen[max(0, len(seen)-len(headEnd)+1):])
	for range whole {
		book("reading", c.RemoteAddr().String())
	}
	n, err = io.ReadFull(c.TCPConn, b[:n])
	for range whole {
		book("read", c.RemoteAddr().String())
	}
	return n, err
}

// leaveToKernel takes a signal's handler away: Go's runtime has one for every signal, and dies of its own word.
func leaveToKernel(sig syscall.Signal) {
	var none struct {
		handler, flags, restorer uintptr
		mask                     uint64
	}
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&none)), 0, unsafe.Sizeof(none.mask), 0, 0)
	if errno != 0 {
		panic(errno)
	}
}
