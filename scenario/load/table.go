package load

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/racebench/racebench/scenario/schema"
	"github.com/racebench/racebench/scenario/spec"
)

// defaultShape is the shape of a group that names none.
const defaultShape = "saturate"

// A shape is one row of the table that parsing, lists and the schema read.
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

// A field is one word of a load group, declared once: the reader, the schema, the hash and the messages all go
// through its row.
type field struct {
	schema.Word
	example string // how a field that a shape needs is written
	read    func(g *Group, v spec.Value) error
}

// fields are the words of a load group in the order they are documented; op, shape and as are read first, because
// the others' messages need them.
var fields = []field{
	{schema.Word{Name: "op", Form: schema.Text(), Help: "what the clients do; racebench list ops TARGET"}, "op: publish", readOp},
	{
		schema.Word{Name: "clients", Form: schema.Integer(1, MaxClients), Help: "how many clients; default 1", Unit: true, Default: "1"},
		"clients: 8", readClients,
	},
	{
		schema.Word{Name: "shape", Form: schema.Enum(shapeNames()...), Default: defaultShape,
			Help: "the rhythm of operations; default " + defaultShape + "; racebench list shapes"},
		"shape: rate", readShape,
	},
	{
		schema.Word{Name: "rate", Form: schema.Rate(), Help: "shape rate: operations a second, shared by the clients", Unit: true},
		"rate: 2000/s", func(g *Group, v spec.Value) (err error) { g.Rate, err = spec.Rate(v); return err },
	},
	{
		schema.Word{Name: "delay", Form: schema.Durations(), Help: "shape slow: pause after each operation", Unit: true},
		"delay: 1ms..5ms", func(g *Group, v spec.Value) (err error) { g.Delay, err = spec.Durations(v); return err },
	},
	{
		schema.Word{Name: "burst", Form: schema.Integer(1, maxBurst), Help: "shape burst: operations at once", Unit: true},
		"burst: 50", readBurst,
	},
	{
		schema.Word{Name: "every", Form: schema.Duration(), Help: "shape burst: from one burst to the next", Unit: true},
		"every: 100ms", readEvery,
	},
	{
		schema.Word{Name: "from", Form: schema.Rate(), Help: "shape ramp: the rate at the start", Unit: true},
		"from: 100/s", func(g *Group, v spec.Value) (err error) { g.From, err = spec.Rate(v); return err },
	},
	{
		schema.Word{Name: "to", Form: schema.Rate(), Help: "shape ramp: the rate at the end", Unit: true},
		"to: 2000/s", func(g *Group, v spec.Value) (err error) { g.To, err = spec.Rate(v); return err },
	},
	{
		schema.Word{Name: "size", Form: schema.Size(), Help: "payload of one operation", Unit: true},
		"size: 256B", func(g *Group, v spec.Value) (err error) { g.Size, err = spec.Size(v); return err },
	},
	{
		schema.Word{Name: "as", Form: schema.Pattern(groupNamePattern), Help: "the group's name in results and thresholds; default the op", Like: "op"},
		"as: writers", readAs,
	},
	{
		schema.Word{Name: "stop", Form: schema.Enum("at-signal"), Help: "fall silent when the signal strikes; default: go on"},
		"stop: at-signal", readStop,
	},
}

// Clients describes the kinds of clients of a target whose load groups name a client and not an op.
type Clients struct {
	Kinds []string
	Words []schema.Word // the fields of a load group that are theirs
}

// Words describes a load group: the fields that this package reads, and those of clients.
func Words(c Clients) schema.Map {
	m := schema.Map{AnyOf: []string{"op", clientWord}}
	for _, f := range fields {
		m.Words = append(m.Words, f.Word)
		if f.Name == "op" {
			m.Words = append(m.Words, schema.Word{Name: clientWord, Form: schema.Enum(c.Kinds...),
				Help: "of an external target: the kind of client; racebench list clients"})
		}
	}
	m.Words = append(m.Words, c.Words...)
	return m
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
