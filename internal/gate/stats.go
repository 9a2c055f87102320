package gate

import (
	"cmp"
	"math"
	"slices"

	"golang.org/x/perf/benchmath"
	"gonum.org/v1/gonum/stat/distuv"
)

// The chances of a false alarm: at most so many comparisons of equal programs are called worse in any of
// their metrics, or in any of their breach rates. Together they are the 2 % that are promised.
const (
	AlphaSpeed = 0.015
	AlphaRates = 0.005
)

// fewestRuns is how many trials a side must have for anything to be said of its speed: with fewer there is
// no 95 % interval of a median.
const fewestRuns = 6

// worseByChance returns how likely a difference of medians in head's direction is between samples of one
// distribution: the one-sided Mann-Whitney U test. Neither sample is changed.
func worseByChance(base, head []float64) float64 {
	t := benchmath.DefaultThresholds
	sample := func(xs []float64) *benchmath.Sample { return benchmath.NewSample(slices.Clone(xs), &t) }
	return benchmath.AssumeNothing.Compare(sample(base), sample(head)).P / 2
}

// fisher returns how likely k2 or more of n2 are, given k1 of n1, when both have one rate: Fisher's exact
// test, one-sided. It is 1 where there are no trials.
func fisher(k1, n1, k2, n2 int) float64 {
	if n1 <= 0 || n2 <= 0 {
		return 1
	}
	k, n := k1+k2, n1+n2
	all := logChoose(n, n2)
	p := 0.0
	for x := k2; x <= min(k, n2); x++ {
		if k-x > n1 {
			continue
		}
		p += math.Exp(logChoose(k, x) + logChoose(n-k, n2-x) - all)
	}
	return min(p, 1)
}

func logChoose(n, k int) float64 {
	if k < 0 || k > n {
		return math.Inf(-1)
	}
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}

// holm says which of some tests are significant when the chance of any false one is to be at most alpha
// (Holm 1979).
func holm(ps []float64, alpha float64) []bool {
	order := make([]int, len(ps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(ps[a], ps[b]) })
	significant := make([]bool, len(ps))
	for rank, i := range order {
		if ps[i] > alpha/float64(len(ps)-rank) {
			break
		}
		significant[i] = true
	}
	return significant
}

// holmLevel is the level that a test had to reach to be significant, too, of those that are not.
func holmLevel(significant []bool, alpha float64) float64 {
	left := 0
	for _, s := range significant {
		if !s {
			left++
		}
	}
	return alpha / float64(max(left, 1))
}

// manyTrials is more than anybody waits for.
const manyTrials = 1000

// settled is how likely so many trials are to show a difference that stays as it is.
const settled = 0.8

// trialsToSettle is about how many trials a side a difference needs to reach the level in most comparisons, if it
// stays as large as n trials a side have shown it: the distance from chance grows with the root of their number. It
// is 0 where these trials show no such difference at all.
func trialsToSettle(n int, p, level float64) int {
	normal := distuv.UnitNormal
	shown := normal.Quantile(1 - p)
	if n == 0 || p >= 0.5 || shown <= 0 {
		return 0
	}
	need := (normal.Quantile(1-level) + normal.Quantile(settled)) / shown
	return max(n+1, fewestRuns, int(math.Ceil(min(float64(n)*need*need, manyTrials+1))))
}

// median of a sample that is not empty.
func median(xs []float64) float64 {
	s := slices.Sorted(slices.Values(xs))
	n := len(s)
	if n%2 == 1 {
		return s[n/2]
	}
	return (s[n/2-1] + s[n/2]) / 2
}

// noiseOf is how far the trials of one side lie apart: the half of the span that holds the middle 68 % of
// them, as a share of their median. Of a normal distribution it is the coefficient of variation.
func noiseOf(xs []float64) float64 {
	mid := median(xs)
	if mid == 0 || len(xs) < 2 {
		return 0
	}
	s := slices.Sorted(slices.Values(xs))
	at := func(q float64) float64 {
		pos := q * float64(len(s)-1)
		low := int(pos)
		high := min(low+1, len(s)-1)
		return s[low] + (s[high]-s[low])*(pos-float64(low))
	}
	return (at(0.84) - at(0.16)) / 2 / math.Abs(mid)
}
