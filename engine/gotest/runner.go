package gotest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/schedule"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/internal/overlay/wire"
)

// A runner plays schedules of a test that strategies of ours decide. The workload's Trial is the schedule whose chance the
// program draws from; nothing else of it can be made smaller.
type runner struct {
	*Test
	ctx context.Context
	q   *process // clean, or nil
}

func (r *runner) close() {
	if r.q != nil {
		r.q.close()
		r.q = nil
	}
}

// clean is a process that has done nothing but schedules that passed.
func (r *runner) clean() (*process, error) {
	if r.q != nil && !r.q.dirty && r.q.Memory.Serial < perProcess {
		return r.q, nil
	}
	r.close()
	q, first, err := r.begin(r.ctx)
	if err == nil && first.Verdict != result.Passed {
		q.close()
		err = fmt.Errorf("%s: its default schedule no longer passes: %s", r.Name, first.Verdict)
	}
	if err == nil {
		r.q = q
	}
	return r.q, err
}

// Run implements explore.Runner.
func (r *runner) Run(w explore.Workload, s schedule.Strategy) (explore.Outcome, error) {
	q, err := r.clean()
	if err != nil {
		return explore.Outcome{}, err
	}
	unknown := error(nil)
	v := newView(q.Memory, func(pc uint64) string {
		places, err := r.lookUp(r.ctx, r.Name, pc)
		if err != nil {
			unknown = errors.Join(unknown, err)
		}
		return places[pc].Function
	})
	switches, last := 0, wire.Nobody
	a, err := q.do(r.command(wire.DoRemote, uint64(w.Trial)), func(*wire.Memory) uint32 {
		next := v.choose(s)
		if next != last {
			switches++
			last = next
		}
		return next
	})
	t, err := r.judge(r.ctx, q, a, err)
	if err = errors.Join(err, unknown); err != nil {
		return explore.Outcome{}, err
	}
	ending := world.Finished
	if t.Verdict == result.Void {
		ending = world.OutOfSteps
	}
	return explore.Outcome{
		Classes: t.Classes(), Switches: switches,
		Result: world.SimResult{Ending: ending, Steps: int(q.Memory.Decisions), Hash: q.Memory.Hash},
	}, nil
}

// A played is a schedule that was played by its deviations, with all that happened in it.
type played struct {
	trial  result.Trial
	left   Evidence // that the verdict follows from
	trace  *explore.Trace
	result world.SimResult
	early  time.Duration // by how much timers fired early, in all
	unused int
}

// play plays deviations in a process that has done its default schedule and nothing else. The default schedule itself is
// the first of its process.
func (r *runner) play(index uint64, deviations []explore.Deviation) (played, error) {
	r.close()
	var q *process
	var err error
	if index == 0 && len(deviations) == 0 {
		q, err = r.start(r.ctx, r.Name)
		r.q = q
	} else {
		q, err = r.clean()
	}
	if err != nil {
		return played{}, err
	}
	c := r.command(wire.DoPlay, index)
	c.Log = true
	for _, d := range deviations {
		c.Deviations = append(c.Deviations, wire.Deviation{After: d.After, Ops: d.Ops, State: d.State, Nth: d.Nth, Next: d.Next})
	}
	a, err := q.do(c, nil)
	t, err := r.judge(r.ctx, q, a, err)
	if err != nil {
		return played{}, err
	}
	p := played{trial: t, left: q.last, unused: int(q.Memory.Unused), early: time.Duration(q.Memory.Used), result: world.SimResult{Steps: int(q.Memory.Decisions), Hash: q.Memory.Hash}}
	p.trace, err = r.traceOf(r.ctx, q)
	return p, err
}

func (p played) shows(class string) bool { return slices.Contains(p.trial.Classes(), class) }
