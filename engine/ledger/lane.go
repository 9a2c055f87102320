package ledger

import (
	"sync/atomic"
	"time"
)

// A Lane is one client's part of the ledger. One goroutine at a time may append to it; no append
// allocates, locks or blocks, except that one in some thousands may wait for the file to grow.
type Lane struct {
	chunk *chunk
	used  uint32 // records of the chunk
	index int32
	head  uint64 // lane and number of the last record, as in word 0
	w     *Writer
	_     [32]byte // lanes of different writers must not share a cache line
}

// An OpRef is where an operation was begun, so that it can be ended in place. The zero OpRef, of an
// append that was dropped, is accepted everywhere.
type OpRef struct{ r *record }

// Lane adds a lane. Lanes are numbered in the order they are added, through all processes of the trial.
func (w *Writer) Lane(info LaneInfo) *Lane {
	name, group, op := w.Name(info.Name), w.Name(info.Group), w.Name(info.Op)
	w.mu.Lock()
	defer w.mu.Unlock()
	l := &Lane{w: w, index: int32(w.lanes), used: chunkRecords}
	w.lanes++
	w.own++
	l.head = uint64(l.index+1) << laneShift
	if l.index >= maxLanes && !w.closed.Load() {
		w.drop()
		l.w = nil
	} else if !w.put(&record{uint64(kindLane), uint64(l.index), uint64(name) | uint64(group)<<32, uint64(op)}) {
		l.w = nil // a reader would not know whose records these are
	}
	return l
}

// Index returns the lane's number, which is the lane of its messages' ids.
func (l *Lane) Index() int { return int(l.index) }

func (l *Lane) slot() *record {
	if l.used == chunkRecords && !l.turn() {
		return nil
	}
	r := &l.chunk[l.used%chunkRecords]
	l.used++
	l.head += 1 << numberShift
	return r
}

// turn takes a fresh chunk. The lane stays on its full one when there is none.
func (l *Lane) turn() bool {
	if l.w == nil {
		return false
	}
	c := l.w.claim()
	if c == nil {
		l.w.drop()
		return false
	}
	l.chunk, l.used = c, 0
	return true
}

// Begin records that an operation has begun, with its outcome unknown. msg must be the lane's own next
// message: its number is one more than that of the operation before. All times are the world's.
func (l *Lane) Begin(msg MsgID, topic uint8, size int64, intended, now time.Duration) OpRef {
	r := l.slot()
	if r == nil {
		return OpRef{}
	}
	r[1] = uint64(msg)
	r[2] = uint64(size)
	r[3] = uint64(intended)
	r[4] = uint64(now)
	atomic.StoreUint64(&r[0], l.head|uint64(topic)<<flagShift|uint64(kindOp))
	return OpRef{r}
}

// End completes an operation of this lane. An end at moment 0 is recorded a nanosecond later, for 0
// means open.
func (l *Lane) End(ref OpRef, now time.Duration, o Outcome, c Cause) { l.EndWith(ref, now, o, c, 0) }

// EndWith is End for an operation that got an answer with a status.
func (l *Lane) EndWith(ref OpRef, now time.Duration, o Outcome, c Cause, code uint16) {
	if ref.r == nil {
		return
	}
	ref.r[5] = uint64(max(now, 1))
	atomic.StoreUint64(&ref.r[6], opDone|uint64(o)<<outcomeShift|uint64(c)<<causeShift|uint64(code)<<codeShift)
}

// Deliver records that the lane's subscriber has seen a message: its handler has returned.
func (l *Lane) Deliver(msg MsgID, now time.Duration) {
	r := l.slot()
	if r == nil {
		return
	}
	r[1] = uint64(msg)
	r[2] = uint64(now)
	atomic.StoreUint64(&r[0], l.head|uint64(kindDeliver))
}
