package broker

import "github.com/racebench/racebench/engine/world"

// A gate is shut once. It is a token, or a flag with a token beside it for who waits.
type gate struct {
	token *world.Token
	flag  *world.Atomic // nil: the token is asked
}

func newGate(w *world.World, name string, atomic bool) *gate {
	g := &gate{token: w.NewToken(name)}
	if atomic {
		g.flag = w.NewAtomic(name, 0)
	}
	return g
}

func (g *gate) shut(t *world.Task) {
	if g.flag != nil {
		g.flag.Store(t, 1)
	}
	g.token.Cancel(t)
}

// isShut says whether whoever asks is refused. A nil gate refuses nobody.
func (g *gate) isShut(t *world.Task) bool {
	switch {
	case g == nil:
		return false
	case g.flag != nil:
		return g.flag.Load(t) != 0
	}
	return g.token.Cancelled(t)
}

// A workload counts the events that are not finished: one for each send under way and each event in
// Stage 1, and one for each subscriber that an event is still to be handled by. A sender counts itself
// before it asks the gate, and a handler's event is counted while the handler's own still is. So once
// the gate is shut for producers and the count is zero, it stays zero but for sends that will be
// refused: the server has nothing left to do, and knows it without polling.
type workload struct {
	count *world.Atomic
	shut  *world.Atomic // 1 once the gate is shut
	none  *world.Token
}

func newWorkload(w *world.World) *workload {
	return &workload{
		count: w.NewAtomic("unfinished events", 0),
		shut:  w.NewAtomic("the workload's gate", 0),
		none:  w.NewToken("every event to be finished"),
	}
}

func (l *workload) add(t *world.Task, n int) {
	if l != nil && n != 0 {
		l.count.Add(t, int64(n))
	}
}

// done takes n off. Whoever takes off the last one after the gate was shut says so. A zero from before
// proves nothing: a send that the gate let through may have been counted since. So it is looked at again,
// and is not zero only while somebody counts who will come here too.
func (l *workload) done(t *world.Task, n int) {
	if l != nil && n != 0 && l.count.Add(t, -int64(n)) == 0 && l.shut.Load(t) != 0 && l.count.Load(t) == 0 {
		l.none.Cancel(t)
	}
}

// gateShut says that no producer will be admitted from now on. It and done look at the two numbers in
// opposite orders, so one of them sees the last event go.
func (l *workload) gateShut(t *world.Task) {
	l.shut.Store(t, 1)
	if l.count.Load(t) == 0 {
		l.none.Cancel(t)
	}
}
