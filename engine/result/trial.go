package result

import (
	"strings"
	"time"

	"github.com/racebench/racebench/engine/result/void"
)

// A Breach is a promise that was broken, of one class, in one trial.
type Breach struct {
	Invariant string `json:"invariant"`
	// Class tells bugs with one symptom apart: invariant/station/cause.
	Class   string  `json:"class"`
	Verdict Verdict `json:"verdict"` // Breached, Crashed or Hung
	Count   int64   `json:"count"`   // messages, calls, tasks
	// Of is how many there were in all, or 0 where that says nothing. Summary begins with "COUNT of OF "
	// when there is one, so that a fold of trials can put its own numbers there.
	Of      int64  `json:"of,omitempty"`
	Summary string `json:"summary"`
	// Evidence is the story of one example, a line each, for a person.
	Evidence []string `json:"evidence,omitempty"`
	// Widened says that a window was held open in the trial: the breach is not natural.
	Widened bool `json:"widened,omitempty"`
	// Of what is only suspected: the kind of requests whose answers in all trials decide, and what they decide by.
	Kind string `json:"kind,omitempty"`
	If   Need   `json:"if,omitempty"`
	Last uint64 `json:"last,omitempty,string"`
}

// A Risk is work of one trial that was under way when the signal struck, and how much of it was lost.
type Risk struct {
	Kind  string `json:"kind"`
	Count int64  `json:"count"`
	Lost  int64  `json:"lost"`
}

// Bounded is the most that something with a bound, such as a queue, has held in a trial.
type Bounded struct {
	Name  string `json:"name"`
	Bound int64  `json:"bound"`
	Most  int64  `json:"most"`
}

// Crossed is what was on the wire when the signal struck, or came after it, and got no answer: not the server's doing.
type Crossed struct {
	Kind  string `json:"kind"`
	Count int64  `json:"count"`
	Of    int64  `json:"of"`
}

// OnTheWire says whether a kind of Crossed was sent before the signal and not read by then. The others came after it:
// a server that has stopped listening refuses them all.
func OnTheWire(kind string) bool { return strings.HasPrefix(kind, "unread-") }

// A Schedule is the order of steps that a simulated trial took.
type Schedule struct {
	Hash  uint64 `json:"hash,string"` // equal schedules have equal hashes
	Steps int64  `json:"steps"`
}

// A WindowCount is how often a named window was met by a signal.
type WindowCount struct {
	Name   string `json:"name"`
	Struck int64  `json:"struck"` // signals sent while a task was in it
	Met    int64  `json:"met"`    // signals aimed at it that hit
}

// A Trial is one judged trial. Latencies are not stored with it: they are computed from the ledger.
type Trial struct {
	Index       int           `json:"index"`                 // within its result; the seed is derived from it
	Replacement int           `json:"replacement,omitempty"` // the how manieth in place of a void trial of this index; 0 is the planned one
	Number      int           `json:"number"`                // within the run; the directory's name
	Seed        string        `json:"seed"`
	Verdict     Verdict       `json:"verdict"`
	Void        string        `json:"void,omitempty"` // why it proves nothing, for people
	VoidCode    void.Code     `json:"void_code,omitempty"`
	Breaches    []Breach      `json:"breaches,omitempty"`
	AtRisk      []Risk        `json:"at_risk,omitempty"`
	HasStruck   bool          `json:"has_struck"`
	Struck      time.Duration `json:"struck_ns"`      // when the first signal was sent, since the trial's world began
	Late        time.Duration `json:"signal_late_ns"` // how late the signal left, against the plan
	DrainEnded  bool          `json:"drain_ended"`
	Drain       time.Duration `json:"drain_ns"`
	DrainHow    string        `json:"drain_how,omitempty"` // returned, deadline, signal or failed; empty of an external program
	Returned    int64         `json:"returned,omitempty"`  // messages given back to their owners
	Policy      int64         `json:"policy,omitempty"`    // messages that the overflow policy skipped
	Windows     []WindowCount `json:"windows,omitempty"`
	Crossed     []Crossed     `json:"crossed,omitempty"`
	Bounded     []Bounded     `json:"bounded,omitempty"`      // real trials of servers inside racebench
	Warnings    []Breach      `json:"warnings,omitempty"`     // manners: shown, never failing
	Suspects    []Breach      `json:"suspects,omitempty"`     // what the answers of all trials decide of
	Asked       []Asked       `json:"asked,omitempty"`        // how each kind of request to an external program was answered
	Memory      int64         `json:"memory_bytes,omitempty"` // the process's largest resident size; 0 is not measured
	Threads     int64         `json:"threads,omitempty"`      // the most of a program from outside; 0 is not measured
	Descriptors int64         `json:"descriptors,omitempty"`
	Schedule    *Schedule     `json:"schedule,omitempty"` // simulated trials only
	Notes       []string      `json:"notes,omitempty"`
	Dir         string        `json:"-"`
	// Found is the index of the trial that the search found, where this one is what shrinking made of it, with
	// other draws.
	Found *int `json:"-"`
	// Script is the path of a script that shows a breach without racebench, Scripted the breach's class; empty
	// when there is none.
	Script   string `json:"-"`
	Scripted string `json:"-"`

	Latency   []Latency     `json:"-"`
	Timeline  []Tick        `json:"-"` // pieces of TickWidth
	TickWidth time.Duration `json:"-"`
	// FirstLoss is when the first message that was lost was accepted, or the first call cut off, counted from
	// the strike; nil when none was.
	FirstLoss  *time.Duration `json:"-"`
	Stop       RowTimeline    `json:"-"` // the moments of the stop of an external program, and nothing else
	Throughput []Throughput   `json:"-"`
	Service    []Latency      `json:"-"` // plain load: from when each request left
	Answers    []Answer       `json:"-"`
	Failures   []Failure      `json:"-"`
	// Metrics are the trial's own numbers, by metric; Campaign.Add computes them.
	Metrics map[string]float64 `json:"-"`
}

// SetVoid makes the trial one that is void for a reason.
func (t *Trial) SetVoid(why void.Reason) {
	t.Verdict, t.Void, t.VoidCode = Void, why.Text, why.Code
}

// AsVoid is the same trial with nothing but the reason why it is void.
func (t Trial) AsVoid(why void.Reason) Trial {
	bare := Trial{Index: t.Index, Replacement: t.Replacement, Number: t.Number, Seed: t.Seed}
	bare.SetVoid(why)
	return bare
}

// Classes are the classes of the trial's breaches, each once, sorted.
func (t Trial) Classes() []string { return classesOf(t.Breaches) }
