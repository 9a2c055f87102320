package targets

import (
	"fmt"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/world"
)

// A Card is what a target says of itself. Its lists are read by everyone and changed by nobody.
type Card struct {
	Name, Summary string
	// Variants are the designs; one of them is Reference, the known-good one that "reference" stands for. It is
	// empty where nobody knows which one is good.
	Variants  []Variant
	Reference string
	Ops       []OpInfo     // what a load group may ask for
	Knobs     []Knob       // the settings, with their defaults
	Windows   []WindowInfo // the named points where a race can be hit
	// Promises are the invariants that a correct variant keeps. A breach of one that WarnsOnly lists, too, is a
	// warning, unless a scenario expects the promise by name.
	Promises, WarnsOnly []string
	// Returns says when a correct variant gives messages back to their owners.
	Returns Returns
	// StopSignals are the signals that ask the target to stop. No other is a fair test of how it stops,
	// but SIGKILL, which asks nobody.
	StopSignals []syscall.Signal
	// Example is the scenario that `racebench run TARGET` runs and `racebench init TARGET` writes, with
	// comments for its reader: the target's default load, knobs and injection, short enough to wait for.
	Example []byte
	Traits  Traits
}

// Returns is when messages may be given back. The zero value is at any time in the drain.
type Returns struct {
	// AtDeadline says that only a drain that the server's own deadline or a further signal has ended gives back.
	AtDeadline bool
	// Early are causes of which it is not said.
	Early []string
	// InDoubt are stations of which the server cannot know whether what was there has arrived: what is given back from
	// them may have been done.
	InDoubt []string
}

// Traits are what the harness must know of how a target runs. The zero value is a server in this process.
type Traits struct {
	Idle     bool   // it has no clients: the stop itself is the test
	Attached bool   // it ran already: it is signalled once, and never started again
	Plain    string // it runs already at this URL, and is loaded and nothing else; empty elsewhere
	// Host is where its clients connect to; empty where that is what it listens at on this machine.
	Host string
	// External says that the server is another program: no world can simulate it, and its memory, its tasks and its
	// build are not this process's.
	External bool
	// ControlRun says that its load is run once without a signal first: one that loses requests then is not tested.
	ControlRun bool
	// KeepsComing says that clients send while it drains, too, and so a late signal finds as much in flight;
	// HangsUp that a client closes its connection when its load is over.
	KeepsComing, HangsUp bool
	// Checked says that a command of the scenario's own judges its work: the stop itself is the test.
	Checked bool
	// Prepares says that a command of the scenario's own is run before the signal, in the time that it has to stop;
	// PreparesFor how long that takes at the least, as far as it is known.
	Prepares    bool
	PreparesFor time.Duration
	// ServesFor is how long after the signal it answers, as its scenario says; 0: nobody said.
	ServesFor time.Duration
	// Restarted says that it may be started and stopped a second time, to ask it for what it had acknowledged.
	Restarted bool
	// LimitFactor is how many drain limits a drain may take before the trial gives it up; 0 is DefaultLimitFactor.
	LimitFactor int
	StartLimit  time.Duration // how long it may take to start; 0 leaves that to the harness
	// StrikePatience is how much longer than the load a strike is waited for; 0 is DefaultStrikePatience.
	StrikePatience time.Duration
	Overhead       time.Duration // about what a trial takes beside its load; 0 is DefaultOverhead
}

// What holds where a card says nothing.
const (
	// DefaultLimitFactor is above 1 because no verdict may rest on the wall clock: a drain that is late and one that
	// hangs are told apart by who is parked on what.
	DefaultLimitFactor = 5
	// DefaultStrikePatience is for strikes that wait for a count or a window.
	DefaultStrikePatience = 100 * time.Millisecond
	DefaultOverhead       = 100 * time.Millisecond
)

// A Target is a system under test, in every design that was proposed for it: what it says of itself, how it
// starts, and what only some targets can do.
type Target struct {
	Card
	// Start boots a server. It returns once clients can dial. It is called on a task of the target's
	// realm; the server's own tasks start from there.
	Start func(t *world.Task, h Host, variant string) (Instance, error)

	Auditor    Auditor    // of a target whose accepted messages must outlive its process; else nil
	Binder     Binder     // of a target that is another program; else nil
	Reproducer Reproducer // of a target whose breaches can be shown without racebench; else nil
}

// New returns the target of a card whose variants are the rows of a table: each row embeds its Variant, and start
// is given the row.
func New[D interface{ Design() Variant }](card Card, designs []D, start func(t *world.Task, h Host, design D) (Instance, error)) Target {
	for _, d := range designs {
		card.Variants = append(card.Variants, d.Design())
	}
	return Target{Card: card, Start: func(t *world.Task, h Host, variant string) (Instance, error) {
		for _, d := range designs {
			if d.Design().Name == variant {
				return start(t, h, d)
			}
		}
		return nil, fmt.Errorf("start %s: there is no variant %q", card.Name, variant)
	}}
}

// Design returns the variant itself: of a row in a target's table, which embeds one.
func (v Variant) Design() Variant { return v }
