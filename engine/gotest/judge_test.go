package gotest

import (
	"testing"

	"github.com/racebench/racebench/engine/result"
)

func TestWhatEvidenceComesTo(t *testing.T) {
	for name, c := range map[string]struct {
		evidence Evidence
		verdict  result.Verdict
		class    string
	}{
		"passed":   {Evidence{Verdict: "passed"}, result.Passed, ""},
		"deadlock": {Evidence{Verdict: "deadlock", Waits: []string{"lock", "recv"}}, result.Hung, "drain-ends/deadlock/lock+recv"},
		"livelock": {Evidence{Verdict: "livelock", Waits: []string{"load"}}, result.Hung, "drain-ends/livelock/load"},
		"failed": {
			Evidence{Verdict: "failed", Text: "    cache_test.go:21: a value is lost\n"}, result.Breached, "test-passes/failed/cache_test.go",
		},
		"failed without a word": {Evidence{Verdict: "failed"}, result.Breached, "test-passes/failed/no-report"},
		"a leak":                {Evidence{Verdict: "leak", Left: []string{"(*S)/run"}}, result.Breached, "no-leak/goroutine/S-run"},
		"a panic": {
			Evidence{Output: "panic: not this one\nx\npanic: send on closed channel\n\ngoroutine 12 [running]:\n", Status: 2},
			result.Crashed, "process-survives/panic/send-on-closed-channel",
		},
		"a panic that was caught on its way": {
			Evidence{Output: "panic: index out of range [5] with length 3 [recovered, repanicked]\n"},
			result.Crashed, "process-survives/panic/index-out-of-range-N-with-length-N",
		},
		"a fatal error": {
			Evidence{Output: "fatal error: concurrent map writes\n"}, result.Crashed, "process-survives/panic/concurrent-map-writes",
		},
		"a signal": {Evidence{Signal: "terminated"}, result.Crashed, "process-survives/signal/terminated"},
		"an exit":  {Evidence{Status: 3}, result.Crashed, "process-survives/exit/3"},
		"a race": {
			Evidence{Verdict: "race", Output: `==================
WARNING: DATA RACE
Write at 0x00c0001 by goroutine 9:
  example.org/p.(*S).put()
      /p/s.go:20 +0x3c

Previous read at 0x00c0001 by goroutine 8:
  example.org/p.get()
      /p/s.go:30 +0x3c
==================
`}, result.Breached, "no-race/S-put/get",
		},
		"skipped":  {Evidence{Verdict: "skipped"}, result.Void, ""},
		"given up": {Evidence{Verdict: "void", Stop: "its budget was spent"}, result.Void, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := Judge(c.evidence)
			class := ""
			if len(got.Breaches) > 0 {
				class = got.Breaches[0].Class
			}
			if got.Verdict != c.verdict || class != c.class {
				t.Errorf("it comes to %s %q, want %s %q", got.Verdict, class, c.verdict, c.class)
			}
		})
	}
}

func TestPinnedTestsAreReadAsTheyWereWritten(t *testing.T) {
	want := pinned{test: "TestStop", pkg: "example.org/p", dir: "/a b/p", version: "Go 1.26.8", slack: 1e7, race: true, sigterm: 2}
	got, err := parsePinned(want.String())
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for _, bad := range []string{"", "test: TestStop\n", "test: rm -rf\nfolder: /p\n", "test: TestA\nfolder: /p\nslack: long\n", "what: else\n"} {
		if _, err := parsePinned(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
