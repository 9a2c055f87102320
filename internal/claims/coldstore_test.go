package claims

import (
	"slices"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// Claim 16: 65 readers wedge the store for good; a semaphore in the tracker's place does not wedge.
func oneReaderTooMany(t *testing.T, w []*study) {
	many := w[0]
	if many.shows("tracker-wait", "writer-progress/") == 0 || many.shows("semaphore", "") > 0 {
		t.Errorf("65 readers: writes are late in %.0f%% of the trials of tracker-wait and %.0f%% of semaphore's",
			100*many.shows("tracker-wait", "writer-progress/"), 100*many.shows("semaphore", ""))
	}
}

// Claim 18: the deadline heals a stuck read of a backend that stops with its caller, and of no other.
func deadlineLeaves(prefix string) func(*testing.T, []*study) {
	return func(t *testing.T, w []*study) {
		switch share := w[0].shows("permit-split", prefix); {
		case prefix == "" && share > 0:
			t.Errorf("breached in %.0f%% of its trials", 100*share)
		case prefix != "" && share == 0:
			t.Errorf("no trial shows %s", prefix)
		}
	}
}

// Claim 20: with a client that reads slowly the drain ends with the stream's deadline of 600 ms; with one
// that does not read it never ends.
func theBoundIsNone(t *testing.T, w []*study) {
	never, slow := w[0], w[1]
	until(t, "a drain takes what is left of the stream's 600 ms where a client reads slowly", func() bool {
		return slices.ContainsFunc(slow.run("permit-split").trials, func(trial result.Trial) bool {
			return trial.DrainEnded && trial.Drain > 100*time.Millisecond && trial.Drain < 2*time.Second
		})
	}, slow)
	for _, variant := range []string{"permit-split", "unified"} {
		if share := never.shows(variant, "drain-ends/"); share < 1 {
			t.Errorf("a client that never reads: %s hangs in %.0f%% of its trials", variant, 100*share)
		}
	}
}

// Claim 21: with option 1 and option 3 writes go on beside waiting streams, with option 2 they do not; and
// option 3 leaves the stop to hang.
func noOptionIsEnough(t *testing.T, w []*study) {
	convoy, hangs := w[0], w[1]
	for variant, late := range map[string]bool{
		"permit-split": true, "stream-setup-timeout": false, "stream-latest-timeout": true, "stream-no-permit": false,
	} {
		if share := convoy.shows(variant, "writer-progress/"); share > 0 != late {
			t.Errorf("%s keeps writes waiting in %.0f%% of its trials; that it does is %v", variant, 100*share, late)
		}
	}
	for variant, hung := range map[string]bool{
		"stream-setup-timeout": false, "stream-latest-timeout": false, "stream-no-permit": true,
	} {
		if share := hangs.shows(variant, "drain-ends/"); share > 0 != hung {
			t.Errorf("latest hangs: %s hangs in %.0f%% of its trials; that it does is %v", variant, 100*share, hung)
		}
	}
}

// Claim 22: the barrier that makes readers wait is what keeps writes apart from them.
func theBarrierIsNeeded(t *testing.T, studies []*study) {
	w := studies[0]
	for _, r := range w.runs {
		without := r.variant.Name == "unified-nobarrier"
		if share := w.shows(r.variant.Name, "exclusive-writes/"); share > 0 != without {
			t.Errorf("%s has writes over readers in %.0f%% of its trials; that it does is %v", r.variant.Name, 100*share, without)
		}
	}
}

// Claim 23: a stuck look-up hangs #58 and not #57.
func aStuckLookUp(t *testing.T, studies []*study) {
	w := studies[0]
	if w.shows("unified", "drain-ends/") == 0 || w.shows("permit-split", "") > 0 {
		t.Errorf("hangs: unified %.2f, permit-split %.2f of their trials", w.shows("unified", "drain-ends/"), w.shows("permit-split", ""))
	}
}
