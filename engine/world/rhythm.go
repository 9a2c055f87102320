package world

import "runtime"

// enough is how many ticks of every periodic timer must have come to nothing before a simulated world is
// called hung. One would do if every server kept Timer.Periodic's promise; the rest forgives a short count
// that a task keeps to itself.
const enough = 16

// A rhythm finds out that a simulated world only beats time. It looks at the world whenever nobody can go on
// but the clock, and compares what it sees: where each task is parked, and how much has been changed so far.
// Ticks that lead from one such rest to the next with nothing different have come to nothing. Once that is
// so of every timer that is armed, the world goes on like this for ever though every task has had its turn,
// and that is a hang. It does not matter when the timers are due, for nobody has read the time meanwhile.
type rhythm struct {
	on      bool   // a periodic timer has been armed
	changes uint64 // of anything that a task may decide by
	hung    int    // the rest with periodic timers alone that was found to be a hang; 0 is none
	// rests are those with periodic timers alone, and those at which others are armed too: a tick that has
	// somebody sleep for a while comes to nothing by the next rest of the first kind.
	rests [2]rests

	seen   uint64 // the changes at the last step
	since  int    // the step at which there was the last change
	hurry  int    // how often the world was calm
	calmed bool
}

// patience is how many steps a strategy may go on moving the clock ahead of those that can go on while
// nothing changes. After that they have their turn first, or a world of many timers would never rest. It
// halves every time it has run out: some strategies keep a task waiting for as long as there are others.
const patience = 256

// calm says whether nothing has changed for long.
func (s *sim) calm() bool {
	r := &s.rhythm
	if r.seen != r.changes {
		r.seen, r.since, r.calmed = r.changes, s.state.Step, false
	}
	if !r.calmed && s.state.Step-r.since > patience>>r.hurry {
		r.calmed = true
		r.hurry = min(r.hurry+1, 6)
	}
	return r.calmed
}

// rests are the rests of one kind: of periodic timers alone, or not.
type rests struct {
	state uint64
	count int // how often the state was another than at the rest before
}

// ticks are what a periodic timer did of late.
type ticks struct {
	fired bool // since the last rest
	state int  // the world's at the rests that empty counts: their count then
	empty int  // at how many rests its ticks had come to nothing
}

// changed says that something is no longer as it was.
func (s *sim) changed() { s.rhythm.changes++ }

// changes says whether an operation of a kind may change something. What changes an Atomic, or wakes
// somebody, is told apart from its announcement.
func changes(k Kind) bool {
	switch k {
	case KindLock, KindUnlock, KindWait, KindLoad, KindSleep, KindSelect, KindJoin, KindSignal, KindWindow:
		return false
	}
	return true
}

// atRest looks at a world in which only the clock can go on, and says whether nothing but periodic timers
// will ever move.
func (s *sim) atRest() bool {
	r := &s.rhythm
	which := s.restKind()
	k := &r.rests[which]
	state := s.fingerprint(which)
	same := state == k.state
	if !same {
		k.state = state
		k.count++
	}
	for _, t := range s.w.timers.pending {
		tick := &t.ticks[which]
		if tick.state != k.count {
			tick.state, tick.empty = k.count, 0
		}
		if tick.fired && same {
			tick.empty++
		}
		tick.fired = false
	}
	if which != 0 {
		return false
	}
	for _, t := range s.w.timers.pending {
		if !s.tried(t, 0) {
			return false
		}
	}
	r.hung = k.count
	return true
}

// restKind is 0 of a rest at which periodic timers alone are armed.
func (s *sim) restKind() int {
	for _, t := range s.w.timers.pending {
		if !t.Periodic {
			return 1
		}
	}
	return 0
}

// tried says whether a timer has ticked often enough for nothing.
func (s *sim) tried(t *Timer, which int) bool {
	return t.Periodic && t.ticks[which].state == s.rhythm.rests[which].count && t.ticks[which].empty >= enough
}

// next is the timer that fires next: the earliest. One that has ticked for nothing often enough gives way to
// those that are due later, for any number of its ticks more comes to nothing too.
func (s *sim) next() *Timer {
	pending := s.w.timers.pending
	best := pending[0]
	if !s.rhythm.on || !s.clockAlone() {
		return best
	}
	which := s.restKind()
	for i, t := range pending {
		if !s.tried(t, which) && (s.tried(best, which) || pending.Less(i, best.index)) {
			best = t
		}
	}
	return best
}

// isHung says whether the world was found hung, and is as it was then.
func (r *rhythm) isHung() bool { return r.hung > 0 && r.hung == r.rests[0].count }

// clockAlone says whether the clock can go on and nobody else.
func (s *sim) clockAlone() bool { return s.clock.Slot >= 0 && s.nobodyElse() }

// nobodyElse says whether no task can go on but the clock.
func (s *sim) nobodyElse() bool {
	return len(s.state.Runnable) == 0 || len(s.state.Runnable) == 1 && s.clock.Slot >= 0
}

// fingerprint is of what a tick could change, in a world in which every task is parked.
func (s *sim) fingerprint(which int) uint64 {
	h := mix(mix(fnvBasis, s.rhythm.changes), uint64(which))
	for _, t := range s.all {
		h = mix(mix(mix(h, uint64(t.ID)), uint64(t.Kind)), t.place)
		if t.announced != nil {
			h = mix(h, uint64(t.announced.id))
		}
	}
	for _, t := range s.w.timers.pending {
		if !t.Periodic {
			h += mix(mix(fnvBasis, uint64(t.object.id)), uint64(t.at)) // their order in the heap means nothing
		}
	}
	return h
}

// place is where in its code the calling task parks.
func place() uint64 {
	var calls [32]uintptr
	h := uint64(fnvBasis)
	for _, pc := range calls[:runtime.Callers(3, calls[:])] {
		h = mix(h, uint64(pc))
	}
	return h
}
