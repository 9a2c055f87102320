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
	// Width is how many trials in a row are dealt to a part at a time; absent is one.
	Width int `json:"width,omitempty"`
}

// partsOf are the parts that a stored row holds: the one that it is, or those that were merged into it.
func (r *Row) partsOf() ([]parts, error) {
	all := r.Parts
	if r.Shard != "" {
		number, of, _ := strings.Cut(r.Shard, "/")
		i, err := strconv.Atoi(number)
		n, ofErr := strconv.Atoi(of)
		if err != nil || ofErr != nil {
			return nil, fmt.Errorf("its shard is %q, and not of the form 1/4", r.Shard)
		}
		all = []parts{{Seed: r.Seed, Of: n, Have: []int{i}, Width: r.ShardWidth}}
	}
	for _, p := range all {
		if p.Of < 1 {
			return nil, fmt.Errorf("no run has %d shards", p.Of)
		}
		for _, i := range p.Have {
			if i < 1 || i > p.Of {
				return nil, fmt.Errorf("there is no shard %d/%d", i, p.Of)
			}
		}
	}
	return all, nil
}

// addParts adds the parts that a row holds, by seed. A part that is there twice, and parts of different cuts of one run, would
// count twice.
func (s *summand) addParts(row *Row) error {
	all, err := row.partsOf()
	if err != nil {
		return err
	}
	for _, p := range all {
		at := slices.IndexFunc(s.parts, func(o parts) bool { return o.Seed == p.Seed })
		if at < 0 {
			s.parts = append(s.parts, parts{p.Seed, p.Of, slices.Clone(p.Have), p.Width})
			continue
		}
		o := &s.parts[at]
		if o.Of != p.Of {
			return fmt.Errorf("parts of %d and parts of %d of the run with seed %s: some trials would count twice", o.Of, p.Of, p.Seed)
		}
		if o.Width != p.Width {
			return fmt.Errorf("parts of the run with seed %s that are cut in different ways (%d and %d trials in a row): some trials would count twice",
				p.Seed, max(1, o.Width), max(1, p.Width))
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
	const most = 8 // that are named
	have := slices.Compact(slices.Sorted(slices.Values(p.Have)))
	missing := p.Of - len(have)
	var gone []string
	for i := 1; len(gone) < min(most, missing); i++ {
		if _, here := slices.BinarySearch(have, i); !here {
			gone = append(gone, fmt.Sprintf("%d/%d", i, p.Of))
		}
	}
	verb := " is missing"
	switch {
	case missing == 0:
		return ""
	case missing > 1:
		verb = " are missing"
	}
	if missing > most {
		gone = append(gone, fmt.Sprintf("%d more", missing-most))
	}
	return fmt.Sprintf("%d of %d shards: %s%s", len(have), p.Of, strings.Join(gone, ", "), verb)
}

// withParts says which parts of a run are missing from a sum. Without them it is no whole run, and does not pass. The sum
// of all parts is the run: nothing tells that it was cut.
func (r *Row) withParts(all []parts) {
	r.Shard, r.ShardWidth, r.Parts = "", 0, nil
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
