package world

import (
	"sync/atomic"

	"github.com/racebench/racebench/engine/schedule"
)

// Kind says which visible operation a task announces or waits in. In the simulated world the scheduler
// chooses among announced operations; in both worlds it names what a parked task waits for.
type Kind = schedule.Kind

// The visible operations.
const (
	KindNone     = schedule.KindNone
	KindStart    = schedule.KindStart
	KindSend     = schedule.KindSend
	KindReserve  = schedule.KindReserve
	KindRecv     = schedule.KindRecv
	KindClose    = schedule.KindClose
	KindLock     = schedule.KindLock
	KindUnlock   = schedule.KindUnlock
	KindAcquire  = schedule.KindAcquire
	KindRelease  = schedule.KindRelease
	KindNotify   = schedule.KindNotify
	KindWait     = schedule.KindWait
	KindLoad     = schedule.KindLoad
	KindStore    = schedule.KindStore
	KindSleep    = schedule.KindSleep
	KindSelect   = schedule.KindSelect
	KindJoin     = schedule.KindJoin
	KindSignal   = schedule.KindSignal
	KindWindow   = schedule.KindWindow
	KindCancel   = schedule.KindCancel
	KindBlocking = schedule.KindBlocking
)

// An Object is a thing that tasks operate on: a queue, a lock, a timer. Its name is what a hang report
// says a task waits for, so it is written for a reader: "mailbox of laggards-3", not "q17".
type Object struct {
	name string
	// tells is of objects that say themselves when an operation has changed something.
	tells bool
	id    uint32 // in a simulated world: objects are numbered in the order they are made
	// holder is the task that those who wait for the object wait for, where there is one.
	holder atomic.Pointer[Task]
	// value is an Atomic's.
	value *atomic.Int64
}

// NewObject names a new object of the world.
func (w *World) NewObject(name string) *Object {
	if w.sim != nil {
		return w.sim.newObject(name)
	}
	return &Object{name: name}
}

// heldBy names the task that keeps others waiting for the object, or is empty.
func (o *Object) heldBy() string {
	if o == nil {
		return ""
	}
	if t := o.holder.Load(); t != nil {
		return t.name
	}
	return ""
}

// Name returns the object's name.
func (o *Object) Name() string {
	if o == nil {
		return ""
	}
	return o.name
}

// Value returns what an Atomic holds, for a report; other objects have no value. It is not a visible operation.
func (o *Object) Value() (v int64, ok bool) {
	if o == nil || o.value == nil {
		return 0, false
	}
	return o.value.Load(), true
}
