//go:build track

package claims

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
)

// onlyEnv is a pattern of the bugs to measure; the others keep their rows.
const onlyEnv = "RACEBENCH_ONLY"

// measureEnv asks a build with a mutation in it for its own findings, as JSON.
const measureEnv = "RACEBENCH_MEASURE"

// TestTrackRecord writes docs/track-record.md.
func TestTrackRecord(t *testing.T) {
	if path := os.Getenv(measureEnv); path != "" {
		m := readMutation(t, path)
		w := m.open(t, path)
		raw, err := json.Marshal(measure(w, finding{Bug: w.name, Story: m.story, Mutant: true, Most: max(mostSchedules, m.schedules)}))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("findings %s\n", raw)
		return
	}
	only := regexp.MustCompile("^(" + cmp.Or(os.Getenv(onlyEnv), ".*") + ")$")
	began, at := time.Now(), commit(t)
	var all []finding
	told := func(found []finding) {
		for _, f := range found {
			f.At = at
			all = append(all, f)
			fmt.Printf("%4.0fs  %-5s %-55s schedules %s, p90 %s, missed %d; random %s; real %s\n", time.Since(began).Seconds(), f.Bug, f.Class,
				f.quantile(0.5), f.quantile(0.9), f.missed(), f.Naive, f.Real)
		}
	}
	for _, path := range plantedFiles(t) {
		_, known := config.Catalog.Find(filepath.Base(filepath.Dir(filepath.Dir(path))))
		if !known || !only.MatchString(bugOf(path)) {
			continue // it joins with its target
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		w := compile(t, bugOf(path), string(text))
		told(measure(w, finding{Bug: w.name, Story: story(string(text)), Most: mostSchedules}))
		if hasSmallWorld(w) {
			newSmallWorld(w, reference(w)).clean(1, cleanOnes)
		}
	}
	for _, path := range mutations(t) {
		if only.MatchString(bugOf(path)) {
			told(measureMutant(t, path))
		}
	}
	var known []finding
	if raw, err := os.ReadFile(filepath.Join(root, findingsPath)); !errors.Is(err, fs.ErrNotExist) {
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &known); err != nil {
			t.Fatal(err)
		}
	}
	known = merge(known, all)
	var lines []string
	for _, f := range known {
		line, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(line))
	}
	stored := "[\n" + strings.Join(lines, ",\n") + "\n]\n"
	on := fmt.Sprintf("%s/%s with %d cores, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	for path, text := range map[string]string{findingsPath: stored, recordPath: record(known, on)} {
		if err := os.WriteFile(filepath.Join(root, path), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// commit is what is measured: a changed work tree is marked.
func commit(t *testing.T) string {
	name, err := exec.Command("git", "-C", root, "describe", "--always").Output()
	if err != nil {
		t.Fatalf("which commit is this: %v", err)
	}
	// What this test itself writes makes no tree another one.
	changed, err := exec.Command("git", "-C", root, "status", "--porcelain", "--", ".", ":!"+recordPath, ":!"+findingsPath).Output()
	if err != nil {
		t.Fatalf("is the tree changed: %v", err)
	}
	if len(changed) > 0 {
		return strings.TrimSpace(string(name)) + "-dirty"
	}
	return strings.TrimSpace(string(name))
}

// measureMutant measures a mutation in a build of this test that has it.
func measureMutant(t *testing.T, path string) []finding {
	whole, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "mutant.test")
	build := exec.Command("go", "test", "-c", "-tags", "track", "-overlay", readMutation(t, path).overlay(t, t.TempDir()), "-o", program, ".")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the mutant %s: %v\n%s", path, err, said)
	}
	cmd := exec.Command(program, "-test.run=^TestTrackRecord$")
	cmd.Env = append(os.Environ(), measureEnv+"="+whole)
	out, err := cmd.CombinedOutput()
	_, rest, ok := strings.Cut(string(out), "findings ")
	line, _, _ := strings.Cut(rest, "\n")
	var found []finding
	if err != nil || !ok || json.Unmarshal([]byte(line), &found) != nil {
		t.Fatalf("measure the mutant %s: %v\n%s", path, err, out)
	}
	return found
}

// measure measures the planted breaches of one scenario. About is what is known of all of them.
func measure(w *study, about finding) []finding {
	t := w.t
	about.Target, about.Widened = w.program.Target.Name, len(w.program.Widen) > 0
	var all []finding
	for _, r := range w.runs {
		if len(r.must) == 0 {
			continue
		}
		var found []finding
		for _, k := range r.must {
			one := about
			one.Variant, one.Class = r.variant.Name, k.Class.Text
			found = append(found, one)
		}
		if judgedInReality(r) {
			for j, y := range inReality(t, w.program, r, realTrials, 0) {
				found[j].Real = y
			}
		}
		if hasSmallWorld(w) {
			inSchedules(w, r, found)
		}
		all = append(all, found...)
	}
	return all
}

// judgedInReality says whether a variant has a breach that a real trial can show: how long others kept a call
// waiting is judged in virtual time alone.
func judgedInReality(r *variantRun) bool {
	return slices.ContainsFunc(r.must, func(k scenario.Known) bool { return !strings.HasSuffix(k.Class.Text, "/kept-waiting") })
}

// inSchedules measures what a search finds, and the same small world without its scheduler.
func inSchedules(w *study, r *variantRun, found []finding) {
	world, most := newSmallWorld(w, r.variant), found[0].Most
	// What takes very many schedules is measured in fewer campaigns.
	for seed := range scenario.Seed(max(10, campaigns*mostSchedules/most)) {
		for j, n := range world.first(seed, r.must, most) {
			if n == 0 {
				n = most + 1
			}
			found[j].Needed = append(found[j].Needed, n)
		}
	}
	for j := range found {
		slices.Sort(found[j].Needed)
	}
	if judgedInReality(r) {
		for j, y := range inReality(w.t, naive(w), r, naiveTrials, naiveEnough) {
			found[j].Naive = y
		}
	}
}

// story is what a scenario says of its bug: the first comment's first sentence, after the bug's name.
func story(text string) string {
	var words []string
	for line := range strings.Lines(text) {
		comment, ok := strings.CutPrefix(line, "#")
		if !ok {
			break
		}
		words = append(words, strings.Fields(comment)...)
	}
	_, told, _ := strings.Cut(strings.Join(words, " "), ": ")
	sentence, _, _ := strings.Cut(told, ". ")
	return strings.TrimSuffix(sentence, ".")
}

// inReality runs real trials of one variant, until each entry has shown so many times, where enough is
// not 0.
func inReality(t *testing.T, p trial.Program, r *variantRun, trials, enough int) []tally {
	p.Variants = nil
	p.Variants = append(p.Variants, r.variant)
	run, err := rundir.Create(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	tallies := make([]tally, len(r.must))
	each, began := trials, time.Now()
	if enough > 0 {
		each = 10 // at a time, to stop soon
	}
	for seed := range scenario.Seed(trials / each) {
		folds, err := engine.RunCampaigns(inTime(t), []trial.Program{p}, []scenario.Seed{seed + 1}, batch.Budget{Trials: each}, config, run)
		if err != nil {
			t.Fatal(err)
		}
		tallyUp(tallies, r.must, folds[0].Judged)
		short := func(y tally) bool { return y.Shown < enough }
		if enough > 0 && (time.Since(began) > naiveTime || !slices.ContainsFunc(tallies, short)) {
			break
		}
	}
	return tallies
}

func tallyUp(tallies []tally, entries []scenario.Known, trials []result.Trial) {
	for _, trial := range trials {
		if trial.Verdict == result.Void {
			continue
		}
		for j, k := range entries {
			tallies[j].Of++
			if slices.ContainsFunc(trial.Breaches, func(b result.Breach) bool { return k.Matches(b.Class) }) {
				tallies[j].Shown++
			}
		}
	}
}

// naive is a study's small world without its scheduler: its settings and clients on real goroutines, struck
// at any moment of the load. Nothing is aimed, and nothing held open.
func naive(w *study) trial.Program {
	small, bounds := w.program.Small()
	s := w.program.Scenario
	s.Name, s.Knobs, s.Widen, s.Known = s.Name+"-naive", nil, nil, nil
	for name, value := range small.Knobs.Values() {
		s.Knobs = append(s.Knobs, spec.Field{Key: spec.Text(name), Value: spec.Text(value)})
	}
	s.Load = nil
	for i, group := range w.program.Groups {
		var fields []spec.Field
		for _, f := range w.program.Scenario.Load[i].Fields {
			paced := slices.Contains([]string{"clients", "shape", "rate", "burst", "every", "from", "to"}, f.Key.Text)
			if !paced || group.Op.Subscribes && f.Key.Text == "shape" {
				fields = append(fields, f)
			}
		}
		clients := spec.Text(fmt.Sprint(min(group.Clients, bounds.Clients)))
		fields = append(fields, spec.Field{Key: spec.Text("clients"), Value: clients})
		s.Load = append(s.Load, spec.Value{Kind: spec.Map, Fields: fields})
	}
	strike := []spec.Field{{Key: spec.Text("signal"), Value: spec.Text("SIGTERM")}, {Key: spec.Text("at"), Value: spec.Text("0%..100%")}}
	s.Inject = []spec.Value{{Kind: spec.Map, Fields: strike}}
	return compile(w.t, s.Name, string(s.Marshal())).program
}
