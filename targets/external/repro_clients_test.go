//go:build linux

package external_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/targets"
)

// missedWrite is the evidence of a write that a restart did not give back.
const missedWrite = `process 71 audited count=2 at=3s
discard 0#2 station=restart cause=missing where="it is not there" at=3s
`

// handmade are breaches that a shell shows by hand: of a program with the bug, and not of one without.
var handmade = []struct {
	name, class    string
	command, more  string // of external
	load, evidence string
	signal         int
	bug, right     string // a piece of the script, and what makes it that of a program without the bug
	times          string // how often it may be tried
	needs          []string
}{
	{
		"pre-opened", "preopened-answered/first-request/eof", "[SERVER, shutdown]", "", "{client: http-preopened, path: /late, headers: {X-A: \"it's\"}}", "", 15,
		"'shutdown'", "'lame-duck'", "TIMES=40", nil,
	},
	{
		"pre-opened over TLS", "preopened-answered/first-request/eof", "[SERVER, shutdown]", "env: {TLS: \"{port}\"}, url: \"https://127.0.0.1:{port}\"", "{client: http-preopened, path: /late}", "", 15,
		"'shutdown'", "'lame-duck'", "TIMES=40", []string{"openssl"},
	},
	{
		"WebSocket", "clean-close/websocket/1006", "[SERVER, shutdown]", "", "{client: websocket, path: /ws, hello: '{\"it''s\": 100%}'}", "", 15,
		"'shutdown'", "'tells'", "TIMES=1", nil,
	},
	{
		"adapter", "acked-survives-restart/store/missing", "[SERVER, forgets]", "env: {DATA: \"{data}\"}", "{client: write-stdio, command: [SERVER, adapter]}", missedWrite, 15,
		"'forgets'", "'shutdown'", "TIMES=1", nil,
	},
	{
		"NATS", "acked-survives-restart/store/missing", "[SERVER, nats-forgets]", "env: {DATA: \"{data}\"}, url: \"nats://127.0.0.1:{port}\"", "{client: write-nats}", missedWrite, 15,
		"'nats-forgets'", "'nats'", "TIMES=1", nil,
	},
	{
		"MQTT", "acked-survives-restart/store/missing", "[SERVER, mqtt-forgets]", "env: {DATA: \"{data}\"}, url: \"mqtt://127.0.0.1:{port}\"", "{client: write-mqtt}", missedWrite, 15,
		"'mqtt-forgets'", "'mqtt'", "TIMES=1", []string{"mosquitto_pub"},
	},
	{
		"Redis", "acked-survives-restart/store/missing", "[redis-server, --port, \"{port}\", --dir, \"{data}\", --save, \"\"]", "", "{client: write-redis}", missedWrite, 15,
		"'--save' ''", "'--appendonly' 'yes'", "TIMES=1", []string{"redis-server"},
	},
	{
		"PID 1", "drain-ends/program/stuck", "[sh, -c, SERVER shutdown; true]", "pid1: true", "{client: http-keepalive, path: /}", "", 15,
		"'sh' '-c' 'SERVER shutdown; true'", "'SERVER' 'shutdown'", "TIMES=1", []string{"unshare"},
	},
	{
		"SIGINT", "drain-ends/program/stuck", "[sh, -c, \"trap '' INT; exec SERVER shutdown\"]", "", "{client: http-keepalive, path: /}", "", 2,
		`trap '\'''\'' INT; `, "", "TIMES=1", nil,
	},
}

func handmadeScenario(command, more, load string) string {
	return fmt.Sprintf("name: x\ntarget: external\nexternal: {command: %s, %s}\nload: [%s]\n", command, more, load)
}

// scriptOf is the script for a breach of a scenario.
func scriptOf(t *testing.T, class, text, evidence string, signal int) string {
	t.Helper()
	p := compile(t, text)
	e, err := ledger.ParseText("the ledger", fmt.Sprintf(`lane 0 put-0 x as=put
phase 0 serve began ready at=10ms
signal %d sent=1s planned=1s
process 70 started count=18471 text="./server" at=1ms
process 70 ready count=18471 text="127.0.0.1:18471" at=10ms
op 0#1 at=900ms..910ms
op 0#2 at=920ms..930ms
phase 0 serve ended at=2s
%s`, signal, evidence))
	if err != nil {
		t.Fatal(err)
	}
	g := p.Groups[0]
	return p.Target.Reproducer.Repro(class, "a summary", e, []targets.Role{{Op: g.Op.Name, Group: "put", Client: g.Client, Size: g.Size}}, time.Second)
}

// TestScriptsOfOtherClients runs scripts against programs with the bug that they show, and without.
func TestScriptsOfOtherClients(t *testing.T) {
	t.Parallel()
	path, err := server()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range handmade {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, command := range append(tc.needs, "curl") {
				if _, err := exec.LookPath(command); err != nil {
					t.Skipf("%s is not installed: its script is not run", command)
				}
			}
			in := strings.NewReplacer("SERVER", path)
			text := scriptOf(t, tc.class, in.Replace(handmadeScenario(tc.command, tc.more, tc.load)), tc.evidence, tc.signal)
			bug := in.Replace(tc.bug)
			if !strings.Contains(text, bug) {
				t.Fatalf("no script of it: %s", text)
			}
			status, out := runScript(t, text, tc.times, "GRACE=1")
			if strings.Contains(out, "to be allowed to make a process namespace") {
				t.Skip("process namespaces are not allowed here: its script is not run")
			}
			if status != 1 {
				t.Errorf("status %d: %s", status, out)
			}
			right := strings.Replace(text, bug, in.Replace(tc.right), 1)
			if status, out := runScript(t, right, "TIMES=1", "GRACE=60"); status != 0 {
				t.Errorf("of a program without the bug: status %d: %s", status, out)
			}
		})
	}
}
