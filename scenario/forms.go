package scenario

import (
	"time"

	"github.com/racebench/racebench/scenario/spec"
)

// shown names what stands at a value in a message.
func shown(v spec.Value) string {
	if v.Kind == spec.Scalar {
		return clip(v.Text)
	}
	return v.Kind.String()
}

// count reads a whole number from 1 to most.
func (r *reader) count(v spec.Value, into *int, most int64) {
	n, err := spec.Int(v)
	switch {
	case err != nil:
		r.errs.Add(err)
	case n < 1 || n > most:
		r.errs.Addf(v, "%d is out of range: write a whole number from 1 to %d", n, most)
	default:
		*into = int(n)
	}
}

// positive reads a duration above 0. Zero says what is wrong with 0.
func (r *reader) positive(v spec.Value, into *time.Duration, zero string) {
	d, err := spec.Duration(v)
	switch {
	case err != nil:
		r.errs.Add(err)
	case d == 0:
		r.errs.Addf(v, "%s %s", v.Text, zero)
	default:
		*into = d
	}
}

// words reads a list of different words, at least one.
func (r *reader) words(v spec.Value, what string) []spec.Value {
	if v.Kind != spec.List {
		r.errs.Addf(v, "%s where a list is needed: write [%s, …]", shown(v), what)
		return nil
	}
	if len(v.Items) == 0 {
		r.errs.Addf(v, "this list names no %s: name one or leave the field out", what)
	}
	var list []spec.Value
	seen := map[string]bool{}
	for _, item := range v.Items {
		text, err := spec.Word(item)
		switch {
		case err != nil:
			r.errs.Add(err)
		case seen[text]:
			r.errs.Addf(item, "%s %s is listed twice", what, clip(text))
		default:
			seen[text] = true
			list = append(list, item)
		}
	}
	return list
}

// maps reads a list of maps whose fields others read.
func (r *reader) maps(v spec.Value, example string) []spec.Value {
	if v.Kind != spec.List {
		r.errs.Addf(v, "%s where a list is needed: write - %s", shown(v), example)
		return nil
	}
	var list []spec.Value
	for _, item := range v.Items {
		if item.Kind != spec.Map {
			r.errs.Addf(item, "%s where a map is needed: write it such as %s", shown(item), example)
			continue
		}
		list = append(list, item)
	}
	return list
}

// settings reads a map whose fields others read. Their values are single values, which
// no setting can do without.
func (r *reader) settings(v spec.Value, example string) []spec.Field {
	if v.Kind != spec.Map {
		r.errs.Addf(v, "%s where a map is needed: write it such as %s", shown(v), example)
		return nil
	}
	for _, f := range v.Fields {
		if f.Value.Kind != spec.Scalar {
			r.errs.Addf(f.Value, "%s where %s needs a single value: write it such as %s", shown(f.Value), clip(f.Key.Text), example)
		}
	}
	return v.Fields
}
