package runtime

import "unsafe"

// The memory that racebench maps, too. Package wire describes it; rboffsets lets it be compared.

type rbTask struct {
	parent, ops uint32
	kind        uint8 // announced
	status      uint8
	wait        uint8 // waitreason while parked
	class       uint8 // rbOutside and so on
	yields      uint32
	obj         uint64
	gopc, entry uint64 // relative to the text
	g           uintptr
	_           [16]byte
}

const (
	rbOutside  = 1 << iota // by synctest's own rules somebody outside could end the wait
	rbTimed                // a timer alone will
	rbForeign              // on a channel that was made outside
	rbOldTimer             // on that of a timer that was made outside
)

type rbDev struct {
	after, ops uint32
	state      uint8
	_          uint8
	nth        uint16
	next       uint32
}

type rbEvent struct {
	task, step uint32
	kind, how  uint8
	npc        uint16
	_          uint32
	obj        uint64
	now        int64
	pcs        [12]uint64
}

const (
	rbTasks  = 4096
	rbRunMax = 1024
	rbDevs   = 16384
	rbEvents = 1 << 15
)

type rbShared struct {
	magic, index                              uint64
	phase, serial                             uint32
	n, last, state, step                      uint32
	choice, tasks, devs, events               uint32
	now, slack, usedSlack                     int64
	hash                                      uint64
	decisions, preempts, tired, early, holder uint32
	stop                                      uint32
	maxsteps, logging                         uint32
	text                                      uint64
	signals, races, head, tail                uint32
	textlen, changed, main, left, unused      uint32
	others                                    uint32
	_                                         [4096 - 168]byte
	run                                       [rbRunMax]uint32
	task                                      [rbTasks]rbTask
	dev                                       [rbDevs]rbDev
	result                                    [4096][32]byte
	written                                   [65536]byte
	event                                     [rbEvents]rbEvent
}

//go:linkname rboffsets internal/racebench/decide.offsets
func rboffsets() []uintptr {
	var s *rbShared
	var t *rbTask
	var d *rbDev
	var e *rbEvent
	return []uintptr{
		unsafe.Offsetof(s.serial), unsafe.Offsetof(s.n), unsafe.Offsetof(s.step), unsafe.Offsetof(s.events), unsafe.Offsetof(s.now),
		unsafe.Offsetof(s.hash), unsafe.Offsetof(s.holder), unsafe.Offsetof(s.stop), unsafe.Offsetof(s.logging), unsafe.Offsetof(s.text),
		unsafe.Offsetof(s.signals), unsafe.Offsetof(s.changed), unsafe.Offsetof(s.left), unsafe.Offsetof(s.run), unsafe.Offsetof(s.task),
		unsafe.Offsetof(s.dev), unsafe.Offsetof(s.event), unsafe.Sizeof(*s), unsafe.Sizeof(*t), unsafe.Offsetof(t.status),
		unsafe.Offsetof(t.obj), unsafe.Offsetof(t.entry), unsafe.Sizeof(*d), unsafe.Offsetof(d.nth), unsafe.Sizeof(*e), unsafe.Offsetof(e.pcs),
	}
}

// Of a task. The order is that of package wire.
const (
	rbFresh = iota
	rbWaiting
	rbRunning
	rbParked
	rbResumed
	rbDone
)

const ( // what became of who ran last
	rbRuns = iota
	rbBlocked
	rbEnded
	rbYields
)

const ( // why a schedule was given up
	rbStopMany      = 2
	rbStopForbidden = 4
)

const rbNobody = ^uint32(0)

const rbClock = 0 // the task of the goroutine that made the bubble

// What is announced: the kinds of package schedule that a program's operations have.
const (
	rbStart  = 1
	rbSend   = 2
	rbRecv   = 4
	rbClose  = 5
	rbLock   = 6
	rbUnlock = 7
	rbNotify = 10
	rbWait   = 11
	rbLoad   = 12
	rbStore  = 13
	rbSelect = 15
	rbTry    = 21
	rbYield  = 22
	rbTimer  = 23
)
