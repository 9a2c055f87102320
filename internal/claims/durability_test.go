package claims

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

const (
	cleanupPanics = "process-survives/view-cleanup-run/panic"
	notDurable    = "no-lost-message/unconfirmed/"
)

// shows returns in what share of a variant's trials a class was seen.
func (w *study) shows(variant, prefix string) float64 {
	r := w.run(variant)
	if len(r.trials) == 0 {
		return 0
	}
	return float64(r.showed(func(class string) bool { return strings.HasPrefix(class, prefix) })) / float64(len(r.trials))
}

// stopped is in how many of a variant's trials the stop came to its end.
func (w *study) stopped(variant string) int {
	n := 0
	for _, trial := range w.run(variant).trials {
		if trial.DrainEnded {
			n++
		}
	}
	return n
}

// Claim 24: the panic is the same, and what it costs is the hook's to decide.
func thePolicyDecides(t *testing.T, w []*study) {
	exits, contained := w[0], w[1]
	crashed := func(w *study) int {
		n := 0
		for _, trial := range w.run("close-then-abort").trials {
			if slices.ContainsFunc(trial.Breaches, func(b result.Breach) bool { return b.Class == cleanupPanics }) {
				n++
			}
		}
		return n
	}
	if crashed(contained) == 0 || crashed(exits) == 0 {
		t.Errorf("the cleanup panics in %d trials with containment and in %d with the hook", crashed(contained), crashed(exits))
	}
	if n, all := contained.stopped("close-then-abort"), len(contained.run("close-then-abort").trials); n != all {
		t.Errorf("with containment %d stops of %d came to their end", n, all)
	}
	if n, all := exits.stopped("close-then-abort"), len(exits.run("close-then-abort").trials); n > all-crashed(exits) {
		t.Errorf("with the hook %d stops of %d came to their end, and %d crashed", n, all, crashed(exits))
	}
	if n := contained.lost("close-then-abort", "no-lost-message/"); n > 0 {
		t.Errorf("with containment %.0f messages are lost a trial", n)
	}
	if n := exits.lost("close-then-abort", notDurable); n == 0 {
		t.Error("with the hook nothing is lost")
	}
}

// Claim 25: abort before close makes the window smaller, whoever asks for it and whoever is joined, and does
// not close it; waiting for the blocking run does.
func noAbortIsAFix(t *testing.T, studies []*study) {
	w := studies[0]
	until(t, "every order with an abort panics, and less often than the one without", func() bool {
		rate := w.shows("close-then-abort", cleanupPanics)
		for _, variant := range []string{"abort-then-close", "drop-host-first", "abort-join-wrapper"} {
			if r := w.shows(variant, cleanupPanics); r == 0 || r >= rate {
				return false
			}
		}
		return true
	}, w, w, w, w)
	for _, variant := range []string{"stop-join-blocking", "append-returns-error", "reference"} {
		if r := w.shows(variant, cleanupPanics); r > 0 {
			t.Errorf("%s panics in %.0f %% of its trials", variant, 100*r)
		}
	}
}

// Claim 26: out-of-order commits are not rare under load, and what puts them in order forgets some at the end.
func outOfOrderIsNotRare(t *testing.T, w []*study) {
	unordered, ordered := w[0], w[1]
	until(t, "half a second of load is enough for a commit out of order", func() bool {
		return unordered.shows("enqueue-unlocked", "process-survives/durability-actor/panic") > 0.5
	}, unordered)
	until(t, "records that wait for one that never comes are dropped", func() bool {
		return ordered.shows("reorder-window", notDurable+"reorder-window-gap-before-it") > 0
	}, ordered, ordered, ordered)
	if n := unordered.shows("reference", "") + ordered.shows("reference", ""); n > 0 {
		t.Error("the reference is accused")
	}
}

// Claim 27: with one closer a join is right; with two the second comes back while the log is written to.
func twoClosersAreOneTooMany(t *testing.T, w []*study) {
	two, one := w[0], w[1]
	if r := one.shows("join-close", "one-owner/"); r > 0 {
		t.Errorf("with one closer join-close is accused in %.0f %% of its trials", 100*r)
	}
	until(t, "with two closers somebody writes after a close has returned", func() bool {
		return two.shows("join-close", "one-owner/writer/wrote-after-close") > 0
	}, two)
}

// TestCrashesTakeNothingDurable kills the durability host, cuts its power, and cuts it while the host stops, on
// a real disk: what was accepted as durable is there on reopening.
func TestCrashesTakeNothingDurable(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"crash-kill", "crash-power", "crash-in-drain"} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "crash-power" {
				t.Skip("not in a short run")
			}
			t.Parallel()
			w := open(t, filepath.Join(root, "targets", "durability", "testdata", name+".yaml"))
			for _, why := range w.settle(3) {
				t.Error(why)
			}
			stored := int64(0)
			for _, trial := range w.run("reference").trials {
				for _, risk := range trial.AtRisk {
					if risk.Kind == "stored" {
						stored += risk.Count
					}
				}
			}
			if stored == 0 {
				t.Error("nothing was stored when the crash struck: the test is blind")
			}
		})
	}
}
