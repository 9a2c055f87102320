package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

// What fuzz refuses of Go tests is refused before anything is built.
func TestWhatFuzzRefusesOfGoTests(t *testing.T) {
	dir := t.TempDir()
	tests, mixed, empty := filepath.Join(dir, "tests"), filepath.Join(dir, "mixed"), filepath.Join(dir, "empty")
	for path, file := range map[string]string{tests: "a_test.go", mixed: "b_test.go", empty: "c.go"} {
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(path, file), []byte("package p\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(mixed, "s.yaml"), []byte("name: s\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		mixed:                             "holds tests and scenarios: say --run REGEXP for the tests, or name a file",
		empty + " --run X":                "holds no _test.go",
		empty + " -run X":                 "holds no _test.go",
		"broker -run=X":                   "--run is for Go tests: name a folder that holds _test.go",
		"broker --run X":                  "--run is for Go tests: name a folder that holds _test.go",
		tests + " broker":                 "Go tests and scenarios do not share a run: name them apart",
		tests + " --slack -1ms":           "--slack -1ms: a time cannot be negative",
		tests + " --sigterm 3":            "--sigterm 3: at most 2",
		tests + " --engine real":          "--engine real: Go tests run under racebench's own scheduler",
		tests + " --variant x":            "--variant: a Go test has none",
		tests + " --timeout 5s":           "--timeout: this is not there for Go tests",
		tests + " --confirm":              "--confirm: this is not there for Go tests",
		tests + " --verify":               "--verify: this is not there for Go tests",
		tests + " --trials 5 --shard 3/2": "it is I/N",
		tests + " --for 5s --shard 1/2":   "a time has no parts",
		"broker --sigterm 1":              "--sigterm is for Go tests",
		"broker/gate-only --race":         "--race is for Go tests",
		tests + " --run a --for -1s":      "--for -1s: a time cannot be negative",
	} {
		var out, stderr bytes.Buffer
		if status := run(t.Context(), append([]string{"fuzz", "--dir", filepath.Join(dir, "runs")}, strings.Fields(args)...), &out, &stderr); status != statusUsage || !strings.Contains(stderr.String(), want) {
			t.Errorf("fuzz %s: status %d, %q, want %d and %q", args, status, stderr.String(), statusUsage, want)
		}
	}
}

// A pull request that breaks a Go test's stop fails the gate, and what the base has, too, does not.
func TestGateOfGoTests(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds tests over the patched Go tree")
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("Go tests are searched on linux/amd64")
	}
	dir := t.TempDir()
	t.Chdir(dir)
	const onBase = "package p\n\nimport \"testing\"\n\nfunc job(t *testing.T, room int) {\n" +
		"\tjobs, stop := make(chan int, room), make(chan bool)\n\tgo func() { close(stop) }()\n\tgo func() {\n" +
		"\t\tselect {\n\t\tcase <-jobs:\n\t\tcase <-stop:\n\t\t}\n\t}()\n\tjobs <- 1\n}\n\nfunc TestOld(t *testing.T) { job(t, 0) }\n"
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.org/p\n\ngo 1.26\n")
	write("p_test.go", onBase+"\nfunc TestStop(t *testing.T) { job(t, 1) }\n")
	for _, args := range []string{"init -q", "add -A", "-c user.name=x -c user.email=x@example.org commit -qm base"} {
		if out, err := exec.Command("git", strings.Fields(args)...).CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v: %s", args, err, out)
		}
	}
	gate := func(args string) (int, string) {
		var out, stderr bytes.Buffer
		status := run(t.Context(), append([]string{"gate", ".", "--seed", "1", "--trials", "60"}, strings.Fields(args)...), &out, &stderr)
		return status, out.String() + stderr.String()
	}
	if status, out := gate("--against HEAD"); status != 0 || !strings.Contains(out, "on base too") {
		t.Errorf("a change of nothing: status %d, want 0 and what is on base: %s", status, out)
	}
	write("p_test.go", onBase+"\nfunc TestStop(t *testing.T) { job(t, 0) }\n")
	if status, out := gate("--against HEAD --run Stop"); status != statusFinding || !strings.Contains(out, "NEW") {
		t.Errorf("a stop that was broken: status %d, want %d: %s", status, statusFinding, out)
	}
	for args, want := range map[string]string{
		"--against HEAD --build true":         "Go tests build themselves",
		"--base-cmd ./a --head-cmd ./b":       "--base-cmd is for programs",
		"--against HEAD --variant x":          "--variant: a Go test has none",
		"--baseline none.json --run TestStop": "there is no baseline none.json",
	} {
		if status, out := gate(args); status != statusUsage || !strings.Contains(out, want) {
			t.Errorf("gate %s: status %d, %s, want %q", args, status, out, want)
		}
	}
}

// A failing schedule of a Go test is kept, runs first the next time, where no search would find it, and goes when the test is
// mended. In another module it is left alone.
func TestKeptSchedulesOfGoTests(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds tests over the patched Go tree")
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("Go tests are searched on linux/amd64")
	}
	dir := t.TempDir()
	t.Chdir(dir)
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const stop = "package p\n\nimport \"testing\"\n\nfunc TestStop(t *testing.T) {\n" +
		"\tjobs, stop := make(chan int, ROOM), make(chan bool)\n\tgo func() { close(stop) }()\n\tgo func() {\n" +
		"\t\tselect {\n\t\tcase <-jobs:\n\t\tcase <-stop:\n\t\t}\n\t}()\n\tjobs <- 1\n}\n"
	write("go.mod", "module example.org/p\n\ngo 1.26\n")
	write("p_test.go", strings.Replace(stop, "ROOM", "0", 1))
	racebench := func(args string, want int, says ...string) {
		t.Helper()
		var out, stderr bytes.Buffer
		status := run(t.Context(), strings.Fields(args), &out, &stderr)
		all := out.String() + stderr.String()
		if status != want {
			t.Errorf("racebench %s: status %d, want %d: %s", args, status, want, all)
		}
		for _, text := range says {
			if !strings.Contains(strings.Join(strings.Fields(all), " "), text) {
				t.Errorf("racebench %s does not say %q: %s", args, text, all)
			}
		}
	}
	if err := os.MkdirAll(defaultCorpus, 0o755); err != nil {
		t.Fatal(err)
	}
	racebench("fuzz . --trials 60 --seed 1", statusFinding)
	kept, err := filepath.Glob(filepath.Join(defaultCorpus, "gotest-example.org-p-TestStop-drain-ends-deadlock-*.replay"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("%v, kept are %q, want one", err, kept)
	}
	if raw, err := os.ReadFile(kept[0]); err != nil || strings.Contains(string(raw), dir) {
		t.Errorf("%v: the kept schedule names a folder of this machine: %s", err, raw)
	}
	racebench("corpus list "+defaultCorpus, 0, "gotest/example.org/p drain-ends/deadlock/", "TestStop")
	racebench("fuzz . --trials 1 --seed 1", statusFinding, kept[0])
	racebench("replay racebench-runs/latest", statusFinding, "exact: ")
	racebench("judge racebench-runs/latest", statusFinding, "drain-ends/deadlock/", "judged again from the schedules that were kept")
	racebench("judge racebench-runs/latest --evidence", 0, `"verdict": "deadlock"`)
	racebench("judge racebench-runs/latest --evidence-from x", statusUsage, "change that file, and judge its folder")
	racebench("replay --yes "+kept[0], statusFinding, "exact: ")
	racebench("corpus prune "+defaultCorpus, 0, "1 of 1 schedules stay")
	racebench("corpus merge other "+defaultCorpus, 0, "added other/")

	write("p_test.go", strings.Replace(stop, "ROOM", "1", 1))
	racebench("fuzz . --trials 10 --seed 1", 0, "stale: ")
	racebench("corpus prune "+defaultCorpus, 0, "dropped ", "0 of 1 schedules stay")

	write("go.mod", "module example.org/q\n\ngo 1.26\n")
	racebench("corpus prune other", statusUsage, "the module here has no package example.org/p", "1 of 1 schedules stay")
}

// The parts of a search, merged, are the whole: every schedule is played once, and every count is the same. A change to one
// of them is told.
func TestShardsOfGoTests(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds tests over the patched Go tree")
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("Go tests are searched on linux/amd64")
	}
	t.Chdir(t.TempDir())
	const tests = `package p

import (
	"sync"
	"testing"
)

func TestLost(t *testing.T) {
	var mu sync.Mutex
	var both sync.WaitGroup
	n := 0
	for range 2 {
		both.Add(1)
		go func() {
			defer both.Done()
			mu.Lock()
			read := n
			mu.Unlock()
			mu.Lock()
			n = read + 1
			mu.Unlock()
		}()
	}
	both.Wait()
	if n != 2 {
		t.Error("an update is lost")
	}
}

func TestFails(t *testing.T) { t.Error("always") }
`
	for name, text := range map[string]string{"go.mod": "module example.org/p\n\ngo 1.26\n", "p_test.go": tests} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	search := func(flags, to string) {
		t.Helper()
		var out, stderr bytes.Buffer
		if status := run(t.Context(), strings.Fields("fuzz . --trials 101 --seed 1 -o json="+to+" "+flags), &out, &stderr); status != statusFinding && status != statusUntested {
			t.Fatalf("fuzz %s: status %d: %s", flags, status, stderr.String())
		}
	}
	search("--slack 0s", "whole.json")
	parts := []string{"1.json", "2.json", "3.json"}
	for i, part := range parts {
		search(fmt.Sprintf("--shard %d/3", i+1), part)
	}
	var out, stderr bytes.Buffer
	if status := run(t.Context(), append([]string{"report", "-o", "json=merged.json"}, parts...), &out, &stderr); status != statusFinding {
		t.Fatalf("report: status %d: %s", status, stderr.String())
	}
	whole, merged := countsOf(t, "whole.json"), countsOf(t, "merged.json")
	if !slices.Equal(whole, merged) {
		t.Errorf("the parts together:\n%s\nthe whole:\n%s", strings.Join(merged, "\n"), strings.Join(whole, "\n"))
	}
	if !strings.Contains(whole[1], "101 run") || !strings.Contains(whole[1], "test-passes/failed/p_test.go") {
		t.Errorf("the whole is %s", whole)
	}
}

// countsOf is what the rows of a result count, a line each.
func countsOf(t *testing.T, path string) []string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := result.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, row := range r.Results {
		line := fmt.Sprintf("%s %s: %d run, %+v, at risk %+v, rate %+v", row.Scenario, row.Verdict, row.Trials.Run, row.Trials, row.AtRisk, row.BreachRate)
		for _, b := range row.Breaches {
			line += fmt.Sprintf("; %s in %d, first %d", b.Class, b.Trials, b.First.Trial)
		}
		if row.Schedules != nil {
			line += fmt.Sprintf("; %d of %d distinct", row.Schedules.Distinct, row.Schedules.Run)
		}
		all = append(all, line)
	}
	slices.Sort(all)
	return all
}
