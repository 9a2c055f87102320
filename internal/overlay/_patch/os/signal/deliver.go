package signal

import (
	"maps"
	"os"
	"syscall"
	_ "unsafe"
)

//go:linkname rbon
func rbon() bool

//go:linkname rbstruck
func rbstruck()

//go:linkname rbraise
func rbraise(sig uint32)

// What stood before the first schedule, and how many deliveries a schedule still has to add.
var (
	rbKept    bool
	rbM       map[chan<- os.Signal]*handler
	rbRef     [numSig]int64
	rbPending int
)

// RbReset forgets the channels of the schedule before. After the first Notify of the next one, so many signals
// follow.
func RbReset(sigterms int) {
	if !rbKept {
		rbKept, rbM, rbRef = true, maps.Clone(handlers.m), handlers.ref
	}
	handlers.m, handlers.ref, handlers.stopping = maps.Clone(rbM), rbRef, nil
	rbPending = sigterms
}

// rbNotified follows every Notify.
func rbNotified() {
	if rbPending > 0 && rbon() {
		rbPending--
		go rbDeliver(syscall.SIGTERM, true)
	}
}

// rbDeliver is a task of the schedule: the signal strikes when the strategy says so. Where nobody wants it by then, it is
// sent to the process, which dies of it as under any other runtime.
func rbDeliver(sig syscall.Signal, added bool) {
	n := signum(sig)
	if n >= 0 && rbSend(n, sig) {
		rbstruck()
	} else if n < 0 || !signalIgnored(n) {
		rbstruck()
		rbraise(uint32(sig))
	}
	if added {
		rbNotified()
	}
}

// rbSend says whether anybody wants the signal. It looks and sends under one lock, so that Stop comes before or after.
func rbSend(n int, sig os.Signal) bool {
	handlers.Lock()
	defer handlers.Unlock()
	found := false
	send := func(c chan<- os.Signal, h *handler) {
		if h.want(n) {
			found = true
			select {
			case c <- sig:
			default: // as ever: who does not read in time misses it
			}
		}
	}
	for c, h := range handlers.m {
		send(c, h)
	}
	for _, s := range handlers.stopping {
		send(s.c, s.h)
	}
	return found
}

func init() {
	syscall.RbKill = func(pid int, sig syscall.Signal) bool {
		if pid != syscall.Getpid() || !rbon() || sig == 0 {
			return false
		}
		if n := signum(sig); n < 0 || sig == syscall.SIGKILL || sig == syscall.SIGSTOP || sig == syscall.SIGQUIT || sig == syscall.SIGABRT {
			return false
		}
		go rbDeliver(sig, false)
		return true
	}
}
