//go:build linux

package external_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

// keepsAndForgets runs a server that keeps what it acknowledged, and the same as one that forgets it: every
// write is missed of that one, and none of the other.
func keepsAndForgets(t *testing.T, keeps, forgets, more, load string) {
	t.Helper()
	c := runCommand(t, keeps, more, load, "SIGTERM", 1)
	if c.Verdict != result.Passed || atRisk(c, "acknowledged-write") == 0 {
		t.Errorf("kept: %s, %v, %v, notes %v, %v", c.Verdict, classes(c), c.AtRisk, c.Notes, c.Trials)
	}
	c = runCommand(t, forgets, more, load, "SIGTERM", 1)
	if c.Verdict != result.Breached || !slices.Equal(classes(c), []string{"acked-survives-restart/store/missing"}) {
		t.Fatalf("forgotten: %s, %v, notes %v, %v", c.Verdict, classes(c), c.Notes, c.Trials)
	}
	if lost, of := c.Breaches[0].Messages, atRisk(c, "acknowledged-write"); lost != of || of == 0 {
		t.Errorf("%d of %d writes are missed, not all", lost, of)
	}
	t.Logf("%d writes missed", c.Breaches[0].Messages)
}

const dataEnv = "  env: {DATA: \"{data}\"}"

// TestUsersOwnAdapter writes through a program that speaks JSON lines.
func TestUsersOwnAdapter(t *testing.T) {
	path, err := server()
	if err != nil {
		t.Fatal(err)
	}
	load := fmt.Sprintf("\n  - {client: write-stdio, clients: 2, command: [%s, adapter], shape: slow, delay: 1ms..3ms}\n", path)
	keepsAndForgets(t, "[SERVER, shutdown]", "[SERVER, forgets]", dataEnv, load)
}

// TestExampleAdapter runs the adapter that the documents show.
func TestExampleAdapter(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not installed: the example was not run")
	}
	path, err := filepath.Abs("../../examples/stdio-adapter.py")
	if err != nil {
		t.Fatal(err)
	}
	c := run(t, "forgets", dataEnv, fmt.Sprintf("\n  - {client: write-stdio, command: [python3, %s]}\n", path), 1)
	if c.Verdict != result.Breached || !slices.Equal(classes(c), []string{"acked-survives-restart/store/missing"}) {
		t.Errorf("%s, %v, notes %v, %v", c.Verdict, classes(c), c.Notes, c.Trials)
	}
}

// TestAdapterThatCannotBeUsed says what is wrong with it.
func TestAdapterThatCannotBeUsed(t *testing.T) {
	for command, want := range map[string]string{
		"[no-such-adapter]":     `load.command: there is no "no-such-adapter" in PATH`,
		"[\"true\"]":            "the adapter",
		"[sh, -c, \"yes boo\"]": `the adapter's answer to write, "boo\n", is not JSON`,
	} {
		c := run(t, "shutdown", dataEnv, "\n  - {client: write-stdio, command: "+command+", shape: slow, delay: 1ms..3ms}\n", 1)
		if c.Verdict != result.Untested || len(c.Trials) != 1 || !strings.Contains(c.Trials[0].Void, want) {
			t.Errorf("%s: %s, %v, want %s", command, c.Verdict, c.Trials, want)
		}
	}
}
