package draw_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/draw"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/broker"
	"github.com/racebench/racebench/targets/coldstore"
	"github.com/racebench/racebench/targets/durability"
	"github.com/racebench/racebench/targets/gateway"
)

// catalog is the targets whose worlds are drawn, as a simulated world has them.
var catalog = trial.Catalog{broker.Target(), coldstore.Target(nil), durability.Target(nil), gateway.Target(nil)}

// example is the program of a target's example.
func example(t *testing.T, target targets.Target) trial.Program {
	t.Helper()
	s, problems := scenario.Parse(target.Name, target.Example, time.Now())
	if problems != nil {
		t.Fatal(problems)
	}
	return compiled(t, s)
}

func compiled(t *testing.T, s scenario.Scenario) trial.Program {
	t.Helper()
	p, errs := trial.Compile(s, catalog)
	if len(errs) > 0 {
		t.Fatalf("%s: %s", &errs, s.Marshal())
	}
	return p
}

func world(t *testing.T, s *draw.Source, number, try int) draw.World {
	t.Helper()
	w, err := s.World(number, try)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// A world is a scenario: written down and read again it is the same, and every word of it is known. It has a sender,
// and at most one planted fault.
func TestAWorldIsAScenario(t *testing.T) {
	for _, target := range catalog {
		source := draw.New(example(t, target), 1)
		for number := range 100 {
			w := world(t, source, number, number%2)
			s, problems := scenario.Parse("a world", w.Small.Scenario.Marshal(), time.Now())
			if problems != nil {
				t.Fatalf("world %d of %s: %v\n%s", number, target.Name, problems, w.Small.Scenario.Marshal())
			}
			again, bounds := compiled(t, s).Small()
			if again.Hash != w.Small.Hash || bounds != w.Bounds || s.Sim.Vary {
				t.Errorf("world %d of %s is another when it is read again:\n%s", number, target.Name, w.Small.Scenario.Marshal())
			}
			if !slices.ContainsFunc(w.Small.Groups, func(g trial.Group) bool { return !g.Op.Subscribes }) {
				t.Errorf("world %d of %s has nobody who sends", number, target.Name)
			}
			faults := 0
			for _, k := range target.Knobs {
				if slices.Contains(k.Faults, w.Small.Knobs.Values()[k.Name]) {
					faults++
				}
			}
			if faults > 1 {
				t.Errorf("world %d of %s has %d planted faults", number, target.Name, faults)
			}
		}
	}
}

// A world follows from the seed and its number, and from nothing else.
func TestAWorldFollowsFromItsNumber(t *testing.T) {
	p := example(t, catalog[0])
	hashes := map[string]bool{}
	for number := range 50 {
		hash := world(t, draw.New(p, 1), number, 0).Small.Hash
		for _, other := range []draw.World{world(t, draw.New(p, 1), number, 0), world(t, draw.New(p, 1), number, 1), world(t, draw.New(p, 2), number, 0)} {
			if same := other.Small.Hash == hash; same != (other.Try == 0 && slices.Equal(other.Parts, world(t, draw.New(p, 1), number, 0).Parts)) {
				t.Errorf("world %d: try %d of it is the same: %v", number, other.Try, same)
			}
		}
		hashes[hash] = true
	}
	if len(hashes) < 45 {
		t.Errorf("50 worlds are %d different ones", len(hashes))
	}
}

// What worlds may have, they have: no op, knob value, signal, or crash is left out. Windows are met by schedules.
func TestWorldsHaveEverything(t *testing.T) {
	for _, target := range catalog {
		source := draw.New(example(t, target), 1)
		missed := source.Parts()
		for number := range 600 {
			for _, part := range world(t, source, number, 0).Parts {
				missed = slices.DeleteFunc(missed, func(p string) bool { return p == part })
			}
		}
		for _, w := range target.Windows {
			missed = slices.DeleteFunc(missed, func(p string) bool { return p == draw.WindowPart(w.Name) })
		}
		if len(missed) > 0 {
			t.Errorf("no world of %s has %q", target.Name, missed)
		}
	}
}

// The values that knobs may take in drawn worlds, and those that plant a fault, are values of theirs and no others.
func TestAFaultIsNoDefault(t *testing.T) {
	for _, target := range catalog {
		for _, k := range target.Knobs {
			for _, fault := range k.Faults {
				if fault == k.Default || slices.Contains(k.Small, fault) {
					t.Errorf("%s: knob %s plants a fault with %s, which is drawn as one that does not", target.Name, k.Name, fault)
				}
			}
		}
	}
}

// A world that is too large is halved until nothing is left to take away.
func TestAWorldIsMadeSmaller(t *testing.T) {
	w := world(t, draw.New(example(t, catalog[3]), 1), 3, 0)
	before := w.Bounds
	steps := 0
	for ; ; steps++ {
		smaller, ok := w.Smaller()
		if !ok {
			break
		}
		if smaller.Bounds.Ops >= w.Bounds.Ops && smaller.Bounds.Clients >= w.Bounds.Clients || smaller.Small.Hash == w.Small.Hash {
			t.Fatalf("%+v is not smaller than %+v", smaller.Bounds, w.Bounds)
		}
		w = smaller
	}
	if steps < 3 || w.Bounds.Ops != 2 || w.Bounds.Clients != 1 {
		t.Errorf("%+v became %+v in %d steps", before, w.Bounds, steps)
	}
}

// Around a scenario from a file worlds keep most of what it says.
func TestWorldsAroundAFileAreLikeIt(t *testing.T) {
	const text = `name: mine
target: broker
load:
  - {op: publish, clients: 2, as: writers}
  - {op: subscribe, clients: 1}
sim: {knobs: {mailbox: 8}, ops: 6, clients: 2, vary: true}
`
	s, problems := scenario.Parse("mine.yaml", []byte(text), time.Now())
	if problems != nil {
		t.Fatal(problems)
	}
	source := draw.New(compiled(t, s), 1)
	mailboxes, relays := 0, 0
	for number := range 200 {
		w := world(t, source, number, 0)
		if w.Small.Knobs.Int("mailbox") == 8 {
			mailboxes++
		}
		for _, g := range w.Small.Groups {
			if g.Op.Name == "relay" {
				relays++
			}
			if g.Op.Name == "publish" && g.As != "writers" {
				t.Errorf("world %d calls the writers %s", number, g.As)
			}
		}
	}
	if mailboxes < 120 || relays > 60 || relays == 0 {
		t.Errorf("of 200 worlds %d keep the mailbox, and %d add a relay", mailboxes, relays)
	}
}

// What a world is reduced to is a world with one thing less, and never without a sender. Reduced until nothing is left
// to take away, it is one client of one op, one signal at any moment, and the settings of the scenario.
func TestAWorldIsReducedToNothingSpecial(t *testing.T) {
	for _, target := range catalog {
		source := draw.New(example(t, target), 1)
		for number := range 10 {
			p := world(t, source, number, 0).Small
			for steps := 0; ; steps++ {
				smaller := source.Reductions(p)
				if len(smaller) == 0 {
					break
				}
				if steps > 200 {
					t.Fatalf("world %d of %s is reduced without end", number, target.Name)
				}
				once := map[string]bool{}
				for _, w := range smaller {
					if once[w.Small.Hash] {
						t.Fatalf("world %d of %s is reduced twice to %s", number, target.Name, w.Small.Scenario.Marshal())
					}
					once[w.Small.Hash] = true
					if w.Small.Hash == p.Hash || !slices.ContainsFunc(w.Small.Groups, func(g trial.Group) bool { return !g.Op.Subscribes }) {
						t.Fatalf("world %d of %s is reduced to %s", number, target.Name, w.Small.Scenario.Marshal())
					}
				}
				p = smaller[len(smaller)-1].Small
			}
			s := p.Scenario
			base, _ := example(t, target).Small()
			if len(p.Groups) != 1 || p.Groups[0].Clients != 1 || len(s.Inject) != 1 || s.Sim.Ops != 1 || !maps.Equal(p.Knobs.Values(), base.Knobs.Values()) {
				t.Errorf("world %d of %s is reduced to\n%s", number, target.Name, s.Marshal())
			}
		}
	}
}

// The scenario's own injections are parts of a world as drawn ones are, by the names that Parts has: a second and a third
// signal, however their names are written, but no crash.
func TestOwnInjectionsAreParts(t *testing.T) {
	const text = `name: mine
target: durability
load:
  - {op: commit, clients: 2}
inject:
  - {crash: kill, at: 90%}
  - {signal: SigTerm, at: 20%}
  - {signal: sigint, at: 30%}
EXTRAsim: {ops: 6, clients: 2, vary: true}
`
	for extra, third := range map[string]bool{"": false, "  - {signal: SIGTERM, at: 40%}\n": true} {
		s, problems := scenario.Parse("mine.yaml", []byte(strings.Replace(text, "EXTRA", extra, 1)), time.Now())
		if problems != nil {
			t.Fatal(problems)
		}
		source, own := draw.New(compiled(t, s), 1), 0
		all := source.Parts()
		for number := range 50 {
			w := world(t, source, number, 0)
			for _, part := range w.Parts {
				if !strings.HasPrefix(part, "knob ") && !slices.Contains(all, part) {
					t.Errorf("world %d has %q, which is no part", number, part)
				}
			}
			if _, crash := w.Small.Scenario.Inject[0].Get("crash"); !crash || len(w.Small.Scenario.Inject) < 3 {
				continue // drawn: a crash comes last
			}
			own++
			if got := [2]bool{slices.Contains(w.Parts, "a second signal"), slices.Contains(w.Parts, "a third signal")}; got != [2]bool{true, third} {
				t.Errorf("world %d, with %d injections of the scenario's own, has a second and a third signal: %v", number, len(w.Small.Scenario.Inject), got)
			}
		}
		if own == 0 {
			t.Error("no world has the scenario's own injections")
		}
	}
}
