package world

import (
	"time"

	"golang.org/x/sys/unix"
)

// A sleeper blocks one thread until a moment or an interruption, to within some tens of microseconds.
type sleeper struct {
	wake int // an eventfd
}

func newSleeper() sleeper {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		panic("eventfd: " + err.Error()) // out of descriptors before anything has started
	}
	return sleeper{wake: fd}
}

// prepare asks the kernel not to bundle this thread's wake-ups with others: the default slack is 50 µs.
func (s sleeper) prepare() {
	// A kernel that refuses only wakes us later.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
}

func (s sleeper) sleep(d time.Duration) {
	if d <= 0 {
		return
	}
	ts := unix.NsecToTimespec(int64(d))
	fds := []unix.PollFd{{Fd: int32(s.wake), Events: unix.POLLIN}}
	if n, err := unix.Ppoll(fds, &ts, nil); err == nil && n > 0 {
		var buf [8]byte
		_, _ = unix.Read(s.wake, buf[:])
	}
}

func (s sleeper) interrupt() {
	one := [8]byte{1}
	_, _ = unix.Write(s.wake, one[:])
}

func (s sleeper) release() { _ = unix.Close(s.wake) }
