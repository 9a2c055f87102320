package scenario

import (
	"fmt"
	"strconv"
	"time"

	"github.com/racebench/racebench/scenario/schema"
	"github.com/racebench/racebench/scenario/spec"
)

// A Vocabulary is what the owners of load, inject, external and services say of their words. This package knows that a
// scenario has them, and none of what stands in them.
type Vocabulary struct {
	Load     schema.Map // an entry of load
	Inject   schema.Map // an entry of inject
	External schema.Map // a program
	Service  schema.Map // one of what stands beside it

	Targets, Variants, Invariants []string // the names there are; none: any word
}

// A word is one field of a map, declared once: everything that reads, writes, hashes or describes the map goes
// through its words.
type word[T any] struct {
	name  string
	help  string                                       // one line for editors
	form  func(of Vocabulary) *schema.Form             // what editors accept
	read  func(r *reader, v spec.Value, into *T)       // adds what is wrong to r's errors
	write func(from *T) spec.Value                     // in normal form; what is empty is left out
	unit  func(v spec.Value, of Vocabulary) spec.Value // the form of what write returns that counts for the hash; nil: the word shapes no trial

	evenEmpty bool // an empty map says something, and is written
	shared    bool // a project may give it a default: it means the same for every target
}

// words are the fields of a scenario, in the order they are documented and written. Target comes early because
// defaults and other fields depend on it.
var words = []word[Scenario]{
	{
		name: "name", help: "names the scenario in results; small letters, digits and -",
		form: always(schema.Either(schema.Pattern(scenarioNamePattern), schema.Either(&schema.Form{Type: "integer"}, schema.Bool()))), read: (*reader).name,
		write: func(s *Scenario) spec.Value { return wordValue(s.Name) },
	},
	{
		name: "target", help: "the system under test, or external for any program",
		form: func(of Vocabulary) *schema.Form { return schema.NameOf(of.Targets) }, read: (*reader).target, unit: asWritten,
		write: func(s *Scenario) spec.Value { return s.Target },
	},
	nameList("variants", "variant", "designs of the target; default [reference]", func(of Vocabulary) []string { return of.Variants },
		func(s *Scenario) *[]spec.Value { return &s.Variants }),
	{
		name: "engine", help: "real: goroutines, sockets, a real signal; sim: simulated tasks and time",
		form: always(schema.Enum(string(Real), string(Sim))), read: (*reader).engine, unit: asWritten,
		write: func(s *Scenario) spec.Value { return spec.Text(string(s.Engine)) },
	},
	ofProject(whole("trials", MaxTrials, fmt.Sprintf("how many trials of each variant; default %d", DefaultTrials),
		func(s *Scenario) *int { return &s.Trials })),
	{
		name: "seed", help: "where all chance comes from; default: drawn and printed",
		form: always(schema.Uint64()), read: (*reader).seed, shared: true,
		write: func(s *Scenario) spec.Value {
			if s.Seed == nil {
				return spec.Value{}
			}
			return spec.Text(s.Seed.String())
		},
	},
	ofProject(lasting("duration", fmt.Sprintf("how long load is offered; default %s", DefaultDuration),
		"offers no load: write how long it lasts, such as 2s", func(s *Scenario) *time.Duration { return &s.Duration })),
	ofProject(lasting("drain_limit", fmt.Sprintf("how long a drain may take; default %s, for programs %s", DefaultDrainLimit, DefaultExternalDrainLimit),
		"leaves no time to drain: write how long a drain may take, such as 2s", func(s *Scenario) *time.Duration { return &s.DrainLimit })),
	{
		name: "owner", help: "who is told of a finding",
		form: always(schema.Scalar()), read: (*reader).owner, shared: true,
		write: func(s *Scenario) spec.Value { return quoted(s.Owner) },
	},
	settings("knobs", "{mailbox: 128}", "the target's own settings; racebench list knobs TARGET", func(s *Scenario) *[]spec.Field { return &s.Knobs }),
	{
		name: "external", help: "the program to test, when target is external",
		form: func(of Vocabulary) *schema.Form { return of.External.Form() }, read: (*reader).external,
		unit: asWritten, evenEmpty: true,
		write: func(s *Scenario) spec.Value {
			if s.External == nil {
				return spec.Value{}
			}
			return *s.External
		},
	},
	{
		name: "services", help: "what stands beside the program, by name: started before it, data kept over its restart, ended last; {NAME} is a free port",
		form: func(of Vocabulary) *schema.Form {
			return &schema.Form{Type: "object", AdditionalProperties: of.Service.Form()}
		},
		read: (*reader).services, unit: asWritten,
		write: func(s *Scenario) spec.Value { return s.Services },
	},
	entries("load", "{op: publish, clients: 8}", "what clients do", func(of Vocabulary) schema.Map { return of.Load }, normalGroup,
		func(s *Scenario) *[]spec.Value { return &s.Load }),
	entries("inject", "{signal: SIGTERM, at: 20%..80%}", "what strikes the target, and when", func(of Vocabulary) schema.Map { return of.Inject },
		func(v spec.Value, _ schema.Map) spec.Value { return normalValue(v) }, func(s *Scenario) *[]spec.Value { return &s.Inject }),
	settings("widen", "{stage1.between-check-and-send: 1ms}", "windows held open, each with how long; racebench list windows TARGET",
		func(s *Scenario) *[]spec.Field { return &s.Widen }),
	nameList("expect", "invariant", "invariants to check; default: all that the target promises", func(of Vocabulary) []string { return of.Invariants },
		func(s *Scenario) *[]spec.Value { return &s.Expect }),
	nameList("secret", "name", "headers, variables, parameters and flags whose values are not kept, beside those whose names say so",
		func(Vocabulary) []string { return nil }, func(s *Scenario) *[]spec.Value { return &s.Secret }),
	{
		name: "known", help: "breaches that are expected: shown, not failing",
		form: always(schema.List(knownForm())), read: (*reader).known,
		write: func(s *Scenario) spec.Value {
			return listOf(s.Known, func(k Known) spec.Value { return writeFields(knownWords, &k) })
		},
	},
	{
		name: "thresholds", help: "bounds such as p99(publish) < 25ms",
		form: always(schema.List(schema.Pattern(metricPattern + `(<|<=|>|>=)\s*\S+\s*$`))), read: (*reader).thresholds,
		write: func(s *Scenario) spec.Value {
			return listOf(s.Thresholds, func(t Threshold) spec.Value { return spec.Text(t.String()) })
		},
	},
	{
		name: "regression", help: "how much worse than the baseline a metric may be",
		form: always(regressionForm()), read: (*reader).regression,
		write: func(s *Scenario) spec.Value {
			v := spec.Value{Kind: spec.Map}
			for _, t := range s.Regression {
				v.Fields = append(v.Fields, spec.Field{Key: spec.Text(t.Metric.String()), Value: spec.Text(percent(t.Share))})
			}
			return v
		},
	},
	{
		name: "sim", help: "the small world that engine sim searches",
		form: always(schema.Object(described(simWords, Vocabulary{})...)), read: (*reader).sim, unit: inOneSpelling,
		write: func(s *Scenario) spec.Value { return writeFields(simWords, &s.Sim) },
	},
}

// simWords are the fields of sim.
var simWords = []word[SimWorld]{
	settings("knobs", "{mailbox: 4}", "settings over those of the scenario", func(w *SimWorld) *[]spec.Field { return &w.Knobs }),
	whole("ops", maxSim, "operations of a trial", func(w *SimWorld) *int { return &w.Ops }),
	whole("clients", maxSim, "clients of a trial", func(w *SimWorld) *int { return &w.Clients }),
	whole("max_steps", maxSim, "scheduling steps after which a trial is void", func(w *SimWorld) *int { return &w.MaxSteps }),
	{
		name: "vary", help: "true: worlds are drawn around this one", form: always(schema.Bool()), unit: asWritten,
		read: (*reader).vary,
		write: func(w *SimWorld) spec.Value {
			if !w.Vary {
				return spec.Value{}
			}
			return spec.Text("true")
		},
	},
}

// ofProject lets a project give a word a default.
func ofProject(w word[Scenario]) word[Scenario] {
	w.shared = true
	return w
}

// whole is a word with a whole number from 1 to most; 0 is not written.
func whole[T any](name string, most int64, help string, at func(*T) *int) word[T] {
	return word[T]{
		name: name, help: help, form: always(schema.Integer(1, most)),
		read: func(r *reader, v spec.Value, into *T) { r.count(v, at(into), most) },
		write: func(from *T) spec.Value {
			if n := *at(from); n != 0 {
				return spec.Text(strconv.Itoa(n))
			}
			return spec.Value{}
		},
	}
}

// lasting is a word with a duration that shapes a trial. Zero says what is wrong with 0.
func lasting(name, help, zero string, at func(*Scenario) *time.Duration) word[Scenario] {
	return word[Scenario]{
		name: name, help: help, form: always(schema.Duration()), unit: asWritten,
		read:  func(r *reader, v spec.Value, into *Scenario) { r.positive(v, at(into), zero) },
		write: func(from *Scenario) spec.Value { return spec.Text(at(from).String()) },
	}
}

// nameList is a word with a list of different names. What says of what.
func nameList(name, what, help string, known func(Vocabulary) []string, at func(*Scenario) *[]spec.Value) word[Scenario] {
	return word[Scenario]{
		name: name, help: help, form: func(of Vocabulary) *schema.Form { return schema.WordList(known(of)) },
		read:  func(r *reader, v spec.Value, into *Scenario) { *at(into) = r.words(v, what) },
		write: func(from *Scenario) spec.Value { return spec.Value{Kind: spec.List, Items: *at(from)} },
	}
}

// settings is a word with a map whose keys others read.
func settings[T any](name, example, help string, at func(*T) *[]spec.Field) word[T] {
	return word[T]{
		name: name, help: help, form: always(schema.Open()), unit: inOneSpelling,
		read:  func(r *reader, v spec.Value, into *T) { *at(into) = r.settings(v, example) },
		write: func(from *T) spec.Value { return spec.Value{Kind: spec.Map, Fields: *at(from)} },
	}
}

// entries is a word with a list of maps whose words are another package's. Unit is the form of one that counts for
// the hash.
func entries(name, example, help string, owner func(Vocabulary) schema.Map, unit func(spec.Value, schema.Map) spec.Value, at func(*Scenario) *[]spec.Value) word[Scenario] {
	return word[Scenario]{
		name: name, help: help,
		form: func(of Vocabulary) *schema.Form { return schema.Some(owner(of).Form()) },
		read: func(r *reader, v spec.Value, into *Scenario) {
			if v.Kind == spec.List && len(v.Items) == 0 {
				r.errs.Addf(v, "this list is empty: leave %s out for the default, or write an entry such as - %s", name, example)
			}
			*at(into) = r.maps(v, example)
		},
		write: func(from *Scenario) spec.Value { return spec.Value{Kind: spec.List, Items: *at(from)} },
		unit: func(v spec.Value, of Vocabulary) spec.Value {
			return listOf(v.Items, func(item spec.Value) spec.Value { return unit(item, owner(of)) })
		},
	}
}

// always is a form that hangs on no vocabulary.
func always(f *schema.Form) func(Vocabulary) *schema.Form {
	return func(Vocabulary) *schema.Form { return f }
}

// The units of words: what of their values counts for the hash.
func asWritten(v spec.Value, _ Vocabulary) spec.Value     { return v }
func inOneSpelling(v spec.Value, _ Vocabulary) spec.Value { return normalValue(v) }

// described returns words as editors see them.
func described[T any](words []word[T], of Vocabulary) []schema.Word {
	all := make([]schema.Word, len(words))
	for i, w := range words {
		all[i] = schema.Word{Name: w.name, Form: w.form(of), Help: w.help}
	}
	return all
}

// listOf makes a list of values of each of some things.
func listOf[T any](all []T, value func(T) spec.Value) spec.Value {
	v := spec.Value{Kind: spec.List}
	for _, one := range all {
		v.Items = append(v.Items, value(one))
	}
	return v
}
