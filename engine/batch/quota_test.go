package batch

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// runQuota runs a plan on so many workers, each of whose trials takes its time, and returns what was taken and what
// was dropped, in that order.
func runQuota(q *Quota, workers int, ends map[int]string) (taken, dropped []int) {
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(worker), 1))
			for {
				from, to := q.Hand(context.Background(), 1+r.IntN(3))
				if from == to {
					return
				}
				time.Sleep(time.Duration(r.IntN(300)) * time.Microsecond)
				last := to
				for n := from; n < to; n++ {
					if ends[n] != "" { // a worker stops there by itself
						last = n + 1
						break
					}
				}
				q.Settle(from, Done{To: to, Take: func() string {
					for n := from; n < last; n++ {
						taken = append(taken, n)
					}
					return ends[last-1]
				}, Drop: func() {
					for n := from; n < last; n++ {
						dropped = append(dropped, n)
					}
				}})
			}
		})
	}
	all.Wait()
	return taken, dropped
}

// However many run at once, a plan is taken in its order, and ends at the first trial that ends it.
func TestAPlanIsTakenInItsOrder(t *testing.T) {
	for _, workers := range []int{1, 2, 7} {
		for _, row := range []struct {
			ends map[int]string
			want int // trials that are taken
			why  string
		}{
			{nil, 60, ""},
			{map[int]string{30: EndedByFailFast, 31: EndedByHangs, 50: EndedByHangs}, 31, EndedByFailFast},
			{map[int]string{0: EndedByHangs}, 1, EndedByHangs},
			{map[int]string{59: EndedByFailFast}, 60, ""}, // the plan was done
		} {
			q := NewQuota(60, Budget{})
			taken, dropped := runQuota(q, workers, row.ends)
			if len(taken) != row.want || !slices.IsSorted(taken) || taken[0] != 0 || q.ended != row.why {
				t.Errorf("%d workers, ended by %v: taken are %v, ended early by %q", workers, row.ends, taken, q.ended)
			}
			for _, n := range dropped {
				if n < row.want {
					t.Errorf("%d workers: trial %d was dropped", workers, n)
				}
			}
			if len(q.waiting) > 0 {
				t.Errorf("%d workers: %d trials wait for ever", workers, len(q.waiting))
			}
		}
	}
}

// Time forbids another trial, and says which time it was; without a count the first is run however short it is.
func TestTimeEndsAPlan(t *testing.T) {
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	late, stop := context.WithTimeout(context.Background(), 0)
	defer stop()
	for _, row := range []struct {
		ctx     context.Context
		planned int
		budget  Budget
		ran     int
		why     string
	}{
		{context.Background(), -1, Budget{For: time.Nanosecond}, 1, EndedByFor},
		{context.Background(), 9, Budget{Within: time.Nanosecond}, 0, EndedByTimeout},
		{gone, 9, Budget{}, 0, EndedByInterrupt},
		{late, 9, Budget{}, 0, EndedByTimeout},
		{context.Background(), 2, Budget{Within: time.Hour}, 2, ""},
	} {
		q := NewQuota(row.planned, row.budget)
		ran := 0
		for {
			from, to := q.Hand(row.ctx, 1)
			if from == to {
				break
			}
			q.Settle(from, Done{To: to, Take: func() string { ran++; return "" }})
			time.Sleep(time.Microsecond)
		}
		if ran != row.ran || q.ended != row.why {
			t.Errorf("%+v: %d trials, ended early by %q", row, ran, q.ended)
		}
	}
}

// A void trial is replaced three times at most, and not at all where no more may begin.
func TestVoidTrialsAreTriedAgain(t *testing.T) {
	void, passed, broken := result.Trial{Verdict: result.Void}, result.Trial{}, errors.New("broken")
	for _, row := range []struct {
		comes []result.Trial
		more  bool
		err   error
		want  int
	}{
		{[]result.Trial{passed}, true, nil, 1},
		{[]result.Trial{void, void, passed}, true, nil, 3},
		{[]result.Trial{void, void, void, void, passed}, true, nil, 4},
		{[]result.Trial{void, passed}, false, nil, 1},
		{[]result.Trial{void, passed}, true, broken, 1},
	} {
		ran := 0
		err := Tries(func() bool { return row.more }, func(replacement int) (result.Trial, error) {
			if replacement != ran {
				t.Errorf("replacement %d is called %d", ran, replacement)
			}
			ran++
			return row.comes[replacement], row.err
		})
		if ran != row.want || !errors.Is(err, row.err) {
			t.Errorf("%+v: %d were run, %v", row, ran, err)
		}
	}
}
