package world

import "github.com/racebench/racebench/engine/schedule"

// A Strategy picks the next task of a simulated world.
type Strategy = schedule.Strategy

// State is what a strategy decides on.
type State = schedule.State

// owner is a task as its schedule.Task's owner.
type owner Task

// Path implements schedule.Owner.
func (o *owner) Path(*schedule.Task) string { return (*Task)(o).Path() }

// taskOf is whose part a strategy was shown.
func taskOf(t *schedule.Task) *Task { return (*Task)(t.Owner.(*owner)) }

// announce says what the task will do when it is chosen, and on what.
func (t *Task) announce(kind Kind, obj *Object) {
	t.Kind, t.announced, t.Object = kind, obj, 0
	if obj != nil {
		t.Object = uint64(obj.id)
	}
}
