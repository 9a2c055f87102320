package scenario

import (
	"slices"
	"strconv"
	"strings"

	"github.com/racebench/racebench/scenario/spec"
)

// A Unit is what a threshold's value counts.
type Unit string

// The units of threshold values.
const (
	Nanoseconds Unit = "ns"
	PerSecond   Unit = "/s"
	Share       Unit = "share" // from 0 to 1
	Bytes       Unit = "bytes"
	Count       Unit = "count"
)

// A Threshold is a bound that a metric must keep.
type Threshold struct {
	At     spec.Value // the whole expression
	Name   spec.Value // the metric's NAME, to be looked up; Kind is Null when it has none
	Metric Metric
	Op     string  // <, <=, > or >=
	Value  float64 // in Unit
	Unit   Unit
}

// String returns the threshold in its normal form.
func (t Threshold) String() string {
	return t.Metric.String() + " " + t.Op + " " + strings.TrimSpace(t.bound().Text)
}

// Holds reports whether a measured number, in the threshold's unit, keeps the bound.
func (t Threshold) Holds(measured float64) bool {
	switch t.Op {
	case "<":
		return measured < t.Value
	case "<=":
		return measured <= t.Value
	case ">":
		return measured > t.Value
	}
	return measured >= t.Value
}

// bound is the right side of the expression as it was written.
func (t Threshold) bound() spec.Value {
	_, _, bound, _ := splitComparison(t.At)
	return bound
}

// A Tolerance is how much worse than the baseline a metric may be.
type Tolerance struct {
	At     spec.Value // the metric as written
	Name   spec.Value // the metric's NAME, to be looked up; Kind is Null when it has none
	Metric Metric
	Share  float64 // from 0 to 1
}

// ParseThreshold reads a threshold that is no part of a scenario, such as a flag's.
func ParseThreshold(text string) (Threshold, error) {
	var errs spec.Errors
	t, ok := parseThreshold(spec.Text(text), &errs)
	if !ok {
		return t, errs[0]
	}
	return t, nil
}

// parseThreshold reads METRIC <|<=|>|>= VALUE. Both sides are checked whatever is wrong
// with the other.
func parseThreshold(v spec.Value, errs *spec.Errors) (Threshold, bool) {
	left, op, right, ok := splitComparison(v)
	if !ok {
		errs.Addf(v, "a threshold is METRIC < VALUE, with <, <=, > or >=: write it such as p99(publish) < 25ms")
		return Threshold{}, false
	}
	metric, name, err := parseMetric(left)
	if err != nil {
		errs.Add(err)
		return Threshold{}, false
	}
	value, unit, err := parseBound(metric, right)
	if err != nil {
		errs.Add(err)
		return Threshold{}, false
	}
	return Threshold{At: v, Name: name, Metric: metric, Op: op, Value: value, Unit: unit}, true
}

// splitComparison cuts an expression at its comparison.
func splitComparison(v spec.Value) (left spec.Value, op string, right spec.Value, ok bool) {
	i := strings.IndexAny(v.Text, "<>")
	if v.Kind != spec.Scalar || i < 0 {
		return v, "", v, false
	}
	end := i + 1
	if end < len(v.Text) && v.Text[end] == '=' {
		end++
	}
	right = trim(v.Part(end, len(v.Text)))
	if right.Text == "" || strings.ContainsAny(right.Text, "<>=") {
		return v, "", v, false
	}
	return v.Part(0, i), v.Text[i:end], right, true
}

// parseBound reads the value that a metric is compared with, in the metric's unit.
func parseBound(m Metric, v spec.Value) (float64, Unit, error) {
	switch {
	case slices.Contains(latencyFuncs, m.Func):
		d, err := spec.Duration(v)
		return float64(d), Nanoseconds, wants(m, "a duration such as 25ms", v, err)
	case m.Func == "rate":
		f, err := spec.Rate(v)
		return f, PerSecond, wants(m, "a rate such as 1500/s", v, err)
	case m.Func == "breach_rate":
		f, err := spec.Percent(v)
		return f, Share, wants(m, "a share such as 1%", v, err)
	case m.Func == "memory":
		n, err := spec.Size(v)
		return float64(n), Bytes, wants(m, "a size such as 64MiB", v, err)
	case m.Func == "count":
		f, err := parseCount(v)
		return f, Count, wants(m, "a whole number such as 1", v, err)
	}
	// errors, late and returned are asked for both ways: as a share, and as "none at all".
	if strings.HasSuffix(v.Text, "%") {
		f, err := spec.Percent(v)
		return f, Share, wants(m, "a share such as 1%", v, err)
	}
	f, err := parseCount(v)
	return f, Count, wants(m, "a share such as 1% or a whole number such as 5", v, err)
}

// parseCount reads a whole number from 0.
func parseCount(v spec.Value) (float64, error) {
	n, err := strconv.ParseUint(v.Text, 10, 53) // what a float64 holds exactly
	if err != nil {
		return 0, err
	}
	return float64(n), nil
}

// wants rewords the error of a value that could not be read: it names the kind of value that the metric needs.
func wants(m Metric, what string, v spec.Value, err error) error {
	if err == nil {
		return nil
	}
	return spec.Errorf(v, "%s is compared with %s, not with %s", m, what, clip(v.Text))
}

// clip quotes a user's text and cuts it when it would hide the rest of a message.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return strconv.Quote(s)
}
