package explore

import (
	"strings"
	"time"

	"github.com/racebench/racebench/engine/world"
)

// An Event is one visible operation of a recorded schedule.
type Event struct {
	Task   string // its path
	Op     int    // the how manieth of the task, from 1
	Kind   world.Kind
	Object string
	// Resumed says that the operation had blocked the task, which goes on now.
	Resumed bool
	Time    time.Duration
	Hash    uint64
	Steps   int // decisions made before it
}

// Text is the operation for people: "lock the registry".
func (e Event) Text() string {
	switch {
	case e.Object == "":
		return e.Kind.String()
	case e.Kind == world.KindWindow:
		return plainText.Replace(e.Object) // "window stage1.between-check-and-send"
	}
	return e.Kind.String() + " " + plainText.Replace(e.Object)
}

// told is Text for a story: what a blocked operation means when it goes on.
func (e Event) told() string {
	switch {
	case e.Task == clockPath:
		return "time passes, to " + e.Time.String()
	case e.Resumed && e.Kind == world.KindLock:
		return "gets " + e.Object
	case e.Resumed && e.Kind == world.KindJoin:
		return e.Object + " has ended"
	case e.Resumed && e.Kind == world.KindRecv:
		return "goes on with " + e.Text()
	case e.Resumed:
		return wakesUp
	}
	return e.Text()
}

// wakesUp is what most operations mean when they go on.
const wakesUp = "wakes up"

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
	objects []*world.Object // by event
}

// NewTrace returns an empty trace.
func NewTrace() *Trace { return &Trace{paths: paths{}} }

// Step records an operation.
func (t *Trace) Step(s world.Step) {
	if _, known := t.paths[s.Task]; !known {
		t.tasks = append(t.tasks, s.Task)
	}
	t.Events = append(t.Events, Event{
		Task: t.paths.of(s.Task), Op: s.Task.Ops(), Kind: s.Kind, Object: s.Object.Name(), Resumed: s.Resumed,
		Time: s.Time, Hash: s.Hash, Steps: s.Decision,
	})
	t.objects = append(t.objects, s.Object)
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
	var all []idler
	for _, task := range t.tasks {
		if s := task.State(); s.Parked && !s.Timed && !task.IsClock() {
			all = append(all, idler{t.paths[task], s})
		}
	}
	return all
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
