package result

import "slices"

// RowWorlds says in how many drawn worlds the schedules were played. The parts of a run draw the same worlds: one is
// counted by the part that has its first schedule.
type RowWorlds struct {
	Drawn      int      `json:"drawn"`
	Void       int      `json:"void"`                  // worlds in whose place another was drawn, because nothing was accepted in them
	NotReached []string `json:"not_reached,omitempty"` // what no schedule had, of what worlds may have
}

// DrawsWorlds says that the trials are played in drawn worlds, and what these may have.
func (c *Campaign) DrawsWorlds(parts []string) {
	c.Worlds = &RowWorlds{NotReached: slices.Clone(parts)}
}

// AddWorld adds a world, and how many void ones were drawn before it.
func (c *Campaign) AddWorld(void int) {
	c.Worlds.Drawn++
	c.Worlds.Void += void
}

// Reached says that a schedule that proves something has had a part of a world.
func (c *Campaign) Reached(part string) {
	c.Worlds.NotReached = slices.DeleteFunc(c.Worlds.NotReached, func(p string) bool { return p == part })
}

// addWorlds adds the worlds of another row of the same header.
func (r *Row) addWorlds(o *RowWorlds) {
	if o == nil {
		return
	}
	if r.Worlds == nil {
		r.Worlds = &RowWorlds{Drawn: o.Drawn, Void: o.Void, NotReached: slices.Clone(o.NotReached)}
		return
	}
	missed := slices.DeleteFunc(slices.Clone(r.Worlds.NotReached), func(p string) bool { return !slices.Contains(o.NotReached, p) })
	r.Worlds = &RowWorlds{Drawn: r.Worlds.Drawn + o.Drawn, Void: r.Worlds.Void + o.Void, NotReached: missed}
}
