package result

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// SchemaName names the stored form. Fields are only ever added to it.
const SchemaName = "racebench.result/v1"

// maxPerTrial is how many trials a stored result lists one by one.
const maxPerTrial = 10_000

// A Report is the stored form of a whole run. Absent means not measured; times are nanoseconds.
type Report struct {
	Schema    string    `json:"schema"`
	Tool      Tool      `json:"tool"`
	Machine   Machine   `json:"machine"`
	Started   time.Time `json:"started"`
	ElapsedNS int64     `json:"elapsed_ns"`
	Command   []string  `json:"command"`
	Seed      string    `json:"seed"`
	Verdict   Verdict   `json:"verdict"` // the worst of the results
	Results   []Row     `json:"results"`
}

// Tool says which racebench ran.
type Tool struct {
	Version string `json:"version"`
	Build   string `json:"build"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

// Machine says where it ran.
type Machine struct {
	CPU        string `json:"cpu"`
	Cores      int    `json:"cores"`
	GOMAXPROCS int    `json:"gomaxprocs"`
	Kernel     string `json:"kernel"`
}

// A Row is the result of one scenario and one variant.
type Row struct {
	Scenario     string            `json:"scenario"`
	ScenarioHash string            `json:"scenario_hash"`
	File         string            `json:"file,omitempty"` // the scenario's
	Line         int               `json:"line,omitempty"` // in it: where the variant is named, or the target
	Owner        string            `json:"owner,omitempty"`
	Target       string            `json:"target"`
	Variant      string            `json:"variant"`
	Reference    bool              `json:"reference,omitempty"`
	Engine       string            `json:"engine"`
	Seed         string            `json:"seed"`
	Verdict      Verdict           `json:"verdict"`
	Knobs        map[string]string `json:"knobs,omitempty"`
	Moment       string            `json:"moment,omitempty"`     // what strikes and when
	Invariants   []string          `json:"invariants,omitempty"` // that were judged
	Trials       Counts            `json:"trials"`
	AtRisk       []RowRisk         `json:"at_risk,omitempty"`
	RulesOut     float64           `json:"rules_out,omitempty"`
	BreachRate   *Rate             `json:"breach_rate,omitempty"`
	Breaches     []RowBreach       `json:"breaches,omitempty"`
	Together     []RowTogether     `json:"together,omitempty"` // trials by all the classes they showed; where there is more than one class
	Crossed      []Crossed         `json:"crossed,omitempty"`
	Warnings     []RowWarning      `json:"warnings,omitempty"`
	Latency      []RowLatency      `json:"latency,omitempty"`
	Throughput   []RowThroughput   `json:"throughput,omitempty"`
	Drain        *RowDrain         `json:"drain,omitempty"`
	Peak         *RowPeak          `json:"peak,omitempty"`
	Timeline     *RowTimeline      `json:"timeline,omitempty"`
	Schedules    *RowSchedules     `json:"schedules,omitempty"`
	Windows      []WindowCount     `json:"windows,omitempty"`
	Thresholds   []RowThreshold    `json:"thresholds,omitempty"`
	Regression   []Tolerance       `json:"regression,omitempty"` // what the scenario allows against a baseline
	Unseen       []string          `json:"unseen,omitempty"`     // known entries that no trial showed
	PerTrial     []RowTrial        `json:"per_trial,omitempty"`
	Truncated    bool              `json:"truncated,omitempty"`
	SignalLateNS int64             `json:"signal_late_ns,omitempty"` // the worst of the trials
	Returned     int64             `json:"returned,omitempty"`
	Policy       int64             `json:"policy,omitempty"`
	Notes        []string          `json:"notes,omitempty"`
	Void         []VoidReason      `json:"void_reasons,omitempty"`
	Replay       string            `json:"replay,omitempty"`
}

// A VoidReason is why trials proved nothing, and how many.
type VoidReason struct {
	Reason string `json:"reason"`
	Trials int    `json:"trials"`
}

// A RowRisk is what was at risk over all trials.
type RowRisk struct {
	Kind   string `json:"kind"`
	Count  int64  `json:"count"`
	Lost   int64  `json:"lost"`
	Trials int    `json:"trials"`
	Fewest int64  `json:"fewest"`
}

// A RowBreach is one class of breach over all trials.
type RowBreach struct {
	Invariant string     `json:"invariant"`
	Class     string     `json:"class"`
	Verdict   Verdict    `json:"verdict"`
	Trials    int        `json:"trials"`
	Count     int64      `json:"count"`
	Natural   int        `json:"natural"`
	Widened   int        `json:"widened"`
	Kept      []string   `json:"kept,omitempty"` // paths of the kept schedules that showed it, which are no trials
	Known     string     `json:"known,omitempty"`
	Planted   bool       `json:"planted,omitempty"`
	Expired   string     `json:"expired,omitempty"` // the last day that a known entry tolerated it
	Summary   string     `json:"summary"`
	First     FirstTrial `json:"first"`
}

// A RowTogether counts the trials that showed just these classes of breach.
type RowTogether struct {
	Classes []string `json:"classes"` // in order
	Trials  int      `json:"trials"`
}

// A FirstTrial is the first trial that showed a breach, with the story of one example.
type FirstTrial struct {
	Trial    int      `json:"trial"`
	Found    *int     `json:"found,omitempty"` // the trial that the search found, where Trial is a shrunk one with other draws
	Seed     string   `json:"seed"`
	Dir      string   `json:"dir,omitempty"`
	Script   string   `json:"script,omitempty"` // shows it without racebench
	Evidence []string `json:"evidence"`
}

// A RowWarning is what is not wrong but should be looked at.
type RowWarning struct {
	Invariant string `json:"invariant,omitempty"`
	Class     string `json:"class,omitempty"`
	Trials    int    `json:"trials"`
	Count     int64  `json:"count"`
	Summary   string `json:"summary"`
}

// A RowLatency is the latency of one group in one phase, over all trials.
type RowLatency struct {
	Op        string `json:"op"`
	Group     string `json:"group"`
	Phase     string `json:"phase"`
	Clock     string `json:"clock"`
	Count     int64  `json:"count"`
	MeanNS    int64  `json:"mean_ns"`
	P50NS     int64  `json:"p50_ns"`
	P90NS     int64  `json:"p90_ns"`
	P99NS     int64  `json:"p99_ns"`
	P999NS    int64  `json:"p999_ns"`
	MaxNS     int64  `json:"max_ns"`
	Histogram string `json:"histogram"` // HdrHistogram V2, compressed, base64
}

// A RowThroughput counts what became of one group's operations.
type RowThroughput struct {
	Op        string  `json:"op"`
	Group     string  `json:"group"`
	Sent      int64   `json:"sent"`
	Accepted  int64   `json:"accepted"`
	Refused   int64   `json:"refused"`
	Unknown   int64   `json:"unknown"`
	Late      int64   `json:"late"`
	Unsent    int64   `json:"unsent"`
	PerSecond float64 `json:"per_second"` // accepted, in the steady phase
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
	atMost   = "at most"  // of merged results: equal schedules of two of them count twice
)

// A RowThreshold is a threshold and what was measured. Value is absent when nothing was.
type RowThreshold struct {
	Expr  string   `json:"expr"`
	Value *float64 `json:"value,omitempty"`
	Unit  string   `json:"unit"`
	Holds bool     `json:"holds"`
	Line  int      `json:"line,omitempty"` // in the scenario's file
}

// A RowTrial is one trial in a line.
type RowTrial struct {
	Trial    int                `json:"trial"`
	Seed     string             `json:"seed"`
	Verdict  Verdict            `json:"verdict"`
	StruckNS int64              `json:"struck_ns,omitempty"`
	DrainNS  int64              `json:"drain_ns,omitempty"`
	Metrics  map[string]float64 `json:"metrics,omitempty"`
}

// Encode returns the report as JSON.
func (r *Report) Encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return nil, fmt.Errorf("encode result: %w", err)
	}
	return b.Bytes(), nil
}

// Decode reads a report that Encode wrote, of this version or a later one.
func Decode(raw []byte) (*Report, error) {
	var r Report
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, fmt.Errorf("read result: it is not JSON of a result: %w", err)
	}
	if r.Schema != SchemaName {
		return nil, fmt.Errorf("read result: its schema is %q, and this version reads %s", r.Schema, SchemaName)
	}
	return &r, nil
}

// Status is the exit status that the verdict stands for.
func (r *Report) Status() int {
	switch {
	case r.Verdict.Finding():
		return 1
	case r.Verdict == Untested:
		return 3
	}
	return 0
}
