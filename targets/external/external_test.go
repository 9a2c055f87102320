//go:build linux

package external_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets/external"
)

var catalog = trial.Catalog{external.Target()}

// TestMain lets the test binary be the child of its own trials.
func TestMain(m *testing.M) {
	trial.MaybeChild(trial.Config{Catalog: catalog})
	_ = flag.Set("test.parallel", "6") // most tests wait for programs; -parallel on the command line comes after this
	status := m.Run()
	if serverDir != "" {
		_ = os.RemoveAll(serverDir)
	}
	os.Exit(status)
}

// serverDir is where the test server was built; empty when it was not.
var serverDir string

// server is the test server, built once.
var server = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "racebench-server-")
	if err != nil {
		return "", err
	}
	serverDir = dir
	path := filepath.Join(dir, "server")
	if out, err := exec.Command("go", "build", "-o", path, "./testdata/server").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// mixed is a load in which every kind of work is under way when the signal strikes.
const mixed = `
  - {client: http-keepalive, clients: 4, path: /slow, as: slow}
  - {client: http-oneshot, clients: 2, shape: slow, delay: 5ms, path: /}
  - {client: http-upload, clients: 2, path: /upload}
  - {client: http-stream, clients: 2, path: /stream}
`

// run runs the test server in a mode.
func run(t *testing.T, mode, more, load string, trials int) *result.Campaign {
	t.Helper()
	return runCommand(t, "[SERVER, "+mode+"]", more, load, "SIGTERM", trials)
}

// runCommand runs a program, whose SERVER is the test server, until a trial fails: what a signal meets is chance.
// more is further lines of external, or of the scenario.
func runCommand(t *testing.T, command, more, load, signal string, trials int) *result.Campaign {
	t.Helper()
	path, err := server()
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("name: x\ntarget: external\ntrials: %d\nduration: 600ms\nexternal:\n  command: %s\n  url: http://127.0.0.1:{port}/\n%s\ninject: [{signal: %s, at: 60%%..95%%}]\nload:%s", // the first slow answer is there by then
		trials, strings.ReplaceAll(command, "SERVER", path), more, signal, load)
	fold, _ := runCampaign(t, compile(t, text), trial.Config{Keep: trial.KeepNone, FailFast: true})
	return fold
}

// Who starts a trial without having looked where its clients go connects to this machine all the same.
func TestAnotherMachineIsNotReached(t *testing.T) {
	t.Parallel()
	path, err := server()
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("name: x\ntarget: external\ntrials: 1\nexternal: {command: [%s, good], url: \"http://192.0.2.1:{port}/\"}\nload: [{client: http-keepalive}]\n", path)
	fold, _ := runCampaign(t, compile(t, text), trial.Config{Keep: trial.KeepNone})
	if fold.Verdict != result.Untested || !strings.Contains(fmt.Sprint(fold.Notes, fold.Void), "192.0.2.1 is not this machine") {
		t.Errorf("%s: %v %v", fold.Verdict, fold.Notes, fold.Void)
	}
}

func compile(t *testing.T, text string) trial.Program {
	t.Helper()
	s, problems := scenario.Parse("x.yaml", []byte(text), time.Now())
	if problems != nil {
		t.Fatal(problems)
	}
	p, errs := trial.Compile(s, catalog)
	if len(errs) > 0 {
		t.Fatal(&errs)
	}
	return p
}

func runProgram(t *testing.T, p trial.Program, keep trial.Keep) (*result.Campaign, *rundir.Run) {
	t.Helper()
	return runCampaign(t, p, trial.Config{Keep: keep})
}

func runCampaign(t *testing.T, p trial.Program, c trial.Config) (*result.Campaign, *rundir.Run) {
	t.Helper()
	c.Catalog = catalog
	dir, err := rundir.Create(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	folds, err := engine.RunCampaigns(t.Context(), []trial.Program{p}, []scenario.Seed{7}, batch.Budget{}, c, dir)
	if err != nil {
		t.Fatal(err)
	}
	return folds[0], dir
}

func classes(c *result.Campaign) []string {
	var all []string
	for _, b := range c.Breaches {
		all = append(all, b.Class)
	}
	return all
}

func warnings(t *testing.T, c *result.Campaign) []string {
	t.Helper()
	rep, err := result.NewReport([]*result.Campaign{c})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, w := range rep.Results[0].Warnings {
		all = append(all, w.Class)
	}
	return all
}

// manyTrials is how many a program gets to fail in, where the first failure ends the run.
const manyTrials = 40

// TestEveryEndIsTold runs a server that stops well and its twins that do not.
func TestEveryEndIsTold(t *testing.T) {
	t.Parallel()
	const short = "drain_limit: 1s"
	for _, tc := range []struct {
		mode, more string
		verdict    result.Verdict
		classes    []string // each must show
		warnings   []string
	}{
		{"shutdown", "", result.Passed, nil, nil},
		{"no-handler", "", result.Breached, []string{"every-request-answered/"}, []string{"clean-exit/program/SIGTERM"}},
		{"exits", "", result.Breached, []string{"every-request-answered/"}, nil},
		{"close", "", result.Breached, []string{"every-request-answered/"}, nil},
		{"cuts", "", result.Breached, []string{"every-request-answered/"}, nil},
		{"chatty", "", result.Passed, nil, nil},
		{"exits-1", "", result.Passed, nil, []string{"clean-exit/program/status-1"}},
		{"ignores", short, result.Hung, []string{"drain-ends/program/still-accepts"}, nil},
		{"hangs", short, result.Hung, []string{"drain-ends/program/"}, nil},
		{"panics", "", result.Crashed, []string{"process-survives/program/panic"}, nil},
		{"orphan", "", result.Breached, []string{"no-orphan/program/left-running"}, nil},
		{"wrapper", "", result.Breached, []string{"no-orphan/program/left-running", "listener-closes/address/still-accepts"}, nil},
	} {
		t.Run(tc.mode, func(t *testing.T) {
			t.Parallel()
			trials := 2
			if tc.verdict != result.Passed {
				trials = manyTrials
			}
			c := run(t, tc.mode, tc.more, mixed, trials)
			if c.Verdict != tc.verdict {
				t.Fatalf("%s: %v; %v; notes %v", c.Verdict, classes(c), c.Judged, c.Notes)
			}
			for _, want := range tc.classes {
				if !slices.ContainsFunc(classes(c), func(have string) bool { return strings.HasPrefix(have, want) }) {
					t.Errorf("classes %v, want %s", classes(c), want)
				}
			}
			if tc.classes == nil && len(c.Breaches) > 0 {
				t.Errorf("a correct server is reported for %v, want nothing", classes(c))
			}
			for _, want := range tc.warnings {
				if !slices.Contains(warnings(t, c), want) {
					t.Errorf("warnings %v, want %s", warnings(t, c), want)
				}
			}
		})
	}
}

// TestWhatCannotBeTested says in a sentence why, and reports nobody.
func TestWhatCannotBeTested(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string][]string{
		"exits-at-once":  {"ended with status 3 before it was ready; its last words: no configuration file"},
		"port-taken":     {"address already in use; somebody has the port that it wants"},
		"wants-password": {"was answered with 401, not with a status below 400; does it want a header, such as Authorization"},
		"background":     {"went to the background", "ended by itself after"}, // as it is seen before it is ready, or after
		"garbage":        {"no client got a good answer"},
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			c := run(t, mode, "", "\n  - {client: http-oneshot, path: /}\n", 2)
			if c.Verdict != result.Untested || len(c.Judged) != 1 ||
				!slices.ContainsFunc(want, func(text string) bool { return strings.Contains(c.Judged[0].Void, text) }) {
				t.Errorf("%s: %+v", c.Verdict, c.Judged)
			}
		})
	}
}

// TestCommandThatIsNotThere names the field and the folder in which it was looked for.
func TestCommandThatIsNotThere(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"no-runner": "#!/no/such/runner\n", "no-program": "echo\n", "no-end": "#!/bin/sh\nprintf 'no configuration'\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for external, want := range map[string]string{
		"{command: ./no-runner, cwd: " + dir + "}":                       "./no-runner is there, and what runs it is not",
		"{command: ./no-program, cwd: " + dir + "}":                      "./no-program is no program that this machine can run",
		"{command: ./no-end, cwd: " + dir + "}":                          "before it was ready; its last words: no configuration; does it run in the foreground",
		"{command: ./nosuch, cwd: " + dir + "}":                          "external.command: ./nosuch: no such file or directory in " + dir,
		"{command: ./nosuch}":                                            "external.command: ./nosuch: no such file or directory in /",
		"{command: no-such-command}":                                     `external.command: there is no "no-such-command" in PATH`,
		"{command: \"true\", cwd: /no/such}":                             "external.cwd: /no/such: no such file or directory",
		"{command: \"true\", before_each: [./nosuch], cwd: " + dir + "}": "external.before_each: ./nosuch: no such file or directory in " + dir,
	} {
		c, _ := runProgram(t, compile(t, "name: x\ntarget: external\ntrials: 1\nexternal: "+external+"\nload: [{client: http-keepalive}]\n"), trial.KeepNone)
		if c.Verdict != result.Untested || len(c.Judged) != 1 || !strings.Contains(c.Judged[0].Void, want) {
			t.Errorf("%s: %s %v, want %s", external, c.Verdict, c.Judged, want)
		}
	}
}

// TestSessions looks at WebSockets: dropped ones are warned of, those that are told are not.
func TestSessions(t *testing.T) {
	t.Parallel()
	load := "\n  - {client: websocket, clients: 3, path: /ws}" + mixed
	if c := run(t, "shutdown", "", load, 2); c.Verdict != result.Passed || !slices.Contains(warnings(t, c), "clean-close/websocket/1006") {
		t.Errorf("dropped: %s, %v, %v", c.Verdict, classes(c), warnings(t, c))
	}
	if c := run(t, "tells", "", load, 2); c.Verdict != result.Passed || slices.Contains(warnings(t, c), "clean-close/websocket/1006") {
		t.Errorf("told: %s, %v, %v", c.Verdict, classes(c), warnings(t, c))
	}
}

// TestScenarioErrorsAreInItsWords names what is wrong as the scenario's author wrote it.
func TestScenarioErrorsAreInItsWords(t *testing.T) {
	for load, want := range map[string]string{
		"{client: http-keepaliv, path: /}":     `unknown client of external "http-keepaliv" (did you mean "http-keepalive"?)`,
		"{client: http-keepalive, path: slow}": `path "slow" must begin with / and have no blanks`,
	} {
		if errs := compileErrors(t, load); len(errs) != 1 || !strings.Contains(errs[0], want) {
			t.Errorf("%s: %v, want %s", load, errs, want)
		}
	}
}

// compileErrors are what is wrong with a load group.
func compileErrors(t *testing.T, load string) []string {
	t.Helper()
	s, problems := scenario.Parse("x.yaml", []byte("name: x\ntarget: external\nexternal: {command: ./x}\nload:\n  - "+load+"\n"), time.Now())
	if problems != nil {
		t.Fatal(problems)
	}
	var all []string
	_, errs := trial.Compile(s, catalog)
	for _, e := range errs {
		all = append(all, e.Msg)
	}
	return all
}

// TestShortGraceIsNoLoss has less time to stop than a request takes: the control run waits for its requests
// and says so.
func TestShortGraceIsNoLoss(t *testing.T) {
	t.Parallel()
	c := run(t, "shutdown", "drain_limit: 1ms", "\n  - {client: http-keepalive, clients: 2, path: /slow}\n", 1)
	lost := slices.ContainsFunc(classes(c), func(class string) bool { return strings.HasPrefix(class, "every-request-answered/") })
	if lost || !slices.ContainsFunc(c.Notes, func(n string) bool {
		return strings.Contains(n, "0 of ") && strings.Contains(n, "the grace of 1ms is shorter than your requests")
	}) {
		t.Errorf("%s, notes %v, %v", c.Verdict, c.Notes, c.Judged)
	}
}

// TestIgnoredSignalIsNamed tells a program that ignores the signal from one whose handler does nothing.
func TestIgnoredSignalIsNamed(t *testing.T) {
	t.Parallel()
	load := "\n  - {client: http-keepalive, path: /slow}\n"
	for mode, want := range map[string]bool{"sig-ign": true, "ignores": false} {
		c := run(t, mode, "drain_limit: 1s", load, 1)
		if c.Verdict != result.Hung || strings.Contains(c.Breaches[0].Summary, "it ignores SIGTERM (SigIgn in /proc/") != want {
			t.Errorf("%s: %s, %+v", mode, c.Verdict, c.Breaches)
		}
	}
}

// TestLameDuckAnswersPreopened serves on after the signal: connections that were open before get
// their first answer.
func TestLameDuckAnswersPreopened(t *testing.T) {
	t.Parallel()
	c := run(t, "lame-duck", "", "\n  - {client: http-keepalive, path: /slow}\n  - {client: http-preopened, clients: 2, path: /late}\n", 2)
	if c.Verdict != result.Passed || len(warnings(t, c)) > 0 || atRisk(c, "preopened") != 4 {
		t.Errorf("%s, %v, at risk %v", c.Verdict, warnings(t, c), c.AtRisk)
	}
}

// TestCutAnswerFailsWheneverItWasAskedFor begins an answer to the first request of a connection that was open
// before the signal, and ends in the middle of it: no mere warning.
func TestCutAnswerFailsWheneverItWasAskedFor(t *testing.T) {
	t.Parallel()
	c := run(t, "cuts-late", "", "\n  - {client: http-keepalive, path: /, stop: at-signal}\n  - {client: http-preopened, path: /half}\n", 1)
	if c.Verdict != result.Breached || !slices.Equal(classes(c), []string{"every-request-answered/answer-cut/exited"}) || len(warnings(t, c)) > 0 {
		t.Errorf("%s, %v, %v, at risk %v, %v", c.Verdict, classes(c), warnings(t, c), c.AtRisk, c.Judged)
	}
}

// TestSessionsAlone tests a server with WebSockets and nothing else.
func TestSessionsAlone(t *testing.T) {
	t.Parallel()
	c := run(t, "shutdown", "", "\n  - {client: websocket, clients: 3, path: /ws}\n", 2)
	if c.Verdict != result.Passed || atRisk(c, "websocket-open") != 6 || !slices.Contains(warnings(t, c), "clean-close/websocket/1006") {
		t.Errorf("%s, %v, at risk %v, %v", c.Verdict, warnings(t, c), c.AtRisk, c.Judged)
	}
}

// TestAcknowledgedWritesAreReadBack restarts a server that keeps what it acknowledged and one that forgets it.
func TestAcknowledgedWritesAreReadBack(t *testing.T) {
	t.Parallel()
	keepsAndForgets(t, "[SERVER, shutdown]", "[SERVER, forgets]", dataEnv+"\n  url: http://127.0.0.1:{port}/", "write-http, path: \"/kv/{id}\"")
}

// TestReadBackIsTriedFirst writes to a server that gives back another form of what it was sent: it is not tested until
// the scenario says what to look for, and then its twin that forgets is found.
func TestReadBackIsTriedFirst(t *testing.T) {
	t.Parallel()
	const url, client = dataEnv + "\n  url: http://127.0.0.1:{port}/", `write-http, path: "/kv/{id}"`
	c := runKeeper(t, "[SERVER, wraps]", url, client)
	if c.Verdict != result.Untested || len(c.Judged) != 1 || c.Judged[0].VoidCode != void.ControlMisread ||
		!strings.Contains(c.Judged[0].Void, `"data`) || !strings.Contains(c.Judged[0].Void, `there is no \"value of racebench-`) && !strings.Contains(c.Judged[0].Void, `there is no "value of racebench-`) {
		t.Errorf("%s, %v, %+v, want untested with what was asked and what came", c.Verdict, classes(c), c.Judged)
	}
	keepsAndForgets(t, "[SERVER, wraps]", "[SERVER, wraps-forgets]", url, client+`, match: '^{"id": "{id}", "data": "[A-Za-z0-9+/=]+"}$'`)
	keepsAndForgets(t, "[SERVER, wraps]", "[SERVER, wraps-forgets]", url, client+`, value: '"id": "{id}"'`)
}

func atRisk(c *result.Campaign, kind string) int64 {
	for _, r := range c.AtRisk {
		if r.Kind == kind {
			return r.Count
		}
	}
	return -1
}
