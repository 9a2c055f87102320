package result

import "slices"

const (
	// mostlyGood is how many answers must end in one piece, and none in another, to prove that all do.
	mostlyGood = 100
	// endsChance is how unlikely it must be that answers stop short as often at any time.
	endsChance = 1e-2
)

// Ends are the last pieces of answers, as far as they are the same.
type Ends struct {
	Count int64  `json:"count"`
	Last  uint64 `json:"last,string"` // a hash of the last piece of each; 0: they differ
}

// add adds those of other answers.
func (e *Ends) add(o Ends) {
	switch {
	case e.Count == 0:
		*e = o
		return
	case o.Count > 0 && o.Last != e.Last:
		e.Last = 0
	}
	e.Count += o.Count
}

// convict says whether answers that stopped short are the stop's doing, by how the whole ones end.
func (e *Ends) convict(s suspect) bool {
	return e != nil && e.Count >= mostlyGood && e.Last == s.Last && s.Last != 0 && fisher(e.Count, s.Of, s.Count) < endsChance
}

// suspectLike is what all trials say of a suspect.
func (r *Row) suspectLike(s suspect) suspect {
	if i := slices.IndexFunc(r.Suspects, func(have suspect) bool { return have.name() == s.name() }); i >= 0 {
		return r.Suspects[i]
	}
	return s
}
