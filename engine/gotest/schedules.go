package gotest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/engine/schedule"
	"github.com/racebench/racebench/internal/overlay/player"
	"github.com/racebench/racebench/internal/overlay/wire"
)

// A Test is a test of a package and how its schedules are played.
type Test struct {
	*Package
	Name    string
	Seed    uint64
	Slack   time.Duration // by how much the clock may be early in all
	Sigterm int           // signals that follow the first Notify
	Steps   uint32        // operations that a schedule may take; 0 is wire.DefaultSteps
}

// longest is how many operations a default schedule may take, and with it every other.
const longest = 50 * wire.DefaultSteps

// fit gives schedules a budget of operations that the default one needs, where that is more than usual.
func (t *Test) fit(ctx context.Context) (*process, result.Trial, error) {
	q, first, err := t.begin(ctx)
	if err != nil || first.VoidCode != void.GivenUp || q.Memory.Stop != wire.StopSteps {
		return q, first, err
	}
	q.close()
	t.Steps = longest
	if q, first, err = t.begin(ctx); err == nil && first.Verdict == result.Passed {
		t.Steps = min(longest, 4*q.Memory.Step)
	}
	return q, first, err
}

// A NotControllable error says why a test cannot be searched.
type NotControllable struct{ Test, Why string }

// Error is one sentence.
func (e *NotControllable) Error() string {
	return fmt.Sprintf("%s is not controllable: %s", e.Test, e.Why)
}

// command is one that plays schedules.
func (t *Test) command(do string, index uint64) wire.Command {
	return wire.Command{Do: do, Slack: int64(t.Slack), Sigterm: t.Sigterm, Steps: t.Steps, Chance: wire.Chance(t.Seed, index)}
}

// begin starts a process and plays the default schedule, which tells what is usual. The trial is what that came to.
func (t *Test) begin(ctx context.Context) (*process, result.Trial, error) {
	q, err := t.start(ctx, t.Name)
	if err != nil {
		return nil, result.Trial{}, err
	}
	a, err := q.do(t.command(wire.DoPlay, 0), nil)
	if err == nil {
		q.usual = left(q.Memory)
	}
	trial, err := t.judge(ctx, q, a, err)
	if err != nil {
		q.close()
		return nil, trial, err
	}
	trial.Schedule = &result.Schedule{Hash: q.Memory.Hash, Steps: int64(q.Memory.Step)}
	return q, trial, nil
}

// judge is the verdict on the schedule that a process has played, or died of. Its error is no verdict.
func (t *Test) judge(ctx context.Context, q *process, a wire.Answer, err error) (result.Trial, error) {
	if ctx.Err() != nil {
		return result.Trial{}, ctx.Err()
	}
	if why := q.stoodStill(); why != "" {
		if q.Memory.Stop != wire.StopNone { // then it went on without control, and came to no end
			why = stops[q.Memory.Stop]
		}
		if err != nil { // it has ended, and left a dump
			if where := t.whereOutside(q.Output()); where != "" {
				why += ": " + where
			}
		}
		return result.Trial{}, &NotControllable{t.Name, why}
	}
	if err != nil && !errors.Is(err, player.ErrDied) {
		return result.Trial{}, err
	}
	if err != nil && q.Memory.Phase != wire.Playing && q.Memory.Phase != wire.Resting {
		return result.Trial{}, fmt.Errorf("%s: %w\n%s", t.Name, err, q.Output())
	}
	e, err := t.evidence(ctx, q, a, err != nil)
	if why := fromOutside(e, q.Memory); why != "" && err == nil {
		return result.Trial{}, &NotControllable{t.Name, why}
	}
	q.last = e
	return Judge(e), err
}

// strange are the runtime's last words where a goroutine that was started before the test uses what belongs to it.
var strange = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^fatal error: (?:\w+ (?:on|of) synctest (?:channel|timer) from outside bubble|synctest timer accessed from outside bubble|semaphore wake of synctest goroutine from outside bubble)$`)
})

// ourTypes are in panics of programs that ask a connection in memory for its type.
var ourTypes = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^panic: interface conversion: .* is \*net\.rb(?:Conn|Listener), not `)
})

// fromOutside says why a schedule failed for what is outside of it: its verdict would accuse the test of what control does.
func fromOutside(e Evidence, m *wire.Memory) string {
	switch {
	case strange().MatchString(e.Output):
		return "a goroutine that was started before the test, as by init or TestMain, or a finalizer uses its channels or timers"
	case ourTypes().MatchString(e.Output):
		return "it asks for a *net.TCPConn or *net.TCPListener, and its connections are in memory"
	case e.Verdict != wire.Deadlock.String():
		return ""
	}
	for i := uint32(2); i < min(m.Tasks, wire.MaxTasks); i++ {
		switch task := &m.Task[i]; {
		case task.Status != wire.Parked && task.Status != wire.Resumed: // resumed: it is, from outside, by now
		case task.Class&wire.OldTimer != 0:
			return "a goroutine of it waits for a timer that was made before the test"
		case task.Class&wire.Foreign != 0 && m.Others > 0:
			return fmt.Sprintf("a goroutine of it waits on a channel that was made before the test, and so were goroutines (%d) that may end the wait", m.Others)
		}
	}
	return ""
}

// evidence is what the process's memory, its answer and its output hold of the last schedule.
func (t *Test) evidence(ctx context.Context, q *process, a wire.Answer, died bool) (Evidence, error) {
	m := q.Memory
	e := Evidence{
		Verdict: a.Verdict, Steps: int64(m.Step), Goroutines: int64(m.Tasks) - 1, Signals: int64(m.Signals), Text: m.Written(),
	}
	switch {
	case died:
		e.Verdict, e.Text, e.Output = "", "", q.Output()
		e.Status = q.State().ExitCode()
		if s := q.Signalled(); s != 0 {
			e.Signal = s.String()
		}
		return e, nil
	case a.Verdict == wire.Passed.String():
		return e, nil
	}
	q.dirty = true
	e.Stop = stops[a.Stop]
	switch a.Verdict {
	case wire.Race.String():
		q.end() // all that it wrote has come then
		e.Output = q.Output()
	case wire.Deadlock.String(), wire.Livelock.String():
		for i := uint32(2); i < min(m.Tasks, wire.MaxTasks); i++ { // the first waits for the test
			if task := &m.Task[i]; task.Status != wire.Done && task.Kind != uint8(schedule.KindStart) {
				e.Waits = append(e.Waits, schedule.Kind(task.Kind).String())
			}
		}
		slices.Sort(e.Waits)
		e.Waits = slices.Compact(e.Waits)
	case wire.Leak.String():
		for from, n := range left(m) {
			if n <= q.usual[from] {
				continue
			}
			places, err := t.lookUp(ctx, t.Name, from.entry)
			if err != nil {
				return e, err
			}
			e.Left = append(e.Left, base(places[from.entry].Function))
		}
		slices.Sort(e.Left)
	}
	return e, nil
}

// stops says why a schedule was given up.
var stops = map[uint32]string{
	wire.StopSteps:     "its budget of operations was spent",
	wire.StopMany:      fmt.Sprintf("it has more than %d goroutines, or more than %d that can go on", wire.MaxTasks, wire.MaxRunnable),
	wire.StopLivelock:  "goroutines run and nothing changes",
	wire.StopForbidden: "a goroutine was chosen that cannot go on: this is racebench's own failure",
}

// hints are what strategies want to know, from the schedule that a process has just played.
func (t *Test) hints(ctx context.Context, q *process) (wire.Hints, error) {
	m := q.Memory
	h := wire.Hints{Steps: int(m.Decisions), Events: map[string]int{}}
	a, err := q.do(wire.Command{Do: wire.DoNames}, nil)
	if err != nil {
		return h, err
	}
	for i := 1; i < int(min(m.Tasks, wire.MaxTasks)) && i < len(a.Names); i++ {
		ops := int(m.Task[i].Ops)
		for id := i; id != 0; id = int(m.Task[id].Parent) {
			h.Events[a.Names[id]] += ops
		}
	}
	h.Events[wire.ClockName] = int(cmp.Or(m.Task[wire.Clock].Ops, 1))
	return h, ctx.Err()
}

// strategy is that of schedule index of a search: the same as in the test process.
func (t *Test) strategy(index uint64, h wire.Hints) schedule.Strategy {
	return explore.Portfolio(int(index)).New(chance(t.Seed, index), explore.Hints{Steps: h.Steps, Events: h.Events})
}
