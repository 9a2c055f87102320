package external

import (
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
)

// Unprepared says why what is run before the signal did not do what it was run for; "" where it did, or where nothing is.
func Unprepared(e *ledger.Evidence) string {
	if one, ok := newProgram(e).process(extern.ProcessPrepared); ok && !one.Clean {
		return e.Text(one.Text)
	}
	return ""
}

// prepared is what pre_stop took of the program's time to stop.
func (p *Program) prepared() time.Duration {
	one, ok := p.process(extern.ProcessPrepared)
	if !ok || !one.Clean {
		return 0
	}
	return time.Duration(one.Count)
}
