package result

import (
	"cmp"
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/result/void"
)

// maxPerTrial is how many trials a row lists one by one.
const maxPerTrial = 10_000

// add adds a trial. Of a void one nothing counts but that it was.
func (r *Row) add(t *Trial) {
	r.addListed(t)
	switch t.Verdict {
	case Passed:
		r.Trials.Passed++
	case Breached:
		r.Trials.Breached++
	case Hung:
		r.Trials.Hung++
	case Crashed:
		r.Trials.Crashed++
	default:
		r.Trials.Void++
		r.voids.add(void.Reason{Code: t.VoidCode, Text: t.Void}, 1)
		r.bound()
		return
	}
	r.Trials.Run++
	r.addBroken(t)
	r.addSuspects(t)
	r.AddAsked(t.Asked)
	for _, k := range t.AtRisk {
		some := 0
		if k.Count > 0 {
			some = 1
		}
		r.addRisk(RowRisk{Kind: k.Kind, Count: k.Count, Lost: k.Lost, Trials: some, Fewest: k.Count})
	}
	for _, w := range t.Windows {
		r.addWindow(w)
	}
	for _, x := range t.Crossed {
		r.addCrossed(x)
	}
	r.addBounded(t.rowBounded())
	if t.DrainEnded {
		r.drains.add(t.Drain)
	} else if t.HasStruck {
		r.unfinished++
	}
	switch t.DrainHow {
	case "":
	case deadlineEnd:
		r.addDeadline(rowDeadline{1, 1})
	default:
		r.addDeadline(rowDeadline{0, 1})
	}
	r.addTimeline(t.timeline())
	for _, n := range t.Notes {
		r.TrialNotes.add(n, 1)
	}
	for _, l := range t.Latency {
		r.Latency = withLatency(r.Latency, l)
	}
	r.addPlain(t.Service, t.Answers, t.Failures)
	for _, th := range t.Throughput {
		r.addThroughput(th)
	}
	r.Returned += t.Returned
	r.Policy += t.Policy
	r.SignalLateNS = max(r.SignalLateNS, t.Late.Nanoseconds())
	if t.Memory > 0 {
		r.addPeak(RowPeak{MemoryBytes: t.Memory, Threads: t.Threads, Descriptors: t.Descriptors})
	}
	if t.Schedule != nil {
		r.addSchedules(1, t.Schedule.Steps)
		r.schedules.add(t.Schedule.Hash)
	}
	r.bound()
}

// merge adds the trials of another row, which stays as it was.
func (r *Row) merge(o *Row) {
	o = r.mergeSuspects(o)
	r.Trials.Passed += o.Trials.Passed
	r.Trials.Breached += o.Trials.Breached
	r.Trials.Hung += o.Trials.Hung
	r.Trials.Crashed += o.Trials.Crashed
	r.Trials.Void += o.Trials.Void
	r.Trials.Run += o.Trials.Run
	r.voids.merge(o.voids)
	for _, b := range o.Breaches {
		addBreach(&r.Breaches, b)
	}
	for _, w := range o.Warnings {
		if w.Class != "" { // the others are the scenario's: Finish gives them
			r.addWarning(w)
		}
	}
	for _, t := range o.Together {
		r.addTogether(t)
	}
	for _, k := range o.AtRisk {
		r.addRisk(k)
	}
	for _, w := range o.Windows {
		r.addWindow(w)
	}
	for _, x := range o.Crossed {
		r.addCrossed(x)
	}
	r.addBounded(o.Bounded)
	r.drains.merge(&o.drains)
	r.unfinished += o.unfinished
	if o.DrainDeadline != nil {
		r.addDeadline(*o.DrainDeadline)
	}
	if o.Timeline != nil {
		r.addTimeline(*o.Timeline)
	}
	r.TrialNotes.merge(o.TrialNotes)
	r.said = append(r.said, o.said...)
	for _, l := range o.Latency {
		r.Latency = withLatency(r.Latency, l)
	}
	r.addPlain(o.Service, o.Answers, o.Failures)
	for _, t := range o.Throughput {
		r.addThroughput(t)
	}
	r.Returned += o.Returned
	r.Policy += o.Policy
	r.SignalLateNS = max(r.SignalLateNS, o.SignalLateNS)
	if o.Peak != nil {
		r.addPeak(*o.Peak)
	}
	r.mergeSchedules(o)
	r.addWorlds(o.Worlds)
	r.ElapsedNS += o.ElapsedNS
	for _, t := range o.PerTrial {
		if !r.isFull(t) {
			r.PerTrial = append(r.PerTrial, t)
		}
	}
	if len(r.PerTrial) >= 2*maxPerTrial {
		r.prune()
	}
	r.bound()
}

func (r *Row) mergeSchedules(o *Row) {
	s := o.Schedules
	if s == nil {
		return
	}
	r.addSchedules(s.Run, s.Steps)
	r.schedules.merge(&o.schedules)
	r.uncounted += o.uncounted
	if !o.relisted {
		return
	}
	for _, t := range o.PerTrial {
		if t.Schedule != 0 {
			r.schedules.add(t.Schedule)
		}
	}
}

// addListed lists a trial, unless there are enough before it.
func (r *Row) addListed(t *Trial) {
	line := RowTrial{Trial: t.Index, Replacement: t.Replacement, Seed: t.Seed, Verdict: t.Verdict}
	if r.isFull(line) {
		return
	}
	if t.Metrics == nil {
		t.Metrics = metricsOf(t)
	}
	line.Metrics = t.Metrics
	if t.HasStruck {
		line.StruckNS = t.Struck.Nanoseconds()
	}
	if t.DrainEnded {
		line.DrainNS = t.Drain.Nanoseconds()
	}
	if t.Schedule != nil && t.Verdict != Void {
		line.Schedule = t.Schedule.Hash
	}
	for _, s := range t.Suspects {
		line.Suspects = append(line.Suspects, suspectName(s.Class, s.Kind))
	}
	r.PerTrial = append(r.PerTrial, line)
	if len(r.PerTrial) >= 2*maxPerTrial {
		r.prune()
	}
}

// isFull says whether a trial comes after as many as are listed.
func (r *Row) isFull(t RowTrial) bool {
	return r.pruned && inOrder(t, r.PerTrial[maxPerTrial-1]) > 0
}

// prune lists the trials of the lowest indices, whatever order they came in.
func (r *Row) prune() {
	slices.SortFunc(r.PerTrial, inOrder)
	if len(r.PerTrial) > maxPerTrial {
		clear(r.PerTrial[maxPerTrial:])
		r.PerTrial, r.pruned = r.PerTrial[:maxPerTrial], true
	}
}

// inOrder orders trials by index, and those of merged runs by seed.
func inOrder(a, b RowTrial) int {
	return cmp.Or(cmp.Compare(a.Trial, b.Trial), cmp.Compare(a.Replacement, b.Replacement), strings.Compare(a.Seed, b.Seed))
}

// bound gives up what is exact where not every trial is listed any more.
func (r *Row) bound() {
	if r.Trials.Run+r.Trials.Void > maxPerTrial {
		r.drains.pool()
	}
}

// addBroken adds the trial's breaches and warnings.
func (r *Row) addBroken(t *Trial) {
	if len(t.Breaches) > 0 {
		for _, b := range shown(t, t.Breaches) {
			addBreach(&r.Breaches, b)
		}
		r.addTogether(together{Classes: classesOf(t.Breaches), Trials: 1})
	}
	if len(t.Warnings) > 0 {
		for _, b := range shown(t, t.Warnings) {
			r.addWarning(warningOf(b))
		}
	}
}

func (r *Row) addRisk(k RowRisk) {
	at, found := slices.BinarySearchFunc(r.AtRisk, k, func(a, b RowRisk) int { return strings.Compare(a.Kind, b.Kind) })
	if !found {
		r.AtRisk = slices.Insert(r.AtRisk, at, k)
		return
	}
	have := &r.AtRisk[at]
	have.Count += k.Count
	have.Lost += k.Lost
	have.Trials += k.Trials
	have.Fewest = min(have.Fewest, k.Fewest)
}

func (r *Row) addWindow(w WindowCount) {
	at, found := slices.BinarySearchFunc(r.Windows, w, func(a, b WindowCount) int { return strings.Compare(a.Name, b.Name) })
	if !found {
		r.Windows = slices.Insert(r.Windows, at, w)
		return
	}
	r.Windows[at].Struck += w.Struck
	r.Windows[at].Met += w.Met
}

func (r *Row) addCrossed(x Crossed) {
	at, found := slices.BinarySearchFunc(r.Crossed, x, func(a, b Crossed) int { return strings.Compare(a.Kind, b.Kind) })
	if !found {
		r.Crossed = slices.Insert(r.Crossed, at, x)
		return
	}
	r.Crossed[at].Count += x.Count
	r.Crossed[at].Of += x.Of
}

func (r *Row) addBounded(all []RowBounded) {
	for _, b := range all {
		at, found := slices.BinarySearchFunc(r.Bounded, b, func(a, b RowBounded) int { return strings.Compare(a.Name, b.Name) })
		if !found {
			r.Bounded = slices.Insert(r.Bounded, at, b)
			continue
		}
		have := &r.Bounded[at]
		have.Bound, have.Most = max(have.Bound, b.Bound), max(have.Most, b.Most)
		have.Full += b.Full
		have.Trials += b.Trials
	}
}

// rowBounded is what one trial adds to a row.
func (t *Trial) rowBounded() []RowBounded {
	var all []RowBounded
	for _, b := range t.Bounded {
		row := RowBounded{Name: b.Name, Bound: b.Bound, Most: b.Most, Trials: 1}
		if b.Most >= b.Bound {
			row.Full = 1
		}
		all = append(all, row)
	}
	return all
}

func (r *Row) addPeak(p RowPeak) {
	if r.Peak == nil {
		r.Peak = &RowPeak{}
	}
	r.Peak.MemoryBytes = max(r.Peak.MemoryBytes, p.MemoryBytes)
	r.Peak.Threads = max(r.Peak.Threads, p.Threads)
	r.Peak.Descriptors = max(r.Peak.Descriptors, p.Descriptors)
}

func (r *Row) addSchedules(run, steps int64) {
	if r.Schedules == nil {
		r.Schedules = &RowSchedules{}
	}
	r.Schedules.Run += run
	r.Schedules.Steps += steps
}
