package scenario

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/racebench/racebench/scenario/spec"
)

// maxSim bounds the numbers of the small world. It is small: past this a search would
// not finish.
const maxSim = 1_000_000_000

// scenarioName is what a scenario may be called: it becomes part of file names.
const scenarioNamePattern = `^[a-z0-9-]{1,100}$`

var scenarioName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(scenarioNamePattern) })

// reader reads a scenario and goes on past every mistake.
type reader struct {
	now  time.Time
	errs *spec.Errors
	s    Scenario
}

// What every scenario has, and what one of a program has not.
var (
	requiredWords = []string{"name", "target"}
	notOfExternal = []string{"variants", "knobs", "widen", "sim"}
)

// scenario reads the whole document.
func (r *reader) scenario(root spec.Value) {
	if root.Kind != spec.Map {
		r.errs.Addf(root, "a scenario is a map of fields, not %s: begin it with a line such as name: first", root.Kind)
		return
	}
	readFields(r, root, words, &r.s)
	for _, required := range requiredWords {
		if _, ok := root.Get(required); !ok {
			r.errs.Addf(root, "the scenario has no %s: write %s: …", required, required)
		}
	}
	r.settle(root)
}

// readFields reads the fields of a map with their readers, in the order of the readers, and
// reports those that have none.
func readFields[T any](r *reader, v spec.Value, words []word[T], into *T) {
	names := make([]string, len(words))
	for i, w := range words {
		names[i] = w.name
		at, ok := v.Get(w.name)
		switch {
		case ok && at.Kind == spec.Null:
			r.errs.Addf(at, "%s is empty: give it a value or leave it out", w.name)
		case ok:
			w.read(r, at, into)
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
		if at, ok := root.Get("services"); ok && r.s.Target.Kind != spec.Null {
			r.errs.Addf(at, "services stand beside an external program, and the target is %s: leave them out", r.s.Target.Text)
		}
		if r.s.Variants == nil {
			r.s.Variants = []spec.Value{spec.Text(Reference)}
		}
		return
	}
	if !has {
		r.errs.Addf(r.s.Target, "target external needs a program: write external: {command: …, url: …}")
	}
	for _, other := range notOfExternal {
		if at, ok := root.Get(other); ok {
			r.errs.Addf(at, "target external has no %s: leave it out", other)
		}
	}
	if at, ok := root.Get("engine"); ok && r.s.Engine == Sim {
		r.errs.Addf(at, "an external program cannot be simulated: write engine: real")
	}
}

func (r *reader) name(v spec.Value, s *Scenario) {
	if v.Kind != spec.Scalar || !scenarioName().MatchString(v.Text) {
		r.errs.Addf(v, "name %s: use small letters, digits and -, such as broker-sigterm", shown(v))
		return
	}
	s.Name = v.Text
}

func (r *reader) target(v spec.Value, s *Scenario) {
	text, err := spec.Word(v)
	if err != nil {
		r.errs.Add(err)
		return
	}
	if target, variant, ok := strings.Cut(text, "/"); ok {
		r.errs.Addf(v, "target %s names a variant: write target: %s and variants: [%s]", clip(text), target, variant)
		return
	}
	s.Target = v
}

func (r *reader) engine(v spec.Value, s *Scenario) {
	s.EngineSet = true
	if v.Kind != spec.Scalar || v.Text != string(Real) && v.Text != string(Sim) {
		r.errs.Add(spec.Unknown(v, "engine", []string{string(Real), string(Sim)}))
		return
	}
	s.Engine = Engine(v.Text)
}

func (r *reader) seed(v spec.Value, s *Scenario) {
	if v.Kind != spec.Scalar || v.Quoted {
		r.errs.Addf(v, "a seed is a whole number, not %s: write it such as 7", shown(v))
		return
	}
	seed, err := ParseSeed(v.Text)
	if err != nil {
		r.errs.Addf(v, "%s", err)
		return
	}
	s.Seed = &seed
}

func (r *reader) owner(v spec.Value, s *Scenario) {
	text, err := spec.Word(v)
	if err != nil {
		r.errs.Add(err)
		return
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		r.errs.Addf(v, "owner is one line of text, such as \"@acme/broker\"")
		return
	}
	s.Owner = text
}

func (r *reader) external(v spec.Value, s *Scenario) {
	if v.Kind != spec.Map {
		r.errs.Addf(v, "external is a map, not %s: write it such as {command: [./server], url: http://127.0.0.1:{port}/}", v.Kind)
		return
	}
	s.External = &v
}

func (r *reader) services(v spec.Value, s *Scenario) {
	if v.Kind != spec.Map || len(v.Fields) == 0 {
		r.errs.Addf(v, "services is a map of names, such as {redis: {command: [redis-server, --port, \"{redis}\"]}}")
		return
	}
	s.Services = v
}

func (r *reader) sim(v spec.Value, s *Scenario) {
	if v.Kind != spec.Map {
		r.errs.Addf(v, "sim is a map, not %s: write it such as {ops: 12, clients: 3}", v.Kind)
		return
	}
	s.Sim.At = v
	readFields(r, v, simWords, &s.Sim)
}

func (r *reader) vary(v spec.Value, w *SimWorld) {
	yes, err := spec.Bool(v)
	r.errs.Add(err)
	w.Vary = yes
}
