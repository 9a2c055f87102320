package gateway

import (
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
)

// A group counts tasks and lets the drain wait until none is left: an atomic count and a notification that
// is stored for nobody. Its designs differ in who counts a task, how its end is counted, and in which
// order the drain looks and subscribes.
type group struct {
	s      *server
	r      recipe
	count  *world.Atomic
	notify *prim.Notify
	closed *world.Atomic // 1: nobody may enter
}

func newGroup(s *server, name string, r recipe) *group {
	return &group{
		s: s, r: r, count: s.w.NewAtomic("the count of "+name, 0), notify: prim.NewNotify(s.w, name),
		closed: s.w.NewAtomic("the gate of "+name, 0),
	}
}

// claim makes room for a task that start will start. It returns false when the group is closed.
func (g *group) claim(t *world.Task) bool {
	if g.r.tracking == bySpawner {
		return g.enter(t)
	}
	return g.closed.Load(t) == 0
}

// unclaim takes a claim back.
func (g *group) unclaim(t *world.Task) {
	if g.r.tracking == bySpawner {
		g.leave(t)
	}
}

// start starts a task that was claimed.
func (g *group) start(t *world.Task, name string, body func(t *world.Task)) {
	switch g.r.tracking {
	case uncounted:
		g.s.tasks.Go(t, name, body)
	case bySpawner:
		g.s.tasks.Go(t, name, func(t *world.Task) { g.run(t, body) })
	case byTask:
		g.s.tasks.Go(t, name, func(t *world.Task) {
			g.s.windows.enter.Pass(t)
			g.count.Add(t, 1)
			g.run(t, body)
		})
	}
}

// enter counts one more. It counts first and asks second, so that a wait that begins after close sees
// whoever has entered.
func (g *group) enter(t *world.Task) bool {
	g.count.Add(t, 1)
	if g.closed.Load(t) != 0 {
		g.leave(t)
		return false
	}
	return true
}

// leave counts one less. The last one tells whoever waits.
func (g *group) leave(t *world.Task) {
	if g.count.Add(t, -1) == 0 {
		g.s.windows.leave.Pass(t)
		g.notify.NotifyWaiters(t)
	}
}

// close refuses tasks from now on.
func (g *group) close(t *world.Task) { g.closed.Store(t, 1) }

// run runs a counted task's body and counts its end.
func (g *group) run(t *world.Task, body func(t *world.Task)) {
	armed := true
	guard := func(t *world.Task) {
		if armed {
			g.leave(t)
		}
	}
	switch g.r.leaving {
	case afterBody:
		body(t)
		g.leave(t)
	case byGuard:
		t.AtEnd(guard)
		body(t)
	case guardThenByHand:
		t.AtEnd(guard)
		body(t)
		armed = false
		g.leave(t)
	case guardThenNot:
		t.AtEnd(guard)
		body(t)
		armed = false
	case afterCatch:
		inner := g.s.tasks.Go(t, t.Name(), body)
		_ = t.Join(inner) // its panic is caught here, and recorded where it happened
		g.leave(t)
	}
}

// wait waits until no task is left, as the recipe looks for it.
func (g *group) wait(t *world.Task) {
	if g.r.tracking == uncounted {
		return
	}
	switch g.r.waiting {
	case checkThenWait:
		if g.idle(t) {
			return
		}
		for {
			g.s.windows.wait.Pass(t)
			if !g.s.await(t, g.notify.Notified()) || g.idle(t) {
				return
			}
		}
	case loopCheckThenWait:
		for !g.idle(t) {
			g.s.windows.wait.Pass(t)
			if !g.s.await(t, g.notify.Notified()) {
				return
			}
		}
	case subscribeThenCheck:
		for {
			news := g.notify.Notified()
			if g.idle(t) {
				return
			}
			g.s.windows.wait.Pass(t)
			if !g.s.await(t, news) {
				return
			}
		}
	case pinnedRearm:
		news := g.notify.Notified()
		for !g.idle(t) {
			g.s.windows.wait.Pass(t)
			if !g.s.await(t, news) {
				return
			}
			news = g.notify.Notified()
		}
	}
}

func (g *group) idle(t *world.Task) bool { return g.count.Load(t) == 0 }
