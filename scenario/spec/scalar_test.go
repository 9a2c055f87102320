package spec

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A row is a text and what reading it gives: a value printed with %v, or a piece of the
// error.
type row struct{ text, want, err string }

func check[T any](t *testing.T, name string, read func(Value) (T, error), rows []row) {
	t.Helper()
	for _, r := range rows {
		v := Text(r.text)
		if quoted, ok := strings.CutPrefix(r.text, "'"); ok {
			v.Text, v.Quoted = quoted, true
		}
		got, err := read(v)
		switch {
		case r.err == "" && err != nil:
			t.Errorf("%s(%q): %v", name, r.text, err)
		case r.err != "" && (err == nil || !strings.Contains(err.Error(), r.err)):
			t.Errorf("%s(%q) = %v, %v; want an error with %q", name, r.text, got, err, r.err)
		case r.err == "" && fmt.Sprint(got) != r.want:
			t.Errorf("%s(%q) = %v, want %s", name, r.text, got, r.want)
		}
	}
	for _, kind := range []Kind{Null, List, Map} {
		if _, err := read(Value{Kind: kind}); err == nil || !strings.Contains(err.Error(), kind.String()) {
			t.Errorf("%s of %s: error %v does not say what was found", name, kind, err)
		}
	}
}

func TestInt(t *testing.T) {
	check(t, "Int", Int, []row{
		{"0", "0", ""},
		{"-7", "-7", ""},
		{"9223372036854775807", "9223372036854775807", ""},
		{"9223372036854775808", "", "not a whole number"},
		{"3.5", "", `"3.5" is not a whole number: write one such as 20`},
		{"1e3", "", "not a whole number"},
		{"0x10", "", "not a whole number"},
		{"010", "", "not a whole number"},
		{"1_000", "", "not a whole number"},
		{"+1", "", "not a whole number"},
		{"", "", "not a whole number"},
		{"'8", "", "without quotes"},
	})
}

func TestBool(t *testing.T) {
	check(t, "Bool", Bool, []row{
		{"true", "true", ""},
		{"false", "false", ""},
		{"yes", "", "neither true nor false"},
		{"'true", "", "without quotes"},
	})
}

func TestFloat(t *testing.T) {
	check(t, "Float", Float, []row{
		{"0.5", "0.5", ""},
		{".5", "0.5", ""},
		{"-2", "-2", ""},
		{"NaN", "", "not a number"},
		{"Inf", "", "not a number"},
		{"1e400", "", "not a number"},
		{strings.Repeat("9", 400), "", "not a number"},
		{"'0.5", "", "without quotes"},
	})
}

func TestWord(t *testing.T) {
	check(t, "Word", Word, []row{
		{"reference", "reference", ""},
		{"'two words", "two words", ""},
		{"", "", "empty text"},
	})
}

func TestDuration(t *testing.T) {
	check(t, "Duration", Duration, []row{
		{"250ms", "250ms", ""},
		{"1m30s", "1m30s", ""},
		{"0s", "0s", ""},
		{"8760h", "8760h0m0s", ""},
		{"5", "", `duration "5" has no unit: write it with one, such as 5s`},
		{"0", "", "such as 0s"},
		{"-5", "", "such as 2s"},
		{"-5ms", "", "negative"},
		{"5 seconds", "", `"5 seconds" is not a duration: write one such as 250ms or 2s`},
		{"8761h", "", "too long"},
		{"9999999999999999999h", "", "too long"},
		{"1d", "", "not a duration"},
		{"", "", "not a duration"},
		{strings.Repeat("1", 500), "", "such as 2s"},
	})
}

func TestRate(t *testing.T) {
	check(t, "Rate", Rate, []row{
		{"2000/s", "2000", ""},
		{"0.5/s", "0.5", ""},
		{"1000000000/s", "1e+09", ""},
		{"2000", "", "such as 2000/s"},
		{"2000/m", "", "not a rate"},
		{"0/s", "", "not above zero"},
		{"-1/s", "", "not above zero"},
		{"1000000001/s", "", "too high"},
		{"NaN/s", "", "not a rate"},
		{"Inf/s", "", "not a rate"},
		{"/s", "", "not a rate"},
	})
}

func TestSize(t *testing.T) {
	check(t, "Size", Size, []row{
		{"256B", "256", ""},
		{"64KiB", "65536", ""},
		{"64 KiB", "65536", ""},
		{"10MB", "10000000", ""},
		{"1.5KiB", "1536", ""},
		{"0B", "0", ""},
		{"1024GiB", "1099511627776", ""},
		{"1025GiB", "", "too large"},
		{strings.Repeat("9", 39) + "GiB", "", "too large"},
		{strings.Repeat("9", 90) + "GiB", "", "not a size"},
		{"-1B", "", "negative"},
		{"0.5B", "", "not a whole number of bytes"},
		{"256", "", "such as 256B"},
		{"64k", "", "not a size"},
		{"64  KiB", "", "not a size"},
		{"KiB", "", "not a size"},
		{"1e9B", "", "not a size"},
	})
}

func TestPercent(t *testing.T) {
	check(t, "Percent", Percent, []row{
		{"10%", "0.1", ""},
		{"0%", "0", ""},
		{"100%", "1", ""},
		{"100.1%", "", "out of range"},
		{"-1%", "", "out of range"},
		{"0.1", "", "such as 0.1%"},
		{"NaN%", "", "not a share"},
		{"%", "", "not a share"},
	})
}

func TestRanges(t *testing.T) {
	check(t, "Durations", Durations, []row{
		{"1ms..5ms", "{1ms 5ms}", ""},
		{"5ms", "{5ms 5ms}", ""},
		{"5ms..5ms", "{5ms 5ms}", ""},
		{"5ms..1ms", "", "is empty: write the lower end first"},
		{"..5ms", "", "only one end"},
		{"5ms..", "", "only one end"},
		{"0.1ms...5ms", "", "too many dots"},
		{"1..5ms", "", "no unit"},
	})
	check(t, "PercentRange", pair(PercentRange), []row{
		{"20%..80%", "[0.2 0.8]", ""},
		{"20%", "[0.2 0.2]", ""},
		{"80%..20%", "", "empty"},
		{"20..80%", "", "no unit"},
	})
	check(t, "IntRange", pair(IntRange), []row{
		{"1000..5000", "[1000 5000]", ""},
		{"7", "[7 7]", ""},
		{"1000..99999999999999999999", "", "not a whole number"},
	})
}

func pair[T any](read func(Value) (T, T, error)) func(Value) ([2]T, error) {
	return func(v Value) ([2]T, error) {
		a, b, err := read(v)
		return [2]T{a, b}, err
	}
}

func TestRangePointsAtItsWrongEnd(t *testing.T) {
	v := Value{Pos: Pos{3, 10}, Kind: Scalar, Text: "1ms..lots"}
	_, err := Durations(v)
	if got := err.(*Error).Pos; got != (Pos{3, 15}) {
		t.Errorf("the error points at %v, want the second end at 3:15", got)
	}
	v.Quoted = true
	_, err = Durations(v)
	if got := err.(*Error).Pos; got != v.Pos {
		t.Errorf("in quotes the error points at %v, want the whole text at %v", got, v.Pos)
	}
}

// FuzzScalars holds that no text makes a reader panic or return what its doc excludes.
func FuzzScalars(f *testing.F) {
	for _, s := range []string{"1ms..5ms", "64KiB", "2000/s", "10%", "-1", "9e9", "..", "µs", "1.B", "99999999999999999999h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v := Text(s)
		if d, err := Durations(v); err == nil && (d.Min < 0 || d.Max < d.Min || d.Max > MaxDuration) {
			t.Errorf("Durations(%q) = %v", s, d)
		}
		if r, err := Rate(v); err == nil && !(r > 0 && r <= MaxRate) {
			t.Errorf("Rate(%q) = %v", s, r)
		}
		if n, err := Size(v); err == nil && (n < 0 || n > MaxSize) {
			t.Errorf("Size(%q) = %v", s, n)
		}
		if lo, hi, err := PercentRange(v); err == nil && !(0 <= lo && lo <= hi && hi <= 1) {
			t.Errorf("PercentRange(%q) = %v, %v", s, lo, hi)
		}
		if lo, hi, err := IntRange(v); err == nil && lo > hi {
			t.Errorf("IntRange(%q) = %v, %v", s, lo, hi)
		}
		if x, err := Float(v); err == nil && x != x {
			t.Errorf("Float(%q) = %v", s, x)
		}
		if _, err := Bool(v); err == nil && s != "true" && s != "false" {
			t.Errorf("Bool(%q) is no error", s)
		}
		Closest(s, []string{"publish", "subscribe", s})
	})
}

func TestDurationKeepsWholeTextShort(t *testing.T) {
	_, err := Duration(Text(strings.Repeat("x", 1<<20)))
	if len(err.Error()) > 400 {
		t.Errorf("the error is %d bytes long", len(err.Error()))
	}
	if d, err := Duration(Text("1h")); err != nil || d != time.Hour {
		t.Errorf("Duration(1h) = %v, %v", d, err)
	}
}
