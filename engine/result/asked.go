package result

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// An Asked is how requests of one kind were answered: of one trial, or of all of a row and of the runs without a signal.
type Asked struct {
	Kind string `json:"kind"` // client, method and path as the scenario writes them
	Good int64  `json:"good"` // before the signal, runs without one included
	Bad  int64  `json:"bad"`
	// InFlight were read before the signal and answered after it; BadInFlight of them not well, in Trials trials.
	InFlight    int64 `json:"in_flight"`
	BadInFlight int64 `json:"bad_in_flight"`
	Trials      int   `json:"trials"`
	// Ends tells how the good answers end that come in pieces, in flight or not.
	Ends *Ends `json:"ends,omitempty"`
}

// AddAsked adds what is known of kinds of requests beside the trials: the answers of a run without a signal.
func (r *Row) AddAsked(asked []Asked) {
	for _, a := range asked {
		at, found := slices.BinarySearchFunc(r.Asked, a, func(a, b Asked) int { return strings.Compare(a.Kind, b.Kind) })
		if !found {
			r.Asked = slices.Insert(slices.Clone(r.Asked), at, Asked{Kind: a.Kind})
		}
		have := &r.Asked[at]
		have.Good, have.Bad = have.Good+a.Good, have.Bad+a.Bad
		have.InFlight, have.BadInFlight, have.Trials = have.InFlight+a.InFlight, have.BadInFlight+a.BadInFlight, have.Trials+a.Trials
		if a.Ends != nil {
			ends := Ends{}
			if have.Ends != nil {
				ends = *have.Ends
			}
			ends.add(*a.Ends)
			have.Ends = &ends
		}
	}
}

const (
	// fewGood and manyGood are how many good answers and none bad it takes, at the least, to blame the stop for bad ones
	// in flight; fewChance and manyChance are how unlikely equal rates must make them then.
	fewGood, fewChance   = 5, 1e-6
	manyGood, manyChance = 20, 1e-4
	// sureTrials is in how many trials they must show where few were good, and what no trial decides alone.
	sureTrials = 2
)

// mergeSuspects adds what is suspected in another row, and returns that row as it is without what follows from it.
func (r *Row) mergeSuspects(o *Row) *Row {
	plain := *o
	plain.unjudge()
	r.unjudge()
	for _, s := range plain.Suspects {
		r.addSuspect(s)
	}
	for _, s := range plain.Suspected {
		r.addSuspected(s)
	}
	r.AddAsked(plain.Asked)
	return &plain
}

// alwaysWell says whether requests of the kind are always answered well, but for the stop.
//
// Many good answers alone prove nothing: a server that fails one request in a hundred at all times gives 100 good ones in
// a row in 37 of 100 runs, and then a bad one among 54 in flight in 42 of 100. That would be a false finding in 15 of 100
// runs. So equal rates must be refuted in every case. Whatever a server's rate of errors is, and however many it answers,
// the test blames its stop less often than once in 10,000 runs, if its errors come one by one. One bad answer in flight of
// 54 is more than a warning after 540,000 good ones, two after 5,400, three after 1,100, six after 200.
func (a Asked) alwaysWell() bool {
	if a.Bad > 0 {
		return false
	}
	chance := fisher(a.Good, a.InFlight, a.BadInFlight)
	return a.Good >= manyGood && chance < manyChance || a.Good >= fewGood && a.Trials >= sureTrials && chance < fewChance
}

// fisher is how likely it is that all bad answers are among those in flight, if any answer is as likely to be bad as
// any other: Fisher's exact test, one-sided, of a table whose other row has good ones only.
func fisher(good, inFlight, bad int64) float64 {
	choose := func(n, k int64) float64 {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(k + 1))
		c, _ := math.Lgamma(float64(n - k + 1))
		return a - b - c
	}
	if bad <= 0 || bad > inFlight {
		return 1
	}
	return math.Exp(choose(inFlight, bad) - choose(good+inFlight, bad))
}

// A suspect is what breaks a promise if the answers of all trials to requests of its kind say so, and is a warning
// otherwise.
type suspect struct {
	RowBreach
	Kind string `json:"kind"`
	If   Need   `json:"if"`
	Last uint64 `json:"last,omitempty,string"` // Need WholeEnds: how the answers end that are whole
	// Convicted says that it does.
	Convicted bool `json:"convicted,omitempty"`
}

// A Need is what must be so for a suspect to break its promise.
type Need string

// The needs.
const (
	NeverMore  Need = "never"       // it only warns
	AlwaysGood Need = "always-well" // requests of its kind are always answered well
	WholeEnds  Need = "one-end"     // all answers of its kind end in the same piece
	Surely     Need = "surely"      // the scenario says what a good answer is, and none was bad before the signal
	Often      Need = "often"       // it shows so often that no chance explains it
	OftenWarns Need = "often-warns" // the same, and it only warns then
	Twice      Need = "twice"       // it shows in two trials or more; in one it warns
	TwiceWarns Need = "twice-warns" // the same, and it only warns then
)

// A suspected counts trials that showed the same suspects and the same classes of breach.
type suspected struct {
	Suspects []string `json:"suspects"` // class and kind of each
	Classes  []string `json:"classes,omitempty"`
	Trials   int      `json:"trials"`
}

func (s suspect) name() string { return suspectName(s.Class, s.Kind) }

func suspectName(class, kind string) string { return class + " " + kind }

// addSuspects adds those of a trial.
func (r *Row) addSuspects(t *Trial) {
	if len(t.Suspects) == 0 {
		return
	}
	var names []string
	for i, b := range shown(t, t.Suspects) {
		s := suspect{RowBreach: b, Kind: t.Suspects[i].Kind, If: t.Suspects[i].If, Last: t.Suspects[i].Last}
		s.Trials = 1 // a trial has one of a class and a kind
		names = append(names, s.name())
		r.addSuspect(s)
	}
	r.addSuspected(suspected{Suspects: names, Classes: classesOf(t.Breaches), Trials: 1})
}

func (r *Row) addSuspect(s suspect) {
	s.Convicted = false
	at, found := slices.BinarySearchFunc(r.Suspects, s, func(a, b suspect) int { return strings.Compare(a.name(), b.name()) })
	if !found {
		r.Suspects = slices.Insert(r.Suspects, at, s)
		return
	}
	have := &r.Suspects[at]
	have.add(s.RowBreach)
	if have.If == NeverMore && s.If == WholeEnds {
		have.If, have.Last = s.If, s.Last
	}
}

func (r *Row) addSuspected(s suspected) {
	slices.Sort(s.Suspects)
	at, found := slices.BinarySearchFunc(r.Suspected, s, func(a, b suspected) int {
		if c := slices.Compare(a.Suspects, b.Suspects); c != 0 {
			return c
		}
		return slices.Compare(a.Classes, b.Classes)
	})
	if !found {
		r.Suspected = slices.Insert(r.Suspected, at, s)
		return
	}
	r.Suspected[at].Trials += s.Trials
}

// convicts says whether a suspect breaks its promise, by all that was asked.
func (r *Row) convicts(s suspect) bool {
	at := slices.IndexFunc(r.Asked, func(a Asked) bool { return a.Kind == s.Kind })
	switch {
	case s.If == Often:
		return r.isOften(s.name())
	case s.If == Twice:
		return r.isTwice(s.name())
	case at < 0:
		return false
	case s.If == Surely:
		return r.Asked[at].Bad == 0 && r.Asked[at].Good >= fewGood
	case s.If == AlwaysGood:
		return r.Asked[at].alwaysWell()
	case s.If == WholeEnds:
		return r.Asked[at].Ends.convict(r.suspectLike(s))
	}
	return false
}

const (
	// oftenOnes is how many of what shows often there are at the least, and in how many trials; oftenPart that they
	// are no less than one of so many.
	oftenOnes   = 10
	oftenTrials = 2
	oftenPart   = 10
)

// isOften says whether a suspect shows often enough by all trials to be told of.
func (r *Row) isOften(name string) bool {
	i := slices.IndexFunc(r.Suspects, func(s suspect) bool { return s.name() == name })
	if i < 0 {
		return false
	}
	s := r.Suspects[i]
	return s.Count >= oftenOnes && s.Trials >= oftenTrials && s.Count*oftenPart >= s.Of
}

// isTwice says whether a suspect shows in more than one trial.
func (r *Row) isTwice(name string) bool {
	return slices.ContainsFunc(r.Suspects, func(s suspect) bool { return s.name() == name && s.Trials >= sureTrials })
}

// tooRare says whether a suspect is nothing so far, not even a warning.
func (r *Row) tooRare(s suspect) bool {
	return (s.If == Often || s.If == OftenWarns) && !r.isOften(s.name()) || s.If == TwiceWarns && !r.isTwice(s.name())
}

// Warns is the need of what only warns, in the place of one that breaks a promise.
func (n Need) Warns() Need {
	switch n {
	case Often:
		return OftenWarns
	case Twice:
		return TwiceWarns
	}
	return n
}

// Condemns says whether a trial that was added breaks a promise by what is known so far, and no entry tolerates it.
func (r *Row) Condemns(t Trial) bool {
	return slices.ContainsFunc(t.Suspects, func(b Breach) bool {
		return r.convicts(suspect{RowBreach: RowBreach{Class: b.Class}, Kind: b.Kind, If: b.If, Last: b.Last}) && !r.Tolerates(b.Class)
	})
}

// judgeSuspects makes breaches and warnings of what is suspected, as far as the sums say now.
func (r *Row) judgeSuspects() {
	r.unjudge()
	for i := range r.Suspects {
		r.Suspects[i].Convicted = r.convicts(r.Suspects[i])
	}
	for _, s := range r.Suspects {
		if r.tooRare(s) {
			continue
		}
		b := r.ofKind(s)
		if s.Convicted {
			addBreach(&r.Breaches, b)
			continue
		}
		b.Summary += r.doubt(s)
		r.addWarning(warningOf(b))
	}
	for i := range r.Breaches {
		if n := r.showed(r.Breaches[i].Class, true); n > 0 {
			b := &r.Breaches[i]
			b.Trials, b.Natural, b.Widened = n, n-min(n, b.Widened), min(n, b.Widened)
		}
	}
	for i := range r.Warnings {
		if n := r.showed(r.Warnings[i].Class, false); n > 0 {
			r.Warnings[i].Trials = n
		}
	}
	r.recount(+1)
}

// showed is in how many trials a class was suspected of any kind that was convicted, or was not.
func (r *Row) showed(class string, convicted bool) int {
	n := 0
	for _, s := range r.Suspected {
		if slices.ContainsFunc(r.Suspects, func(have suspect) bool {
			return have.Class == class && have.Convicted == convicted && slices.Contains(s.Suspects, have.name())
		}) {
			n += s.Trials
		}
	}
	return n
}

// ofKind is what a suspect comes to: it counts those of all that were asked in flight.
func (r *Row) ofKind(s suspect) RowBreach {
	b := s.RowBreach
	text, counted := b.text()
	at := slices.IndexFunc(r.Asked, func(a Asked) bool { return a.Kind == s.Kind })
	if at >= 0 && counted && s.Last == 0 && r.Asked[at].InFlight >= b.Count {
		b.Of = r.Asked[at].InFlight
		b.say(text, true)
	}
	return b
}

// doubt says why a suspect is a warning only.
func (r *Row) doubt(s suspect) string {
	if s.If == Twice {
		return "; in one trial alone, and two must show it before it fails"
	}
	at := slices.IndexFunc(r.Asked, func(a Asked) bool { return a.Kind == s.Kind })
	if at < 0 || s.If != AlwaysGood && s.If != Surely {
		return ""
	}
	a := r.Asked[at]
	if a.Bad > 0 {
		return fmt.Sprintf("; so were %d of %d of %s before it", a.Bad, a.Good+a.Bad, a.Kind)
	}
	return fmt.Sprintf("; %d good answers to %s before it, and none bad, are too few to tell that from chance", a.Good, a.Kind)
}

// recount counts the trials whose only breach is one that was suspected as breached ones, or takes that back.
func (r *Row) recount(by int) {
	convicted := map[string]string{} // name to class
	for _, s := range r.Suspects {
		if s.Convicted {
			convicted[s.name()] = s.Class
		}
	}
	for _, s := range r.Suspected {
		all := slices.Clone(s.Classes)
		for _, name := range s.Suspects {
			if class, ok := convicted[name]; ok {
				all = append(all, class)
			}
		}
		if len(all) == len(s.Classes) {
			continue
		}
		slices.Sort(all)
		all = slices.Compact(all)
		r.addTogether(together{Classes: all, Trials: by * s.Trials})
		if len(s.Classes) > 0 {
			r.addTogether(together{Classes: s.Classes, Trials: -by * s.Trials})
			continue
		}
		r.Trials.Passed -= by * s.Trials
		r.Trials.Breached += by * s.Trials
	}
	r.Together = slices.DeleteFunc(r.Together, func(t together) bool { return t.Trials == 0 })
	for i := range r.PerTrial {
		t := &r.PerTrial[i]
		guilty := slices.ContainsFunc(t.Suspects, func(name string) bool { return convicted[name] != "" })
		switch {
		case by > 0 && guilty && t.Verdict == Passed:
			t.Verdict, t.Raised = Breached, true
		case by < 0 && t.Raised:
			t.Verdict, t.Raised = Passed, false
		}
	}
}

// unjudge takes back what judgeSuspects has made. The lists may be another row's: they are copied first.
func (r *Row) unjudge() {
	if len(r.Suspects) == 0 {
		return
	}
	r.Together, r.PerTrial, r.Suspects = slices.Clone(r.Together), slices.Clone(r.PerTrial), slices.Clone(r.Suspects)
	r.recount(-1)
	ours := func(class string) bool {
		return slices.ContainsFunc(r.Suspects, func(s suspect) bool { return s.Class == class })
	}
	r.Breaches = slices.DeleteFunc(slices.Clone(r.Breaches), func(b RowBreach) bool { return ours(b.Class) })
	r.Warnings = slices.DeleteFunc(slices.Clone(r.Warnings), func(w RowWarning) bool { return ours(w.Class) })
	for i := range r.Suspects {
		r.Suspects[i].Convicted = false
	}
}
