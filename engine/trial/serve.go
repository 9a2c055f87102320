package trial

import (
	"fmt"
	"strconv"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// run is the trial's own task. Its order is the design's: boot, load, strike, drain, inventory.
func (s *serving) run(t *world.Task) error {
	s.armWindows()
	s.startInjectors()
	if err := s.boot(t); err != nil {
		return err
	}
	s.w.Go(world.Harness, WaiterTask, s.wait)
	s.startClients(t)
	s.out.Add(&ledger.Phase{Index: 0, Name: s.out.Name(phaseServe), Ready: true, At: t.Now()})
	s.loadBegan = t.Now()
	s.loading.Cancel(t)
	switch {
	case s.plan.ID.Control && s.plan.ID.Lend != "":
		s.lend(t)
	case s.plan.ID.Control:
		s.awaitLoad(t)
	case s.awaitStrike(t):
		s.awaitDrain(t)
	case s.w.Simulated() && !s.ended.Try():
		s.recordTasks(false) // nobody can move: who waits for what is evidence, struck or not
	}
	s.overAt = t.Now()
	s.over.Cancel(t)
	if e, ok := s.instance.(targets.Ender); ok {
		e.End(t)
	}
	s.settle(t)
	s.takeInventory(t)
	return nil
}

func (s *serving) boot(t *world.Task) error {
	host := targets.Host{
		World: s.w, Knobs: s.plan.Program.Knobs, Probe: &probe{s},
		DrainLimit: s.plan.Program.Scenario.DrainLimit, IdleDeadline: s.plan.idleDeadline(), Exit: s.exit, Reach: allowedHosts(),
	}
	if !s.w.Simulated() {
		host.Dir, host.Outside = s.dir.Data(), &outside{s}
	} else if auditor := s.plan.Program.Target.Auditor; auditor != nil {
		s.medium = auditor.NewMedium()
		host.Medium = s.medium
	}
	var failed error
	main := s.w.Go(world.Target, "main", func(t *world.Task) {
		s.instance, failed = s.plan.Program.Target.Start(t, host, s.plan.Variant.Name)
	})
	of := s.plan.ID.Target + "/" + s.plan.ID.Variant
	limit := s.w.NewTimer("the start's limit")
	limit.Idle = true
	limit.Set(s.plan.startLimit())
	if t.Select(main, limit) == 1 {
		s.recordTasks(false)
		return &startError{of, fmt.Errorf("it had not started after %s", s.plan.startLimit())}
	}
	if err := t.Join(main); err != nil {
		return &startError{of, err}
	}
	if failed != nil {
		return &startError{of, failed}
	}
	return nil
}

// wait records how the server ended, whenever it does.
func (s *serving) wait(t *world.Task) {
	t.As(world.Target, func() { s.err = s.instance.Wait(t) })
	how := ledger.DrainEnd(s.how.Load())
	if how == 0 {
		how = ledger.DrainReturned
	}
	text := ""
	if s.err != nil {
		how, text = ledger.DrainFailed, s.err.Error()
	}
	s.recordStall()
	s.out.Add(&ledger.Drain{Ended: t.Now(), How: how, Left: s.left.Load(), Error: s.out.Name(text)})
	s.ended.Cancel(t)
}

// startClients starts one task a client and waits until all have dialled, the server has ended, or the
// drain has begun: a server struck at start-up may never let a client in.
func (s *serving) startClients(t *world.Task) {
	for i := range s.plan.Program.Groups {
		s.addGroup(i)
	}
	s.toDial.Store(int64(len(s.clients)))
	for _, c := range s.clients {
		s.w.Go(world.Harness, c.name, c.run)
	}
	if len(s.clients) > 0 {
		limit := s.w.NewTimer("the clients' limit")
		limit.Idle = true
		limit.Set(s.plan.startLimit())
		t.Select(s.allDialled, s.ended, s.draining, limit)
	}
}

func (s *serving) addGroup(i int) {
	group := &s.plan.Program.Groups[i]
	duration := s.plan.Program.Scenario.Duration
	if group.Op.Subscribes {
		duration = forever // a subscriber keeps its pace until the server is empty
	}
	if s.plan.Program.Target.Traits.KeepsComing && group.ShapeName != "ramp" {
		duration = forever
	}
	counters := s.countersOf(group)
	for n := range s.plan.clientsOf(group) {
		name := group.As + "-" + strconv.Itoa(n)
		c := &client{
			s: s, group: group, name: name, index: n, quiet: group.StopAtSignal, counters: counters,
			lane:  s.out.Lane(ledger.LaneInfo{Name: name, Group: group.As, Op: group.Op.Name}),
			shape: group.Shape(n, duration, s.plan.Seed.Stream("load/"+strconv.Itoa(i)+"/"+strconv.Itoa(n))),
			most:  s.plan.mostOf(group), timer: s.w.NewTimer("its next start"), connected: s.w.NewToken(connectedToken),
		}
		if group.Op.Emits != nil {
			c.emits = group.Op.Emits(s.plan.Program.Knobs)
		}
		s.clients = append(s.clients, c)
	}
}

// countersOf returns the counters that the operations of a group count for.
func (s *serving) countersOf(group *Group) []*opCounter {
	var counters []*opCounter
	for j, strike := range s.plan.Strikes {
		if o := s.counters[j]; o != nil && (strike.Op == "" || strike.Op == group.As || strike.Op == group.Op.Name) {
			counters = append(counters, o)
		}
	}
	return counters
}

// forever is a duration that no trial outlives.
const forever = time.Duration(1) << 60

func (s *serving) dialled(t *world.Task) {
	if s.toDial.Add(-1) == 0 {
		s.allDialled.Cancel(t)
	}
}

func (s *serving) dialFailed(t *world.Task, c *client, err error) {
	s.out.Add(&ledger.Mark{Who: s.out.Name(c.name), Text: s.out.Name(couldNotConnect + err.Error()), At: t.Now()})
	s.dialled(t)
}

// lend lets somebody else ask the program, until they have done or it has ended.
func (s *serving) lend(t *world.Task) {
	if l, ok := s.instance.(interface {
		Lend(t *world.Task, to string)
	}); ok {
		l.Lend(t, s.plan.ID.Lend)
	}
}

// awaitLoad waits until the load of a trial without a signal is over, and longer where the instance says that it has
// not shown enough of what clients ask for.
func (s *serving) awaitLoad(t *world.Task) {
	limit := s.w.NewTimer(overToken)
	limit.SetAt(s.loadBegan + s.plan.Program.Scenario.Duration)
	patient, ok := s.instance.(interface{ Enough() bool })
	for until := t.Now() + longestControl; t.Select(s.ended, limit) == 1 && ok && !patient.Enough() && t.Now() < until; {
		limit.Set(enoughPause)
	}
}

const (
	// longestControl is how long a run without a signal may go on for requests that take long: a quarter of a minute, which
	// is what a whole probe has.
	longestControl = 15 * time.Second
	// enoughPause is how often it is asked whether it has shown enough.
	enoughPause = 5 * time.Millisecond
)

// settle waits until every client has ended or is stuck in a call: parked, and not on the clock. A
// client still on its way is not evidence yet.
func (s *serving) settle(t *world.Task) {
	if s.w.Simulated() {
		// An idle timer fires when nobody else can move: that is what settled means.
		settled := s.w.NewTimer("everybody to settle")
		settled.Idle = true
		settled.Set(0)
		t.Await(settled)
		return
	}
	deadline := t.Now() + s.plan.Program.Scenario.DrainLimit
	for pause := 50 * time.Microsecond; t.Now() < deadline; pause = min(2*pause, 5*time.Millisecond) {
		if s.settled() {
			return
		}
		t.Sleep(pause)
	}
}

// settled says whether nothing goes on any more. Once the server has ended, whoever is outside the World,
// in a socket or a file, is about to come back: what it waits for is gone.
func (s *serving) settled() bool {
	ended := s.ended.Try()
	for _, task := range s.w.Tasks() {
		moving := !task.Parked || task.Timed || ended && task.Kind == world.KindBlocking
		if moving && task.Name != TrialTask {
			return false
		}
	}
	return true
}

// takeInventory asks the server what is left in it and records what outlived the drain.
func (s *serving) takeInventory(t *world.Task) {
	s.instance.Inventory()
	s.recordMemory()
	if s.ended.Try() {
		s.recordTasks(true)
	}
	now := t.Now()
	for _, c := range s.clients {
		s.recordLoad(c, now)
	}
	for _, watch := range s.windows {
		s.out.Add(watch.record(s.out))
	}
}

// recordMemory writes down how large the process was at most. That of an external program is another's,
// and a simulated world shares its process with others.
func (s *serving) recordMemory() {
	if s.w.Simulated() || s.plan.Program.Target.Traits.External {
		return
	}
	if peak := peakMemory(); peak > 0 {
		s.out.Add(&ledger.Gauge{Name: s.out.Name(ledger.MemoryGauge), Value: peak, At: s.w.Now()})
	}
}

func (s *serving) recordLoad(c *client, now time.Duration) {
	if c.group.Op.Subscribes {
		return
	}
	begun := c.started.Load()
	rec := ledger.Load{Lane: c.lane.Index(), Planned: begun, Late: c.late.Load(), Worst: time.Duration(c.worst.Load())}
	if c.group.Scheduled() {
		rec.Unsent = c.unsent(int(begun), s.loadEnd(c, now)-s.loadBegan)
		rec.Planned += rec.Unsent
	}
	s.out.Add(&rec)
}

// loadEnd is when the client's load was over: its starts after that were never meant to be.
func (s *serving) loadEnd(c *client, now time.Duration) time.Duration {
	if c.quiet && s.struck.Try() {
		return s.struckAt
	}
	if s.ended.Try() {
		return s.overAt
	}
	return now
}

// recordStall writes down for how long the process stood still since the strike. Simulated, it matters
// only where the drain looks late.
func (s *serving) recordStall() {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Not s.struck: who strikes may be slow to say so, and the server has ended meanwhile.
	if !s.wasStruck || s.w.Simulated() && s.w.Now()-s.struckAt <= s.plan.Program.Scenario.DrainLimit {
		return
	}
	if s.stalledBefore > 0 && !s.w.Simulated() {
		s.out.Add(&ledger.Gauge{Name: s.out.Name(ledger.StallBeforeGauge), Value: int64(s.stalledBefore), At: s.w.Now()})
	}
	if stalled := s.stalls.sum() - s.stalledBefore; stalled > 0 {
		s.out.Add(&ledger.Gauge{Name: s.out.Name(ledger.StallGauge), Value: int64(stalled), At: s.w.Now()})
	}
}
