// Package promise has the names of the invariants that targets promise and variants breach.
package promise

// The invariants that a target in this process may promise.
const (
	NoLostMessage        = "no-lost-message"
	NoGhost              = "no-ghost"
	NoLateEffect         = "no-late-effect"
	NoDuplicate          = "no-duplicate"
	InOrder              = "in-order"
	Linearizable         = "linearizable"
	EveryCallReturns     = "every-call-returns"
	WriterProgress       = "writer-progress"
	DrainEnds            = "drain-ends"
	CountersReturnToZero = "counters-return-to-zero"
	QuietAfterShutdown   = "quiet-after-shutdown"
	ExclusiveWrites      = "exclusive-writes"
	OneOwner             = "one-owner"
	Fair                 = "fair"
	BoundedQueue         = "bounded-queue"
	RightError           = "right-error"
	ProcessSurvives      = "process-survives"
	NoLeak               = "no-leak"
	CleanClose           = "clean-close"
)

// The invariants that only an external program is held to.
const (
	EveryRequestAnswered = "every-request-answered"
	PreopenedAnswered    = "preopened-answered"
	LateAnswered         = "late-connections-answered"
	CleanExit            = "clean-exit"
	AckedSurvivesRestart = "acked-survives-restart"
	ListenerCloses       = "listener-closes"
	NoOrphan             = "no-orphan"
	JobsDoneOrQueued     = "jobs-done-or-queued"
	Check                = "check"
	ReadinessTurns       = "readiness-turns"
	ServesFor            = "serves-for"
)
