package explore

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/world"
)

// An Event is one visible operation of a recorded schedule.
type Event struct {
	Task   string // its path
	Op     int    // the how manieth of the task, from 1
	Kind   world.Kind
	Object string // of a select: that of the operation that has completed, or all of them
	// Arm is of a select: which operation has completed; KindNone while none has.
	Arm world.Kind
	// Resumed says that the operation had blocked the task, which goes on now.
	Resumed bool
	Time    time.Duration
	Hash    uint64
	Steps   int // decisions made before it
	// Place is where the operation is in the source; empty in a simulated world.
	Place string
}

// Text is the operation for people: "lock the registry".
func (e Event) Text() string {
	switch {
	case e.Object == "":
		return e.Kind.String()
	case e.Kind == world.KindSelect && e.Arm == world.KindNone:
		return "select: " + plainText.Replace(e.Object)
	case e.Kind == world.KindSelect:
		return "select " + e.Arm.String() + " " + plainText.Replace(e.Object)
	case e.Kind == world.KindWindow:
		return plainText.Replace(e.Object) // "window stage1.between-check-and-send"
	}
	return e.Kind.String() + " " + plainText.Replace(e.Object)
}

// plainText keeps names to one line and one column.
var plainText = strings.NewReplacer("\n", " ", "\r", " ", "\t", " ")

// An idler is a task that was blocked when its world ended.
type idler struct {
	Task  string
	State world.TaskState
}

// A Trace records every visible operation of one schedule. Step is for world.SimOptions.OnStep.
type Trace struct {
	Events []Event

	paths   paths
	tasks   []*world.Task
	objects []any   // by event: a *world.Object, the name of a Go test's object, or nil
	blocked []idler // of a Go test
}

// NewTrace returns an empty trace.
func NewTrace() *Trace { return &Trace{paths: paths{}} }

// Step records an operation.
func (t *Trace) Step(s world.Step) {
	if _, known := t.paths[&s.Task.Task]; !known {
		t.tasks = append(t.tasks, s.Task)
	}
	e := Event{
		Task: t.paths.of(&s.Task.Task), Op: s.Task.Ops, Kind: s.Kind, Object: s.Object.Name(), Resumed: s.Resumed,
		Time: s.Time, Hash: s.Hash, Steps: s.Decision,
	}
	object := s.Object
	switch {
	case len(s.Arms) == 0:
	case s.Arm >= 0:
		e.Arm, object = s.Arms[s.Arm].Waits()
		e.Object = object.Name()
	default:
		e.Object = armNames(s.Arms)
	}
	t.Events = append(t.Events, e)
	if object == nil {
		t.objects = append(t.objects, nil)
	} else {
		t.objects = append(t.objects, object)
	}
}

// Add records an operation of a Go test. Its objects are told apart by their names.
func (t *Trace) Add(e Event) {
	t.Events = append(t.Events, e)
	if e.Object == "" {
		t.objects = append(t.objects, nil)
	} else {
		t.objects = append(t.objects, e.Object)
	}
}

// Leave notes a task of a Go test that was blocked for good when its schedule had ended.
func (t *Trace) Leave(task string) {
	t.blocked = append(t.blocked, idler{Task: task, State: world.TaskState{Name: task, Parked: true}})
}

// armNames names what a select waits for.
func armNames(arms []world.Awaitable) string {
	var names []string
	for _, a := range arms {
		if _, object := a.Waits(); !slices.Contains(names, object.Name()) {
			names = append(names, object.Name())
		}
	}
	return strings.Join(names, " or ")
}

// Switches is how often another task went on. Time that moves is not a task.
func (t *Trace) Switches() int {
	n := 0
	last := ""
	for _, e := range t.Events {
		if e.Task != last && last != "" {
			n++
		}
		last = e.Task
	}
	return n
}

// marks are the hashes after every markEvery events.
func (t *Trace) marks() []uint64 {
	var marks []uint64
	for i := markEvery - 1; i < len(t.Events); i += markEvery {
		marks = append(marks, t.Events[i].Hash)
	}
	return marks
}

// maxTurns is how many events a file spells out at the most.
const maxTurns = 4000

// turns are the events for a File, a line each turn of a task.
func (t *Trace) turns() []string {
	if len(t.Events) > maxTurns {
		return nil
	}
	var lines []string
	for i, e := range t.Events {
		if i == 0 || e.Task != t.Events[i-1].Task {
			lines = append(lines, plainText.Replace(e.Task))
		}
		lines[len(lines)-1] += "\t" + e.Text()
	}
	return lines
}

// idlers are the tasks that were blocked when the world had ended, in the order of their first
// operations. Those that time alone would have woken are not among them.
func (t *Trace) idlers() []idler {
	all := slices.Clone(t.blocked)
	for _, task := range t.tasks {
		if s := task.State(); s.Parked && !s.Timed && !task.Clock {
			all = append(all, idler{t.paths[&task.Task], s})
		}
	}
	return all
}

// lastRead says what is in the end in the value that a task read just before an event that blocked it: what it
// decided by to wait.
func (t *Trace) lastRead(blocked int) string {
	for i := blocked - 1; i >= 0; i-- {
		e := t.Events[i]
		if e.Task != t.Events[blocked].Task {
			continue
		}
		switch e.Kind {
		case world.KindWait, world.KindSelect, world.KindWindow:
			continue // it subscribed before it looked, or had time between
		case world.KindLoad:
			if object, ok := t.objects[i].(*world.Object); ok {
				if v, ok := object.Value(); ok {
					return fmt.Sprintf(" (%s is %d)", plainText.Replace(e.Object), v)
				}
			}
		}
		return ""
	}
	return ""
}

// splitTurns spells a file's turns out again, an event each: its task and its text.
func splitTurns(turns []string) (events [][2]string) {
	for _, line := range turns {
		words := strings.Split(line, "\t")
		for _, text := range words[1:] {
			events = append(events, [2]string{words[0], text})
		}
	}
	return events
}

// Fill stores a trace in the file.
func (f *File) Fill(t *Trace, r world.SimResult) {
	f.Steps, f.Events, f.Trace = r.Steps, len(t.Events), r.Hash
	f.Marks, f.Turns = t.marks(), t.turns()
}
