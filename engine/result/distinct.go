package result

import (
	"maps"
	"math"
	"slices"
)

// exactDistinct is up to how many different schedules are counted; of more their number is estimated, with a
// standard error of 1/√exactDistinct, 0.4 %.
const exactDistinct = 1 << 16

// A distinct counts different hashes in bounded room: it keeps the least of them once they are scrambled, and how
// close together these lie says how many there are (Bar-Yossef et al., "Counting distinct elements in a data
// stream", 2002; the estimate without bias is of Beyer et al., "On synopses for distinct-value estimation under
// multiset operations", 2007). The least of a union are the least of the parts' least, so that it depends on
// which hashes were added alone, not on the order.
type distinct struct {
	least map[uint64]struct{} // up to twice as many as count
	past  bool                // some were let go: all of them greater than limit
	limit uint64
}

func newDistinct() distinct { return distinct{least: map[uint64]struct{}{}, limit: math.MaxUint64} }

func (d *distinct) add(hash uint64) { d.keep(scramble(hash)) }

func (d *distinct) keep(x uint64) {
	if x > d.limit {
		return
	}
	d.least[x] = struct{}{}
	if len(d.least) > 2*exactDistinct {
		kept := d.sorted()
		clear(d.least)
		for _, x := range kept {
			d.least[x] = struct{}{}
		}
		d.past, d.limit = true, kept[exactDistinct-1]
	}
}

func (d *distinct) merge(o *distinct) {
	d.past = d.past || o.past
	for x := range o.least {
		d.keep(x)
	}
}

// sorted are those that count, in order.
func (d *distinct) sorted() []uint64 {
	all := slices.Sorted(maps.Keys(d.least))
	return all[:min(exactDistinct, len(all))]
}

// count returns how many different hashes were added, and whether that is exact.
func (d *distinct) count() (n int64, exact bool) {
	if len(d.least) <= exactDistinct && !d.past {
		return int64(len(d.least)), true
	}
	greatest := d.sorted()[exactDistinct-1]
	return int64((exactDistinct - 1) * math.Pow(2, 64) / float64(greatest)), false
}

// scramble spreads hashes evenly whatever they are of: the finalizer of SplitMix64 (Steele, Lea, Flood, "Fast
// splittable pseudorandom number generators", 2014), which maps no two to one.
func scramble(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
