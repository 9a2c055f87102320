package loadgen

import (
	"errors"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// send writes what is left of a client's request. What the socket does not take waits for an event.
func (w *loop) send(c *conn) {
	for c.off < len(c.request.bytes) {
		n, errno := rawWrite(c.fd, c.request.bytes[c.off:])
		switch {
		case errno == unix.EINTR:
			continue
		case errno == unix.EAGAIN:
			return
		case errno != 0 && c.off == 0:
			w.fail(c, resetBeforeSend, errno)
			return
		case errno != 0:
			// An answer may have come although not all could be sent: it is read before the end is.
			return
		}
		c.off += n
		c.q.out += int64(n)
	}
}

// receive reads what a connection has, or a good part of it.
func (w *loop) receive(c *conn) {
	fd := c.fd
	for reads := 0; c.fd == fd; reads++ {
		if reads == readsAtOnce {
			if !c.unread {
				c.unread = true
				w.more = append(w.more, unread{c.number - w.conns[0].number, c.generation})
			}
			return
		}
		n, errno := rawRead(fd, w.buf)
		switch {
		case errno == unix.EINTR:
			continue
		case errno == unix.EAGAIN:
			return
		case errno != 0:
			w.broken(c, errno, false)
			return
		case n == 0:
			w.broken(c, nil, true)
			return
		case !c.busy:
			w.retire(c) // what was not asked for
			return
		}
		c.q.in += int64(n)
		took, done, err := c.a.feed(w.buf[:n])
		switch {
		case err != nil:
			w.fail(c, garbage, err)
			return
		case done:
			w.answered(c, c.gone || took < n)
		}
		if n < len(w.buf) && !c.gone {
			return // the socket was empty: more is a new event
		}
	}
}

// answered counts an answer and gives the client its next turn.
func (w *loop) answered(c *conn, last bool) {
	now := w.l.now()
	w.s.answered(&c.q, c.a.status, w.l.Good(c.a.status), now, w.l.c.For)
	c.pause = firstBackOff
	if last || c.a.last {
		w.drop(c)
	}
	w.free(c, now)
}

// free gives a client its next turn.
func (w *loop) free(c *conn, now time.Duration) {
	c.busy = false
	w.busy--
	at := c.number - w.conns[0].number
	switch {
	case w.l.starts != nil:
		w.idle.push(at)
	case w.l.over(now):
	case w.l.ThinkMax > 0:
		w.timers.push(now+w.l.think(w.rnd), at)
	case c.fd >= 0:
		w.start(c, now, now, false)
	default:
		w.timers.push(now, at) // not from here: each connection might end like this one
	}
}

// broken is what the end of a connection means for its request.
func (w *loop) broken(c *conn, err error, orderly bool) {
	switch {
	case !c.busy:
		w.retire(c)
	case orderly && c.a.ended():
		w.answered(c, true)
	case c.a.any:
		w.fail(c, partial, err)
	case c.off == 0:
		w.fail(c, resetBeforeSend, err)
	default:
		w.fail(c, sentNoByte, err)
	}
}

// retire gives up an idle connection that the server has ended.
func (w *loop) retire(c *conn) {
	w.drop(c)
	w.s.retired()
}

// fail counts a request that failed, and gives its connection up.
func (w *loop) fail(c *conn, k class, err error) {
	now := w.l.now()
	w.s.failed(&c.q, k, now)
	if k == unreachable || k == garbage {
		w.l.said.note(k, err)
	}
	w.drop(c)
	c.busy = false
	w.busy--
	at := now
	if k == refused || k == unreachable {
		at += c.pause
		c.pause = min(2*c.pause, maxBackOff)
	}
	if w.l.starts != nil || !w.l.over(now) {
		w.timers.push(at, c.number-w.conns[0].number)
	}
}

func (w *loop) drop(c *conn) {
	if c.fd >= 0 {
		_ = unix.Close(int(c.fd))
		c.fd, c.connecting, c.gone, c.unread = -1, false, false, false
	}
}

// sweep looks for answers that take too long.
func (w *loop) sweep() {
	now := w.l.now()
	if now-w.swept < patrol {
		return
	}
	w.swept = now
	for i := range w.conns {
		c := &w.conns[i]
		switch {
		case !c.busy || now-c.q.left < w.l.limit:
		case c.connecting:
			w.fail(c, unreachable, errors.New("the connection was not taken in time"))
		default:
			w.fail(c, timedOut, nil)
		}
	}
}

// wait waits for events, to within the kernel's precision, and returns how many there are.
func (w *loop) wait(d time.Duration) int {
	ts := unix.NsecToTimespec(int64(d))
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(w.epoll), uintptr(unsafe.Pointer(&w.events[0])),
		uintptr(len(w.events)), uintptr(unsafe.Pointer(&ts)), 0, 0)
	if errno == unix.ENOSYS { // a kernel before 5.11 knows milliseconds only
		n, err := unix.EpollWait(w.epoll, w.events, int((d+time.Millisecond-1)/time.Millisecond))
		if err != nil {
			return 0
		}
		return n
	}
	if errno != 0 {
		return 0
	}
	return int(n)
}

// rawRead and rawWrite never block, so the scheduler need not hear of them.
func rawRead(fd int32, b []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	return int(n), errno
}

func rawWrite(fd int32, b []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), unix.MSG_NOSIGNAL, 0, 0)
	return int(n), errno
}
