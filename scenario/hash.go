package scenario

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/racebench/racebench/scenario/schema"
	"github.com/racebench/racebench/scenario/spec"
)

// Hash identifies what shapes a trial: the words whose rows say so, in the form that their rows give. It is 32
// hexadecimal digits. Scenarios that differ only in spelling (order of keys, 1ms or 1000us, a default left out or
// written) have the same one. Knobs count as written, because their defaults are the target's. Of a
// secret its name counts.
func (s Scenario) Hash(of Vocabulary) string {
	s = s.Kept(of)
	root := spec.Value{Kind: spec.Map}
	for _, w := range words {
		if w.unit == nil {
			continue
		}
		if v := w.unit(w.write(&s), of); !isEmpty(v) {
			root.Fields = append(root.Fields, spec.Field{Key: spec.Text(w.name), Value: v})
		}
	}
	sum := sha256.Sum256(appendValue(nil, root))
	return hex.EncodeToString(sum[:16])
}

// appendValue appends a form of v in which two values are equal exactly when their
// texts, lists and maps are, whatever their places, quotes and order of keys.
func appendValue(b []byte, v spec.Value) []byte {
	b = append(b, byte(v.Kind))
	switch v.Kind {
	case spec.Scalar:
		b = appendText(b, v.Text)
	case spec.List:
		b = binary.AppendUvarint(b, uint64(len(v.Items)))
		for _, item := range v.Items {
			b = appendValue(b, item)
		}
	case spec.Map:
		b = binary.AppendUvarint(b, uint64(len(v.Fields)))
		sorted := slices.SortedFunc(slices.Values(v.Fields), func(x, y spec.Field) int {
			return strings.Compare(x.Key.Text, y.Key.Text)
		})
		for _, f := range sorted {
			b = appendValue(appendText(b, f.Key.Text), f.Value)
		}
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// normalGroup normalises a load group and drops fields that say what is the default: two scenarios that do the same
// must have one hash.
func normalGroup(v spec.Value, of schema.Map) spec.Value {
	var fields []spec.Field
	for _, f := range v.Fields {
		w, _ := of.Find(f.Key.Text)
		if w.Unit {
			f.Value = normalValue(f.Value)
		}
		like, named := v.Get(w.Like)
		if w.Default != "" && f.Value.Text == w.Default || named && like.Kind == spec.Scalar && like.Text == f.Value.Text {
			continue
		}
		fields = append(fields, f)
	}
	v.Fields = fields
	return v
}

// normalValue rewrites every quantity in v in one spelling.
func normalValue(v spec.Value) spec.Value {
	switch v.Kind {
	case spec.Scalar:
		v.Text = normalText(v)
	case spec.List:
		v = listOf(v.Items, normalValue)
	case spec.Map:
		fields := make([]spec.Field, len(v.Fields))
		for i, f := range v.Fields {
			fields[i] = spec.Field{Key: f.Key, Value: normalValue(f.Value)}
		}
		v.Fields = fields
	}
	return v
}

// normalText returns a number, duration, rate, size, share or a range of them in one
// spelling, and any other text with single blanks. The units tell the forms apart, so
// no text is two of them.
func normalText(v spec.Value) string {
	v = spec.Text(v.Text)
	if d, err := spec.Durations(v); err == nil {
		return span(d.Min.String(), d.Max.String())
	}
	if lo, hi, err := spec.IntRange(v); err == nil {
		return span(strconv.FormatInt(lo, 10), strconv.FormatInt(hi, 10))
	}
	if lo, hi, err := spec.PercentRange(v); err == nil {
		return span(percent(lo), percent(hi))
	}
	if n, err := spec.Size(v); err == nil {
		return strconv.FormatInt(n, 10) + "B"
	}
	if f, err := spec.Rate(v); err == nil {
		return strconv.FormatFloat(f, 'g', -1, 64) + "/s"
	}
	if f, err := spec.Float(v); err == nil {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return strings.Join(strings.Fields(v.Text), " ")
}

// span writes a range, and one whose ends are equal as the one value it is.
func span(lo, hi string) string {
	if lo == hi {
		return lo
	}
	return lo + ".." + hi
}
