// Package schema describes the words that a map of a scenario file has, and the form of their values.
//
// It is a leaf: the owner of a word (load of its fields, a target of its settings) describes it once. The JSON Schema
// for editors, the scenario's hash and the secrets that are not stored all follow from that one row.
package schema

import (
	"encoding/json"
	"strconv"

	"github.com/invopop/jsonschema"
)

// A Form is what values of a word look like, as a JSON Schema (draft 2020-12). It accepts what the word's reader
// accepts; most ranges of values are the reader's alone.
type Form = jsonschema.Schema

// A Word is one field of a map.
type Word struct {
	Name string
	Form *Form
	Help string // one line for editors

	Unit    bool   // a quantity: 1ms and 1000us are one value. Of other words every spelling is a value of its own.
	Default string // the value that says no more than leaving the word out; empty is none
	Like    string // another word of the map, whose value is the default of this one

	Holds Holding // what the values are in which secrets are looked for
}

// A Holding says what a value is, for those who look for secrets in it.
type Holding uint8

// What a value holds.
const (
	Texts     Holding = iota // URLs may have secrets in them, and queries
	Commands                 // a command: its flags, its variables, its headers
	Variables                // a map of variables; none of the values is kept
	Headers                  // a map of headers
)

// A Map is a map of known words.
type Map struct {
	Words    []Word
	Required []string // words that every map has
	AnyOf    []string // words of which a map has at least one
	OneOf    []string // words of which a map has exactly one
}

// Names lists the words.
func (m Map) Names() []string {
	names := make([]string, len(m.Words))
	for i, w := range m.Words {
		names[i] = w.Name
	}
	return names
}

// Find returns the word of that name.
func (m Map) Find(name string) (Word, bool) {
	for _, w := range m.Words {
		if w.Name == name {
			return w, true
		}
	}
	return Word{}, false
}

// Form is a map with these words and no others.
func (m Map) Form() *Form {
	f := With(&Form{Type: "object", AdditionalProperties: jsonschema.FalseSchema, Required: m.Required}, m.Words...)
	for _, name := range m.AnyOf {
		f.AnyOf = append(f.AnyOf, &Form{Required: []string{name}})
	}
	for _, name := range m.OneOf {
		f.OneOf = append(f.OneOf, &Form{Required: []string{name}})
	}
	return f
}

// With gives a form the words of a map, in this order.
func With(f *Form, words ...Word) *Form {
	f.Properties = jsonschema.NewProperties()
	for _, w := range words {
		form := *w.Form
		if w.Help != "" {
			form.Description = w.Help
		}
		f.Properties.Set(w.Name, &form)
	}
	return f
}

// Object is a map with these words and no others.
func Object(words ...Word) *Form { return Map{Words: words}.Form() }

// Open is a map whose keys others know.
func Open() *Form { return &Form{Type: "object", AdditionalProperties: Scalar()} }

// Never is a word that must not stand there.
func Never() *Form { return jsonschema.FalseSchema }

// Const is one certain value.
func Const(v any) *Form { return &Form{Const: v} }

// List is a list of values of one form.
func List(of *Form) *Form { return &Form{Type: "array", Items: of} }

// Some is a list of at least one value of a form.
func Some(of *Form) *Form {
	f, one := List(of), uint64(1)
	f.MinItems = &one
	return f
}

// NameOf is one of some names; where none is known, any word.
func NameOf(names []string) *Form {
	if len(names) == 0 {
		return Text()
	}
	return Enum(names...)
}

// WordList is a list of at least one of some names, none twice.
func WordList(names []string) *Form {
	f := Some(NameOf(names))
	f.UniqueItems = true
	return f
}

// Either takes values of both forms.
func Either(a, b *Form) *Form { return &Form{AnyOf: []*Form{a, b}} }

// Command is a program with its arguments: a list, or a text that is split as a shell does.
func Command() *Form { return Either(Text(), List(Scalar())) }

// Text is any text.
func Text() *Form { return &Form{Type: "string"} }

// Bool is true or false.
func Bool() *Form { return &Form{Type: "boolean"} }

// Scalar is any single value.
func Scalar() *Form {
	return &Form{AnyOf: []*Form{{Type: "string"}, {Type: "number"}, {Type: "boolean"}}}
}

// Enum is one of a few words.
func Enum(words ...string) *Form {
	f := &Form{}
	for _, w := range words {
		f.Enum = append(f.Enum, w)
	}
	return f
}

// Integer is a whole number from least to most.
func Integer(least, most int64) *Form { return integer(least, strconv.FormatInt(most, 10)) }

// Uint64 is any whole number that 64 bits hold.
func Uint64() *Form { return integer(0, strconv.FormatUint(1<<64-1, 10)) }

func integer(least int64, most string) *Form {
	return &Form{Type: "integer", Minimum: json.Number(strconv.FormatInt(least, 10)), Maximum: json.Number(most)}
}

// Pattern is a text that a regular expression matches.
func Pattern(p string) *Form { return &Form{Type: "string", Pattern: p} }

// The scalars that have a unit.
const (
	decimal  = `([0-9]+(\.[0-9]+)?|\.[0-9]+)`
	duration = `(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+`
)

// Duration is a duration such as 250ms.
func Duration() *Form { return Pattern(`^\+?` + duration + `$`) }

// Durations is a range of durations such as 1ms..5ms, or one.
func Durations() *Form { return Pattern(`^\+?` + duration + `(\.\.\+?` + duration + `)?$`) }

// Rate is a rate such as 2000/s.
func Rate() *Form { return Pattern(`^\+?` + decimal + `/s$`) }

// Size is a size such as 64KiB.
func Size() *Form { return Pattern(`^\+?` + decimal + ` ?(B|kB|KB|MB|GB|KiB|MiB|GiB)$`) }

// Percent is a share such as 10%.
func Percent() *Form { return Pattern(`^\+?` + decimal + `%$`) }

// Date is a day such as 2027-01-31.
func Date() *Form { return Pattern(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`) }
