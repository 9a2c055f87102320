package result

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// confidence is the confidence of every bound in a result.
const confidence = 0.95

// RulesOut returns the highest rate of breached trials that n clean ones still allow, at 95 %: the exact
// one-sided Clopper-Pearson bound 1 - 0.05^(1/n). It is 1 for no trial.
func RulesOut(n int) float64 {
	if n <= 0 {
		return 1
	}
	return 1 - math.Pow(1-confidence, 1/float64(n))
}

// rulesOutAnytime is RulesOut for a search that was stopped by time, not by a number settled beforehand:
// it holds at every n at once, 1 - (20(n+1))^(-1/n), from the uniform-mixture confidence sequence
// (Robbins 1970; Howard, Ramdas, McAuliffe, Sekhon 2021).
func rulesOutAnytime(n int) float64 {
	if n <= 0 {
		return 1
	}
	return 1 - math.Pow(float64(n+1)/(1-confidence), -1/float64(n))
}

// TrialsFor returns how many clean trials rule out a rate of breached trials at 95 %.
func TrialsFor(rate float64) int {
	return int(math.Ceil(math.Log(1-confidence) / math.Log(1-rate)))
}

// A Rate is a share of trials with its exact Clopper-Pearson interval.
type Rate struct {
	Estimate   float64 `json:"estimate"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Confidence float64 `json:"confidence"`
}

// rateOf returns the rate of k in n, n at least 1. The interval is two-sided, and one-sided at its open
// end when k is 0 or n.
func rateOf(k, n int) Rate {
	r := Rate{Estimate: float64(k) / float64(n), Low: 0, High: 1, Confidence: confidence}
	tail := (1 - confidence) / 2
	if k == 0 || k == n {
		tail = 1 - confidence
	}
	if k > 0 {
		r.Low = mathext.InvRegIncBeta(float64(k), float64(n-k+1), tail)
	}
	if k < n {
		r.High = mathext.InvRegIncBeta(float64(k+1), float64(n-k), 1-tail)
	}
	return r
}
