package targets

import (
	"fmt"
	"slices"
	"time"

	"github.com/racebench/racebench/scenario/spec"
)

// KnobKind is the type of a knob's value.
type KnobKind uint8

// The kinds of knobs.
const (
	IntKnob KnobKind = iota
	DurationKnob
	WordKnob
	BoolKnob
)

// A Knob is one setting of a target.
type Knob struct {
	Name, Summary string
	Kind          KnobKind
	Default       string
	Min, Max      int64    // of an IntKnob, inclusive; of a DurationKnob, in nanoseconds
	Words         []string // of a WordKnob
	// Suspends are the promises that a knob breaks by itself: any value but the default plants a fault, which is not the
	// design's. They are not judged then, unless a scenario expects them by name.
	Suspends []string
	// Small are the values that the knob takes in worlds that are drawn; one that has none keeps that of the scenario.
	Small []string
	// Faults are values that plant a fault, which is not the design's. Few drawn worlds have one, and never two.
	Faults []string
}

// Knobs are a target's settings, all of them, checked.
type Knobs struct {
	ints     map[string]int64
	words    map[string]string
	set      map[string]bool
	declared []Knob
}

// ParseKnobs checks the settings of a scenario against the target's table and fills in the defaults.
// Every error is added to errs with its place.
func ParseKnobs(table []Knob, fields []spec.Field, errs *spec.Errors) Knobs {
	k := Knobs{ints: map[string]int64{}, words: map[string]string{}, set: map[string]bool{}, declared: table}
	names := make([]string, len(table))
	for i, knob := range table {
		names[i] = knob.Name
		k.put(knob, spec.Text(knob.Default), errs)
	}
	for _, f := range fields {
		i := slices.Index(names, f.Key.Text)
		if i < 0 {
			errs.Add(spec.Unknown(f.Key, "knob", names))
			continue
		}
		k.set[f.Key.Text] = true
		k.put(table[i], f.Value, errs)
	}
	return k
}

func (k Knobs) put(knob Knob, v spec.Value, errs *spec.Errors) {
	switch knob.Kind {
	case IntKnob:
		n, err := spec.Int(v)
		k.number(knob, v, n, err, fmt.Sprint(knob.Min), fmt.Sprint(knob.Max), errs)
	case DurationKnob:
		d, err := spec.Duration(v)
		k.number(knob, v, int64(d), err, time.Duration(knob.Min).String(), time.Duration(knob.Max).String(), errs)
	case BoolKnob:
		b, err := spec.Bool(v)
		errs.Add(err)
		if b {
			k.ints[knob.Name] = 1
		} else {
			k.ints[knob.Name] = 0
		}
	case WordKnob:
		if !slices.Contains(knob.Words, v.Text) {
			errs.Add(spec.Unknown(v, knob.Name, knob.Words))
			return
		}
		k.words[knob.Name] = v.Text
	}
}

func (k Knobs) number(knob Knob, v spec.Value, n int64, err error, low, high string, errs *spec.Errors) {
	if err != nil {
		errs.Add(err)
		return
	}
	if n < knob.Min || n > knob.Max {
		errs.Addf(v, "knob %s is %s; it must be between %s and %s", knob.Name, v.Text, low, high)
		return
	}
	k.ints[knob.Name] = n
}

// Int returns an integer setting.
func (k Knobs) Int(name string) int { return int(k.ints[name]) }

// Duration returns a duration setting.
func (k Knobs) Duration(name string) time.Duration { return time.Duration(k.ints[name]) }

// Word returns a word setting.
func (k Knobs) Word(name string) string { return k.words[name] }

// Bool returns a yes-or-no setting.
func (k Knobs) Bool(name string) bool { return k.ints[name] != 0 }

// Suspended are the promises that the settings break by themselves, in the order of the table.
func (k Knobs) Suspended() []string {
	values, all := k.Values(), []string(nil)
	for _, knob := range k.declared {
		if len(knob.Suspends) > 0 && values[knob.Name] != knob.Default {
			all = append(all, knob.Suspends...)
		}
	}
	return all
}

// Set says whether the scenario gave the knob a value of its own.
func (k Knobs) Set(name string) bool { return k.set[name] }

// Values returns every setting as text, by name, for the result.
func (k Knobs) Values() map[string]string {
	out := make(map[string]string, len(k.declared))
	for _, knob := range k.declared {
		switch knob.Kind {
		case WordKnob:
			out[knob.Name] = k.words[knob.Name]
		case DurationKnob:
			out[knob.Name] = k.Duration(knob.Name).String()
		case BoolKnob:
			out[knob.Name] = fmt.Sprint(k.Bool(knob.Name))
		default:
			out[knob.Name] = fmt.Sprint(k.ints[knob.Name])
		}
	}
	return out
}
