package targets

import (
	"slices"
	"syscall"
)

// A Card is what a target says of itself: all of a Target but Start. Its fields mean what Target's methods of the
// same names do.
type Card struct {
	Name, Summary, Reference string

	Variants    []Variant
	Ops         []OpInfo
	Knobs       []Knob
	Windows     []WindowInfo
	Promises    []string
	StopSignals []syscall.Signal
	Example     []byte
}

// Carded is the part of a Target that a card says. C names the card, so that the zero value is ready: a target
// embeds Carded and adds Start.
type Carded[C interface{ Card() *Card }] struct{}

func card[C interface{ Card() *Card }]() *Card {
	var c C
	return c.Card()
}

// Name implements Target.
func (Carded[C]) Name() string { return card[C]().Name }

// Summary implements Target.
func (Carded[C]) Summary() string { return card[C]().Summary }

// Reference implements Target.
func (Carded[C]) Reference() string { return card[C]().Reference }

// Variants implements Target. The list is the caller's, as those below are.
func (Carded[C]) Variants() []Variant { return slices.Clone(card[C]().Variants) }

// Ops implements Target.
func (Carded[C]) Ops() []OpInfo { return slices.Clone(card[C]().Ops) }

// Knobs implements Target.
func (Carded[C]) Knobs() []Knob { return slices.Clone(card[C]().Knobs) }

// Windows implements Target.
func (Carded[C]) Windows() []WindowInfo { return slices.Clone(card[C]().Windows) }

// Promises implements Target.
func (Carded[C]) Promises() []string { return slices.Clone(card[C]().Promises) }

// StopSignals implements Target.
func (Carded[C]) StopSignals() []syscall.Signal { return slices.Clone(card[C]().StopSignals) }

// Example implements Target.
func (Carded[C]) Example() []byte { return card[C]().Example }

// Design returns the variant itself: of a row in a target's table, which embeds one.
func (v Variant) Design() Variant { return v }

// VariantsOf returns the variants of a table's rows.
func VariantsOf[D interface{ Design() Variant }](table []D) []Variant {
	variants := make([]Variant, len(table))
	for i, d := range table {
		variants[i] = d.Design()
	}
	return variants
}

// FindDesign returns the row of a table that has a name.
func FindDesign[D interface{ Design() Variant }](table []D, name string) (design D, ok bool) {
	for _, d := range table {
		if d.Design().Name == name {
			return d, true
		}
	}
	return design, false
}
