package result

import (
	"math"
	"testing"
)

// counted adds so many hashes in parts, and merges these.
func counted(n, parts int) (int64, bool) {
	all := newDistinct()
	for part := range parts {
		one := newDistinct()
		for i := part; i < n; i += parts {
			one.add(uint64(i))
			one.add(uint64(i / 2)) // seen before
		}
		all.merge(&one)
	}
	return all.count()
}

// Different hashes are counted up to a number, and estimated past it: the same for the same hashes, whatever the
// order and the parts they were added in. Hashes in a row are the worst there can be.
func TestDistinct(t *testing.T) {
	for _, n := range []int{0, 1, 1000, exactDistinct, exactDistinct + 1, 2 * exactDistinct, 2*exactDistinct + 1, 300_000} {
		whole, exact := counted(n, 1)
		if exact != (n <= exactDistinct) || exact && whole != int64(n) || math.Abs(float64(whole)-float64(n)) > 0.015*float64(n) {
			t.Errorf("of %d it says %d, exact %v", n, whole, exact)
		}
		if got, also := counted(n, 3); got != whole || also != exact {
			t.Errorf("of %d in parts it says %d, exact %v, not %d, %v", n, got, also, whole, exact)
		}
	}
}

// What is kept stays within its bound.
func TestDistinctIsBounded(t *testing.T) {
	d := newDistinct()
	for i := range 5 * exactDistinct {
		d.add(uint64(i))
		if len(d.least) > 2*exactDistinct {
			t.Fatalf("%d are kept after %d", len(d.least), i+1)
		}
	}
}
