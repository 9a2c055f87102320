package scenario

import (
	"slices"
	"strings"

	"github.com/racebench/racebench/scenario/spec"
)

// A Metric names one number of a result. It is comparable.
type Metric struct {
	Func  string // mean, p50, p90, p99, p999, max, rate, errors, late, returned, count, breach_rate or memory
	Name  string // an op or a group; of count an invariant; "drain" for the drain's own time; empty for breach_rate and memory
	Phase string // steady or drain for latencies of operations, else empty
}

// drainName is the NAME that means the drain itself.
const drainName = "drain"

// The phases of a latency.
const (
	steadyPhase = "steady"
	drainPhase  = "drain"
)

var (
	latencyFuncs = []string{"mean", "p50", "p90", "p99", "p999", "max"}
	drainFuncs   = []string{"p50", "p99", "max"}
	shareFuncs   = []string{"rate", "errors", "late", "returned"}
	bareMetrics  = []string{"breach_rate", "memory"}
	allFuncs     = slices.Concat(latencyFuncs, shareFuncs, []string{"count"}, bareMetrics)
)

// String returns the metric as it is written, without a phase that is the default.
func (m Metric) String() string {
	switch {
	case m.Name == "":
		return m.Func
	case m.Phase == drainPhase:
		return m.Func + "(" + m.Name + ", drain)"
	}
	return m.Func + "(" + m.Name + ")"
}

// parseMetric reads FUNC, FUNC(NAME) or FUNC(NAME, PHASE). Name is the place of the
// NAME, Null when there is none.
func parseMetric(v spec.Value) (m Metric, name spec.Value, err error) {
	if v.Kind != spec.Scalar || strings.TrimSpace(v.Text) == "" {
		return m, name, spec.Errorf(v, "a metric is needed here, such as p99(publish)")
	}
	v = trim(v)
	open := strings.IndexByte(v.Text, '(')
	if open < 0 {
		return bareMetric(v)
	}
	fn := trim(v.Part(0, open))
	switch {
	case slices.Contains(bareMetrics, fn.Text):
		return m, name, spec.Errorf(v.Part(open, open+1), "%s takes no name: write it alone", fn.Text)
	case !slices.Contains(allFuncs, fn.Text):
		return m, name, spec.Unknown(fn, "metric", allFuncs)
	case !strings.HasSuffix(v.Text, ")"):
		return m, name, spec.Errorf(v.Part(len(v.Text), len(v.Text)), "the closing ) is missing: write %s(NAME)", fn.Text)
	}
	inner := v.Part(open+1, len(v.Text)-1)
	name = inner
	var phase spec.Value
	comma := strings.IndexByte(inner.Text, ',')
	if comma >= 0 {
		name, phase = inner.Part(0, comma), trim(inner.Part(comma+1, len(inner.Text)))
	}
	name = trim(name)
	if name.Text == "" || strings.ContainsAny(name.Text, " \t\n(),") {
		return m, name, spec.Errorf(name, "%s needs one name between its brackets, such as %s(publish)", fn.Text, fn.Text)
	}
	m = Metric{Func: fn.Text, Name: name.Text}
	switch {
	case m.Func == "count":
	case m.Name == drainName && !slices.Contains(drainFuncs, m.Func):
		return m, name, spec.Errorf(fn, "the drain has only %s", strings.Join(drainFuncs, ", "))
	case m.Name != drainName && slices.Contains(latencyFuncs, m.Func):
		m.Phase = steadyPhase
	}
	switch {
	case comma < 0:
		return m, name, nil
	case m.Phase == "":
		return m, name, spec.Errorf(phase, "%s has no phases: leave %s out", m, clip(phase.Text))
	case phase.Text != steadyPhase && phase.Text != drainPhase:
		return m, name, spec.Unknown(phase, "phase", []string{steadyPhase, drainPhase})
	}
	m.Phase = phase.Text
	return m, name, nil
}

// bareMetric reads a metric without brackets.
func bareMetric(v spec.Value) (Metric, spec.Value, error) {
	if slices.Contains(bareMetrics, v.Text) {
		return Metric{Func: v.Text}, spec.Value{}, nil
	}
	if slices.Contains(allFuncs, v.Text) {
		return Metric{}, spec.Value{}, spec.Errorf(v, "%s of what? write it such as %s(publish)", v.Text, v.Text)
	}
	return Metric{}, spec.Value{}, spec.Unknown(v, "metric", allFuncs)
}

// trim drops the blanks around a scalar and moves its place with its first character.
func trim(v spec.Value) spec.Value {
	lead := len(v.Text) - len(strings.TrimLeft(v.Text, " \t\n"))
	return v.Part(lead, max(lead, len(strings.TrimRight(v.Text, " \t\n"))))
}
