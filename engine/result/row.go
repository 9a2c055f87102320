package result

import (
	"time"

	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/scenario"
)

// A Header says what a result's trials have in common.
type Header struct {
	Scenario     string            `json:"scenario"`
	ScenarioHash string            `json:"scenario_hash"`
	File         string            `json:"file,omitempty"` // the scenario's; empty for a target's own example
	Line         int               `json:"line,omitempty"` // in it: where the variant is named, or the target
	Owner        string            `json:"owner,omitempty"`
	Target       string            `json:"target"`
	Variant      string            `json:"variant"`
	Runtime      string            `json:"runtime,omitempty"`   // of an external program, from its executable: go, node, python, java, …
	Reference    bool              `json:"reference,omitempty"` // the variant is the target's known-good one
	Engine       string            `json:"engine"`
	Seed         string            `json:"seed"`
	Shard        string            `json:"shard,omitempty"`       // the part of the run that this is, such as 2/4; all of a run has none
	ShardWidth   int               `json:"shard_width,omitempty"` // how many trials in a row its shards are dealt; absent is one
	Knobs        map[string]string `json:"knobs,omitempty"`
	Moment       string            `json:"moment,omitempty"`     // what strikes and when, for people
	Invariants   []string          `json:"invariants,omitempty"` // that are judged, in the order of their table
	DrainLimit   time.Duration     `json:"drain_limit_ns,omitempty"`
	AtStartup    bool              `json:"at_startup,omitempty"` // the stop itself is the test: nothing needs to be at risk
	Anytime      bool              `json:"anytime,omitempty"`    // it was stopped by time: its number of trials was not settled beforehand
	Plain        bool              `json:"plain,omitempty"`      // load alone: nothing was started and no signal was sent
	Remote       string            `json:"remote,omitempty"`     // the host that was loaded, where that is not this machine
}

// External says whether the result is of an external program. Its variant is the name of a command and says nothing of
// designs. Stored results say it by their target.
func (h Header) External() bool { return h.Target == scenario.External }

// A Row is the result of one scenario and one variant: what its trials come to, added up. Every field is a sum, a
// least or a greatest of trials, is made of such by Finish, or is the same for all trials. So the order of trials
// cannot matter, and rows of other trials can be added as well. None grows with the number of clean trials past
// some thousands.
type Row struct {
	Header
	Verdict    Verdict      `json:"verdict"`
	EndedEarly string       `json:"ended_early,omitempty"` // what ended it before its plan was done
	Parts      []parts      `json:"parts,omitempty"`       // of a merge that lacks some: those that it has
	Trials     Counts       `json:"trials"`
	AtRisk     []RowRisk    `json:"at_risk,omitempty"`
	RulesOut   float64      `json:"rules_out,omitempty"`
	BreachRate *Rate        `json:"breach_rate,omitempty"`
	Breaches   []RowBreach  `json:"breaches,omitempty"`
	Together   []together   `json:"together,omitempty"` // trials by all the classes they showed
	Crossed    []Crossed    `json:"crossed,omitempty"`
	Bounded    []RowBounded `json:"bounded,omitempty"` // how full what has a bound has been
	Warnings   []RowWarning `json:"warnings,omitempty"`
	Latency    []Latency    `json:"latency,omitempty"`
	Service    []Latency    `json:"service,omitempty"` // plain load: the same from when each request left, not from when it should have
	Throughput []Throughput `json:"throughput,omitempty"`
	Answers    []Answer     `json:"answers,omitempty"`
	Failures   []Failure    `json:"failures,omitempty"`
	Asked      []Asked      `json:"asked,omitempty"`     // external programs: how each kind of request was answered
	Suspects   []suspect    `json:"suspects,omitempty"`  // what Asked decides of
	Suspected  []suspected  `json:"suspected,omitempty"` // the trials that showed it
	Load       *RowLoad     `json:"load,omitempty"`
	Drain      *RowDrain    `json:"drain,omitempty"`
	// DrainDeadline counts the drains that the server's own deadline ended; absent of external programs.
	DrainDeadline *rowDeadline  `json:"drain_deadline,omitempty"`
	Peak          *RowPeak      `json:"peak,omitempty"`
	Timeline      *RowTimeline  `json:"timeline,omitempty"`
	Schedules     *RowSchedules `json:"schedules,omitempty"`
	Worlds        *RowWorlds    `json:"worlds,omitempty"` // drawn worlds only
	Windows       []WindowCount `json:"windows,omitempty"`
	Rules
	Unseen       []string     `json:"unseen,omitempty"` // known entries, not expired, that no trial showed
	PerTrial     []RowTrial   `json:"per_trial,omitempty"`
	Truncated    bool         `json:"truncated,omitempty"`
	SignalLateNS int64        `json:"signal_late_ns,omitempty"` // the worst of the trials
	Returned     int64        `json:"returned,omitempty"`
	Policy       int64        `json:"policy,omitempty"`
	Notes        []string     `json:"notes,omitempty"`
	TrialNotes   tally        `json:"trial_notes,omitempty"` // how many trials each note is about; under no text those of other notes
	Void         []VoidReason `json:"void_reasons,omitempty"`
	Replay       string       `json:"replay,omitempty"`
	ElapsedNS    int64        `json:"elapsed_ns,omitempty"` // that its simulated trials took together
	AddsUp       bool         `json:"adds_up,omitempty"`    // all is here that a sum of several rows needs; results of earlier versions lack some

	pruned     bool     // there were more trials than are listed
	said       []string // notes on the row, not on its trials
	voids      voids    // by reason
	drains     drains
	unfinished int
	schedules  distinct
	relisted   bool     // of a stored row: its schedules are those of its listed trials
	uncounted  int64    // schedules of which nothing but their number is known
	unlisted   []string // classes that failed in a stored row: no entry of another one tolerates them
	blind      bool     // a stored row missed a planted breach that it does not tell from other entries
}

// Counts says how the trials ended.
type Counts struct {
	Planned  int `json:"planned"`
	Run      int `json:"run"` // passed, breached, hung and crashed
	Passed   int `json:"passed"`
	Breached int `json:"breached"`
	Hung     int `json:"hung"`
	Crashed  int `json:"crashed"`
	Void     int `json:"void"`
}

// A VoidReason is why trials proved nothing, and how many.
type VoidReason struct {
	Reason string    `json:"reason"`         // for people
	Code   void.Code `json:"code,omitempty"` // empty in results of earlier versions
	Trials int       `json:"trials"`
	Others bool      `json:"others,omitempty"` // it stands for all reasons that are not told apart
}

// A RowRisk is what was at risk over all valid trials.
type RowRisk struct {
	Kind   string `json:"kind"`
	Count  int64  `json:"count"`
	Lost   int64  `json:"lost"`
	Trials int    `json:"trials"` // in which any was
	Fewest int64  `json:"fewest"` // in one valid trial
}

// A RowBounded is how full something with a bound, such as a queue, has been in trials that told.
type RowBounded struct {
	Name   string `json:"name"`
	Bound  int64  `json:"bound"`
	Most   int64  `json:"most"`   // in any trial
	Full   int    `json:"full"`   // trials in which it reached its bound
	Trials int    `json:"trials"` // that told
}

// A rowDeadline counts drains that the server's own deadline ended.
type rowDeadline struct {
	Ended int `json:"ended"`
	Of    int `json:"of"` // drains that ended
}

// A RowDrain is how long the drains took.
type RowDrain struct {
	Count      int   `json:"count"`
	P50NS      int64 `json:"p50_ns"`
	P99NS      int64 `json:"p99_ns"`
	MaxNS      int64 `json:"max_ns"`
	LimitNS    int64 `json:"limit_ns"`
	Unfinished int   `json:"unfinished"`
	// Histogram is of all drains where there are more trials than are listed; the percentiles are then its own.
	Histogram string `json:"histogram,omitempty"` // HdrHistogram V2, compressed, base64
}

// A RowPeak is the most that any trial's program used; all its processes together.
type RowPeak struct {
	MemoryBytes int64 `json:"memory_bytes"`
	Threads     int64 `json:"threads,omitempty"`
	Descriptors int64 `json:"descriptors,omitempty"`
}

// A RowSchedules says how many orders of steps were simulated.
type RowSchedules struct {
	Run        int64   `json:"run"`
	Distinct   int64   `json:"distinct"`
	DistinctIs string  `json:"distinct_is,omitempty"` // "estimate" or "at most"; absent when the number is exact
	Steps      int64   `json:"steps"`
	PerSecond  float64 `json:"per_second,omitempty"`
}

// What Distinct is where it is not exact.
const (
	estimate = "estimate" // of very many, to some 0.4 %
	atMost   = "at most"  // of merged results that do not list all trials: equal schedules of two of them count twice
)

// A RowTrial is one trial in a line.
type RowTrial struct {
	Trial       int                `json:"trial"`
	Replacement int                `json:"replacement,omitempty"` // the how manieth in place of a void trial of that index
	Seed        string             `json:"seed"`
	Verdict     Verdict            `json:"verdict"`
	StruckNS    int64              `json:"struck_ns,omitempty"`
	DrainNS     int64              `json:"drain_ns,omitempty"`
	Schedule    uint64             `json:"schedule,string,omitempty"` // of a simulated one: equal schedules have equal numbers
	Suspects    []string           `json:"suspects,omitempty"`        // class and kind of each
	Raised      bool               `json:"raised,omitempty"`          // it is breached for what was suspected alone
	Metrics     map[string]float64 `json:"metrics,omitempty"`

	metrics []byte // Metrics as they are stored, where nobody has read them yet
}
