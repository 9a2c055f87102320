// Package schedule is the shape in which a strategy sees a program whose tasks run one at a time: who can go on, what each
// has announced, and who is chosen. Simulated worlds and controlled Go tests fill in the same structs, so that strategies,
// recording and replay are one code. The source is compiled into test processes, too, so it imports nothing.
package schedule

// A Task is one thread of control, as strategies see it.
type Task struct {
	ID   int // tasks are numbered in the order they are started; the clock has the highest number of all
	Ops  int // visible operations done
	Slot int // among the runnable tasks; -1 when it is not
	// Object tells what it announced an operation on from all other objects; 0 is none.
	Object uint64
	// Mark is a strategy's own note on the task; 0 when the task is new.
	Mark         uint64
	Kind         Kind // announced
	Begun, Ended bool
	Clock        bool  // it stands for time: choosing it fires the earliest timer
	Parent       *Task // that started it; nil for a root task and the clock
	Owner        Owner
}

// An Owner knows more of its tasks than a strategy looks at in every step.
type Owner interface {
	// Path is the names from the root task to this one: an id that survives a smaller workload.
	Path(t *Task) string
}

// Path returns the names from the root task to this one, joined by dots.
func (t *Task) Path() string { return t.Owner.Path(t) }

// Fresh says whether the task has not begun: it announces its start, and its first operation only once it has been chosen
// and come to it.
func (t *Task) Fresh() bool { return !t.Begun && !t.Clock }
