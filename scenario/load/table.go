package load

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/racebench/racebench/scenario/spec"
)

// defaultShape is the shape of a group that names none.
const defaultShape = "saturate"

// A shape is one row of the table that parsing, lists and the schema's test read.
type shape struct {
	name, summary string
	fields        []string // that the shape needs, beside those every group may have
	scheduled     bool     // its starts do not wait for answers
	build         func(g Group, client int, duration time.Duration, rnd *rand.Rand) Shape
}

// shapes is the table of load shapes, by name.
var shapes = []shape{
	{
		name: "burst", summary: "each client starts `burst` operations at once, again `every` so often",
		fields: []string{"burst", "every"}, scheduled: true,
		build: func(g Group, _ int, d time.Duration, _ *rand.Rand) Shape { return burst{g.Burst, g.Every, d} },
	},
	{
		name: "ramp", summary: "the rate of all clients together climbs or falls evenly, `from` one `to` the other",
		fields: []string{"from", "to"}, scheduled: true,
		build: func(g Group, client int, d time.Duration, _ *rand.Rand) Shape {
			return ramp{g.From, g.To, client, max(1, g.Clients), d}
		},
	},
	{
		name: "rate", summary: "a fixed `rate`, shared by the clients and evenly staggered, however slow the answers are",
		fields: []string{"rate"}, scheduled: true,
		build: func(g Group, client int, d time.Duration, _ *rand.Rand) Shape {
			return rate{g.Rate, client, max(1, g.Clients), d}
		},
	},
	{
		name: "saturate", summary: "each client starts its next operation as soon as the last one ended",
		build: func(_ Group, _ int, d time.Duration, _ *rand.Rand) Shape { return saturate{d} },
	},
	{
		name: "slow", summary: "each client pauses for `delay`, drawn anew from its range, after an operation ended",
		fields: []string{"delay"},
		build:  func(g Group, _ int, d time.Duration, rnd *rand.Rand) Shape { return &slow{g.Delay, rnd, d} },
	},
}

// A field is one word of a load group.
type field struct {
	name string
	read func(g *Group, v spec.Value) error
}

// fields are the words of a load group in the order they are documented; op, shape and
// as are read first, because the others' messages need them.
var fields = []field{
	{"op", readOp},
	{"clients", readClients},
	{"shape", readShape},
	{"rate", func(g *Group, v spec.Value) (err error) { g.Rate, err = spec.Rate(v); return err }},
	{"delay", func(g *Group, v spec.Value) (err error) { g.Delay, err = spec.Durations(v); return err }},
	{"burst", readBurst},
	{"every", readEvery},
	{"from", func(g *Group, v spec.Value) (err error) { g.From, err = spec.Rate(v); return err }},
	{"to", func(g *Group, v spec.Value) (err error) { g.To, err = spec.Rate(v); return err }},
	{"size", func(g *Group, v spec.Value) (err error) { g.Size, err = spec.Size(v); return err }},
	{"as", readAs},
	{"stop", readStop},
}

// fieldNames lists the words of a load group.
func fieldNames() []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return names
}

// shapeNames lists the names of the shapes.
func shapeNames() []string {
	names := make([]string, len(shapes))
	for i, s := range shapes {
		names[i] = s.name
	}
	return names
}

// takers lists the shapes that a field belongs to; none when every group may have it.
func takers(fieldName string) []string {
	var names []string
	for _, s := range shapes {
		if slices.Contains(s.fields, fieldName) {
			names = append(names, s.name)
		}
	}
	return names
}
