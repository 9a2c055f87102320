// Package void names the reasons why a trial proves nothing. Whoever acts on a reason asks for its code; its text is
// for people, and may be worded anew.
package void

import "fmt"

// A Code tells reasons apart. It is stored with the text.
type Code string

// The codes.
const (
	NotStarted   Code = "not-started"    // the target did not start
	CannotRun    Code = "cannot-run"     // the system cannot run the target's command, and says what is wrong with it
	EndedEarly   Code = "ended-early"    // the process ended before the load began
	NeverStruck  Code = "never-struck"   // no signal was sent
	OutOfTime    Code = "out-of-time"    // the process was ended at the limit of the whole trial
	Unwatched    Code = "unwatched"      // the signal came when nobody waited for it any more
	NoGoodAnswer Code = "no-good-answer" // no client of an external program was served before the signal
	NoneAccepted Code = "none-accepted"  // the target accepted nothing
	Starved      Code = "starved"        // the load generator had no processor
	LedgerFull   Code = "ledger-full"
	Torn         Code = "torn"        // the record has lost its end
	Interrupted  Code = "interrupted" // racebench was stopped
	Killed       Code = "killed"      // by somebody else

	BeforeHandler Code = "before-handler" // struck at its start, before it had a handler
	AfterStart    Code = "after-start"    // it was to be struck at its start, and was ready

	OutOfSteps       Code = "out-of-steps"     // of a simulated trial
	Nondeterministic Code = "nondeterministic" // a schedule came out in two ways

	GivenUp       Code = "given-up" // of a Go test, as what follows
	Skipped       Code = "skipped"
	NotReproduced Code = "not-reproduced"

	NotLookedUp Code = "not-looked-up" // accepted jobs could not be looked up
	NoneTaken   Code = "none-taken"    // the program had taken none of the jobs
	Unchecked   Code = "unchecked"     // the scenario's own check could not tell
	Deserted    Code = "deserted"      // a service beside the program ended by itself
	Unprepared  Code = "unprepared"    // pre_stop failed, or ended the program

	ControlEnded      Code = "control-ended" // of the run without a signal, as all that follow
	ControlTorn       Code = "control-torn"
	ControlNoAnswer   Code = "control-no-answer"
	ControlLoses      Code = "control-loses"
	ControlMisread    Code = "control-misread"
	ControlCheck      Code = "control-check"
	ControlRefuses    Code = "control-refuses"
	ControlUnprepared Code = "control-unprepared"
	ControlJobs       Code = "control-jobs"
)

// A row is a code with the text that it is told in, as a format.
type row struct {
	code Code
	text string
}

var table = []row{
	{NotStarted, "the target did not start: %s"},
	{CannotRun, "the target did not start: %s"},
	{EndedEarly, "the process ended before the load began"},
	{NeverStruck, "the signal never struck"},
	{OutOfTime, "the trial's process did not end within its limit"},
	{Unwatched, "the signal struck when the trial was over: nobody watched the drain"},
	{NoGoodAnswer, "no client got a good answer before the signal"},
	{NoneAccepted, "nothing was accepted before the end"},
	{Starved, "the load generator was starved: the signal left late, when the load was over"},
	{LedgerFull, "the ledger was full: offer less load, or for a shorter time"},
	{Torn, "its record is torn: %s"},
	{Interrupted, "racebench was stopped before the trial had ended"},
	{Killed, "the process was killed by SIGKILL, which racebench did not send: the system does so when memory runs out"},
	{BeforeHandler, "the signal came before the program had a handler for it, and ended it: to have none yet is no fault"},
	{AfterStart, "the signal came when the program was ready: its start is what was to be struck"},
	{OutOfSteps, "the budget of %d steps was spent"},
	{Nondeterministic, "uncontrolled non-determinism: two runs of one schedule had %d and %d steps, and other traces"},
	{GivenUp, "the schedule was given up: %s"},
	{Skipped, "the test skipped itself"},
	{NotReproduced, "%s was not reproduced in a fresh process: something outlives the test in its own"},
	{ControlEnded, "control: nobody had signalled it, and it ended by itself %s"},
	{ControlTorn, "the control trial left no whole record"},
	{ControlNoAnswer, "control: no client got a good answer, without any signal%s"},
	{ControlMisread, "control: acknowledged writes are not read back as they were written, without any restart, such as one of %s"},
	{Unchecked, "the check cannot tell: %s"},
	{NotLookedUp, "the accepted jobs could not be looked up: %s"},
	{NoneTaken, "the program had taken none of %d jobs when it stopped"},
	{ControlJobs, "control: nobody had signalled the program, and its jobs are not all done or still queued: %s"},
	{Deserted, "a service beside the program did not stay: %s"},
	{ControlCheck, "control: nobody had signalled the program, and the check does not say that nothing is wrong: %s"},
	{Unprepared, "pre_stop: %s"},
	{ControlUnprepared, "control: pre_stop, which was tried at the end: %s"},
	{ControlRefuses, "control: nobody had signalled it, and %d connections were not taken: how long it serves after a signal cannot be told"},
	{ControlLoses, "control: your server loses requests without any signal: %d of %d%s"},
}

// A Reason is why a trial proves nothing. The zero Reason is that it proves something.
type Reason struct {
	Code Code
	Text string
}

// Because is the reason of a code; the arguments are those of its text.
func (c Code) Because(args ...any) Reason {
	for _, r := range table {
		if r.code == c {
			return Reason{c, fmt.Sprintf(r.text, args...)}
		}
	}
	return Reason{c, string(c)}
}
