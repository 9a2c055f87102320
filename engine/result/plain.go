package result

import (
	"cmp"
	"slices"
	"strings"
)

// An Answer is how many answers to one group's requests had a status.
type Answer struct {
	Op     string `json:"op"`
	Group  string `json:"group"`
	Phase  string `json:"phase"`
	Status int    `json:"status"` // of HTTP; of gRPC 1000 and its code
	Count  int64  `json:"count"`
}

// A Failure is how many of one group's requests got no whole answer, for one reason.
type Failure struct {
	Op    string `json:"op"`
	Group string `json:"group"`
	Phase string `json:"phase"`
	// Class is refused, unreachable, reset-before-send, sent-no-byte, partial, told-away, timeout or garbage.
	Class string `json:"class"`
	Count int64  `json:"count"`
}

// A RowLoad is what a search for the highest rate that holds a bound has found.
type RowLoad struct {
	Rate  float64    `json:"rate"` // the highest that held, a second; 0 is none
	Bound string     `json:"bound"`
	Curve []LoadStep `json:"curve"` // by rate
}

// A LoadStep is what one rate came to.
type LoadStep struct {
	Rate      float64 `json:"rate"`       // asked for
	PerSecond float64 `json:"per_second"` // accepted
	P50NS     int64   `json:"p50_ns"`
	P99NS     int64   `json:"p99_ns"`
	Errors    int64   `json:"errors"` // refused or unknown
	Unsent    int64   `json:"unsent"`
	Holds     bool    `json:"holds"`
}

// addPlain adds what load alone measures beside the rest.
func (r *Row) addPlain(service []Latency, answers []Answer, failures []Failure) {
	for _, l := range service {
		r.Service = withLatency(r.Service, l)
	}
	r.AddAnswers(answers, failures)
}

// AddAnswers adds answers, and requests without one, to those of their group, phase and kind.
func (r *Row) AddAnswers(answers []Answer, failures []Failure) {
	for _, a := range answers {
		r.addAnswer(a)
	}
	for _, f := range failures {
		r.addFailure(f)
	}
}

func (r *Row) addAnswer(a Answer) {
	at, found := slices.BinarySearchFunc(r.Answers, a, func(a, b Answer) int {
		return cmp.Or(strings.Compare(a.Op, b.Op), strings.Compare(a.Group, b.Group), -strings.Compare(a.Phase, b.Phase), cmp.Compare(a.Status, b.Status))
	})
	if !found {
		r.Answers = slices.Insert(r.Answers, at, a)
		return
	}
	r.Answers[at].Count += a.Count
}

func (r *Row) addFailure(f Failure) {
	at, found := slices.BinarySearchFunc(r.Failures, f, func(a, b Failure) int {
		return cmp.Or(strings.Compare(a.Op, b.Op), strings.Compare(a.Group, b.Group), -strings.Compare(a.Phase, b.Phase), strings.Compare(a.Class, b.Class))
	})
	if !found {
		r.Failures = slices.Insert(r.Failures, at, f)
		return
	}
	r.Failures[at].Count += f.Count
}

// accepted is how many operations were, of all groups.
func (r *Row) accepted() int64 {
	var n int64
	for _, t := range r.Throughput {
		n += t.Accepted
	}
	return n
}

// concludePlain names the result of load alone: nothing was at stake in it but its thresholds.
func (r *Row) concludePlain(missed, untold bool) Verdict {
	switch {
	case missed:
		return Missed
	case untold, r.accepted() == 0:
		return Untested
	}
	return Passed
}
