//go:build linux

package external_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
)

// besides runs a program that is a shell script with a service that is one, too. Each has the path of a file as $1.
func besides(t *testing.T, program, service, more string, trials int) (c *result.Campaign, lines []string) {
	t.Helper()
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	for name, text := range map[string]string{"program.sh": program, "side.sh": service} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text := fmt.Sprintf("name: x\ntarget: external\ntrials: %d\nduration: 200ms\nexternal: {command: [sh, %s/program.sh, %s, \"{side}\"], worker: true, ready: {log: ready}}\nservices:\n  side: {command: [sh, %s/side.sh, %s, \"{side}\"]%s}\ninject: [{signal: SIGTERM, at: 50%%..80%%}]\n",
		trials, dir, log, dir, log, more)
	c, _ = runCampaign(t, compile(t, text), trial.Config{Keep: trial.KeepNone})
	raw, err := os.ReadFile(log)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return c, strings.Fields(string(raw))
}

const (
	sideProgram = "trap 'echo program >> \"$1\"; exit 0' TERM\necho \"port=$SIDE_PORT=$2\" >> \"$1\"\necho ready\nwhile :; do sleep 0.02; done\n"
	sideService = "trap 'echo side >> \"$1\"; exit 0' TERM\npwd >> \"$1\"\necho up\nwhile :; do sleep 0.02; done\n"
)

// TestAServiceStandsBesideTheProgram looks at when it is started and stopped, and at what both are told.
func TestAServiceStandsBesideTheProgram(t *testing.T) {
	for _, tc := range []struct{ more, order string }{
		{"", "side-folder port program"}, // it ends last, and nobody asks
		{", stop: before", "side-folder port side program"},
		{", stop: after", "side-folder port program side"},
	} {
		c, lines := besides(t, sideProgram, sideService, ", ready: {log: up}"+tc.more, 1)
		if c.Verdict != result.Passed {
			t.Fatalf("%s: %s: %v, void %v", tc.more, c.Verdict, classes(c), c.Void)
		}
		if len(lines) < 2 {
			t.Fatalf("%s: %q", tc.more, lines)
		}
		var order []string
		for _, line := range lines[2:] { // after those of the control run, in which nobody is signalled
			switch word, rest, _ := strings.Cut(line, "="); {
			case strings.Contains(line, "/.services/side"):
				order = append(order, "side-folder")
			case word == "port":
				order = append(order, word)
				if told, filled, _ := strings.Cut(rest, "="); told != filled || told == "" {
					t.Errorf("SIDE_PORT is %q, and {side} %q", told, filled)
				}
			default:
				order = append(order, line)
			}
		}
		if got := strings.Join(order, " "); got != tc.order {
			t.Errorf("%s: %s, want %s", tc.more, got, tc.order)
		}
	}
}

// TestAServiceThatListensIsReadyThen takes the test server for a service, and leaves nothing of it.
func TestAServiceThatListensIsReadyThen(t *testing.T) {
	path, err := server()
	if err != nil {
		t.Fatal(err)
	}
	seen := filepath.Join(t.TempDir(), "port")
	text := fmt.Sprintf("name: x\ntarget: external\ntrials: 1\nduration: 200ms\nexternal:\n  command: [sh, -c, 'echo $SIDE_PORT > %s; trap \"exit 0\" TERM; echo ready; while :; do sleep 0.02; done']\n  worker: true\n  ready: {log: ready}\nservices:\n  side: {command: [%s, shutdown], env: {PORT: \"{side}\"}}\ninject: [{signal: SIGTERM, at: 50%%..80%%}]\n", seen, path)
	c, _ := runCampaign(t, compile(t, text), trial.Config{Keep: trial.KeepNone})
	if c.Verdict != result.Passed {
		t.Fatalf("%s: void %v", c.Verdict, c.Void)
	}
	port, err := os.ReadFile(seen)
	if err != nil {
		t.Fatal(err)
	}
	if conn, err := net.DialTimeout("tcp", "127.0.0.1:"+strings.TrimSpace(string(port)), time.Second); err == nil {
		_ = conn.Close()
		t.Errorf("the service still listens at %s", port)
	}
}

// TestWhatBecomesOfAServiceIsNoBreach runs services that do not stay, beside a program that fails without them.
func TestWhatBecomesOfAServiceIsNoBreach(t *testing.T) {
	// The program ends once the service has, however late the machine makes that: what it is told to is written down.
	const needs = "trap 'touch \"$1.told\"' TERM\necho ready\nwhile :; do\n [ -e \"$1.gone\" ] && { echo 'panic: it is gone' >&2; kill -SEGV $$; }\n" +
		" [ -s \"$1.pid\" ] && ! kill -0 \"$(cat \"$1.pid\")\" 2>/dev/null && exit 0\n sleep 0.02\ndone\n"
	for name, tc := range map[string]struct {
		service, more string
		code          void.Code
		why           string
	}{
		"never ready":            {"echo no such file >&2; exit 3", "", void.NotStarted, "service side (sh): it ended before it was ready with status 3; its last words: no such file"},
		"not there":              {"", ", command: [no-such-service]", void.CannotRun, `services.side.command: there is no "no-such-service" in PATH`},
		"dies in the control":    {"rm -f \"$1.gone\"; echo up; sleep 0.1; touch \"$1.gone\"; echo broken; exit 7", ", ready: {log: up}", void.Deserted, "side (sh) ended by itself with status 7; its last words: up | broken"},
		"dies in the trials":     {"rm -f \"$1.gone\"; echo up; [ -e \"$1.once\" ] || { touch \"$1.once\"; while :; do sleep 0.1; done; }; sleep 0.05; touch \"$1.gone\"; exit 7", ", ready: {log: up}", void.Deserted, "side (sh) ended by itself with status 7"},
		"is killed in the drain": {"rm -f \"$1.told\"; echo $$ >\"$1.pid\"; echo up; [ -e \"$1.once\" ] || { touch \"$1.once\"; while :; do sleep 0.1; done; }; while ! [ -e \"$1.told\" ]; do sleep 0.02; done; kill -9 $$", ", ready: {log: up}", void.Deserted, "side (sh) ended by itself of signal: killed"},
	} {
		t.Run(name, func(t *testing.T) {
			service, more := tc.service, tc.more
			if command, replaced := strings.CutPrefix(more, ", command: "); replaced {
				text := "name: x\ntarget: external\ntrials: 1\nexternal: {command: [sh, -c, \"echo ready; sleep 60\"], worker: true, ready: {log: ready}}\nservices:\n  side: {command: " + command + ", ready: {log: up}}\n"
				c, _ := runCampaign(t, compile(t, text), trial.Config{Keep: trial.KeepNone})
				unbroken(t, c, tc.code, tc.why)
				return
			}
			c, _ := besides(t, needs, service, more, 1)
			unbroken(t, c, tc.code, tc.why)
		})
	}
}

// unbroken checks that nothing was tested, and why.
func unbroken(t *testing.T, c *result.Campaign, code void.Code, why string) {
	t.Helper()
	if c.Verdict != result.Untested || len(c.Breaches) > 0 || len(c.Void) == 0 || c.Void[0].Code != code || !strings.Contains(c.Void[0].Reason, why) {
		t.Errorf("%s: %v, void %v; want %s: %s", c.Verdict, classes(c), c.Void, code, why)
	}
}

// TestServicesThatCannotBe are refused in one sentence each.
func TestServicesThatCannotBe(t *testing.T) {
	const head = "name: x\ntarget: external\nexternal: {command: ./server}\nservices:\n  "
	for text, want := range map[string]string{
		head + "a: {command: [x]}":                                                "nothing says when it is ready",
		head + "a: {ready: {log: up}}":                                            "service a has no command",
		head + "port: {command: [x, \"{port}\"]}":                                 `service "port": its name is`,
		head + "a: {command: [x, \"{a}\"], stop: never}":                          "stop of a service",
		head + "a: {command: [x, \"{a}\"], urn: 1}":                               `"urn"`,
		head + "a: {command: [x, \"{a}\"], ready: {http: /}}":                     "kind of readiness",
		head + "a: {command: [x, \"{a}\"], ready: {port: nine}}":                  "ready: port of a service",
		head + "a-b: {command: [x, \"{a-b}\"]}\n  a_b: {command: [x, \"{a_b}\"]}": "another one has its variable, A_B_PORT",
		head + "a: x": "service a is a map",
		strings.Replace(head, "command: ./server", "url: http://127.0.0.1:80/", 1) + "a: {command: [x, \"{a}\"]}": "services stand beside a program that racebench starts",
		"name: x\ntarget: broker\nservices: {a: {command: x}}":                                                    "leave them out",
		"name: x\ntarget: external\nexternal: {command: x}\nservices: []":                                         "services is a map of names",
	} {
		s, problems := scenario.Parse("x.yaml", []byte(text), time.Now())
		all := fmt.Sprint(problems)
		if problems == nil {
			_, errs := trial.Compile(s, catalog)
			all = fmt.Sprint(errs)
		}
		if !strings.Contains(all, want) {
			t.Errorf("%s\nis answered with %s, want %s", text, all, want)
		}
	}
}
