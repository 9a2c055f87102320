// Package mutants measures what the fuzzer and the judges find: small mistakes, put one at a time into the correct
// designs of the targets. Each is a diff in testdata and a row of the table. Those that make no difference to any
// client must stay silent.
package mutants

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A kind says whether a mistake can be seen.
type kind string

const (
	fault      kind = "fault"
	equivalent kind = "equivalent" // no client can tell
)

// A mutant is one mistake.
type mutant struct {
	id     string // of testdata/ID.diff
	design string // the correct design that it was put into
	kind   kind
	what   string
	world  string // of testdata/WORLD.yaml, where the target's small world cannot show it
}

// all is the table of mutants.
var all = []mutant{
	{"02", "broker/reference", equivalent, "the gate is not asked again after the wait for a slot; closing and counting make that look unneeded", ""},
	{"04", "broker/reference", fault, "the count is looked at before the flag is stored, so that the last wake-up is lost", ""},
	{"05", "broker/reference", fault, "a refused send does not take its count back", ""},
	{"08", "broker/reference", fault, "a mailbox holds one more than its bound", ""},
	{"09", "broker/reference", fault, "the note of the event that waits for room is not cleared when it was sent", ""},
	{"12", "broker/reference", fault, "the last broker alone is awaited; an earlier one may dispatch when mailboxes are closed", ""},
	{"14", "gateway/reference", fault, "a task asks the gate first and counts itself second", ""},
	{"15", "gateway/reference", fault, "the last task's end is told to nobody", ""},
	{"18", "gateway/reference", fault, "a relay that is told to go does not pass on the last message of its queue", ""},
	{"19", "gateway/reference", fault, "a WebSocket's slot is given back at the upgrade", "slots"},
	{"22", "gateway/reference", fault, "an entry stays in the map when its handler was dropped", ""},
	{"23", "gateway/reference", fault, "the second and the third signal are ignored in the drain", "third-signal"},
	{"25", "gateway/reference", fault, "a task at the tail of a request counts itself when it begins", ""},
	{"28", "gateway/reference", equivalent, "the group is closed before the door stops accepting", ""},
	{"33", "coldstore/reference", fault, "a reader that timed out gives back its permit while its call of the backend goes on", ""},
	{"34", "coldstore/reference", fault, "the writer takes one permit too few", ""},
	{"35", "coldstore/reference", fault, "the pending entry of a refused dispatch is not taken back", ""},
	{"36", "coldstore/reference", fault, "a write that its caller took back is performed all the same", ""},
	{"40", "coldstore/reference", fault, "a stream's deadline is ignored while its client does not read", "streams"},
	{"41", "coldstore/reference", fault, "a stream's producer does not watch the gate: the drain waits for a slow client", "streams"},
	{"42", "coldstore/reference", fault, "the writer keeps its permits when its caller took the write back in the last moment", ""},
	{"43", "coldstore/reference", fault, "the caller's deadline is used for the commit of its write", ""},
	{"47", "durability/reference", equivalent, "the commit gate is shut without the datastore's lock; the permit keeps the queue open", ""},
	{"50", "durability/reference", equivalent, "a batch is one record larger than its bound", ""},
	{"52", "durability/reference", fault, "the worker ends without closing the actor's queue", ""},
	{"56", "durability/reference", fault, "a commit that was given back is acknowledged", ""},
	{"59", "durability/reference", fault, "the close is told before the log is closed and its lock is free", ""},
}

const root = "../.."

// Every diff has a row, and every row a diff.
func TestTableNamesEveryDiff(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.diff"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there is no mutant to try: %v", err)
	}
	var have, want []string
	for _, f := range files {
		have = append(have, strings.TrimSuffix(filepath.Base(f), ".diff"))
	}
	for _, m := range all {
		want = append(want, m.id)
	}
	if !slices.Equal(have, want) {
		t.Errorf("the diffs are %v, the rows %v", have, want)
	}
}

// Every mutant applies to the tree as it is, changes it, and still is a program.
func TestMutantsApplyAndCompile(t *testing.T) {
	packages := newChecker(t)
	tried := 0
	for _, m := range all {
		changed := m.apply(t)
		if t.Failed() {
			continue
		}
		for path, text := range changed {
			was, err := os.ReadFile(filepath.Join(root, path))
			if err != nil {
				t.Fatal(err)
			}
			if string(was) == text {
				t.Errorf("mutant %s leaves %s as it is", m.id, path)
			}
		}
		if err := packages.check(m.folder(), changed); err != nil {
			t.Errorf("mutant %s does not compile: %v", m.id, err)
		}
		tried++
	}
	if tried != len(all) || tried == 0 {
		t.Errorf("%d of %d mutants were tried", tried, len(all))
	}
}
