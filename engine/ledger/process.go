package ledger

import (
	"fmt"
	"time"

	"github.com/racebench/racebench/engine/ledger/extern"
)

// A Process is something that became of a program from outside.
type Process struct {
	Event  extern.ProcessEvent
	PID    int
	Clean  bool // ended: its status is one that the scenario takes for a clean stop
	Status int  // ended: its exit status; -1 when a signal ended it
	Signal int  // ended: the signal that ended it
	Count  int64
	Text   Name
	At     time.Duration
}

var processEvents = wordsOf(extern.ProcessStarted)

// flagClean is the flag of a process record.
const flagClean = 1

// Process records what became of a program from outside.
func (w *Writer) Process(x Process) {
	w.event(KindProcess, bit(x.Clean, flagClean), uint64(x.Event), uint64(x.PID), uint64(x.Status), uint64(x.Signal),
		uint64(x.Count), uint64(x.Text), uint64(x.At))
}

func (r *reader) process(rec *record) string {
	if rec[1] == 0 || rec[1] >= uint64(len(processEvents)) {
		return fmt.Sprintf("event %d of a program", rec[1])
	}
	r.e.Processes = append(r.e.Processes, Process{
		Event: extern.ProcessEvent(rec[1]), PID: int(rec[2]), Status: int(rec[3]), Signal: int(rec[4]), Count: int64(rec[5]),
		Text: low(rec[6]), At: time.Duration(rec[7]), Clean: rec.flags()&flagClean != 0,
	})
	return ""
}

func (p *parser) process(l *fields) {
	x := Process{PID: int(l.number(l.word("pid")))}
	if i := l.oneOf(processEvents); i > 0 {
		x.Event = extern.ProcessEvent(i)
	} else {
		l.fail("it says not what became of it")
	}
	x.Clean = l.flag("clean")
	x.Status, x.Signal = int(l.int("status", 0)), int(l.int("signal", 0))
	x.Count, x.Text, x.At = l.int("count", 0), l.name("text"), l.time("at")
	p.e.Processes = append(p.e.Processes, x)
}

// outside writes what is known of a program from outside.
func (p *printer) outside() {
	for _, x := range p.e.Wires {
		p.wire(x)
	}
	for _, x := range p.e.Processes {
		p.line("process %d %s", x.PID, x.Event)
		p.flags(x.Clean, "clean")
		p.when(x.Status != 0, "status=%d", x.Status)
		p.when(x.Signal != 0, "signal=%d", x.Signal)
		p.when(x.Count != 0, "count=%d", x.Count)
		p.named("text", x.Text)
		p.when(true, "at=%s", x.At)
	}
}
