//go:build linux

package external_test

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
)

// jobWorker is the worker of testdata, built once.
var jobWorker = sync.OnceValues(func() (string, error) {
	path, err := server()
	if err != nil {
		return "", err
	}
	path += "-worker"
	if out, err := exec.Command("go", "build", "-o", path, "./testdata/worker").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// A shift is a worker at a Redis of its own: how it works, and what the scenario says of its jobs.
type shift struct {
	mode, takes, done string // of the worker
	jobs              string // words of the load group: push, done and more
	password          string // in the queue's URL
	command           string // of the worker; "": as mode, takes and done say
}

// work runs a worker until a trial fails.
func work(t *testing.T, s shift, trials int) *result.Campaign {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("redis-server is not installed")
	}
	path, err := jobWorker()
	if err != nil {
		t.Fatal(err)
	}
	command := s.command
	if command == "" {
		command = fmt.Sprintf("[%s, %s, %s, %s]", path, s.mode, s.takes, s.done)
	}
	text := fmt.Sprintf("name: x\ntarget: external\ntrials: %d\nduration: 300ms\nexternal: {command: %s, worker: true, ready: {log: ready}}\nservices: {redis: {command: [redis-server, --port, \"{redis}\", --save, \"\"]}}\nload:\n  - {client: jobs, clients: 2, shape: slow, delay: 1ms..3ms, queue: \"redis://%s127.0.0.1:{redis}/0\", %s}\ninject: [{signal: SIGTERM, at: 60%%..90%%}]\n",
		trials, command, s.password, s.jobs)
	c, _ := runCampaign(t, compile(t, text), trial.Config{Keep: trial.KeepNone, FailFast: true})
	return c
}

// few is how many trials a planted fault has to show in.
const few = 10

// TestJobsThatAreLost runs workers with the mistakes that workers make.
func TestJobsThatAreLost(t *testing.T) {
	for name, tc := range map[string]struct {
		shift
		class string
	}{
		"acknowledged before the work":       {shift{mode: "ack-before", takes: "20ms", done: "set", jobs: "push: list jobs, done: set done, settle: 300ms"}, "lost"},
		"fetched ahead and dropped":          {shift{mode: "drops-rest", takes: "10ms", done: "list", jobs: "push: list jobs, done: list done, settle: 300ms"}, "lost"},
		"left in a list that nobody reads":   {shift{mode: "reliable-cut", takes: "20ms", done: "key", jobs: "push: list jobs, done: 'key done:{id}', settle: 300ms", command: "FORGETS"}, "lost"},
		"of a stream, acknowledged before":   {shift{mode: "stream-ack-before", takes: "20ms", done: "hash", jobs: "push: stream jobs, done: hash done, settle: 300ms"}, "lost"},
		"not acknowledged, and done twice":   {shift{mode: "no-ack", takes: "10ms", done: "list", jobs: "push: list jobs, done: list done, held: [list processing], once: true"}, "done-twice"},
		"pushed back, and done all the same": {shift{mode: "back-though-done", takes: "10ms", done: "stream", jobs: "push: list jobs, done: stream done, held: [list processing], once: true"}, "done-twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.command != "" { // what it left is gone when it is started again
				path, err := jobWorker()
				if err != nil {
					t.Fatal(err)
				}
				tc.command = fmt.Sprintf("[sh, -c, 'redis-cli -p {redis} del processing; exec %s %s %s %s']", path, tc.mode, tc.takes, tc.done)
			}
			c := work(t, tc.shift, few)
			want := "jobs-done-or-queued/queue/" + tc.class
			if c.Verdict != result.Breached || !slices.Equal(classes(c), []string{want}) {
				t.Fatalf("%s: %v, want %s; void %v, notes %v", c.Verdict, classes(c), want, c.Void, c.Notes)
			}
			if b := c.Breaches[0]; b.Count < 1 || b.Of < b.Count {
				t.Errorf("%d of %d", b.Count, b.Of)
			}
		})
	}
}

// TestJobsThatAreNot runs workers that come close to those mistakes and make none.
func TestJobsThatAreNot(t *testing.T) {
	for name, s := range map[string]shift{
		"finishes what it began":           {mode: "reliable", takes: "20ms", done: "set", jobs: "push: list jobs, done: set done, held: [list processing]"},
		"finishes its batch":               {mode: "batch", takes: "10ms", done: "list", jobs: "push: list jobs, done: list done, once: true"},
		"gives back what it did not begin": {mode: "gives-back", takes: "10ms", done: "key", jobs: "push: list jobs, done: 'key done:{id}', once: true"},
		"leaves it where it finds it":      {mode: "reliable-cut", takes: "20ms", done: "zset", jobs: "push: list jobs, done: zset done"},
		"of a stream":                      {mode: "stream", takes: "10ms", done: "stream", jobs: "push: stream jobs, done: stream done, once: true"},
		"of a stream, cut and taken again": {mode: "stream-cut", takes: "20ms", done: "hash", jobs: "push: stream jobs, done: hash done"},
		"is faster than its jobs come":     {mode: "reliable", takes: "0s", done: "list", jobs: "push: list jobs, done: list done, once: true, body: '{\"job\": \"{id}\", \"again\": \"{id}\"}'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := work(t, s, 3)
			if c.Verdict != result.Passed || len(warnings(t, c)) > 0 {
				t.Fatalf("%s: %v, warnings %v, void %v, notes %v", c.Verdict, classes(c), warnings(t, c), c.Void, c.Notes)
			}
			if atRisk(c, "accepted-job") == 0 {
				t.Errorf("no job was looked up: %v", c.AtRisk)
			}
		})
	}
}

// TestAJobThatIsDoneTwiceWarns unless the scenario says once.
func TestAJobThatIsDoneTwiceWarns(t *testing.T) {
	c := work(t, shift{mode: "no-ack", takes: "10ms", done: "list", jobs: "push: list jobs, done: list done, held: [list processing]"}, 2)
	if c.Verdict != result.Passed || !slices.Equal(warnings(t, c), []string{"jobs-done-or-queued/queue/done-twice"}) {
		t.Errorf("%s: %v, warnings %v, void %v", c.Verdict, classes(c), warnings(t, c), c.Void)
	}
}

// TestJobsOfWhichNobodyKnows are tested by nobody, and the program is not to blame.
func TestJobsOfWhichNobodyKnows(t *testing.T) {
	for name, tc := range map[string]struct {
		shift
		code void.Code
		why  string
	}{
		"it takes none":             {shift{mode: "idle", takes: "0s", done: "set", jobs: "push: list jobs, done: set done, settle: 300ms"}, void.ControlJobs, "was in set done after 300ms"},
		"done is elsewhere":         {shift{mode: "reliable", takes: "0s", done: "list", jobs: "push: list jobs, done: set finished, settle: 300ms"}, void.ControlJobs, "was in set finished after 300ms"},
		"done is of another kind":   {shift{mode: "reliable", takes: "0s", done: "list", jobs: "push: list jobs, done: set done, settle: 300ms"}, void.ControlJobs, "the queue could not be asked: read set done: WRONGTYPE"},
		"it loses jobs on its own":  {shift{mode: "steals", takes: "0s", done: "set", jobs: "push: list jobs, done: set done, settle: 300ms"}, void.ControlJobs, "is neither in set done nor in list jobs, for 300ms"},
		"it does them twice anyway": {shift{mode: "doubles", takes: "0s", done: "key", jobs: "push: list jobs, done: 'key done:{id}', once: true, body: '{id}'"}, void.ControlJobs, "is 2 times in key done:{id}"},
		"nobody reads the stream":   {shift{mode: "reliable", takes: "0s", done: "set", jobs: "push: stream stream, done: set done, settle: 300ms"}, void.ControlJobs, "it has no group of consumers"},
		"no queue is there":         {shift{mode: "reliable", takes: "0s", done: "set", jobs: "push: list jobs, done: set done", password: ":wrong@", command: "[sh, -c, 'echo ready; sleep 60']"}, void.ControlNoAnswer, "Redis at"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			unbroken(t, work(t, tc.shift, 1), tc.code, tc.why)
		})
	}
}

// TestAQueueThatGoesIsNoLoss stops the queue with the program: what cannot be asked for is not lost.
func TestAQueueThatGoesIsNoLoss(t *testing.T) {
	path, err := jobWorker()
	if err != nil {
		t.Fatal(err)
	}
	c := work(t, shift{jobs: "push: list jobs, done: set done, settle: 300ms",
		command: fmt.Sprintf("[sh, -c, '%s reliable 5ms set & trap \"redis-cli -p {redis} shutdown nosave; exit 0\" TERM; wait']", path)}, 1)
	unbroken(t, c, void.Deserted, "redis (redis-server) ended by itself")
}

// TestJobsThatCannotBe are refused in one sentence each.
func TestJobsThatCannotBe(t *testing.T) {
	const head = "name: x\ntarget: external\nexternal: {command: x, worker: true, ready: {log: up}}\nservices: {q: {command: [x, \"{q}\"]}}\nload:\n  - {client: "
	for text, want := range map[string]string{
		"jobs}": "client jobs needs queue, push and done",
		`jobs, queue: "redis://127.0.0.1:{q}", push: list jobs, done: set done, body: x}`:    "body has no {id}",
		`jobs, queue: "redis://127.0.0.1:{r}", push: list jobs, done: set done}`:             "a name in braces is one of services",
		`jobs, queue: "sqs://127.0.0.1:{q}", push: list jobs, done: set done}`:               "write an adapter, client: write-stdio",
		`jobs, queue: "redis://127.0.0.1:{q}", push: set jobs, done: set done}`:              "push: set jobs: a place of redis is of kind list, stream",
		`jobs, queue: "redis://127.0.0.1:{q}", push: list jobs, done: key done}`:             "a key has {id} in its name",
		`jobs, queue: "redis://127.0.0.1:{q}", push: list jobs, done: "set done:{id}"}`:      "only a key has {id} in its name",
		`jobs, queue: "redis://127.0.0.1:{q}", push: jobs, done: set done}`:                  "a kind and a name",
		`jobs, queue: "redis://127.0.0.1:{q}", push: list jobs, done: set done, once: true}`: "done twice is there once",
		`jobs, queue: "redis://127.0.0.1:{q}", push: list jobs, done: set done, settle: 2h}`: "at most 1h",
		`jobs, queue: "redis://127.0.0.1:{q}", push: list jobs, done: set done, held: x}`:    "held is a list of places",
		`jobs, queue: "redis://127.0.0.1:{q}", push: list jobs, done: set done, path: /}`:    "client jobs takes no path",
		"http-keepalive, path: /}": "a worker listens on nothing, and client http-keepalive needs a port",
	} {
		s, problems := scenario.Parse("x.yaml", []byte(head+text), time.Now())
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
