package adding

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A load field is a field of Group and a row: the reader, its messages, the JSON Schema and the hash go through the
// row, and the hashes of scenarios without it stay.
func TestAddingALoadField(t *testing.T) {
	c := add(t, addition{section: "A load field", folder: "scenario/load", files: 2, puts: []put{
		{file: "scenario/load/load.go", behind: "StopAtSignal bool       // the group falls silent when the signal strikes; default: it goes on",
			text: "\tWarmup time.Duration // before the first operation\n"},
		{file: "scenario/load/table.go", behind: `{schema.Word{Name: "op", Form: schema.Text(), Help: "what the clients do; racebench list ops TARGET"}, "op: publish", readOp},`,
			text: `	{
		schema.Word{Name: "warmup", Form: schema.Duration(), Help: "how long the clients wait first", Unit: true, Default: "0s"},
		"warmup: 100ms", func(g *Group, v spec.Value) (err error) { g.Warmup, err = spec.Duration(v); return err },
	},
`},
		{file: "scenario/load/warmup_test.go", named: "parse_test.go", text: `package load

import (
	"testing"
	"time"

	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
)

func TestWarmup(t *testing.T) {
	var errs spec.Errors
	if g := Parse(entry(t, "{op: publish, warmup: 1500ms}"), &errs); len(errs) > 0 || g.Warmup != 1500*time.Millisecond {
		t.Errorf("%+v, %v", g, &errs)
	}
	if Parse(entry(t, "{op: publish, warmup: soon}"), &errs); len(errs) != 1 {
		t.Errorf("a warmup that is no duration: %v", &errs)
	}
	if f, ok := Words(Clients{}).Form().Properties.Get("warmup"); !ok || f.Description != "how long the clients wait first" {
		t.Errorf("the JSON Schema has %+v", f)
	}
	hash := func(group string) string {
		s := scenario.Scenario{Load: []spec.Value{entry(t, group)}}
		return s.Hash(scenario.Vocabulary{Load: Words(Clients{})})
	}
	if hash("{op: publish, warmup: 1500ms}") != hash("{op: publish, warmup: 1.5s}") {
		t.Error("two spellings of one warmup have two hashes")
	}
	if hash("{op: publish, warmup: 0s}") != hash("{op: publish}") {
		t.Error("the default has a hash of its own")
	}
	if hash("{op: publish, warmup: 1s}") == hash("{op: publish}") {
		t.Error("a warmup has the hash of none")
	}
}
`},
	}})
	c.run(t, "test", "./scenario/load")
}

// A kind of client is a file and a row: what may be named in a scenario, what is listed and what editors are told
// follow from it.
func TestAddingAKindOfClient(t *testing.T) {
	c := add(t, addition{section: "A kind of client", folder: "targets/external", files: 2, puts: []put{
		{file: "targets/external/client_knock.go", named: "targets/external/client_NAME.go", text: `package external

import (
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// A knock is a client that opens a connection and closes it.
type knock struct{ d *dialer }

func dialKnock(d *dialer) (client, error) { return &knock{d}, nil }

// Do implements targets.Client.
func (c *knock) Do(t *world.Task, _ targets.Message) (reply targets.Reply) {
	t.Blocking(c.d.object, func() {
		conn, err := c.d.s.connect()
		if err != nil {
			reply = c.d.s.unreached(err)
			return
		}
		_ = conn.Close()
		reply = targets.Reply{Outcome: ledger.Accepted}
	})
	return reply
}

// Close implements targets.Client.
func (c *knock) Close(*world.Task) {}
`},
		{file: "targets/external/clients.go", behind: "var kinds = []kind{",
			text: "\t{\"tcp-knock\", \"a connection that is closed at once\", nil, dialKnock},\n"},
	}})
	racebench := filepath.Join(t.TempDir(), "racebench")
	c.run(t, "build", "-o", racebench, "./cmd/racebench")
	if text := output(t, racebench, 0, "list", "clients"); !strings.Contains(text, "tcp-knock ") || !strings.Contains(text, "a connection that is closed at once") {
		t.Errorf("the kind is not listed:\n%s", text)
	}
	if text := output(t, racebench, 0, "schema"); strings.Count(text, `"tcp-knock"`) != 1 {
		t.Error("the JSON Schema does not have the kind once")
	}
	const head = "name: knocking\ntarget: external\nexternal: {command: [./server]}\nload:\n"
	good, bad := filepath.Join(t.TempDir(), "good.yaml"), filepath.Join(t.TempDir(), "bad.yaml")
	for file, group := range map[string]string{good: "  - {client: tcp-knock, clients: 2}\n", bad: "  - {client: tcp-knock, path: /}\n"} {
		if err := os.WriteFile(file, []byte(head+group), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	output(t, racebench, 0, "validate", good)
	if text := output(t, racebench, 2, "validate", bad); !strings.Contains(text, "client tcp-knock takes no path") {
		t.Errorf("a field that the kind does not take is refused with:\n%s", text)
	}
}

// output runs a program that was built from a copy, and returns what it printed.
func output(t *testing.T, program string, status int, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != status {
		t.Fatalf("%s: %v, not status %d\n%s", strings.Join(args, " "), err, status, out)
	}
	return string(out)
}
