package load

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/racebench/racebench/scenario/schema"
	"github.com/racebench/racebench/scenario/spec"
)

// maxBurst is the most operations one client starts at once.
const maxBurst = 1_000_000

const groupNamePattern = `^[A-Za-z0-9][A-Za-z0-9_-]*$`

// groupName is what a group may be called in thresholds and results.
var groupName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(groupNamePattern) })

// clientWord takes the place of op in the load groups of an external program.
const clientWord = "client"

// Parse reads one entry of load and adds everything that is wrong with it to errs. The load groups of external
// programs are for ParseClient.
func Parse(v spec.Value, errs *spec.Errors) Group {
	if client, ok := v.Get(clientWord); ok {
		errs.Addf(client, "client is for external programs: such a load group needs target: external; here write op")
		return Group{At: v, Clients: 1, ShapeName: defaultShape}
	}
	return parse(v, fields, nil, errs)
}

// ParseClient reads what an entry of load for an external program shares with all others: how many clients, in which
// rhythm, under which name. Group.Op is then the client's kind. The words of c are left to the caller.
func ParseClient(v spec.Value, c Clients, errs *spec.Errors) Group {
	first := fields[0]
	first.Name = clientWord
	if len(c.Kinds) > 0 {
		first.example = clientWord + ": " + c.Kinds[0]
	}
	return parse(v, slices.Concat([]field{first}, fields[1:]), schema.Map{Words: c.Words}.Names(), errs)
}

// parse reads a group. Its operation stands in the first field; those of others are left to them.
func parse(v spec.Value, fields []field, others []string, errs *spec.Errors) Group {
	op := fields[0]
	g := Group{At: v, Clients: 1, ShapeName: defaultShape}
	if v.Kind != spec.Map {
		errs.Addf(v, "a load group is a map: write it such as {%s, clients: 8, shape: rate, rate: 2000/s}", op.example)
		return g
	}
	if _, ok := v.Get(op.Name); !ok {
		errs.Addf(v, "this load group has no %s: write what its clients do, such as %s", op.Name, op.example)
	}
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
		at, ok := v.Get(f.Name)
		switch {
		case ok && at.Kind == spec.Null:
			errs.Addf(at, "%s is empty: give it a value or leave it out", f.Name)
		case ok:
			errs.Add(f.read(&g, at))
		}
	}
	names = append(names, others...)
	for _, f := range v.Fields {
		switch {
		case slices.Contains(names, f.Key.Text):
		case f.Key.Text == "name":
			errs.Addf(f.Key, `unknown field "name" (did you mean "as"?)`)
		default:
			errs.Add(spec.Unknown(f.Key, "field", names))
		}
	}
	// A shape that could not be read says nothing about which fields belong to it.
	if at, ok := v.Get("shape"); !ok || slices.Contains(shapeNames(), at.Text) {
		checkShapeFields(g, v, errs)
	}
	if _, named := v.Get("as"); !named {
		g.As = g.Op.Text
		if g.As == "drain" {
			errs.Addf(g.Op, "the name drain is taken in thresholds: name the group with as")
		}
	}
	return g
}

// checkShapeFields reports the fields that the group's shape needs and that are
// missing, and those that belong to other shapes.
func checkShapeFields(g Group, v spec.Value, errs *spec.Errors) {
	at, named := v.Get("shape")
	if !named {
		at = v
	}
	for _, s := range shapes {
		if s.name != g.ShapeName {
			continue
		}
		for _, need := range s.fields {
			if _, ok := v.Get(need); !ok {
				errs.Addf(at, "shape %s needs %s: write it such as %s", s.name, need, exampleOf(need))
			}
		}
	}
	for _, f := range v.Fields {
		shapes := takers(f.Key.Text)
		if len(shapes) == 0 || slices.Contains(shapes, g.ShapeName) {
			continue
		}
		how := "shape " + g.ShapeName + " takes no " + f.Key.Text
		if !named {
			how = f.Key.Text + " needs a shape"
		}
		errs.Addf(f.Key, "%s: write shape: %s", how, strings.Join(shapes, " or "))
	}
}

// exampleOf shows how a field is written.
func exampleOf(name string) string {
	i := slices.IndexFunc(fields, func(f field) bool { return f.Name == name })
	return fields[i].example
}

func readOp(g *Group, v spec.Value) error {
	if _, err := spec.Word(v); err != nil {
		return err
	}
	g.Op = v
	return nil
}

func readShape(g *Group, v spec.Value) error {
	if !slices.Contains(shapeNames(), v.Text) {
		return spec.Unknown(v, "shape", shapeNames())
	}
	g.ShapeName = v.Text
	return nil
}

func readClients(g *Group, v spec.Value) error {
	n, err := spec.Int(v)
	if err != nil {
		return err
	}
	if n < 1 || n > MaxClients {
		return spec.Errorf(v, "%d clients: a group has from 1 to %d", n, MaxClients)
	}
	g.Clients = int(n)
	return nil
}

func readBurst(g *Group, v spec.Value) error {
	n, err := spec.Int(v)
	if err != nil {
		return err
	}
	if n < 1 || n > maxBurst {
		return spec.Errorf(v, "a burst of %d: it has from 1 to %d operations", n, maxBurst)
	}
	g.Burst = int(n)
	return nil
}

func readEvery(g *Group, v spec.Value) error {
	d, err := spec.Duration(v)
	if err != nil {
		return err
	}
	if d == 0 {
		return spec.Errorf(v, "bursts every %s are one endless burst: write shape: saturate for that", d)
	}
	g.Every = d
	return nil
}

func readAs(g *Group, v spec.Value) error {
	name, err := spec.Word(v)
	if err != nil {
		return err
	}
	if !groupName().MatchString(name) {
		return spec.Errorf(v, "%q does not name a group: use letters, digits, - and _", name)
	}
	if name == "drain" {
		return spec.Errorf(v, "the name drain is taken in thresholds: choose another")
	}
	g.As = name
	return nil
}

func readStop(g *Group, v spec.Value) error {
	if v.Kind != spec.Scalar || v.Text != "at-signal" {
		return spec.Errorf(v, "stop takes only at-signal: without it the group goes on through the signal")
	}
	g.StopAtSignal = true
	return nil
}
