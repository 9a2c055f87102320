package gotest

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
)

// Evidence is what one schedule has left. A verdict follows from it alone.
type Evidence struct {
	Verdict string   `json:"verdict,omitempty"` // of the test process; empty where the schedule ended it
	Stop    string   `json:"stop,omitempty"`    // why the schedule was given up
	Text    string   `json:"text,omitempty"`    // what the test wrote
	Output  string   `json:"output,omitempty"`  // what a process wrote that has ended
	Signal  string   `json:"signal,omitempty"`  // that ended it
	Status  int      `json:"status,omitempty"`  // it left with
	Waits   []string `json:"waits,omitempty"`   // the operations of the goroutines that had not ended, each once
	Left    []string `json:"left,omitempty"`    // the entries of those that the default schedule does not leave

	// Late is how late somebody must be for it, in a search that no slack was asked of: then it only warns.
	Late time.Duration `json:"late_ns,omitempty"`

	Steps      int64 `json:"steps"`
	Goroutines int64 `json:"goroutines"`
	Signals    int64 `json:"signals,omitempty"`
}

// The invariants of Go tests. Promises that servers make, too, have their names.
const (
	drainEnds       = "drain-ends"
	processSurvives = "process-survives"
	testPasses      = "test-passes"
	noRace          = "no-race"
	noLeak          = "no-leak"
)

// Invariants are what is judged of a Go test, in the order of reports.
func Invariants(race bool) []string {
	all := []string{drainEnds, processSurvives, testPasses, noLeak}
	if race {
		all = append(all, noRace)
	}
	return all
}

// Judge is the verdict on one schedule.
func Judge(e Evidence) result.Trial {
	t := result.Trial{Verdict: result.Passed, AtRisk: []result.Risk{
		{Kind: "goroutine", Count: e.Goroutines}, {Kind: "operation", Count: e.Steps},
	}}
	if e.Signals > 0 {
		t.AtRisk = append(t.AtRisk, result.Risk{Kind: "signal", Count: e.Signals})
	}
	var b result.Breach
	switch e.Verdict {
	case "passed":
		return t
	case "deadlock":
		b = hung("deadlock", "every goroutine waits for another, and the test has not returned", e)
	case "livelock":
		b = hung("livelock", "goroutines run for ever and nothing changes", e)
	case "failed":
		b = failed(e.Text)
	case "race":
		b = raced(e.Output)
	case "leak":
		entry := "unknown"
		if len(e.Left) > 0 {
			entry = e.Left[0]
		}
		b = leaked("goroutine", entry, "is left blocked for ever; the default schedule does not leave it")
	case "skipped":
		t.SetVoid(void.Skipped.Because())
		return t
	case "void":
		t.SetVoid(void.GivenUp.Because(e.Stop))
		return t
	default:
		b = crashed(e)
	}
	b.Count = 1
	t.Verdict, t.Breaches = b.Verdict, []result.Breach{b}
	return t
}

func hung(how, summary string, e Evidence) result.Breach {
	return result.Breach{
		Invariant: drainEnds, Class: drainEnds + "/" + how + "/" + strings.Join(e.Waits[:min(3, len(e.Waits))], "+"), Verdict: result.Hung,
		Summary: summary,
	}
}

func leaked(kind, entry, how string) result.Breach {
	return result.Breach{
		Invariant: noLeak, Class: noLeak + "/" + kind + "/" + word(entry), Verdict: result.Breached, Summary: entry + " " + how, Count: 1,
	}
}

// report is a line that t.Log and t.Error write: file, line, text.
var report = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^\s*([^\s:]+\.go):(\d+): (.*)$`) })

func failed(text string) result.Breach {
	b := result.Breach{
		Invariant: testPasses, Class: testPasses + "/failed/no-report", Verdict: result.Breached, Summary: "the test fails and writes nothing",
	}
	if m := report().FindStringSubmatch(text); m != nil {
		file := filepath.Base(m[1])
		b.Class, b.Summary = testPasses+"/failed/"+word(file), fmt.Sprintf("the test fails: %s:%s: %s", file, m[2], m[3])
	}
	return b
}

var (
	raceHead = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?m)^(?:Previous )?(?:[Ww]rite|[Rr]ead|[Aa]tomic \w+|\w+) (?:at|by) .*\n\s+(\S+)\(`)
	})
	noNumber = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`0x[0-9a-f]+|\d+`) })
	noWord   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^a-zA-Z0-9._]+`) })
)

// raced names the two functions of the first report.
func raced(output string) result.Breach {
	b := result.Breach{Invariant: noRace, Class: noRace + "/unknown", Verdict: result.Breached, Summary: "the race detector has reported"}
	_, report, found := strings.Cut(output, "WARNING: DATA RACE")
	if !found {
		return b
	}
	report, _, _ = strings.Cut(report, "==================")
	var functions []string
	for _, m := range raceHead().FindAllStringSubmatch(report, -1) {
		if functions = append(functions, base(m[1])); len(functions) == 2 {
			break
		}
	}
	if len(functions) == 0 {
		return b
	}
	slices.Sort(functions)
	words := make([]string, len(functions))
	for i, f := range functions {
		words[i] = word(f)
	}
	b.Class, b.Summary = noRace+"/"+strings.Join(words, "/"), "a data race between "+strings.Join(functions, " and ")
	return b
}

func crashed(e Evidence) result.Breach {
	b := result.Breach{Invariant: processSurvives, Verdict: result.Crashed}
	// The last is the one that it died of: a test may have written such a line itself.
	for line := range strings.Lines(e.Output) {
		line, _, _ = strings.Cut(strings.TrimRight(line, "\n"), " [recovered")
		for _, head := range []string{"panic: ", "fatal error: "} {
			if what, ok := strings.CutPrefix(line, head); ok {
				b.Class, b.Summary = processSurvives+"/panic/"+word(noNumber().ReplaceAllString(what, "N")), line
			}
		}
	}
	if b.Class != "" {
		return b
	}
	if e.Signal != "" {
		b.Class, b.Summary = processSurvives+"/signal/"+word(e.Signal), "the process died of "+e.Signal+": nobody had asked for it"
		return b
	}
	b.Class = fmt.Sprintf("%s/exit/%d", processSurvives, e.Status)
	b.Summary = fmt.Sprintf("the process left with status %d in the middle of the test", e.Status)
	return b
}

// word makes a part of a class of any text.
func word(text string) string {
	w := strings.Trim(noWord().ReplaceAllString(text, "-"), "-")
	return strings.TrimRight(w[:min(len(w), 60)], "-")
}
