package trial

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/targets"
)

// auditing is the last phase of a trial whose target is an Auditor: a fresh process, or a fresh world,
// reopens what the server has left behind and writes down what it finds.
type auditing struct {
	plan   Plan
	out    *ledger.Writer
	dir    rundir.TrialDir
	medium targets.Medium
	power  bool          // the power was cut
	base   time.Duration // when the server's own phase was over
	w      *world.World
	broken error
}

// powerCut says whether the power was cut in the trial.
func powerCut(e *ledger.Evidence) bool {
	return slices.ContainsFunc(e.Signals, func(s ledger.Signal) bool { return s.Power })
}

// phaseOver is when a trial's last phase ended, by its own record.
func phaseOver(e *ledger.Evidence) time.Duration {
	var at time.Duration
	for _, p := range e.Phases {
		at = max(at, p.At)
	}
	return at
}

// run is the audit's own task. An error is racebench's own failure.
func (a *auditing) run(t *world.Task) error {
	target := a.plan.Program.Target
	h := targets.Host{World: a.w, Knobs: a.plan.Program.Knobs, Probe: &probe{&serving{w: a.w, out: a.out}}, Medium: a.medium}
	if !a.w.Simulated() {
		h.Dir = a.dir.Data()
	}
	if a.power {
		if err := target.Auditor.CutPower(h, a.plan.Seed.Stream("power cut")); err != nil {
			return fmt.Errorf("cut the power: %w", err)
		}
	}
	lane := a.out.Lane(ledger.LaneInfo{Name: auditTask, Group: auditTask, Op: auditTask})
	found := ledger.Audit{Lane: lane.Index()}
	var topics uint64
	for _, op := range target.Ops {
		if op.Accepts {
			topics |= 1 << op.Topic
		}
		if op.Accepts && op.Unconfirmed {
			found.Unconfirmed |= 1 << op.Topic
		}
	}
	a.out.Add(&ledger.Subscription{Lane: lane.Index(), Topics: topics})
	var failed error
	var last int64
	reader := a.w.Go(world.Target, auditTask, func(t *world.Task) {
		var rest targets.Recovery
		rest, failed = target.Auditor.Audit(t, h, func(r targets.Record) {
			if last != 0 && r.Offset != last+1 {
				found.Gaps++
			}
			if r.Offset <= last {
				found.Back++
			}
			last = r.Offset
			if r.Msg != 0 {
				lane.Deliver(r.Msg, a.base+t.Now())
			}
		})
		found.Torn, found.Beyond = rest.Torn, rest.Beyond
	})
	if err := t.Join(reader); err != nil {
		failed = err
	}
	if failed != nil {
		found.Error = a.out.Name(failed.Error())
	}
	found.At = a.base + t.Now()
	a.out.Add(&found)
	return nil
}

// auditSteps is far more than the audit of a small world takes.
const auditSteps = 1 << 20

// inTurn preempts nobody: an audit has nothing to race with.
type inTurn struct{}

// Next implements world.Strategy.
func (inTurn) Next(s *world.State) int { return s.Default() }

// onPanic records a panic of the target's own part of the audit.
func (a *auditing) onPanic(p world.Panic) {
	if p.Realm == world.Harness && !a.w.Simulated() {
		fmt.Fprintf(os.Stderr, "racebench: %s\n%s\n", p.Error(), p.Stack)
		complain(a.dir, &p)
		os.Exit(exitBroken)
	}
	if p.Realm == world.Harness {
		a.broken = fmt.Errorf("racebench: %w\n%s", &p, p.Stack)
		return
	}
	a.out.Add(&ledger.Panic{
		Task: a.out.Name(p.Task), Value: a.out.Name(p.Value), Stack: a.out.Name(p.Stack), Target: true, At: a.base + a.w.Now(),
	})
}
