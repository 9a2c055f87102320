package result

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// parts are those of one run, cut by --shard, that a merge was given.
type parts struct {
	Seed string `json:"seed"` // of the run
	Of   int    `json:"of"`   // how many it has
	Have []int  `json:"have"` // those that are here, from 1
}

// partsOf are the parts that a stored row holds: the one that it is, or those that were merged into it.
func (r *Row) partsOf() []parts {
	number, of, _ := strings.Cut(r.Shard, "/")
	i, err := strconv.Atoi(number)
	n, ofErr := strconv.Atoi(of)
	if err != nil || ofErr != nil {
		return r.Parts
	}
	return []parts{{Seed: r.Seed, Of: n, Have: []int{i}}}
}

// addParts adds the parts that a row holds, by seed. A part that is there twice, and parts of different cuts of one run, would
// count twice.
func (s *summand) addParts(row *Row) error {
	for _, p := range row.partsOf() {
		at := slices.IndexFunc(s.parts, func(o parts) bool { return o.Seed == p.Seed })
		if at < 0 {
			s.parts = append(s.parts, parts{p.Seed, p.Of, slices.Clone(p.Have)})
			continue
		}
		o := &s.parts[at]
		if o.Of != p.Of {
			return fmt.Errorf("parts of %d and parts of %d of the run with seed %s: some trials would count twice", o.Of, p.Of, p.Seed)
		}
		for _, i := range p.Have {
			if slices.Contains(o.Have, i) {
				return fmt.Errorf("shard %d/%d of the run with seed %s is in two of them, and would count twice", i, p.Of, p.Seed)
			}
			o.Have = append(o.Have, i)
		}
	}
	return nil
}

// sortedParts are the parts that all rows hold together.
func (s *summand) sortedParts() []parts {
	for _, p := range s.parts {
		slices.Sort(p.Have)
	}
	slices.SortFunc(s.parts, func(a, b parts) int { return strings.Compare(a.Seed, b.Seed) })
	return s.parts
}

// missing names the parts that are not here, or is empty.
func (p parts) missing() string {
	var gone []string
	for i := range p.Of {
		if !slices.Contains(p.Have, i+1) {
			gone = append(gone, fmt.Sprintf("%d/%d", i+1, p.Of))
		}
	}
	verb := " is missing"
	switch n := len(gone); {
	case n == 0:
		return ""
	case n > 1:
		verb = " are missing"
	}
	const most = 8
	if n := len(gone); n > most {
		gone = append(gone[:most], fmt.Sprintf("%d more", n-most))
	}
	return fmt.Sprintf("%d of %d shards: %s%s", len(p.Have), p.Of, strings.Join(gone, ", "), verb)
}

// withParts says which parts of a run are missing from a sum. Without them it is no whole run, and does not pass. The sum
// of all parts is the run: nothing tells that it was cut.
func (r *Row) withParts(all []parts) {
	r.Shard, r.Parts = "", nil
	for _, p := range all {
		says := p.missing()
		if says == "" {
			continue
		}
		r.Parts = append(r.Parts, p)
		r.warn("%s: together they are no whole run of seed %s", says, p.Seed)
		if r.Verdict == Passed || r.Verdict == Known {
			r.Verdict = Untested
		}
	}
}
