package targets

import (
	"errors"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario/schema"
	"github.com/racebench/racebench/scenario/spec"
)

// A Binder is of a target that is another program: which one, and how it is reached, the scenario says.
type Binder interface {
	// Bind returns the target for the program that a scenario's external describes, and for the services beside it, an
	// empty value where there are none. What is wrong with them is added to errs.
	Bind(external, services spec.Value, errs *spec.Errors) Target
	// Words describes a scenario's external, ServiceWords one of its services.
	Words() schema.Map
	ServiceWords() schema.Map
	// ClientWords are the words of a load group that are the target's own.
	ClientWords() []schema.Word
	// ReadClient reads those of one load group. What is wrong with them is added to errs.
	ReadClient(group spec.Value, errs *spec.Errors) ClientSettings
}

// A Reproducer writes down how a breach is seen without racebench.
type Reproducer interface {
	// Repro returns a shell script that shows a breach of a trial: by its class and summary, with the trial's
	// evidence, its load groups (name, settings and size) and its drain limit. It is "" for what no script can show.
	Repro(class, summary string, e *ledger.Evidence, groups []Role, grace time.Duration) string
}

// A Courier carries signals to a program that is not this process.
type Courier interface {
	// Aim is called up to AimAhead before a strike whose moment is known, and before every other: the
	// courier looks at what the program has under way. It may take a while on a busy machine.
	Aim(t *world.Task)
	// Send looks again and sends the signal. The moment it returns is when the signal left.
	Send(t *world.Task, sig syscall.Signal) (time.Duration, error)
}

// ErrCannotRun is wrapped by what Start returns where the system cannot run the target's command at all: what is
// wrong with it then stands in the error.
var ErrCannotRun = errors.New("the program cannot be started")

// SecretPrefix begins the names of racebench's own variables that hold values of external.env: a trial's
// directory has only their names.
const SecretPrefix = "RACEBENCH_ENV_"

const (
	// AimAhead is how long before a strike a courier begins to aim.
	AimAhead = 8 * time.Millisecond
	// LookAhead is how long before it a courier is asked to send the signal: as long as its second look takes.
	LookAhead = 200 * time.Microsecond
)

// Outside is what the harness lends a target whose server is another program.
type Outside interface {
	// Carry says who carries signals from now on. It is the first thing that Start does.
	Carry(c Courier)
	// Wire and Process take what is seen of the program into the ledger. Text is the process's.
	Wire(w ledger.Wire)
	Process(p ledger.Process, text string)
	// Answer takes what was kept of an answer: its status line, how its body begins, and the hashes of its beginnings.
	Answer(a ledger.Answer, line, body, trail string)
	// Poll takes how the readiness at a path was answered.
	Poll(p ledger.Poll, path string)
	// Control says that no signal will come: what goes well is worth recording, too.
	Control() bool
	// Look says that what the program can be asked for is to be found out, and recorded.
	Look() bool
	// Endless says that the answers to a group's requests never ended in the run without a signal.
	Endless(group string) bool
	// Freeze says that the program is to be stopped before the signal and to run on after it, so that what its
	// clients send meanwhile waits unread.
	Freeze() bool
	// Struck is cancelled once the first signal has been sent, Over when the load is to end.
	Struck() *world.Token
	Over() *world.Token
}

// An Ender is an Instance with something to take down after its drain.
type Ender interface {
	// End takes down what is left of the program and of its connections, and asks a program started again
	// for what it had acknowledged. It is called once, on the trial's task, and may take a while.
	End(t *world.Task)
}

// A Starver is an Instance that knows for how long its program wanted a processor and had none.
type Starver interface {
	// Starved is that time since it was first asked for, of the thread that waited longest.
	Starved() time.Duration
}

// A Pacer is a Client whose operations do not begin when the load's shape says so.
type Pacer interface {
	// Ready waits until the next operation may begin. It returns false when there will be none.
	Ready(t *world.Task) bool
}
