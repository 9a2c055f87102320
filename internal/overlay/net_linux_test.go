package overlay

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/racebench/racebench/internal/overlay/player"
	"github.com/racebench/racebench/internal/overlay/wire"
)

// cases are the lines of a test's output that tell what a network did, by the name of the case.
func cases(text string) map[string]string {
	said := map[string]string{}
	for line := range strings.Lines(text) {
		if _, line, ok := strings.Cut(line, "CASE "); ok {
			name, what, _ := strings.Cut(strings.TrimSpace(line), " | ")
			said[name] = what
		}
	}
	return said
}

// The comparison is the test: one program asks the machine's loopback and that of a controlled bubble.
func TestConnectionsInMemoryBehaveAsLoopbackDoes(t *testing.T) {
	p := prepared(t)
	binary := filepath.Join(t.TempDir(), "net.test")
	if err := p.Compile(t.Context(), Compile{Dir: ".", Package: "./testdata/net", Out: binary}); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), binary, "-test.run", "^TestNetwork$", "-test.v").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	outside := cases(string(out))
	q := begin(t, binary, "TestNetwork")
	a, err := q.Do(wire.Command{Do: wire.DoPlay, Steps: 1 << 20}, nil)
	if err != nil || a.Verdict != wire.Passed.String() {
		t.Fatalf("%+v %v: %s%s", a, err, q.Memory.Written(), q.Output())
	}
	inside := cases(q.Memory.Written())
	if len(outside) < 20 || len(inside) != len(outside) {
		t.Errorf("%d cases outside, %d inside", len(outside), len(inside))
	}
	for name, want := range outside {
		if inside[name] != want {
			t.Errorf("%s:\nloopback: %s\nmemory:   %s", name, want, inside[name])
		}
	}
}

// A backlog that is full on a real machine is longer than a test likes.
func TestADialWaitsForRoomInTheBacklog(t *testing.T) {
	p := prepared(t)
	binary := filepath.Join(t.TempDir(), "net.test")
	if err := p.Compile(t.Context(), Compile{Dir: ".", Package: "./testdata/net", Out: binary}); err != nil {
		t.Fatal(err)
	}
	q := begin(t, binary, "TestBacklog")
	a, err := q.Do(wire.Command{Do: wire.DoPlay, Steps: 1 << 20}, nil)
	if err != nil || a.Verdict != wire.Passed.String() {
		t.Fatalf("%+v %v: %s%s", a, err, q.Memory.Written(), q.Output())
	}
	said := cases(q.Memory.Written())
	if full := said["full"]; !strings.Contains(full, "i/o timeout") || said["room"] != "ok" {
		t.Errorf("%q", said)
	}
}

// begin starts a test process that the test ends.
func begin(t *testing.T, binary, test string) *player.Process {
	t.Helper()
	q, err := player.Start(t.Context(), player.Options{Binary: binary, Test: test, Dir: t.TempDir(), Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(q.Close)
	return q
}
