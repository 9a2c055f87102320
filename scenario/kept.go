package scenario

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/racebench/racebench/scenario/schema"
	"github.com/racebench/racebench/scenario/secret"
	"github.com/racebench/racebench/scenario/spec"
)

// leftOut stands for a secret that nobody has.
const leftOut = "left-out"

// FromOutside is what Filled has put into a scenario.
type FromOutside struct {
	Texts  map[Filling]string // what stood there before
	Values map[string]string  // by name
}

// A Filling is a value that Filled has changed: where it is, and what it is now.
type Filling struct {
	At   spec.Pos
	Text string
}

// Kept returns the scenario as it may stay on disk: secrets are replaced by their names. The hash is the same.
func (s Scenario) Kept(of Vocabulary) Scenario { return s.keep(of, func(value, name string) {}) }

// Secrets returns what Kept leaves out, as NAME=value, and notes it for those who print and store texts.
func (s Scenario) Secrets(of Vocabulary) []string {
	var all []string
	for name, value := range s.FromOutside.Values {
		all = append(all, name+"="+value)
	}
	slices.Sort(all)
	s.keep(of, func(value, name string) {
		if secret.Called(name, listed(s.Secret)...) || secret.Looks(value) {
			secret.Note(value, name)
		}
		if line := name + "=" + value; !slices.Contains(all, line) {
			all = append(all, line)
		}
	})
	return all
}

// A keeper gives secrets their names.
type keeper struct {
	s      Scenario
	names  map[string]string // by value
	taken  map[string]bool
	listed []string // what the user says are names of secrets
	found  func(value, name string)
}

func (s Scenario) keep(of Vocabulary, found func(value, name string)) Scenario {
	k := &keeper{s: s, names: map[string]string{}, taken: map[string]bool{}, listed: listed(s.Secret), found: found}
	for _, name := range slices.Sorted(maps.Keys(s.FromOutside.Values)) { // two names may have one value: the last counts
		k.names[s.FromOutside.Values[name]], k.taken[name] = name, true
	}
	if s.External != nil {
		external := k.fields(*s.External, of.External)
		s.External = &external
	}
	s.Services.Fields = slices.Clone(s.Services.Fields)
	for i, f := range s.Services.Fields {
		s.Services.Fields[i].Value = k.fields(f.Value, of.Service)
	}
	s.Load = listOf(s.Load, func(g spec.Value) spec.Value { return k.fields(g, of.Load) }).Items
	return s
}

// name is what a value is called where it is left out.
func (k *keeper) name(value, want string) string {
	if name, ok := k.names[value]; ok {
		k.found(value, name)
		return name
	}
	name := want
	for n := 2; k.taken[name]; n++ {
		name = fmt.Sprintf("%s_%d", want, n)
	}
	k.names[value], k.taken[name] = name, true
	k.found(value, name)
	return name
}

// listed are the names that the user says are of secrets.
func listed(values []spec.Value) []string {
	var names []string
	for _, v := range values {
		names = append(names, v.Text)
	}
	return names
}

// fields keeps a map of known words.
func (k *keeper) fields(m spec.Value, of schema.Map) spec.Value {
	m.Fields = slices.Clone(m.Fields)
	for i, f := range m.Fields {
		w, _ := of.Find(f.Key.Text)
		m.Fields[i].Value = k.value(f.Value, w.Holds)
	}
	return m
}

func (k *keeper) value(v spec.Value, holds schema.Holding) spec.Value {
	switch {
	case v.Kind == spec.Map && (holds == schema.Variables || holds == schema.Headers):
		v.Fields = slices.Clone(v.Fields)
		for i, f := range v.Fields {
			v.Fields[i].Value = k.entry(f, holds)
		}
	case v.Kind == spec.Map:
		v.Fields = slices.Clone(v.Fields)
		for i, f := range v.Fields {
			v.Fields[i].Value = k.value(f.Value, holds)
		}
	case v.Kind == spec.List && holds == schema.Commands:
		v.Items = slices.Clone(v.Items)
		words := make([]string, len(v.Items))
		for i, item := range v.Items {
			words[i] = item.Text
		}
		for i, spans := range secret.Words(words, k.listed...) {
			v.Items[i] = k.scalar(v.Items[i], spans)
		}
	case v.Kind == spec.List:
		v = listOf(v.Items, func(item spec.Value) spec.Value { return k.value(item, holds) })
	case v.Kind == spec.Scalar && holds == schema.Commands:
		v = k.scalar(v, secret.Words([]string{v.Text + " "}, k.listed...)[0])
	case v.Kind == spec.Scalar:
		v = k.scalar(v, secret.Text(v.Text, k.listed...))
	}
	return v
}

// entry keeps one variable or header. Of a variable no value is kept that is not made when the program starts.
func (k *keeper) entry(f spec.Field, holds schema.Holding) spec.Value {
	name := f.Key.Text
	if f.Value.Kind != spec.Scalar {
		return f.Value
	}
	spans := secret.Value(name, f.Value.Text, k.listed...)
	if _, names := secret.Fill(f.Value.Text, secret.Placeholder); holds == schema.Variables && len(names) == 0 && !isPlace(f.Value.Text) {
		spans = []secret.Span{{From: 0, To: len(f.Value.Text), Name: secret.Name(name)}}
	}
	return k.scalar(f.Value, spans)
}

// isPlace says whether a variable's value is only where the program is to listen, or to keep its data.
func isPlace(value string) bool {
	value = strings.TrimPrefix(strings.TrimPrefix(value, "127.0.0.1"), "localhost")
	return slices.Contains([]string{"{port}", ":{port}", "{data}"}, value)
}

// scalar keeps one value. What Filled has put there is what it was before.
func (k *keeper) scalar(v spec.Value, spans []secret.Span) spec.Value {
	if before, ok := k.s.FromOutside.Texts[Filling{v.Pos, v.Text}]; ok {
		v.Text, v.Quoted = before, true
		return v
	}
	if len(spans) == 0 {
		return v
	}
	text := v.Text
	v.Text = secret.Replace(text, spans, func(s secret.Span) string { return secret.Placeholder(k.name(text[s.From:s.To], s.Name)) })
	v.Quoted = true
	return v
}

// Filled returns the scenario with the secrets filled in that it leaves out. Missing lists the names that nobody knows;
// their values say so.
func (s Scenario) Filled(of Vocabulary, lookup func(name string) (string, bool)) (filled Scenario, missing []string) {
	in := FromOutside{map[Filling]string{}, map[string]string{}}
	find := func(name string) string {
		value, ok := lookup(name)
		if !ok {
			if !slices.Contains(missing, name) {
				missing = append(missing, name)
			}
			return leftOut
		}
		secret.Note(value, name)
		in.Values[name] = value
		return value
	}
	fill := func(v spec.Value) spec.Value {
		text, names := secret.Fill(v.Text, find)
		if len(names) > 0 {
			in.Texts[Filling{v.Pos, text}], v.Text, v.Quoted = v.Text, text, true
		}
		return v
	}
	if s.External != nil {
		external := eachScalar(*s.External, fill)
		s.External = &external
	}
	s.Services = eachScalar(s.Services, fill)
	s.Load = listOf(s.Load, func(g spec.Value) spec.Value { return eachScalar(g, fill) }).Items
	s.FromOutside = in
	return s, missing
}

// eachScalar returns a value with every scalar in it changed. The value itself is left alone.
func eachScalar(v spec.Value, change func(spec.Value) spec.Value) spec.Value {
	switch v.Kind {
	case spec.Scalar:
		return change(v)
	case spec.List:
		return listOf(v.Items, func(item spec.Value) spec.Value { return eachScalar(item, change) })
	case spec.Map:
		v.Fields = slices.Clone(v.Fields)
		for i, f := range v.Fields {
			v.Fields[i].Value = eachScalar(f.Value, change)
		}
	}
	return v
}
