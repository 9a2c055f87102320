package trial

import (
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/fault"
	"github.com/racebench/racebench/engine/invariant"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/load"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
)

// A Catalog is the targets that scenarios may name.
type Catalog []targets.Target

// Find returns the target of that name.
func (c Catalog) Find(name string) (targets.Target, bool) {
	for _, t := range c {
		if t.Name == name {
			return t, true
		}
	}
	return targets.Target{}, false
}

// Names lists the targets' names in the catalog's order.
func (c Catalog) Names() []string {
	names := make([]string, len(c))
	for i, t := range c {
		names[i] = t.Name
	}
	return names
}

// Vocabulary is what the owners of a scenario's words say of them. Where no target is an external program, nothing is
// said of its words.
func (c Catalog) Vocabulary() scenario.Vocabulary {
	var clients load.Clients
	of := scenario.Vocabulary{Inject: fault.Words()}
	for _, t := range c {
		if t.Binder != nil {
			clients, of.External, of.Service = clientsOf(t), t.Binder.Words(), t.Binder.ServiceWords()
		}
	}
	of.Load = load.Words(clients)
	of.Targets, of.Variants = c.Names(), []string{scenario.Reference}
	for _, v := range invariant.All() {
		of.Invariants = append(of.Invariants, v.Name)
	}
	for _, t := range c {
		for _, v := range t.Variants {
			of.Variants = append(of.Variants, v.Name)
		}
	}
	slices.Sort(of.Variants)
	of.Variants = slices.Compact(of.Variants)
	return of
}

// clientsOf is what a target says of its clients.
func clientsOf(t targets.Target) load.Clients {
	c := load.Clients{Words: t.Binder.ClientWords()}
	for _, op := range t.Ops {
		c.Kinds = append(c.Kinds, op.Name)
	}
	return c
}

// A Program is a scenario whose every word has been given to its owner and understood. Nothing in it is
// drawn yet.
type Program struct {
	Scenario   scenario.Scenario
	Target     targets.Target
	Variants   []targets.Variant
	Knobs      targets.Knobs
	Groups     []Group
	Directives []fault.Directive
	Widen      []Widening
	Expect     []string // invariants that are judged
	Manners    []string // those that are judged and only warned of
	Vocabulary scenario.Vocabulary
	Hash       string // of the scenario
	// SeedHash takes Hash's place in the trials' seeds: two scenarios that differ in where their program
	// is, and are compared, have the same draws.
	SeedHash string
	// Remote is the host that its clients connect to, where that is not this machine and was allowed.
	Remote string
}

// Rehash sets Hash to that of the scenario as it is now.
func (p *Program) Rehash() { p.Hash = p.Scenario.Hash(p.Vocabulary) }

// Attached says whether the program runs already: it is signalled once, whatever came of it.
func (p *Program) Attached() bool { return p.Target.Traits.Attached }

// Plain says whether the server runs already and is loaded, and nothing else.
func (p *Program) Plain() bool { return p.Target.Traits.Plain != "" }

// A Group is a load group with the operation it does.
type Group struct {
	load.Group
	Op     targets.OpInfo
	Client targets.ClientSettings // of an external program; else nil
}

// Settles is how long one of the group's operations may be nowhere, once the program was started again, until it is lost; 0
// for those of which nothing is looked up so.
func (g Group) Settles() time.Duration {
	if c, ok := g.Client.(interface{ Settles() time.Duration }); ok {
		return c.Settles()
	}
	return 0
}

// A Widening holds a window open for a while whenever a task passes it.
type Widening struct {
	Window string
	For    time.Duration
}

// Compile gives every directive of a scenario to the package that owns its words. All errors are
// reported at once, with their places; the program is only good when there are none.
func Compile(s scenario.Scenario, catalog Catalog) (Program, spec.Errors) {
	s.Secrets(catalog.Vocabulary()) // so that what is printed and stored is without them
	var errs spec.Errors
	p := Program{Scenario: s, Vocabulary: catalog.Vocabulary()}
	if s.Target.Kind == spec.Null {
		return p, nil // a scenario without a target has been refused by its reader
	}
	target, ok := catalog.Find(s.Target.Text)
	if !ok {
		errs.Add(unknownTarget(s.Target, catalog))
		if p.Target, ok = catalog.standIn(s.External != nil); !ok {
			p.compileAnywhere(catalog, &errs)
			return p, errs
		}
		target = p.Target
	}
	if target.Binder != nil && s.External != nil {
		target = target.Binder.Bind(*s.External, s.Services, &errs)
	}
	p.Target = target
	if p.Attached() && (s.Trials != 1 || len(s.Inject) == 0) {
		errs.Addf(*s.External, "attach signals a program that racebench did not start, once: say so with trials: 1 and an inject such as [{signal: SIGTERM, at: 20%%..80%%}]")
	}
	if d := target.Traits.PreparesFor; d >= s.DrainLimit && d > 0 {
		errs.Addf(*s.External, "pre_stop takes %s, and the program has %s to stop, pre_stop included (drain_limit, --grace)", d, s.DrainLimit)
	}
	if d := target.Traits.ServesFor; d >= s.DrainLimit && d > 0 {
		errs.Addf(*s.External, "serves_for %s leaves no time to stop: it has %s from the signal on (drain_limit, --grace)", d, s.DrainLimit)
	}
	p.Variants = compileVariants(target, s.Variants, &errs)
	if target.Binder != nil {
		p.Variants = target.Variants // the program as it is
	}
	p.Knobs = targets.ParseKnobs(target.Knobs, s.Knobs, &errs)
	p.compileLoad(&errs)
	p.compileInject(&errs)
	p.compileWiden(&errs)
	p.compileExpect(&errs)
	if p.Plain() {
		p.compilePlain(&errs)
	}
	p.checkKnown(&errs)
	p.checkMetrics(&errs)
	targets.ParseKnobs(target.Knobs, s.Sim.Knobs, &errs)
	p.Rehash()
	return p, errs
}

// With is the program of another scenario of the same target. Errors are as those of Compile.
func (p Program) With(s scenario.Scenario) (Program, spec.Errors) {
	other, errs := Compile(s, Catalog{p.Target})
	other.Vocabulary, other.SeedHash = p.Vocabulary, p.SeedHash
	other.Rehash()
	return other, errs
}

func unknownTarget(at spec.Value, catalog Catalog) *spec.Error {
	if at.Text == scenario.External {
		return spec.Errorf(at, "external programs cannot be tested by this version: targets are %s",
			strings.Join(catalog.Names(), ", "))
	}
	return spec.Unknown(at, "target", catalog.Names())
}

func compileVariants(t targets.Target, asked []spec.Value, errs *spec.Errors) []targets.Variant {
	names := []string{scenario.Reference}
	for _, v := range t.Variants {
		names = append(names, v.Name)
	}
	var variants []targets.Variant
	for _, at := range asked {
		v, ok := FindVariant(t, at.Text)
		if !ok {
			errs.Add(spec.Unknown(at, "variant of "+t.Name, names))
			continue
		}
		if slices.ContainsFunc(variants, func(o targets.Variant) bool { return o.Name == v.Name }) {
			errs.Addf(at, "variant %s is listed twice", at.Text)
			continue
		}
		variants = append(variants, v)
	}
	return variants
}

// FindVariant returns the variant of that name; "reference" is the target's known-good one.
func FindVariant(t targets.Target, name string) (targets.Variant, bool) {
	if name == scenario.Reference {
		name = t.Reference
	}
	for _, v := range t.Variants {
		if v.Name == name {
			return v, true
		}
	}
	return targets.Variant{}, false
}

func (p *Program) compileLoad(errs *spec.Errors) {
	ops := p.Target.Ops
	names := make([]string, len(ops))
	for i, op := range ops {
		names[i] = op.Name
	}
	if len(p.Scenario.Load) == 0 && len(p.Target.Example) > 0 {
		p.Scenario.Load = exampleLoad(p.Target)
	}
	for _, v := range p.Scenario.Load {
		g := p.parseGroup(v, errs)
		i := slices.Index(names, g.Group.Op.Text)
		if i < 0 {
			if g.Group.Op.Text != "" {
				what := "op of "
				if p.Target.Binder != nil {
					what = "client of " // what the scenario calls it
				}
				errs.Add(spec.Unknown(g.Group.Op, what+p.Target.Name, names))
			}
			continue
		}
		g.Op = ops[i]
		if slices.ContainsFunc(p.Groups, func(o Group) bool { return o.As == g.As }) {
			errs.Addf(g.At, "two load groups are called %s: name one with as, so that results can tell them apart", g.As)
		}
		p.Groups = append(p.Groups, g)
	}
	p.Target.Traits.Idle = p.Target.Traits.Idle && len(p.Groups) == 0
}

// parseGroup reads one load group; that of an external program has words of its own.
func (p *Program) parseGroup(v spec.Value, errs *spec.Errors) Group {
	b := p.Target.Binder
	if b == nil {
		return Group{Group: load.Parse(v, errs)}
	}
	return Group{Group: load.ParseClient(v, clientsOf(p.Target), errs), Client: b.ReadClient(v, errs)}
}

// exampleLoad is the load of the target's own example, for scenarios that name none.
func exampleLoad(t targets.Target) []spec.Value {
	s, _ := scenario.Parse(t.Name, t.Example, time.Now())
	return s.Load
}

func (p *Program) compileInject(errs *spec.Errors) {
	scope := fault.Scope{Duration: p.Scenario.Duration, Windows: windowNames(p.Target), Ops: p.loadNames(), Stops: p.Target.StopSignals}
	scope.Audited = p.Target.Auditor != nil
	for _, v := range p.Scenario.Inject {
		p.Directives = append(p.Directives, fault.Parse(v, scope, errs))
	}
	if n := len(p.Directives); n > 0 && !slices.ContainsFunc(p.Directives, func(d fault.Directive) bool { return !d.Follows() }) {
		errs.Addf(p.Scenario.Inject[n-1], "at: after counts from the first signal, and there is no other injection that sends it: write one, such as {signal: SIGTERM, at: 20%%..80%%}")
	}
	if len(p.Scenario.Inject) == 0 && !p.Plain() {
		p.Directives = []fault.Directive{fault.Default(p.Scenario.Duration)}
	}
}

// loadNames lists the names that thresholds and triggers may use for load: groups and ops.
func (p *Program) loadNames() []string {
	var names []string
	for _, g := range p.Groups {
		for _, name := range []string{g.As, g.Op.Name} {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func windowNames(t targets.Target) []string {
	var names []string
	for _, w := range t.Windows {
		names = append(names, w.Name)
	}
	return names
}

func (p *Program) compileWiden(errs *spec.Errors) {
	names := windowNames(p.Target)
	for _, f := range p.Scenario.Widen {
		if !slices.Contains(names, f.Key.Text) {
			errs.Add(spec.Unknown(f.Key, "window of "+p.Target.Name, names))
		}
		d, err := spec.Duration(f.Value)
		errs.Add(err)
		if err == nil && (d <= 0 || d > time.Minute) {
			errs.Addf(f.Value, "a window is widened by more than nothing and at most 1m: write it such as 1ms")
		}
		p.Widen = append(p.Widen, Widening{Window: f.Key.Text, For: d})
	}
}

func (p *Program) compileExpect(errs *spec.Errors) {
	p.expectAll()
	promises := p.Target.Promises
	for _, v := range p.Scenario.Expect {
		if !slices.Contains(promises, v.Text) {
			errs.Add(p.unpromised(v, promises))
			continue
		}
		p.Expect = append(p.Expect, v.Text)
	}
	p.Manners = slices.DeleteFunc(slices.Clone(p.Target.WarnsOnly), func(name string) bool { return slices.Contains(p.Expect, name) })
}

// expectAll expects whatever the target promises, where the scenario names nothing: but for promises whose breach is a
// warning only, and what a fault of the scenario's own knobs breaks.
func (p *Program) expectAll() {
	if len(p.Scenario.Expect) > 0 {
		return
	}
	suspended := p.Knobs.Suspended()
	p.Expect = slices.DeleteFunc(slices.Clone(p.Target.Promises), func(name string) bool {
		return slices.Contains(p.Target.WarnsOnly, name) || slices.Contains(suspended, name)
	})
}

// unpromised tells an invariant that the target does not promise from a word that is none.
func (p *Program) unpromised(v spec.Value, promises []string) *spec.Error {
	if _, known := invariant.Find(v.Text); known {
		return spec.Errorf(v, "%s does not promise %s: it promises %s", p.Target.Name, v.Text, strings.Join(promises, ", "))
	}
	return spec.Unknown(v, "invariant", promises)
}

func (p *Program) checkKnown(errs *spec.Errors) {
	var names []string
	for _, v := range p.Target.Variants {
		names = append(names, v.Name)
	}
	names = append(names, scenario.Reference)
	for _, k := range p.Scenario.Known {
		if k.Variant.Kind != spec.Null && !slices.Contains(names, k.Variant.Text) {
			errs.Add(spec.Unknown(k.Variant, "variant of "+p.Target.Name, names))
		}
		name, _, _ := strings.Cut(k.Class.Text, "/")
		name = strings.TrimSuffix(name, "*")
		if _, ok := invariant.Find(name); !ok && name != "" && !strings.HasSuffix(k.Class.Text, "*") {
			errs.Add(spec.Unknown(k.Class, "invariant", p.Target.Promises))
		}
	}
}

func (p *Program) checkMetrics(errs *spec.Errors) {
	check := func(m scenario.Metric, name spec.Value) {
		switch {
		case name.Kind == spec.Null:
		case m.Func == "count":
			if _, ok := invariant.Find(m.Name); !ok {
				errs.Add(spec.Unknown(name, "invariant", p.Target.Promises))
			}
		case m.Name == "drain":
		case !slices.Contains(p.loadNames(), m.Name):
			errs.Add(spec.Unknown(name, "op or load group", p.loadNames()))
		}
	}
	for _, t := range p.Scenario.Thresholds {
		check(t.Metric, t.Name)
	}
	for _, r := range p.Scenario.Regression {
		check(r.Metric, r.Name)
	}
}
