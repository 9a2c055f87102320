package scenario

import (
	"testing"

	"github.com/racebench/racebench/scenario/spec"
)

func TestThresholds(t *testing.T) {
	for _, row := range []struct {
		text  string
		want  string // in normal form
		value float64
		unit  Unit
	}{
		{"p99(publish) < 25ms", "p99(publish) < 25ms", 25e6, Nanoseconds},
		{"p99(publish, steady)<=25ms", "p99(publish) <= 25ms", 25e6, Nanoseconds},
		{" p999( publish ,drain ) > 1s ", "p999(publish, drain) > 1s", 1e9, Nanoseconds},
		{"mean(a-b_c.d/e)>=1us", "mean(a-b_c.d/e) >= 1us", 1e3, Nanoseconds},
		{"p50(drain) < 1s", "p50(drain) < 1s", 1e9, Nanoseconds},
		{"rate(publish) > 1500/s", "rate(publish) > 1500/s", 1500, PerSecond},
		{"errors(publish) < 1%", "errors(publish) < 1%", 0.01, Share},
		{"late(publish) <= 5", "late(publish) <= 5", 5, Count},
		{"breach_rate < 1%", "breach_rate < 1%", 0.01, Share},
		{"memory < 64MiB", "memory < 64MiB", 64 << 20, Bytes},
		{"count(no-ghost) < 1", "count(no-ghost) < 1", 1, Count},
		{"count(drain) < 1", "count(drain) < 1", 1, Count}, // an unknown invariant, which is the catalogue's to say
	} {
		var errs spec.Errors
		got, ok := parseThreshold(spec.Text(row.text), &errs)
		if !ok {
			t.Errorf("%q: %v", row.text, &errs)
			continue
		}
		if got.String() != row.want || got.Value != row.value || got.Unit != row.unit {
			t.Errorf("%q = %s with %v %s, want %s with %v %s", row.text, got, got.Value, got.Unit, row.want, row.value, row.unit)
		}
	}
}

func TestThresholdHolds(t *testing.T) {
	for _, row := range []struct {
		op                  string
		below, equal, above bool
	}{
		{"<", true, false, false},
		{"<=", true, true, false},
		{">", false, false, true},
		{">=", false, true, true},
	} {
		th := Threshold{Op: row.op, Value: 5}
		if th.Holds(4) != row.below || th.Holds(5) != row.equal || th.Holds(6) != row.above {
			t.Errorf("4, 5, 6 %s 5: %v, %v, %v", row.op, th.Holds(4), th.Holds(5), th.Holds(6))
		}
	}
}

func TestThresholdNameHasItsPlace(t *testing.T) {
	s := MustParse(t, Head, "thresholds:", "  - p99( pubish, drain) < 5ms")
	if name := s.Thresholds[0].Name; name.Text != "pubish" || name.Pos != (spec.Pos{Line: 4, Col: 10}) {
		t.Errorf("the name is %q at %v, want pubish at 4:10", name.Text, name.Pos)
	}
}

// FuzzThreshold holds that a threshold's normal form is one, and means the same.
func FuzzThreshold(f *testing.F) {
	for _, s := range []string{"p99(publish) < 25ms", "p99( a , drain)>=1h", "memory<0B", "errors(x) <= 9", "(<", "p50(<)<1s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var errs spec.Errors
		one, ok := parseThreshold(spec.Value{Pos: spec.Pos{Line: 1, Col: 1}, Kind: spec.Scalar, Text: s}, &errs)
		if ok == (len(errs) > 0) {
			t.Fatalf("ok is %v with errors %v", ok, &errs)
		}
		if !ok {
			return
		}
		two, ok := parseThreshold(spec.Text(one.String()), &errs)
		if !ok || two.Metric != one.Metric || two.Op != one.Op || two.Value != one.Value || two.Unit != one.Unit {
			t.Errorf("%q in normal form is %q: %v", s, one, &errs)
		}
	})
}
