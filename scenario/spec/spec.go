// Package spec holds values that remember where they were written, and errors
// that point there.
//
// It is a leaf: whoever owns a word of the scenario file (a target its knobs, a
// fault its triggers) reads it from a [Value] and reports with [Errorf], so that
// every mistake keeps its line and column however deep it was found.
package spec

import "unicode/utf8"

// A Pos is a place in a scenario file. The zero Pos is no place: the value came
// from a flag or is a default.
type Pos struct {
	Line int // from 1
	Col  int // from 1, in characters, not bytes
}

// IsZero reports whether p is no place in a file.
func (p Pos) IsZero() bool { return p == Pos{} }

// before orders places; no place comes first.
func (p Pos) before(q Pos) bool {
	if p.Line != q.Line {
		return p.Line < q.Line
	}
	return p.Col < q.Col
}

// Kind is the form of a [Value].
type Kind uint8

// The forms a value can have. Null, the zero Kind, is a value left empty.
const (
	Null Kind = iota
	Scalar
	List
	Map
)

// String names the kind as error messages do.
func (k Kind) String() string {
	switch k {
	case Null:
		return "nothing"
	case Scalar:
		return "a single value"
	case List:
		return "a list"
	case Map:
		return "a map"
	}
	return "an unknown form"
}

// A Value is one node of a scenario file, not yet interpreted.
type Value struct {
	Pos    Pos
	Kind   Kind
	Text   string  // of a scalar, as written, without quotes
	Quoted bool    // the scalar stood in quotes or in a block, so it is text even if it looks like a number
	Items  []Value // of a list
	Fields []Field // of a map, in the order written, no key twice
}

// A Field is one entry of a map. Key.Text is the word.
type Field struct {
	Key, Value Value
}

// Text returns a scalar without a place, for flags and defaults.
func Text(s string) Value { return Value{Kind: Scalar, Text: s} }

// Get returns the value of key in a map, and whether it is there. Values of
// other kinds have no keys.
func (v Value) Get(key string) (Value, bool) {
	for _, f := range v.Fields {
		if f.Key.Text == key {
			return f.Value, true
		}
	}
	return Value{}, false
}

// found names what stands at v, for messages of the form "X is not …".
func (v Value) found() string {
	if v.Kind != Scalar {
		return v.Kind.String()
	}
	return quote(v.Text)
}

// Part returns the piece of a scalar's text between two byte offsets, with its own
// place, so that an error can point into an expression. In quotes an escape may take
// more characters than it means, so there the place stays that of the whole text.
func (v Value) Part(from, to int) Value {
	part := v
	part.Text = v.Text[from:to]
	if !v.Pos.IsZero() && !v.Quoted {
		part.Pos.Col += utf8.RuneCountInString(v.Text[:from])
	}
	return part
}
