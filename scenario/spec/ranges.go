package spec

import (
	"strings"
	"time"
)

// A DurationRange is every duration from Min to Max, both included. One duration is
// a range whose ends are equal.
type DurationRange struct{ Min, Max time.Duration }

// Durations reads a range of durations such as 1ms..5ms, or one duration.
func Durations(v Value) (DurationRange, error) {
	lo, hi, err := ends(v, "durations", "1ms..5ms", Duration)
	return DurationRange{lo, hi}, err
}

// IntRange reads a range of whole numbers such as 1000..5000, or one number. Both
// ends are included.
func IntRange(v Value) (lowest, highest int64, err error) {
	return ends(v, "whole numbers", "1000..5000", Int)
}

// PercentRange reads a range of shares such as 20%..80%, or one share, as fractions
// from 0 to 1. Both ends are included.
func PercentRange(v Value) (lowest, highest float64, err error) {
	return ends(v, "shares", "20%..80%", Percent)
}

// ends reads both ends of a range with the reader of one value. An error in an end
// points at that end.
func ends[T interface{ ~int64 | ~float64 }](v Value, what, example string, read func(Value) (T, error)) (lo, hi T, err error) {
	if v.Kind != Scalar {
		return 0, 0, Errorf(v, "%s is not a range of %s: write one such as %s", v.found(), what, example)
	}
	from, to, ok := strings.Cut(v.Text, "..")
	if !ok {
		lo, err = read(v)
		return lo, lo, err
	}
	low, high := v.Part(0, len(from)), v.Part(len(from)+len(".."), len(v.Text))
	if from == "" || strings.Trim(to, ".") == "" {
		return 0, 0, Errorf(v, "%s has only one end: write both, such as %s", v.found(), example)
	}
	if strings.HasPrefix(to, ".") {
		// The third dot would be read as the point of a fraction.
		return 0, 0, Errorf(v, "%s has too many dots: write two, such as %s", v.found(), example)
	}
	if lo, err = read(low); err != nil {
		return 0, 0, err
	}
	if hi, err = read(high); err != nil {
		return 0, 0, err
	}
	if lo > hi {
		return 0, 0, Errorf(v, "the range %s is empty: write the lower end first, such as %s", v.found(), example)
	}
	return lo, hi, nil
}
