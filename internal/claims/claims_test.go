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

// A claim is what some scenarios say together, beyond what each of them lists.
type claim struct {
	of    []string // scenarios; in a short run all of them when the first is
	least int      // trials of every variant; 0 is 1
	holds func(t *testing.T, w []*study)
}

var claimed = []claim{
	{of: []string{"01-short-mailbox-tail"}, holds: theMailboxTailGotWorse},
	{of: []string{"02-close-not-gate"}, least: 2, holds: theGateIsNotTheFix},
	{of: []string{"03-backlog-256"}, holds: losesExactly(128)},
	{of: []string{"03-backlog-512"}, holds: losesExactly(384)},
	{of: []string{"03-backlog-512-grace-1s"}, holds: losesExactly(384)},
	{of: []string{"03-slow-readers-grace-10ms", "03-slow-readers-grace-500ms"}, holds: moreTimeHelpsMailboxes},
	{of: []string{"04-gate-token"}, holds: theMergeIsTheBug},
	{of: []string{"04-gate-atomic"}, holds: theMergeIsTheBug},
	{of: []string{"05-circle-2-brokers"}, holds: aCircleTakesEveryBroker},
	{of: []string{"05-drain-8-brokers"}, holds: theDrainGrows},
	{of: []string{"05-relay-closed-first", "05-relay-closed-last"}, holds: theOrderMatters},
	{of: []string{"05-tail-1-broker", "05-tail-4-brokers"}, holds: theOldDrainTakesLonger},
	{of: []string{"12-hang-up"}, least: 2, holds: aGuardLeaksNoSlot},
	{of: []string{"12-panic"}, least: 2, holds: aGuardLeaksNoSlot},
	{of: []string{"14-overloaded"}, least: 2, holds: onlyTheClosedSocketIsTold},
	{of: []string{"16-readers-65"}, holds: oneReaderTooMany},
	{of: []string{"18-deadline-coop"}, holds: deadlineLeaves("")},
	{of: []string{"18-deadline-detached"}, holds: deadlineLeaves("exclusive-writes/")},
	{of: []string{"18-deadline-sync"}, holds: deadlineLeaves("writer-progress/")},
	{of: []string{"20-client-never-reads", "20-client-reads-slowly"}, holds: theBoundIsNone},
	{of: []string{"21-slot-convoy", "21-latest-hangs"}, holds: noOptionIsEnough},
	{of: []string{"22-fifo-price"}, holds: theBarrierIsNeeded},
	{of: []string{"23-stuck-look-up"}, holds: aStuckLookUp},
	{of: []string{"24-panic-exit", "24-panic-contained"}, least: 3, holds: thePolicyDecides},
	{of: []string{"25-four-orders"}, holds: noAbortIsAFix},
	{of: []string{"26-out-of-order", "26-residue"}, holds: outOfOrderIsNotRare},
	{of: []string{"27-two-closers", "27-one-closer"}, least: 3, holds: twoClosersAreOneTooMany},
}

// TestScenariosHold runs every scenario of examples/claims once: each breach that it lists shows, and no other. What
// a claim says beyond that is asked of the same trials, and of more where they are not enough.
func TestScenariosHold(t *testing.T) {
	t.Parallel()
	all := slices.Clone(claimed)
	for _, path := range files(t) {
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		if !slices.ContainsFunc(claimed, func(c claim) bool { return slices.Contains(c.of, name) }) {
			all = append(all, claim{of: []string{name}, holds: func(*testing.T, []*study) {}})
		}
	}
	for _, c := range all {
		t.Run(strings.Join(c.of, "+"), func(t *testing.T) {
			if testing.Short() && !slices.Contains(short, c.of[0]) {
				t.Skip("not in a short run")
			}
			t.Parallel()
			var studies []*study
			for _, name := range c.of {
				w := open(t, filepath.Join(root, "examples", "claims", name+".yaml"))
				for _, why := range w.settle(max(1, c.least)) {
					t.Errorf("%s: %s", name, why)
				}
				studies = append(studies, w)
			}
			c.holds(t, studies)
			for _, w := range studies {
				w.acquit()
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
	t.Parallel()
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
			t.Parallel()
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
		if holds() {
			return
		}
		for _, w := range studies {
			w.round(1, func(*variantRun) bool { return true })
		}
	}
	if !holds() {
		t.Errorf("not so: %s", what)
	}
}

// Claim 1: true for Stage 1, false end to end, and worse than before where 10 ms were enough.
func theMailboxTailGotWorse(t *testing.T, studies []*study) {
	w := studies[0]
	until(t, "the old drain delivers what the proposed one drops", func() bool {
		return w.lost("timeout-drain", "no-lost-message/") < w.lost("gate-close-drain", mailbox)
	}, w)
	if n := w.lost("gate-close-drain", stage1) + w.lost("two-phase", "no-lost-message/"); n > 0 {
		t.Errorf("%.0f messages lost where none must be", n)
	}
}

// Claim 2: closing is what removes the losses of Stage 1. A gate without it loses some, closing without
// a gate none.
func theGateIsNotTheFix(t *testing.T, studies []*study) {
	w := studies[0]
	for variant, loses := range map[string]bool{
		"timeout-drain": true, "gate-only": true, "close-drain-nogate": false, "gate-close-drain": false, "two-phase": false,
	} {
		if n := w.lost(variant, stage1); n > 0 != loses {
			t.Errorf("%s loses %.0f messages a trial in Stage 1; that it loses some is %v", variant, n, loses)
		}
	}
}

// Claim 3: a last read finds 128 events, and neither more of them nor more time changes that.
func losesExactly(lost int64) func(*testing.T, []*study) {
	return func(t *testing.T, w []*study) {
		until(t, "exactly what is beyond 128 is lost", func() bool {
			return slices.ContainsFunc(w[0].run("timeout-drain").trials, func(trial result.Trial) bool { return count(trial, stage1) == lost })
		}, w...)
	}
}

// Claim 3, the other half: with more time the mailboxes lose less.
func moreTimeHelpsMailboxes(t *testing.T, w []*study) {
	little, ample := w[0], w[1]
	until(t, "a longer wait saves messages in mailboxes", func() bool {
		return ample.lost("timeout-drain", mailbox) < little.lost("timeout-drain", mailbox)
	}, little, ample)
}

// Claim 4: the hang is there with either gate, and gone with either.
func theMergeIsTheBug(t *testing.T, studies []*study) {
	w := studies[0]
	hung := w.run("close-merged").showed(func(class string) bool { return class == "drain-ends/broker/recv-the-merged-queues" })
	if n := len(w.run("close-merged").trials); hung != n {
		t.Errorf("close-merged hangs in %d trials of %d", hung, n)
	}
	if n := w.run("gate-close-drain").showed(func(class string) bool { return strings.HasPrefix(class, "drain-ends/") }); n > 0 {
		t.Errorf("gate-close-drain does not end in time in %d trials", n)
	}
}

// Claim 5, BR4: both of two brokers hang when one has the circle.
func aCircleTakesEveryBroker(t *testing.T, studies []*study) {
	w := studies[0]
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
func theDrainGrows(t *testing.T, studies []*study) {
	w := studies[0]
	until(t, "without a gate eight brokers drain for more than twice as long as with one", func() bool {
		return w.shortest("close-drain-nogate") > 2*w.shortest("gate-close-drain")
	}, w)
}

// Claim 5: the order of closing decides how much is lost.
func theOrderMatters(t *testing.T, w []*study) {
	first, last := w[0], w[1]
	until(t, "closing the relay's broker first loses more than five times as much", func() bool {
		return first.lost("close-drain-nogate", refusal) > 5*last.lost("close-drain-nogate", mailbox)
	}, first, last)
}

// Claim 5, BR1: each broker more is 10 ms more in which those before it admit what nobody reads.
func theOldDrainTakesLonger(t *testing.T, w []*study) {
	one, four := w[0], w[1]
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
