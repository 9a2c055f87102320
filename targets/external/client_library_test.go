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
	"github.com/racebench/racebench/engine/trial"
)

// runKeeper runs a trial in which the signal comes after some writes, however slow the machine is.
func runKeeper(t *testing.T, command, more, client string) *result.Campaign {
	t.Helper()
	path, err := server()
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("name: x\ntarget: external\ntrials: 1\nduration: 2s\nexternal:\n  command: %s\n%s\ninject: [{signal: SIGTERM, at: op 10..20}]\n"+
		"load: [{client: %s, clients: 2, shape: slow, delay: 5ms..10ms}]", command, more, client)
	c, _ := runProgram(t, compile(t, strings.ReplaceAll(text, "SERVER", path)), trial.KeepNone)
	return c
}

// keepsAndForgets runs a server that keeps what it acknowledged, and the same as one that forgets it: every
// write is missed of that one, and none of the other.
func keepsAndForgets(t *testing.T, keeps, forgets, more, client string) {
	t.Helper()
	c := runKeeper(t, keeps, more, client)
	if c.Verdict != result.Passed || atRisk(c, "acknowledged-write") == 0 {
		t.Errorf("kept: %s, %v, %v, notes %v, %v", c.Verdict, classes(c), c.AtRisk, c.Notes, c.Judged)
	}
	c = runKeeper(t, forgets, more, client)
	if c.Verdict != result.Breached || !slices.Equal(classes(c), []string{"acked-survives-restart/store/missing"}) {
		t.Fatalf("forgotten: %s, %v, notes %v, %v", c.Verdict, classes(c), c.Notes, c.Judged)
	}
	if lost, of := c.Breaches[0].Count, atRisk(c, "acknowledged-write"); lost != of || of == 0 {
		t.Errorf("%d of %d writes are missed, not all", lost, of)
	}
	t.Logf("%d writes missed", c.Breaches[0].Count)
}

const dataEnv = "  env: {DATA: \"{data}\"}"

// TestUsersOwnAdapter writes through a program that speaks JSON lines.
func TestUsersOwnAdapter(t *testing.T) {
	t.Parallel()
	keepsAndForgets(t, "[SERVER, shutdown]", "[SERVER, forgets]", dataEnv, "write-stdio, command: [SERVER, adapter]")
}

// TestWhatCannotBeAskedForIsNotMissed reads writes back through an adapter that cannot tell of some of them: they are
// counted apart.
func TestWhatCannotBeAskedForIsNotMissed(t *testing.T) {
	t.Parallel()
	c := runKeeper(t, "[SERVER, forgets]", dataEnv, "write-stdio, command: [SERVER, adapter-unsure]")
	if c.Verdict != result.Breached || c.Breaches[0].Count != atRisk(c, "acknowledged-write") || !slices.ContainsFunc(c.Judged[0].Notes, func(note string) bool {
		return strings.HasSuffix(note, " acknowledged writes could not be asked for after the restart: cannot tell: the adapter could not read: nobody can tell")
	}) {
		t.Errorf("%s, %v, %v, %v", c.Verdict, c.Breaches, c.AtRisk, c.Judged)
	}
}

// TestBrokers writes through the client libraries to servers that know as much of the protocol as those need. Real
// servers are in TestServers.
func TestBrokers(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"nats", "mqtt", "amqp"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			keepsAndForgets(t, "[SERVER, "+protocol+"]", "[SERVER, "+protocol+"-forgets]", dataEnv, "write-"+protocol)
		})
	}
}

// TestBrokersThatSayNothing writes to servers that say of everything that it is not there, as one that is not ready
// might: what was written just now is not there either, so nothing is reported.
func TestBrokersThatSayNothing(t *testing.T) {
	t.Parallel()
	for protocol, why := range map[string]string{"nats": "the stream does not give back", "amqp": "does not give back a message that it confirmed"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			c := runKeeper(t, "[SERVER, "+protocol+"-mute]", dataEnv, "write-"+protocol)
			told := func(trial result.Trial) bool {
				return slices.ContainsFunc(trial.Notes, func(note string) bool { return strings.Contains(note, "cannot tell") && strings.Contains(note, why) })
			}
			if c.Verdict != result.Untested || len(c.Breaches) > 0 || !slices.ContainsFunc(c.Judged, told) {
				t.Errorf("%s, %v, %v, %v", c.Verdict, classes(c), c.AtRisk, c.Judged)
			}
		})
	}
}

// TestBrokersOverTLS writes to the same servers over TLS, as the scheme of the url says. A server of NATS asks for it
// whatever that is.
func TestBrokersOverTLS(t *testing.T) {
	t.Parallel()
	for url, protocol := range map[string]string{"tls": "nats", "nats": "nats", "mqtts": "mqtt", "amqps": "amqp"} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			more := "  env: {DATA: \"{data}\", TLS: \"1\"}\n  url: " + url + "://127.0.0.1:{port}"
			if c := runKeeper(t, "[SERVER, "+protocol+"]", more, "write-"+protocol); c.Verdict != result.Passed || atRisk(c, "acknowledged-write") == 0 {
				t.Errorf("%s, %v, %v, notes %v, %v", c.Verdict, classes(c), c.AtRisk, c.Notes, c.Judged)
			}
		})
	}
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
	t.Parallel()
	c := runKeeper(t, "[SERVER, forgets]", dataEnv, fmt.Sprintf("write-stdio, command: [python3, %s]", path))
	if c.Verdict != result.Breached || !slices.Equal(classes(c), []string{"acked-survives-restart/store/missing"}) {
		t.Errorf("%s, %v, notes %v, %v", c.Verdict, classes(c), c.Notes, c.Judged)
	}
}

// TestAdapterThatCannotBeUsed says what is wrong with it.
func TestAdapterThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]string{
		"[no-such-adapter]":       `load.command: there is no "no-such-adapter" in PATH`,
		"[\"true\"]":              "the adapter",
		"[sh, -c, \"yes boo\"]":   `the adapter's answer to read, "boo\n", is not JSON`,
		`[yes, '{"value": "x"}']`: `the adapter read "x" of racebench-nothing, which nobody wrote`,
	} {
		c := run(t, "shutdown", dataEnv, "\n  - {client: write-stdio, command: "+command+"}\n", 1)
		if c.Verdict != result.Untested || len(c.Judged) != 1 || !strings.Contains(c.Judged[0].Void, want) {
			t.Errorf("%s: %s, %v, want %s", command, c.Verdict, c.Judged, want)
		}
	}
}
