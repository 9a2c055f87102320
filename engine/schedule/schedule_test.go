package schedule

import "testing"

// state makes who can go on out of numbers; the last of all is the clock where it is asked for.
func state(last int, ids []int, clock bool) *State {
	s := &State{}
	for _, id := range ids {
		t := &Task{ID: id, Slot: len(s.Runnable)}
		s.Runnable = append(s.Runnable, t)
		if id == last {
			s.Last = t
		}
	}
	if clock {
		s.Runnable = append(s.Runnable, &Task{ID: 1 << 30, Slot: len(s.Runnable), Clock: true})
	}
	if s.Last == nil && last > 0 {
		s.Last = &Task{ID: last, Slot: -1}
	}
	return s
}

func TestTheDefaultPreemptsNobody(t *testing.T) {
	for name, c := range map[string]struct {
		state          *State
		tired, yielded bool
		want           int
	}{
		"who ran last goes on":           {state(2, []int{3, 2, 1}, true), false, false, 2},
		"after it the first in order":    {state(2, []int{5, 3, 4}, true), false, false, 3},
		"at the start the first":         {state(0, []int{2, 1}, false), false, false, 1},
		"the clock when nobody else":     {state(2, nil, true), false, false, 1 << 30},
		"who is tired makes way":         {state(2, []int{4, 2, 3, 1}, true), true, false, 3},
		"who has yielded does":           {state(2, []int{1, 2}, true), false, true, 1},
		"round the ring":                 {state(4, []int{4, 3, 2}, true), true, false, 2},
		"but not for the clock":          {state(2, []int{2}, true), true, false, 2},
		"who is blocked makes none":      {state(2, []int{3, 1}, true), true, false, 1},
		"alone it goes on, tired or not": {state(2, []int{2}, false), true, true, 2},
	} {
		t.Run(name, func(t *testing.T) {
			c.state.Tired, c.state.Yielded = c.tired, c.yielded
			if got := c.state.Runnable[c.state.Default()].ID; got != c.want {
				t.Errorf("%d goes on, want %d", got, c.want)
			}
		})
	}
}

func TestKindsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for k := KindNone; k <= KindIO; k++ {
		if name := k.String(); name == "" || name == "unknown" || seen[name] {
			t.Errorf("kind %d has the name %q", k, name)
		}
		seen[k.String()] = true
	}
	if got := (KindIO + 1).String(); got != "unknown" {
		t.Errorf("beyond the last: got %q, want unknown", got)
	}
}
