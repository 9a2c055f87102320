package runtime

import "unsafe"

// rbpoint stands before a visible operation.
func rbpoint(kind uint8, obj unsafe.Pointer) {
	if !rb.on {
		return
	}
	gp := getg()
	if gp.bubble == nil || gp.bubble != rb.bubble || uintptr(unsafe.Pointer(gp)) != rb.cur || gp != gp.m.curg || gp.m.locks != 0 ||
		gp == rb.bubble.root {
		return
	}
	sh := rb.sh
	t := &sh.task[gp.rbid]
	t.kind, t.obj = kind, uint64(uintptr(obj))
	over := sh.step > sh.maxsteps
	if sh.n != 0 || sh.slack > 0 || over {
		rbclock()
		if sh.n != 0 || sh.early != 0 || over {
			rbtire()
			if over {
				sh.tired = 1
			}
			mcall(rbswitch)
		}
	}
	rbdone(gp, t, rbWaiting)
}

// rbswitch gives up the turn at a point. It runs on g0.
func rbswitch(gp *g) {
	casgstatus(gp, _Grunning, _Grunnable)
	dropg()
	rbt(gp).status = rbWaiting
	rb.sh.last, rb.sh.state = gp.rbid, rbRuns
	rbfree()
	if !rbadd(gp, false) {
		schedule()
	}
	rb.asking = true
	switch {
	case !rb.waiting: // the decider will look once more
	case gp.lockedm != 0: // its thread is its own, and must be handed over
		rbready()
	default:
		d := rb.d.ptr()
		rb.waiting = false
		casgstatus(d, _Gwaiting, _Grunnable)
		execute(d, true)
	}
	schedule()
}

// rbdone notes that a goroutine goes on, with what it had announced.
func rbdone(gp *g, t *rbTask, how uint8) {
	if !rb.on {
		return // control was given up while it waited
	}
	sh := rb.sh
	sh.step++
	sh.now = rb.bubble.now
	sh.hash = ((sh.hash^(uint64(gp.rbid)<<8|uint64(t.kind)))*1099511628211 ^ uint64(how)) * 1099511628211
	if gp.rbid != rbClock {
		gp.rbops++
		t.ops = gp.rbops
	}
	t.yields++
	if t.kind != rbYield {
		t.yields = 0
	}
	// Between two yields with no other operation there may be work on plain memory, which nobody sees.
	if how != rbWaiting || t.kind != rbLoad && t.kind != rbTry && t.kind != rbYield || t.yields > 1 {
		sh.changed = sh.step
	}
	t.status = rbRunning
	if sh.logging == 0 || sh.events == rbEvents {
		return
	}
	e := &sh.event[sh.events]
	*e = rbEvent{task: gp.rbid, step: sh.decisions, kind: t.kind, how: how, obj: t.obj, now: sh.now}
	sh.events++
	if gp == getg() { // at its own point: where in the code
		var pcs [12]uintptr
		n := callers(2, pcs[:])
		for i := range n {
			e.pcs[i] = rbtext(pcs[i])
		}
		e.npc = uint16(n)
	}
}

// rbidle says whether a wait can only be ended from inside the bubble. In a controlled bubble that holds for locks and
// for channels made outside as well: nothing outside runs.
func rbidle(bubble *synctestBubble, gp *g) bool {
	if bubble == rb.bubble {
		switch gp.waitreason {
		case waitReasonSyncMutexLock, waitReasonSyncRWMutexRLock, waitReasonSyncRWMutexLock,
			waitReasonChanReceive, waitReasonChanSend, waitReasonSelect, waitReasonSyncWaitGroupWait, waitReasonSemacquire:
			return true
		}
	}
	return gp.waitreason.isIdleInSynctest()
}

// rbhidden says whether a goroutine is none of the test's own: one that looks for leaks in runtime.Stack must not find ours.
// A program that dies shows all.
func rbhidden(gp *g) bool {
	me := getg().m.curg
	return rb.on && me != nil && me.bubble == rb.bubble && panicking.Load() == 0 &&
		(gp.bubble != rb.bubble || gp == rb.bubble.root || gp.rbid == 1)
}

// rbnext is the decider's: it gives the turn to task id (unless it is rbNobody), and waits until somebody must be chosen.
// It is false where the task cannot go on: nothing was done.
//
//go:linkname rbnext internal/racebench/decide.next
func rbnext(id uint32) bool {
	gp := getg()
	rb.d.set(gp)
	gp.rbid = rbNobody
	if id != rbNobody && rb.on && rb.asking {
		if !rbcan(id) {
			return false
		}
		rb.asking = false
		gp.rbid = id
	}
	if rb.asking {
		return true
	}
	mcall(rbnextm)
	return true
}

func rbcan(id uint32) bool {
	sh := rb.sh
	for _, r := range sh.run[:sh.n] {
		if r == id {
			return true
		}
	}
	return id == rbClock && sh.early != 0
}

func rbnextm(gp *g) {
	id := gp.rbid
	gp.waitreason = waitReasonCoroutine
	casgstatus(gp, _Grunning, _Gwaiting)
	dropg()
	rb.waiting = true
	if id != rbNobody {
		rbdirect(id)
	}
	schedule()
}

//go:linkname rbdecided internal/racebench/decide.decided
func rbdecided(dev rbDev, deviates, preempts bool) {
	sh := rb.sh
	sh.decisions++
	if preempts {
		sh.preempts++
	}
	if deviates && sh.devs < rbDevs {
		sh.dev[sh.devs] = dev
		sh.devs++
	}
}

// rbrest is how long it is until the next timer of the bubble, or -1: none, or nobody is left but the caller.
//
//go:linkname rbrest internal/racebench/decide.rest
func rbrest() int64 {
	b := rb.bubble
	if b == nil {
		return -1
	}
	next := b.timers.wakeTime()
	if next == 0 || b.total <= 2 { // the root and the caller
		return -1
	}
	return max(next-b.now, 0)
}

// rbarmed says whether any timer of the bubble is armed.
//
//go:linkname rbarmed internal/racebench/decide.armed
func rbarmed() bool { return rb.bubble != nil && rb.bubble.timers.wakeTime() != 0 }

//go:linkname sync_rbpoint sync.rbpoint
func sync_rbpoint(kind uint8, obj unsafe.Pointer) { rbpoint(kind, obj) }

//go:linkname isync_rbpoint internal/sync.rbpoint
func isync_rbpoint(kind uint8, obj unsafe.Pointer) { rbpoint(kind, obj) }

//go:linkname atomic_rbpoint sync/atomic.rbpoint
func atomic_rbpoint(kind uint8, obj unsafe.Pointer) { rbpoint(kind, obj) }

//go:linkname net_rbpoint net.rbpoint
func net_rbpoint(kind uint8, obj unsafe.Pointer) { rbpoint(kind, obj) }

//go:linkname sync_rbon sync.rbon
func sync_rbon() bool { return rbin() }

//go:linkname signal_rbon os/signal.rbon
func signal_rbon() bool { return rbin() }

//go:linkname net_rbon net.rbon
func net_rbon() bool { return rbin() }

//go:linkname net_rbgen net.rbgen
func net_rbgen() int { return rb.gen }

// rbstruck counts a signal that was delivered.
//
//go:linkname rbstruck os/signal.rbstruck
func rbstruck() {
	if rbin() {
		rb.sh.signals++
	}
}

// rbraise sends a real signal to the thread of the caller: it has struck when this returns.
//
//go:linkname rbraise os/signal.rbraise
func rbraise(sig uint32) { raise(sig) }
