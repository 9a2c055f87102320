package coldstore

import "github.com/racebench/racebench/engine/world"

// A workload counts what is not finished: every call from before it asks the gate until it has its reply,
// and every piece of work that a call has started, which is counted while the call still is. So once the
// gate is shut and the count is zero it stays zero but for calls that will be refused, and whoever takes
// off the last one says so: the store has nothing left to do, and knows it without polling.
type workload struct {
	count *world.Atomic
	shut  *world.Atomic // 1 once the gate is shut
	none  *world.Token
}

func newWorkload(w *world.World) *workload {
	return &workload{
		count: w.NewAtomic("unfinished work", 0),
		shut:  w.NewAtomic("the workload's gate", 0),
		none:  w.NewToken("the last of the work"),
	}
}

func (l *workload) add(t *world.Task) { l.count.Add(t, 1) }

// done takes one off. It looks at the count once more when it knows that the gate is shut: between its
// first look and the shutting somebody may have been admitted.
func (l *workload) done(t *world.Task) {
	if l.count.Add(t, -1) == 0 && l.shut.Load(t) != 0 && l.count.Load(t) == 0 {
		l.none.Cancel(t)
	}
}

// gateShut says that no call will be admitted from now on. It and done look at the two numbers in opposite
// orders, so one of them sees the last one go.
func (l *workload) gateShut(t *world.Task) {
	l.shut.Store(t, 1)
	if l.count.Load(t) == 0 {
		l.none.Cancel(t)
	}
}

// A pending is the writes that were acknowledged and are not stored yet: what a look-up has to see all
// the same.
type pending struct {
	lock *world.Mutex
	at   map[int64]*request
	n    *world.Atomic // how many; 0 spares readers the lock
}

func newPending(w *world.World) *pending {
	return &pending{lock: w.NewMutex("acknowledged writes"), at: map[int64]*request{}, n: w.NewAtomic("acknowledged writes", 0)}
}

func (p *pending) add(t *world.Task, r *request) {
	p.lock.Lock(t)
	defer p.lock.Unlock(t)
	p.at[r.height] = r
	p.n.Add(t, 1)
}

func (p *pending) remove(t *world.Task, r *request) {
	p.lock.Lock(t)
	defer p.lock.Unlock(t)
	if _, ok := p.at[r.height]; ok {
		delete(p.at, r.height)
		p.n.Add(t, -1)
	}
}

// find returns the write of a height that is not stored yet.
func (p *pending) find(t *world.Task, height int64) (*request, bool) {
	if p.n.Load(t) == 0 {
		return nil, false
	}
	p.lock.Lock(t)
	defer p.lock.Unlock(t)
	r, ok := p.at[height]
	return r, ok
}
