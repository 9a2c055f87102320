package gotest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/overlay/wire"
)

// chance is what the strategy of a schedule draws from.
func chance(seed, index uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, index)) }

// A Budget says how many schedules are searched: so many, or until a time has passed.
type Budget struct {
	Trials   int
	For      time.Duration
	Parallel int // processes at once
	FailFast bool
	Shard    batch.Shard
	// Punctual leaves the part of a search out in which timers may fire early. Parts of a run leave it out: it depends on
	// whether any part has found something.
	Punctual bool
}

// below is how many of the schedules with a lower index the shard plays.
func (b Budget) below(index int) int {
	if b.Shard.Of < 2 {
		return index
	}
	return max(0, index-b.Shard.Number+b.Shard.Of) / b.Shard.Of
}

const (
	// lateSlack is by how much timers may fire early in all, in the part of a search that looks for what needs somebody to
	// be late. A longer one fails tests that wait for others by sleeping, which most such tests do for 1 to 20 ms.
	lateSlack = 10 * time.Millisecond

	atOnce     = 512    // schedules that one command plays, at the most
	perProcess = 20_000 // schedules, then a process is left
)

// A search is the schedules of one test, folded into one result.
type search struct {
	*Test
	budget Budget
	hints  wire.Hints
	until  time.Time
	end    uint64 // of a search by schedules: how many of the shard are played
	late   uint64 // from this schedule on timers may fire early by lateSlack in all; 0 is none

	next    atomic.Uint64 // of the shard's schedules
	stopped atomic.Bool

	mu     sync.Mutex
	fold   *result.Campaign
	failed []result.Trial // not in the fold before they were shown in another process
	err    error

	shownBy  map[string]*explore.File // kept schedules, by what they show
	keptLeft map[string]Evidence      // and what they have left
}

// header says what the schedules have in common.
func (t *Test) header(b Budget) result.Header {
	return result.Header{
		Scenario: t.Name, Target: "gotest", Variant: t.ImportPath, Engine: "sim", Seed: strconv.FormatUint(t.Seed, 10), Anytime: b.For > 0, Shard: b.Shard.String(),
		Invariants: Invariants(t.Race), Moment: "every schedule can come up; a signal is a task of it",
	}
}

func (t *Test) newSearch(b Budget) *search {
	return &search{Test: t, budget: b, fold: result.NewCampaign(t.header(b), result.Rules{}), shownBy: map[string]*explore.File{}, keptLeft: map[string]Evidence{}}
}

// run searches. The first schedule is the default one.
func (s *search) run(ctx context.Context) error {
	began := time.Now()
	q, first, err := s.fit(ctx)
	if err != nil {
		return err
	}
	if first.Verdict == result.Passed && s.budget.Shard.First() {
		if first.Warnings, err = s.alwaysLeft(ctx, q); err != nil {
			q.close()
			return err
		}
	}
	if s.budget.Shard.First() { // the default schedule is its own
		s.add(&finds{fold: s.fold, failed: &s.failed}, 0, first)
	}
	switch {
	case first.Verdict == result.Passed:
		if s.hints, err = s.Test.hints(ctx, q); err == nil {
			s.next.Store(uint64(s.budget.below(1)))
			err = s.searchTwice(ctx, q, began)
		}
	case first.Verdict != result.Void:
		s.fold.Note("the default schedule fails, as the test does without any search: no other was searched")
		fallthrough
	default:
		q.close()
		s.stopped.Store(true)
	}
	s.fold.ElapsedNS = time.Since(began).Nanoseconds()
	return err
}

// searchTwice searches with a clock that waits for everybody, and then, if that finds nothing, with one that does not: for
// the last quarter of the budget. With a slack of the user's there is one search.
func (s *search) searchTwice(ctx context.Context, q *process, began time.Time) error {
	if s.budget.Punctual {
		s.end, s.until = uint64(s.budget.below(s.budget.Trials)), began.Add(s.budget.For)
		return s.searchAll(ctx, q)
	}
	all, forAll := uint64(s.budget.Trials), s.budget.For
	s.end, s.until = all-all/4, began.Add(forAll-forAll/4)
	if err := s.searchAll(ctx, q); err != nil {
		return err
	}
	if s.end, s.until = all, began.Add(forAll); s.stopped.Load() {
		return nil
	}
	from := s.next.Load()
	if s.budget.For == 0 {
		from = all - all/4
		s.next.Store(from)
	}
	if s.Slack == 0 && len(s.failed) == 0 {
		s.late = from
	}
	if err := s.searchAll(ctx, nil); err != nil {
		return err
	}
	if n := s.next.Load(); s.late > 0 && s.budget.For > 0 {
		s.end = n
	}
	if s.late > 0 && s.end > s.late {
		s.fold.Note(fmt.Sprintf("in %d of %d schedules timers could fire early, by %s in all: what shows only there is a warning", s.end-s.late, s.end, lateSlack))
	}
	return nil
}

// of is the test as a schedule plays it.
func (s *search) of(index uint64) *Test {
	t := *s.Test
	if s.late > 0 && index >= s.late {
		t.Slack = lateSlack
	}
	return &t
}

// searchAll has as many processes search as are asked for; q is the first.
func (s *search) searchAll(ctx context.Context, q *process) error {
	var workers sync.WaitGroup
	for i := range max(1, s.budget.Parallel) {
		mine := q
		if i > 0 {
			mine = nil
		}
		workers.Go(func() {
			if err := s.work(ctx, mine); err != nil {
				s.stopped.Store(true)
				s.mu.Lock()
				s.err = errors.Join(s.err, err)
				s.mu.Unlock()
			}
		})
	}
	workers.Wait()
	return s.err
}

// hand gives the next schedules out; none is the end.
func (s *search) hand(ctx context.Context) (from, to uint64) {
	if s.stopped.Load() || ctx.Err() != nil {
		return 0, 0
	}
	if s.budget.For > 0 {
		if !time.Now().Before(s.until) {
			return 0, 0
		}
		// Few at first: nobody knows how long one takes.
		n := uint64(16)
		if s.next.Load() > 256 {
			n = 128
		}
		to = s.next.Add(n)
		return to - n, to
	}
	size := uint64(max(1, min(atOnce, s.budget.Trials/(4*max(1, s.budget.Parallel)))))
	from = s.next.Add(size) - size
	if from >= s.end {
		return 0, 0
	}
	return from, min(from+size, s.end)
}

// work searches with one process after the other.
func (s *search) work(ctx context.Context, q *process) error {
	var failed []result.Trial
	f := &finds{result.NewCampaign(s.fold.Header, result.Rules{}), &failed}
	defer func() {
		if q != nil {
			q.close()
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.fold.Merge(f.fold)
		s.failed = append(s.failed, failed...)
	}()
	for {
		from, to := s.hand(ctx)
		if from == to {
			return ctx.Err()
		}
		for from < to {
			if q == nil || q.dirty || q.Memory.Serial > perProcess {
				var err error
				if q, err = s.again(ctx, q); err != nil {
					return err
				}
			}
			var err error
			if from, err = s.some(ctx, q, from, to, f); err != nil {
				return err
			}
			if s.budget.FailFast && s.late == 0 && len(failed) > 0 {
				s.stopped.Store(true)
			}
		}
	}
}

// again starts another process in place of one that is left.
func (s *search) again(ctx context.Context, q *process) (*process, error) {
	if q != nil {
		q.close()
	}
	q, first, err := s.begin(ctx)
	if err == nil && first.Verdict != result.Passed {
		q.close()
		err = fmt.Errorf("%s: its default schedule passed once, and in another process it did not: %s", s.Name, first.Verdict)
	}
	return q, err
}

// some plays schedules up to to, or to the first that fails, and returns which is the next.
func (s *search) some(ctx context.Context, q *process, from, to uint64, f *finds) (uint64, error) {
	index := func(n uint64) uint64 { return uint64(s.budget.Shard.Index(int(n))) }
	c := wire.Command{
		Do: wire.DoSearch, From: index(from), To: index(to-1) + 1, By: uint64(max(1, s.budget.Shard.Of)), Seed: s.Seed, Hints: &s.hints,
		Slack: int64(s.of(index(from)).Slack), Sigterm: s.Sigterm, Steps: s.Steps,
	}
	a, err := q.do(c, nil)
	failed := err != nil || a.Did == wire.DidFailed
	for r, ok := q.Memory.Take(); ok; r, ok = q.Memory.Take() {
		if r.Verdict == wire.Passed {
			t := Judge(Evidence{Verdict: "passed", Steps: int64(r.Steps), Goroutines: int64(r.Goroutines), Signals: int64(r.Signals)})
			t.Schedule = &result.Schedule{Hash: r.Hash, Steps: int64(r.Steps)}
			s.add(f, r.Index, t)
		} else if r.Verdict == wire.Skipped {
			s.add(f, r.Index, Judge(Evidence{Verdict: "skipped"}))
		}
	}
	if !failed {
		return uint64(s.budget.below(int(a.Next))), nil
	}
	at := q.Memory.Index
	t, err := s.judge(ctx, q, a, err)
	if err != nil {
		return from, err
	}
	t.Schedule = &result.Schedule{Hash: q.Memory.Hash, Steps: int64(q.Memory.Step)}
	s.add(f, at, t)
	return uint64(s.budget.below(int(at) + 1)), nil
}

// finds are what some schedules came to.
type finds struct {
	fold   *result.Campaign
	failed *[]result.Trial
}

// add adds what a schedule came to.
func (s *search) add(f *finds, index uint64, t result.Trial) {
	t.Index, t.Seed = int(index), strconv.FormatUint(wire.Chance(s.Seed, index), 10)
	if len(t.Breaches) > 0 {
		*f.failed = append(*f.failed, t)
		return
	}
	f.fold.Add(t)
}
