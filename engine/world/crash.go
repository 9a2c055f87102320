package world

// Halt stops a simulated world where it stands, as a crash of the process does: no task goes on, and what is
// deferred in them sees a world in which nothing can be done any more. It does not return. In the real
// world, where a signal does this, it panics.
func (t *Task) Halt() {
	if t.w.sim == nil {
		panic("world: Halt in a world that is not simulated")
	}
	s := t.w.sim
	if s.tearing || t.unwinding {
		return
	}
	if s.ending == 0 {
		s.ending = Halted
	}
	s.choose(t)
	s.leave(&t.at)
	t.unwind()
}

// Over says whether a simulated world has come to its end: what still runs is being taken down.
func (w *World) Over() bool { return w.sim != nil && w.sim.ending != 0 }
