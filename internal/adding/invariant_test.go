package adding

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An invariant is a file and a row: what is judged, listed and told of a ledger follows from them.
func TestAddingAnInvariant(t *testing.T) {
	c := add(t, addition{section: "An invariant", folder: "engine/invariant", files: 2, puts: []put{
		{file: "engine/invariant/nounknown.go", named: "engine/invariant/NAME.go", text: `package invariant

import (
	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// noUnknown finds calls whose outcome nobody knows.
func noUnknown(x *Index, r *breach.Report) {
	var unknown breach.Groups[ledger.Op]
	for lane, ops := range x.e.Ops {
		for _, op := range ops {
			if op.Outcome == ledger.Unknown && op.Ended != 0 {
				unknown.Add("no-unknown/"+breach.Plain(x.e.Lanes[lane].Group)+"/untold", op)
			}
		}
	}
	for g := range unknown.Found() {
		r.Add(g.Class, g.N, 0, breach.Counted(g.N, "call has", "calls have")+" an outcome that nobody knows",
			r.Story("one of %d: the call of %s", g.N, r.Message(g.Example.Msg)).
				Before(g.Example.Ended, r.Sender(g.Example.Msg), "was told nothing").
				Drain())
	}
}
`},
		{file: "engine/invariant/invariant.go", behind: `{"no-ghost", "a refused operation has no later effect", noGhost},`,
			text: "\t{\"no-unknown\", \"every call has an outcome that its caller knows\", noUnknown},\n"},
		{file: "engine/invariant/testdata/no-unknown/untold.txt", named: "engine/invariant/testdata/NAME/CASE.txt", text: `# Two calls of one group, and one of another, ended and told nothing.
lane 0 publish-0 publish as=crowd
lane 1 publish-1 publish as=crowd
lane 2 publish-2 publish as=lone
signal 15 sent=100ms
op 0#1 at=10ms..20ms unknown
op 1#1 at=10ms..30ms unknown
op 2#1 at=10ms..20ms unknown
=> no-unknown/crowd/untold 2 breached
=> no-unknown/lone/untold 1 breached
   | 2 calls have an outcome that nobody knows
   | one of 2: the call of publish-0#1
   |    -80.00 ms  publish-0     was told nothing
   |     +0.00 ms  SIGTERM       struck
   | 1 call has an outcome that nobody knows
   | one of 1: the call of publish-2#1
   |    -80.00 ms  publish-2     was told nothing
   |     +0.00 ms  SIGTERM       struck
`},
		{file: "engine/invariant/testdata/no-unknown/told.txt", named: "engine/invariant/testdata/NAME/CASE.txt", text: `# Both were told something, and the third was still under way.
lane 0 publish-0 publish
signal 15 sent=100ms
op 0#1 at=10ms..20ms
op 0#2 at=30ms..40ms refused closed
op 0#3 at=50ms..
=> nothing
`},
	}})
	if text := c.run(t, "test", "-v", "-run", "TestLedgers/no-unknown|TestEveryInvariantHasAFile|TestTable", "./engine/invariant"); strings.Count(text, "--- PASS: TestLedgers/no-unknown/") != 2 {
		t.Errorf("the ledgers of the invariant were not judged:\n%s", text)
	}
	racebench := filepath.Join(t.TempDir(), "racebench")
	c.run(t, "build", "-o", racebench, "./cmd/racebench")
	// A scenario may speak of it at once; that a target keeps it is for the target to say.
	const scenario = "name: known\ntarget: broker\nknown:\n  - {class: no-unknown/crowd/untold, planted: true}\nthresholds:\n  - count(no-unknown) < 1\n"
	good, bad := filepath.Join(t.TempDir(), "good.yaml"), filepath.Join(t.TempDir(), "bad.yaml")
	for file, text := range map[string]string{good: scenario, bad: scenario + "expect: [no-unknown]\n"} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	output(t, racebench, 0, "validate", good)
	if text := output(t, racebench, 2, "validate", bad); !strings.Contains(text, "broker does not promise no-unknown") {
		t.Errorf("an invariant that the broker does not promise is refused with:\n%s", text)
	}
}
