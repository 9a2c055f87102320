package runtime

import "unsafe"

// One bubble at a time is controlled. Of its goroutines only the holder of the turn (rb.cur) is ever in a run queue. All
// others that can run wait in the shared table, until the decider, an ordinary goroutine outside of the bubble, hands one
// of them the turn. Nothing here chooses.

var rb struct {
	armed, on       bool
	pass            bool // the next put on a queue is the turn that was granted
	yield           bool // the holder gives up the turn of its own will
	asking, waiting bool // somebody must be chosen; the decider waits for that
	bubble          *synctestBubble
	cur             uintptr // the holder
	gen             int
	d               guintptr // the decider
	sh              *rbShared
	seed, rng       uint64
	outside         uint64
	streak          uint32
}

// rbin says whether the caller is in the controlled bubble, which stays one of its own where control was given up.
func rbin() bool { return rb.bubble != nil && getg().bubble == rb.bubble }

func rbt(gp *g) *rbTask { return &rb.sh.task[gp.rbid] }

func rbtext(pc uintptr) uint64 { return uint64(pc - firstmoduledata.text) }

// rbarm makes the next bubble a controlled one.
//
//go:linkname rbarm internal/racebench/decide.arm
func rbarm(sh unsafe.Pointer, seed uint64) {
	rb.sh = (*rbShared)(sh)
	rb.seed, rb.rng = seed, seed*0xd6e8feb86659fd93+7
	rb.armed = true
}

//go:linkname rbtextaddress internal/racebench/decide.textAddress
func rbtextaddress() uint64 { return uint64(firstmoduledata.text) }

func rbattach(bubble *synctestBubble) {
	if !rb.armed {
		return
	}
	rb.armed = false
	rb.gen++
	rb.bubble = bubble
	sh := rb.sh
	sh.n, sh.last, sh.state, sh.step, sh.devs, sh.events = 0, 0, rbEnded, 0, 0, 0
	sh.hash = 14695981039346656037
	sh.decisions, sh.preempts, sh.tired, sh.early, sh.stop = 0, 0, 0, 0, 0
	sh.signals, sh.changed, sh.usedSlack, sh.now = 0, 0, 0, bubble.now
	rb.yield, rb.pass, rb.asking = false, false, false
	rb.streak = 0
	gp := getg()
	gp.rbid = rbClock
	gp.rbops = 0
	gp.rbrng = rb.seed
	sh.task[rbClock] = rbTask{g: uintptr(unsafe.Pointer(gp)), status: rbRunning}
	sh.tasks = 1
	rb.cur = uintptr(unsafe.Pointer(gp))
	sh.holder = rbClock
	rb.on = true
}

func rbdetach() {
	rb.on = false
	rb.cur = 0
	rb.asking = false
	if rb.sh != nil {
		rb.sh.n = 0
		rb.sh.holder = rbNobody
	}
	rb.bubble = nil
}

// rbgiveup ends control: the schedule has more goroutines than the tables hold. All of them go on as ever.
func rbgiveup(global bool) {
	sh := rb.sh
	sh.stop = rbStopMany
	rb.on = false
	rb.cur = 0
	rb.asking = false
	for _, id := range sh.run[:sh.n] {
		gp := (*g)(unsafe.Pointer(sh.task[id].g))
		if global { // the caller holds the lock of the queue
			sched.runq.pushBack(gp)
			continue
		}
		mp := acquirem()
		runqput(mp.p.ptr(), gp, false)
		releasem(mp)
	}
	sh.n = 0
}

func rbnew(newg, parent *g, entry uintptr) {
	if !rb.on || newg.bubble != rb.bubble {
		return
	}
	sh := rb.sh
	if sh.tasks == rbTasks {
		rbgiveup(false)
		return
	}
	newg.rbid = sh.tasks
	newg.rbops = 0
	newg.rbrng = rb.seed*0x2545f4914f6cdd1d + uint64(newg.rbid)*0x9e3779b97f4a7c15
	sh.task[newg.rbid] = rbTask{
		parent: parent.rbid, kind: rbStart, g: uintptr(unsafe.Pointer(newg)), gopc: rbtext(newg.gopc), entry: rbtext(entry),
	}
	sh.tasks++
}

// rbput takes a goroutine that became runnable; false leaves it to the ordinary queue.
func rbput(gp *g, global bool) bool {
	if !rb.on || gp.bubble != rb.bubble {
		return false
	}
	if rb.pass {
		rb.pass = false
		return false
	}
	t := rbt(gp)
	if uintptr(unsafe.Pointer(gp)) == rb.cur {
		if !rb.yield {
			return false // out of a system call, or stopped for the GC: it keeps the turn
		}
		rb.yield = false
		rbtire()
		rb.sh.last, rb.sh.state = gp.rbid, rbYields
		t.kind, t.obj, t.status = rbYield, 0, rbWaiting
		rbfree()
		if rbadd(gp, global) {
			rbdecide()
		}
		return true
	}
	if t.status == rbParked {
		t.status = rbResumed
	}
	if rbadd(gp, global) && rb.cur == 0 && !rb.asking {
		rbdecide()
	}
	return true
}

// rbcaught takes a goroutine that is about to run without the turn: it was woken by real input, which comes from outside of
// the schedule and through no door of ours.
func rbcaught(gp *g) bool {
	if !rb.on || gp.bubble != rb.bubble || uintptr(unsafe.Pointer(gp)) == rb.cur {
		return false
	}
	return rbput(gp, false)
}

// rbadd says whether there was room in the table.
func rbadd(gp *g, global bool) bool {
	sh := rb.sh
	if sh.n == rbRunMax {
		rbgiveup(global)
		if global {
			sched.runq.pushBack(gp)
		} else {
			mp := acquirem()
			runqput(mp.p.ptr(), gp, false)
			releasem(mp)
		}
		return false
	}
	sh.run[sh.n] = gp.rbid
	sh.n++
	return true
}

func rbfree() {
	rb.cur = 0
	rb.sh.holder = rbNobody
}

// rbrelease: gp has parked or ended.
func rbrelease(gp *g, ended bool) {
	if !rb.on || uintptr(unsafe.Pointer(gp)) != rb.cur {
		return
	}
	if !ended && readgstatus(gp) != _Gwaiting {
		return // its own park has woken it, as synctest.Wait does where all others wait: it keeps the turn
	}
	rbfree()
	t := rbt(gp)
	t.status, t.wait, t.class = rbParked, uint8(gp.waitreason), 0
	if !gp.waitreason.isIdleInSynctest() {
		t.class = rbOutside
	}
	if gp.waitreason == waitReasonSleep {
		t.class |= rbTimed
	}
	for sg := gp.waiting; sg != nil && !ended; sg = sg.waitlink {
		if c := sg.c.get(); c != nil && c.bubble == nil {
			t.class |= rbForeign
			if c.timer != nil {
				t.class |= rbOldTimer
			}
		}
	}
	if gp.rbid != rbClock {
		rb.sh.last, rb.sh.state = gp.rbid, rbBlocked
		if ended {
			t.status = rbDone
			rb.sh.state = rbEnded
		}
	}
	if rb.sh.n > 0 {
		rbdecide()
	}
}

// rbtire counts what the holder does in a row: after much of it others shall have their turn.
func rbtire() {
	rb.streak++
	if rb.streak%256 == 0 {
		rb.sh.tired = 1
	}
}

// rbdecide gives the turn to the only one that can go on, or asks the decider.
func rbdecide() {
	sh := rb.sh
	rbclock()
	if sh.n == 1 && sh.early == 0 && sh.step <= sh.maxsteps {
		rbgrant(sh.run[0])
		return
	}
	rb.asking = true
	if rb.waiting {
		rbready()
	}
}

// rbready wakes the decider.
func rbready() {
	d := rb.d.ptr()
	rb.waiting = false
	casgstatus(d, _Gwaiting, _Grunnable)
	mp := acquirem()
	runqput(mp.p.ptr(), d, true)
	releasem(mp)
}

// rbclock says whether time may move although others can run.
func rbclock() {
	b, sh := rb.bubble, rb.sh
	sh.early = 0
	if sh.slack <= 0 || b.done || b.root.waitreason != waitReasonSynctestRun || readgstatus(b.root) != _Gwaiting {
		return
	}
	if next := b.timers.wakeTime(); next != 0 && next-b.now <= sh.slack {
		sh.early = 1
	}
}

// rbtake takes a task out of the table and gives it the turn.
func rbtake(id uint32) *g {
	sh := rb.sh
	for i := uint32(0); i < sh.n; i++ {
		if sh.run[i] == id {
			sh.n--
			for ; i < sh.n; i++ {
				sh.run[i] = sh.run[i+1]
			}
			break
		}
	}
	t := &sh.task[id]
	rb.cur = t.g
	sh.holder = id
	if id != sh.last {
		rb.streak = 0
	}
	sh.tired = 0
	return (*g)(unsafe.Pointer(t.g))
}

// rbresume notes that a goroutine goes on that has no point of its own to note it at: one that has given its turn away has
// none, and would spin for ever uncounted.
func rbresume(gp *g, t *rbTask) {
	if t.status != rbWaiting || t.kind == rbYield {
		rbdone(gp, t, t.status)
	}
}

// rbgrant gives the turn by way of the run queue, to a task of the table or to the clock before its time.
func rbgrant(id uint32) {
	gp := rbtake(id)
	t := rbt(gp)
	if readgstatus(gp) == _Gwaiting { // the clock, before its time
		b, sh := rb.bubble, rb.sh
		moved := b.timers.wakeTime() - b.now
		sh.slack -= moved
		sh.usedSlack += moved
		lock(&b.mu)
		b.active++
		unlock(&b.mu)
		casgstatus(gp, _Gwaiting, _Grunnable)
	}
	rbresume(gp, t)
	rb.pass = true
	mp := acquirem()
	runqput(mp.p.ptr(), gp, false) // at the tail: goroutines outside must not starve
	releasem(mp)
}

// rbdirect goes on with a task at once, where nobody else is to be served.
func rbdirect(id uint32) {
	gp := (*g)(unsafe.Pointer(rb.sh.task[id].g))
	if readgstatus(gp) != _Grunnable || gp.lockedm != 0 || !runqempty(getg().m.p.ptr()) || sched.gcwaiting.Load() ||
		sched.runq.size > 0 || rb.sh.step%64 == 0 {
		rbgrant(id)
		schedule()
	}
	rbtake(id)
	rbresume(gp, rbt(gp))
	execute(gp, false)
}
