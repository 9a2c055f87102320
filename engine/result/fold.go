package result

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A fold is what a campaign remembers of all its trials. Every field is a sum, a least or a greatest, or is made of
// such, so that the order of trials cannot matter; none grows with the number of clean trials.
type fold struct {
	counts     Counts
	breaches   map[string]*FoldedBreach // by class
	warnings   map[string]*FoldedBreach
	together   map[string]int // trials, by the classes they showed together, each on its own line
	risks      map[string]*FoldedRisk
	windows    map[string]*WindowCount
	crossed    map[string]*Crossed
	voids      tally // by reason
	notes      tally // by what was noted of them
	drains     drains
	unfinished int

	returned, policy int64
	late             time.Duration
	memory           int64
	threads          int64
	descriptors      int64
	simulated        int64
	steps            int64
	schedules        distinct
	ticks            map[int]Tick
	tickWidth        time.Duration
	firstLoss        *time.Duration
}

func newFold() fold {
	return fold{
		breaches: map[string]*FoldedBreach{}, warnings: map[string]*FoldedBreach{}, together: map[string]int{},
		risks: map[string]*FoldedRisk{}, windows: map[string]*WindowCount{}, crossed: map[string]*Crossed{},
		voids: newTally(), notes: newTally(), schedules: newDistinct(), ticks: map[int]Tick{},
	}
}

func (f *fold) add(t Trial) {
	switch t.Verdict {
	case Passed:
		f.counts.Passed++
	case Breached:
		f.counts.Breached++
	case Hung:
		f.counts.Hung++
	case Crashed:
		f.counts.Crashed++
	default:
		f.counts.Void++
		f.voids.add(t.Void, 1)
		f.bound()
		return
	}
	addBreaches(f.breaches, t, t.Breaches)
	addBreaches(f.warnings, t, t.Warnings)
	if len(t.Breaches) > 0 {
		f.together[strings.Join(classesOf(t.Breaches), "\n")]++
	}
	for _, r := range t.AtRisk {
		some := 0
		if r.Count > 0 {
			some = 1
		}
		addRisk(f.risks, FoldedRisk{Risk: r, Trials: some, Fewest: r.Count})
	}
	for _, w := range t.Windows {
		addWindow(f.windows, w)
	}
	for _, x := range t.Crossed {
		addCrossed(f.crossed, x)
	}
	if t.DrainEnded {
		f.drains.add(t.Drain)
	} else if t.HasStruck {
		f.unfinished++
	}
	for _, tick := range t.Timeline {
		addTick(f.ticks, tick)
	}
	f.tickWidth, f.firstLoss = max(f.tickWidth, t.TickWidth), earlier(f.firstLoss, t.FirstLoss)
	for _, n := range t.Notes {
		f.notes.add(n, 1)
	}
	f.returned += t.Returned
	f.policy += t.Policy
	f.late, f.memory = max(f.late, t.Late), max(f.memory, t.Memory)
	f.threads, f.descriptors = max(f.threads, t.Threads), max(f.descriptors, t.Descriptors)
	if t.Schedule != nil {
		f.simulated++
		f.steps += t.Schedule.Steps
		f.schedules.add(t.Schedule.Hash)
	}
	f.bound()
}

// trials is how many were added, void ones included.
func (f *fold) trials() int {
	return f.counts.Passed + f.counts.Breached + f.counts.Hung + f.counts.Crashed + f.counts.Void
}

// bound gives up what is exact where not every trial is listed any more.
func (f *fold) bound() {
	if f.trials() > maxPerTrial {
		f.drains.pool()
	}
}

func (f *fold) merge(o *fold) {
	f.counts.Passed += o.counts.Passed
	f.counts.Breached += o.counts.Breached
	f.counts.Hung += o.counts.Hung
	f.counts.Crashed += o.counts.Crashed
	f.counts.Void += o.counts.Void
	mergeBreaches(f.breaches, o.breaches)
	mergeBreaches(f.warnings, o.warnings)
	for key, n := range o.together {
		f.together[key] += n
	}
	for _, r := range o.risks {
		addRisk(f.risks, *r)
	}
	for _, w := range o.windows {
		addWindow(f.windows, *w)
	}
	for _, x := range o.crossed {
		addCrossed(f.crossed, *x)
	}
	for _, tick := range o.ticks {
		addTick(f.ticks, tick)
	}
	f.tickWidth, f.firstLoss = max(f.tickWidth, o.tickWidth), earlier(f.firstLoss, o.firstLoss)
	f.voids.merge(&o.voids)
	f.notes.merge(&o.notes)
	f.drains.merge(&o.drains)
	f.unfinished += o.unfinished
	f.returned += o.returned
	f.policy += o.policy
	f.late, f.memory = max(f.late, o.late), max(f.memory, o.memory)
	f.threads, f.descriptors = max(f.threads, o.threads), max(f.descriptors, o.descriptors)
	f.simulated += o.simulated
	f.steps += o.steps
	f.schedules.merge(&o.schedules)
	f.bound()
}

// classesOf are the classes of one trial's breaches, each once, in order.
func classesOf(breaches []Breach) []string {
	var classes []string
	for _, b := range breaches {
		classes = append(classes, b.Class)
	}
	slices.Sort(classes)
	return slices.Compact(classes)
}

// addBreaches folds one trial's breaches in. A class that the trial names twice is one class that showed.
func addBreaches(into map[string]*FoldedBreach, t Trial, breaches []Breach) {
	t.Latency, t.Throughput, t.Timeline = nil, nil, nil
	for i, b := range breaches {
		one := FoldedBreach{Breach: b, Messages: b.Count, Total: b.Of, First: t}
		if !slices.ContainsFunc(breaches[:i], func(o Breach) bool { return o.Class == b.Class }) {
			one.Trials = 1
			if b.Widened {
				one.Widened = 1
			} else {
				one.Natural = 1
			}
		}
		addBreach(into, one)
	}
}

func addBreach(into map[string]*FoldedBreach, b FoldedBreach) {
	have, ok := into[b.Class]
	if !ok {
		into[b.Class] = &b
		return
	}
	worst := max(have.Verdict, b.Verdict)
	sum := FoldedBreach{
		Trials: have.Trials + b.Trials, Natural: have.Natural + b.Natural, Widened: have.Widened + b.Widened,
		Messages: have.Messages + b.Messages, Total: have.Total + b.Total, Breach: have.Breach, First: have.First,
		Kept: slices.Concat(have.Kept, b.Kept),
	}
	slices.Sort(sum.Kept)
	sum.Kept = slices.Compact(sum.Kept)
	drawn, haveDrawn := b.Trials > 0, have.Trials > 0
	if drawn && !haveDrawn || drawn == haveDrawn && before(b.First, have.First) {
		sum.Breach, sum.First = b.Breach, b.First
	}
	sum.Verdict = worst
	*have = sum
}

// before says whether trial a is the better example: one that can be replayed from its directory, then
// the earlier one.
func before(a, b Trial) bool {
	if kept := a.Dir != ""; kept != (b.Dir != "") {
		return kept
	}
	return inOrder(a, b) < 0
}

func mergeBreaches(into, from map[string]*FoldedBreach) {
	for _, b := range from {
		addBreach(into, *b)
	}
}

func addRisk(into map[string]*FoldedRisk, r FoldedRisk) {
	have, ok := into[r.Kind]
	if !ok {
		into[r.Kind] = &r
		return
	}
	have.Count += r.Count
	have.Lost += r.Lost
	have.Trials += r.Trials
	have.Fewest = min(have.Fewest, r.Fewest)
}

func addWindow(into map[string]*WindowCount, w WindowCount) {
	have, ok := into[w.Name]
	if !ok {
		into[w.Name] = &w
		return
	}
	have.Struck += w.Struck
	have.Met += w.Met
}

func addCrossed(into map[string]*Crossed, x Crossed) {
	have, ok := into[x.Kind]
	if !ok {
		into[x.Kind] = &x
		return
	}
	have.Count += x.Count
	have.Of += x.Of
}

// sorted returns a map's values in the order of its keys.
func sorted[T any](m map[string]*T) []T {
	var all []T
	for _, key := range slices.Sorted(maps.Keys(m)) {
		all = append(all, *m[key])
	}
	return all
}

// byWeight orders breaches: worst first, then most frequent, then by name.
func byWeight(m map[string]*FoldedBreach) []FoldedBreach {
	all := sorted(m)
	for i := range all {
		all[i].Summary = all[i].summary()
	}
	slices.SortStableFunc(all, func(a, b FoldedBreach) int {
		return cmp.Or(-cmp.Compare(a.Verdict, b.Verdict), -cmp.Compare(a.Trials, b.Trials))
	})
	return all
}

// summary puts the numbers of all trials where the first trial's stand.
func (b FoldedBreach) summary() string {
	rest, ok := strings.CutPrefix(b.Breach.Summary, fmt.Sprintf("%d of %d ", b.Count, b.Of))
	if b.Of == 0 || b.Trials == 0 || !ok {
		return b.Breach.Summary
	}
	return fmt.Sprintf("%d of %d %s", b.Messages, b.Total, rest)
}
