package claims

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

const (
	stage1  = "no-lost-message/stage1/"
	mailbox = "no-lost-message/mailbox/"
	refusal = "no-lost-message/mailbox/actor-killed-by-refused-child"
	circle  = "drain-ends/broker/reserve-mailbox-of-relay"
)

// short are the scenarios of a -short run: one a claim.
var short = []string{
	"01-short-mailbox-tail", "02-close-not-gate", "03-backlog-256", "04-gate-token", "05-relay-closed-first",
	"24-panic-exit", "25-four-orders", "26-out-of-order", "27-two-closers",
}

// TestScenariosHold runs every scenario of examples/claims: each breach that it lists shows, and no other.
func TestScenariosHold(t *testing.T) {
	for _, path := range files(t) {
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		t.Run(name, func(t *testing.T) {
			if testing.Short() && !slices.Contains(short, name) {
				t.Skip("not in a short run")
			}
			for _, why := range open(t, path).settle(1) {
				t.Error(why)
			}
		})
	}
}

func files(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(root, "examples", "claims", "*.yaml"))
	if err != nil || len(all) == 0 {
		t.Fatalf("no scenarios of claims: %v", err)
	}
	return all
}

// TestAChangedVerdictIsNoticed turns verdicts round: a loss that is not listed, and one that is listed of
// the reference, which has none.
func TestAChangedVerdictIsNoticed(t *testing.T) {
	const good = `name: good
target: broker
variants: [gate-close-drain, reference]
duration: 60ms
drain_limit: 2s
knobs: {policy: block, handler: 1ms}
load:
  - {op: publish,   clients: 1, shape: burst, burst: 60, every: 1s, stop: at-signal}
  - {op: subscribe, clients: 2}
inject:
  - {signal: SIGTERM, at: op publish 60}
`
	const known = "known:\n  - {variant: gate-close-drain, class: no-lost-message/mailbox/actor-stopped, planted: true, rate: 95%}\n"
	const wrong = "  - {variant: reference, class: no-lost-message/stage1/*, planted: true, rate: 99%}\n"
	const belittled = "known:\n  - {variant: gate-close-drain, class: no-lost-message/mailbox/actor-stopped, planted: true, rate: 2%}\n"
	for _, tc := range []struct {
		name, text, want string
	}{
		{"good", good + known, ""},
		{"a loss that is not listed", good, "gate-close-drain breaches what is not listed: no-lost-message/mailbox/actor-stopped"},
		{"a loss that is not there", good + known + wrong, `two-phase does not show no-lost-message/stage1/\*`},
		{"a loss that is no longer rare", good + belittled, `gate-close-drain shows no-lost-message/mailbox/actor-stopped in (1[1-9]|20) of 20 trials, which is not rare`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := compile(t, tc.name, tc.text)
			w.strict = true
			against := strings.Join(w.settle(1), "\n")
			if tc.want == "" && against != "" || !regexp.MustCompile(tc.want).MatchString(against) {
				t.Errorf("speaks against it: %q, want %q", against, tc.want)
			}
		})
	}
}

// until runs rounds of studies until holds, or for good does not. What holds says is about figures that a
// busy machine may blur once, and not ten times.
func until(t *testing.T, what string, holds func() bool, studies ...*study) {
	t.Helper()
	for range 10 {
		for _, w := range studies {
			w.round(1, func(*variantRun) bool { return true })
		}
		if holds() {
			return
		}
	}
	t.Errorf("not so: %s", what)
}

func claim(t *testing.T, name string) *study {
	t.Helper()
	if testing.Short() && !slices.Contains(short, name) {
		t.Skip("not in a short run")
	}
	return open(t, filepath.Join(root, "examples", "claims", name+".yaml"))
}

// Claim 1: true for Stage 1, false end to end, and worse than before where 10 ms were enough.
func TestClaim1TheMailboxTailGotWorse(t *testing.T) {
	w := claim(t, "01-short-mailbox-tail")
	until(t, "the old drain delivers what the proposed one drops", func() bool {
		return w.lost("timeout-drain", "no-lost-message/") < w.lost("gate-close-drain", mailbox)
	}, w)
	if n := w.lost("gate-close-drain", stage1) + w.lost("two-phase", "no-lost-message/"); n > 0 {
		t.Errorf("%.0f messages lost where none must be", n)
	}
}

// Claim 2: closing is what removes the losses of Stage 1. A gate without it loses some, closing without
// a gate none.
func TestClaim2TheGateIsNotTheFix(t *testing.T) {
	w := claim(t, "02-close-not-gate")
	if against := w.settle(2); len(against) > 0 {
		t.Error(strings.Join(against, "\n"))
	}
	for variant, loses := range map[string]bool{
		"timeout-drain": true, "gate-only": true, "close-drain-nogate": false, "gate-close-drain": false, "two-phase": false,
	} {
		if n := w.lost(variant, stage1); n > 0 != loses {
			t.Errorf("%s loses %.0f messages a trial in Stage 1; that it loses some is %v", variant, n, loses)
		}
	}
}

// Claim 3: a last read finds 128 events, and neither more of them nor more time changes that.
func TestClaim3MoreTimeDoesNotHelp(t *testing.T) {
	for name, lost := range map[string]int64{
		"03-backlog-256": 128, "03-backlog-512": 384, "03-backlog-512-grace-1s": 384,
	} {
		t.Run(name, func(t *testing.T) {
			w := claim(t, name)
			until(t, "exactly what is beyond 128 is lost", func() bool {
				return slices.ContainsFunc(w.run("timeout-drain").trials, func(trial result.Trial) bool { return count(trial, stage1) == lost })
			}, w)
		})
	}
}

// Claim 3, the other half: with more time the mailboxes lose less.
func TestClaim3MoreTimeHelpsMailboxes(t *testing.T) {
	little, ample := claim(t, "03-slow-readers-grace-10ms"), claim(t, "03-slow-readers-grace-500ms")
	until(t, "a longer wait saves messages in mailboxes", func() bool {
		return ample.lost("timeout-drain", mailbox) < little.lost("timeout-drain", mailbox)
	}, little, ample)
}

// Claim 4: the hang is there with either gate, and gone with either.
func TestClaim4TheMergeIsTheBug(t *testing.T) {
	for _, name := range []string{"04-gate-token", "04-gate-atomic"} {
		t.Run(name, func(t *testing.T) {
			w := claim(t, name)
			w.settle(1)
			hung := w.run("close-merged").showed(func(class string) bool { return class == "drain-ends/broker/recv-the-merged-queues" })
			if n := len(w.run("close-merged").trials); hung != n {
				t.Errorf("close-merged hangs in %d trials of %d", hung, n)
			}
			if n := w.run("gate-close-drain").showed(func(class string) bool { return strings.HasPrefix(class, "drain-ends/") }); n > 0 {
				t.Errorf("gate-close-drain does not end in time in %d trials", n)
			}
		})
	}
}

// Claim 5, BR4: both of two brokers hang when one has the circle.
func TestClaim5ACircleTakesEveryBroker(t *testing.T) {
	w := claim(t, "05-circle-2-brokers")
	until(t, "both brokers are named as waiting for the relay", func() bool {
		for _, trial := range w.run("gate-close-drain").trials {
			for _, b := range trial.Breaches {
				if b.Class == circle && waits(b.Evidence, "broker 1") && waits(b.Evidence, "broker 2") {
					return true
				}
			}
		}
		return false
	}, w)
}

// waits says whether a story has a broker waiting for room in the relay's mailbox.
func waits(story []string, broker string) bool {
	return slices.ContainsFunc(story, func(line string) bool {
		return strings.Contains(line, broker) && strings.Contains(line, "waits in reserve for mailbox of relay")
	})
}

// Claim 5, BR12: without a gate the drain of eight brokers takes 4.5 times that of one.
func TestClaim5TheDrainGrows(t *testing.T) {
	w := claim(t, "05-drain-8-brokers")
	until(t, "without a gate eight brokers drain for more than twice as long as with one", func() bool {
		return w.shortest("close-drain-nogate") > 2*w.shortest("gate-close-drain")
	}, w)
}

// Claim 5: the order of closing decides how much is lost.
func TestClaim5TheOrderMatters(t *testing.T) {
	first, last := claim(t, "05-relay-closed-first"), open(t, filepath.Join(root, "examples", "claims", "05-relay-closed-last.yaml"))
	until(t, "closing the relay's broker first loses more than five times as much", func() bool {
		return first.lost("close-drain-nogate", refusal) > 5*last.lost("close-drain-nogate", mailbox)
	}, first, last)
}

// Claim 5, BR1: each broker more is 10 ms more in which those before it admit what nobody reads.
func TestClaim5TheOldDrainTakesLonger(t *testing.T) {
	one, four := claim(t, "05-tail-1-broker"), claim(t, "05-tail-4-brokers")
	until(t, "four brokers take more than twice as long as one, and lose in Stage 1", func() bool {
		return four.shortest("timeout-drain") > 2*one.shortest("timeout-drain") && four.lost("timeout-drain", stage1) > 0
	}, one, four)
}

// TestEveryScenarioHasARow holds docs/claims.md and examples/claims together: each file has a row of a
// table or a command of its own there, and each command there has a file.
func TestEveryScenarioHasARow(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "claims.md"))
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, path := range files(t) {
		want = append(want, filepath.Base(path))
	}
	for _, why := range rowsAgainst(string(page), want) {
		t.Error(why)
	}
}

// command is a run of a claim's scenario, in a row of a table or on a line of its own.
var command = regexp.MustCompile("(?m)^(?:\\| `|    )racebench run examples/claims/([^ `\n]+)")

// rowsAgainst says what is wrong between a page and the names of scenarios.
func rowsAgainst(page string, scenarios []string) []string {
	var shown, wrong []string
	for _, m := range command.FindAllStringSubmatch(page, -1) {
		shown = append(shown, m[1])
		if !slices.Contains(scenarios, m[1]) {
			wrong = append(wrong, "docs/claims.md runs a scenario that does not exist: "+m[1])
		}
	}
	for _, name := range scenarios {
		if !slices.Contains(shown, name) {
			wrong = append(wrong, "docs/claims.md has no row for "+name)
		}
	}
	return wrong
}

func TestAMissingRowIsNoticed(t *testing.T) {
	const page = "| `racebench run examples/claims/a.yaml` | 0 |\n\n    racebench run examples/claims/b.yaml\n\ntext: racebench run examples/claims/c.yaml\n"
	if wrong := rowsAgainst(page, []string{"a.yaml", "b.yaml"}); len(wrong) > 0 {
		t.Error(wrong)
	}
	if wrong := rowsAgainst(page, []string{"a.yaml", "c.yaml"}); len(wrong) != 2 {
		t.Errorf("found %q, want that b.yaml does not exist and c.yaml has no row", wrong)
	}
}
