package scenario

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/racebench/racebench/scenario/spec"
)

// maxSim bounds the numbers of the small world. It is small: past this a search would
// not finish.
const maxSim = 1_000_000_000

// scenarioName is what a scenario may be called: it becomes part of file names.
var scenarioName = regexp.MustCompile(`^[a-z0-9-]{1,100}$`)

// reader reads a scenario and goes on past every mistake.
type reader struct {
	now  time.Time
	errs *spec.Errors
	s    Scenario
}

// A word is one field of a map and what reads it.
type word struct {
	name string
	read func(r *reader, v spec.Value)
}

// words are the fields of a scenario, in the order they are documented and written.
// Target comes early because defaults and other fields depend on it.
var words = []word{
	{"name", (*reader).name},
	{"target", (*reader).target},
	{"variants", func(r *reader, v spec.Value) { r.s.Variants = r.words(v, "variant") }},
	{"engine", (*reader).engine},
	{"trials", func(r *reader, v spec.Value) { r.count(v, &r.s.Trials, MaxTrials) }},
	{"seed", (*reader).seed},
	{"duration", func(r *reader, v spec.Value) {
		r.positive(v, &r.s.Duration, "offers no load: write how long it lasts, such as 2s")
	}},
	{"drain_limit", func(r *reader, v spec.Value) {
		r.positive(v, &r.s.DrainLimit, "leaves no time to drain: write how long a drain may take, such as 2s")
	}},
	{"owner", (*reader).owner},
	{"knobs", func(r *reader, v spec.Value) { r.s.Knobs = r.settings(v, "{mailbox: 128}") }},
	{"external", (*reader).external},
	{"load", func(r *reader, v spec.Value) { r.s.Load = r.maps(v, "{op: publish, clients: 8}") }},
	{"inject", func(r *reader, v spec.Value) { r.s.Inject = r.maps(v, "{signal: SIGTERM, at: 20%..80%}") }},
	{"widen", func(r *reader, v spec.Value) { r.s.Widen = r.settings(v, "{stage1.between-check-and-send: 1ms}") }},
	{"expect", func(r *reader, v spec.Value) { r.s.Expect = r.words(v, "invariant") }},
	{"known", (*reader).known},
	{"thresholds", (*reader).thresholds},
	{"regression", (*reader).regression},
	{"sim", (*reader).sim},
}

// scenario reads the whole document.
func (r *reader) scenario(root spec.Value) {
	if root.Kind != spec.Map {
		r.errs.Addf(root, "a scenario is a map of fields, not %s: begin it with a line such as name: first", root.Kind)
		return
	}
	r.fields(root, words)
	for _, required := range []string{"name", "target"} {
		if _, ok := root.Get(required); !ok {
			r.errs.Addf(root, "the scenario has no %s: write %s: …", required, required)
		}
	}
	r.settle(root)
}

// fields reads the fields of a map with their readers, in the order of the readers, and
// reports those that have none.
func (r *reader) fields(v spec.Value, words []word) {
	names := make([]string, len(words))
	for i, w := range words {
		names[i] = w.name
		at, ok := v.Get(w.name)
		switch {
		case ok && at.Kind == spec.Null:
			r.errs.Addf(at, "%s is empty: give it a value or leave it out", w.name)
		case ok:
			w.read(r, at)
		}
	}
	for _, f := range v.Fields {
		if !slices.Contains(names, f.Key.Text) {
			r.errs.Add(spec.Unknown(f.Key, "field", names))
		}
	}
}

// settle fills in the defaults that hang on the target, and checks the fields that
// exclude each other.
func (r *reader) settle(root spec.Value) {
	external := r.s.Target.Text == External
	if r.s.DrainLimit == 0 {
		r.s.DrainLimit = DefaultDrainLimit
		if external {
			r.s.DrainLimit = DefaultExternalDrainLimit
		}
	}
	at, has := root.Get("external")
	if !external {
		if has && r.s.Target.Kind != spec.Null {
			r.errs.Addf(at, "external describes a program, and the target is %s: write target: external or leave it out", r.s.Target.Text)
		}
		if r.s.Variants == nil {
			r.s.Variants = []spec.Value{spec.Text(Reference)}
		}
		return
	}
	if !has {
		r.errs.Addf(r.s.Target, "target external needs a program: write external: {command: …, url: …}")
	}
	for _, other := range []string{"variants", "knobs", "widen", "sim"} {
		if at, ok := root.Get(other); ok {
			r.errs.Addf(at, "target external has no %s: leave it out", other)
		}
	}
	if at, ok := root.Get("engine"); ok && r.s.Engine == Sim {
		r.errs.Addf(at, "a program cannot be simulated: write engine: real")
	}
}

func (r *reader) name(v spec.Value) {
	if v.Kind != spec.Scalar || !scenarioName.MatchString(v.Text) {
		r.errs.Addf(v, "name %s: use small letters, digits and -, such as broker-sigterm", shown(v))
		return
	}
	r.s.Name = v.Text
}

func (r *reader) target(v spec.Value) {
	text, err := spec.Word(v)
	if err != nil {
		r.errs.Add(err)
		return
	}
	if target, variant, ok := strings.Cut(text, "/"); ok {
		r.errs.Addf(v, "target %s names a variant: write target: %s and variants: [%s]", clip(text), target, variant)
		return
	}
	r.s.Target = v
}

func (r *reader) engine(v spec.Value) {
	r.s.EngineSet = true
	if v.Kind != spec.Scalar || v.Text != string(Real) && v.Text != string(Sim) {
		r.errs.Add(spec.Unknown(v, "engine", []string{string(Real), string(Sim)}))
		return
	}
	r.s.Engine = Engine(v.Text)
}

func (r *reader) seed(v spec.Value) {
	if v.Kind != spec.Scalar || v.Quoted {
		r.errs.Addf(v, "a seed is a whole number, not %s: write it such as 7", shown(v))
		return
	}
	seed, err := ParseSeed(v.Text)
	if err != nil {
		r.errs.Addf(v, "%s", err)
		return
	}
	r.s.Seed = &seed
}

func (r *reader) owner(v spec.Value) {
	text, err := spec.Word(v)
	if err != nil {
		r.errs.Add(err)
		return
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		r.errs.Addf(v, "owner is one line of text, such as \"@acme/broker\"")
		return
	}
	r.s.Owner = text
}

func (r *reader) external(v spec.Value) {
	if v.Kind != spec.Map {
		r.errs.Addf(v, "external is a map, not %s: write it such as {command: [./server], url: http://127.0.0.1:{port}/}", v.Kind)
		return
	}
	r.s.External = &v
}

// simWords are the fields of sim.
var simWords = []word{
	{"knobs", func(r *reader, v spec.Value) { r.s.Sim.Knobs = r.settings(v, "{mailbox: 4}") }},
	{"ops", func(r *reader, v spec.Value) { r.count(v, &r.s.Sim.Ops, maxSim) }},
	{"clients", func(r *reader, v spec.Value) { r.count(v, &r.s.Sim.Clients, maxSim) }},
	{"max_steps", func(r *reader, v spec.Value) { r.count(v, &r.s.Sim.MaxSteps, maxSim) }},
}

func (r *reader) sim(v spec.Value) {
	if v.Kind != spec.Map {
		r.errs.Addf(v, "sim is a map, not %s: write it such as {ops: 12, clients: 3}", v.Kind)
		return
	}
	r.s.Sim.At = v
	r.fields(v, simWords)
}
