package adding

import "testing"

// A kind of record is a struct that shows its fields, a row and a list: it is packed, unpacked, printed and parsed.
func TestAddingARecordKind(t *testing.T) {
	c := add(t, addition{section: "A kind of record", folder: "engine/ledger", files: 3, puts: []put{
		{file: "engine/ledger/kinds_cache.go", named: "engine/ledger/kinds_NAME.go", text: `package ledger

import "time"

// An Eviction is an entry that a cache has thrown out.
type Eviction struct {
	Cache Name
	Msg   MsgID // of the operation that needed the room
	Key   int64
	Dirty bool // it had not been written
	At    time.Duration
}

func (x *Eviction) fields(v *visitor) {
	v.of(kindEviction)
	v.name(low(1)|bare, "cache", &x.Cache)
	v.msg(at(2)|bare, "message", &x.Msg)
	v.long(at(3), "key", &x.Key)
	v.flag(0, "dirty", &x.Dirty)
	v.time(at(4)|always, "at", &x.At)
}
`},
		{file: "engine/ledger/kinds.go", behind: "kindWaited         // how long a call had to wait in a simulated world",
			text: "\tkindEviction       // a cache threw an entry out\n"},
		{file: "engine/ledger/kinds.go", behind: `listed(kindWaited, "waited", Waited{}, func(e *Evidence) *[]Waited { return &e.Waits }),`,
			text: "\tlisted(kindEviction, \"eviction\", Eviction{}, func(e *Evidence) *[]Eviction { return &e.Evictions }),\n"},
		{file: "engine/ledger/kinds.go", behind: "case *Waited:", text: "\t\tr.fields(v)\n\tcase *Eviction:\n"},
		{file: "engine/ledger/evidence.go", behind: "Waits         []Waited", text: "\tEvictions     []Eviction\n"},
		{file: "engine/ledger/text_test.go", behind: "waited 0#1 for=3ms", text: "eviction blocks 0#2 key=-7 dirty at=4ms\neviction \"other blocks\" 0#1 at=5ms\n"},
		{file: "docs/results.md", behind: "| `waited N#M for=T` | time that no schedule could have spared a call (engine `sim`) |",
			text: "| `eviction CACHE N#M [key=N] [dirty] at=T` | a cache threw an entry out |\n"},
	}})
	c.run(t, "vet", "./engine/ledger")
	c.run(t, "test", "-run", "Kind|Word|Text|Record|Allocate", "./engine/ledger")
}
