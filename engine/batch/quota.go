package batch

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// maxReplacements is how often one planned trial is replaced while it is void.
const maxReplacements = 3

// What ends a row before its plan was done, as results say it.
const (
	EndedByHangs     = "three hangs"
	EndedByFailFast  = "fail-fast"
	EndedByFor       = "for"
	EndedByTimeout   = "timeout"
	EndedByControl   = "control run"
	EndedByInterrupt = "interrupted"
	EndedByFailure   = "a failure of racebench"
	EndedByLoss      = "parts that did not come"
)

// A quota hands out the planned trials of one variant to those that run them, and takes what they came to in the
// order of the plan, whatever the order in which they were done. So what ends a run early ends it at the same
// trial, however many run at once: later ones are dropped. A void trial is replaced by whoever ran it (Tries), so
// that the parts of a run have the trials that the whole would have.
type Quota struct {
	Began   time.Time
	planned int // negative is without end
	budget  Budget

	mu      sync.Mutex
	next    int          // the first trial that was not handed out
	settled int          // trials from the plan's beginning that were taken
	waiting map[int]Done // by its first trial: it is done, and some before it is not
	closed  bool         // nothing more is handed out
	ended   string       // why, where the plan was not done
	cut     bool         // trials after settled do not count
}

// Done is what some trials in a row came to.
type Done struct {
	To   int           // the first trial after them
	Take func() string // adds them to the result; says what ends the run with them, if anything does
	Drop func()        // is called in its place where the run had ended before them
}

// NewQuota returns a quota of so many planned trials, the time for which begins now.
func NewQuota(planned int, b Budget) *Quota {
	return &Quota{planned: planned, budget: b, Began: time.Now(), waiting: map[int]Done{}}
}

// Hand hands out the next trials, at most so many: from one up to, and without, another. They are equal when
// none is left, or the run has ended.
func (q *Quota) Hand(ctx context.Context, atMost int) (from, to int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.next == q.planned {
		return 0, 0
	}
	if why := q.outOfTime(ctx); why != "" {
		q.closed, q.ended = true, why
		return 0, 0
	}
	from, q.next = q.next, q.next+atMost
	if q.planned >= 0 {
		q.next = min(q.next, q.planned)
	}
	return from, q.next
}

// outOfTime says what forbids to begin another trial. The first is run however short the time.
func (q *Quota) outOfTime(ctx context.Context) string {
	took := time.Since(q.Began)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return EndedByTimeout
	case ctx.Err() != nil:
		return EndedByInterrupt
	case q.budget.Within > 0 && took >= q.budget.Within:
		return EndedByTimeout
	case q.budget.For > 0 && took >= q.budget.For && q.next > 0:
		return EndedByFor
	}
	return ""
}

// Settle takes trials that were handed out and are done, and those after them that waited for these.
func (q *Quota) Settle(from int, work Done) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting[from] = work
	for {
		work, ok := q.waiting[q.settled]
		if !ok || q.cut {
			break
		}
		delete(q.waiting, q.settled)
		q.settled = work.To
		if why := work.Take(); why != "" {
			q.endAt(why)
		}
	}
	if q.cut {
		for from, work := range q.waiting {
			delete(q.waiting, from)
			work.Drop()
		}
	}
}

// endAt ends the run with the trials that were taken.
func (q *Quota) endAt(why string) {
	q.closed, q.cut = true, true
	if q.settled != q.planned {
		q.ended = why
	}
}

// End ends the run where it stands.
func (q *Quota) End(why string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.endAt(why)
}

// Close hands out no more; what was handed out still counts. It is for what has no place in the plan: that ctx has
// ended, or a failure of racebench's own.
func (q *Quota) Close(ctx context.Context) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed, q.ended = true, q.outOfTime(ctx)
	}
}

// GoesOn says whether another trial may begin.
func (q *Quota) GoesOn(ctx context.Context) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if why := q.outOfTime(ctx); !q.closed && why != "" {
		q.closed, q.ended = true, why
	}
	return !q.closed
}

// Settled is how many planned trials were taken.
func (q *Quota) Settled() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.settled
}

// Ended is what ended the run before its plan was done; it is empty where the plan was.
func (q *Quota) Ended() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ended
}

// Tries runs one planned trial, then its replacements while they are void and more says so. One that is void for
// the last time stays so.
func Tries(more func() bool, run func(replacement int) (result.Trial, error)) error {
	for k := range 1 + maxReplacements {
		if k > 0 && !more() {
			return nil
		}
		if t, err := run(k); err != nil || t.Verdict != result.Void {
			return err
		}
	}
	return nil
}
