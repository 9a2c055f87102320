package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/search"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets/all"
)

var began = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func config() trial.Config {
	return trial.Config{Catalog: all.Targets(), Build: "test", Keep: trial.KeepNone, Parallel: 2}
}

// compiled is the program of a scenario's text, as the command makes it.
func compiled(t *testing.T, text []byte, variants ...string) trial.Program {
	t.Helper()
	s, problems := scenario.Parse("s.yaml", text, began)
	if problems != nil {
		t.Fatal(problems)
	}
	p, errs := trial.Compile(s, all.Targets())
	if len(errs) > 0 {
		t.Fatal(&errs)
	}
	if len(variants) > 0 {
		p.Variants = nil
		for _, name := range variants {
			v, ok := trial.FindVariant(p.Target, name)
			if !ok {
				t.Fatalf("no variant %s", name)
			}
			p.Variants = append(p.Variants, v)
		}
	}
	p.Rehash()
	return p
}

// example is a target's own example in drawn worlds.
func example(t *testing.T, target string, variants ...string) trial.Program {
	t.Helper()
	of, ok := trial.Catalog(all.Targets()).Find(target)
	if !ok {
		t.Fatalf("no target %s", target)
	}
	p := compiled(t, of.Example, variants...)
	p.Scenario.Engine, p.Scenario.Sim.Vary, p.Scenario.Known = scenario.Sim, true, nil
	p.Rehash()
	return p
}

func player(t *testing.T) *Player {
	t.Helper()
	return &Player{Config: config(), Dir: t.TempDir(), AtOnce: func(scenario.Engine) int { return 2 }}
}

// played plays a part as a worker does, and returns what comes through the queue.
func played(t *testing.T, p *Player, j Job, part int) *result.Report {
	t.Helper()
	raw, hash, err := j.encode()
	if err != nil {
		t.Fatal(err)
	}
	if j, err = decodeJob(raw, hash); err != nil {
		t.Fatal(err)
	}
	play, err := p.Prepare(j, part)
	if err != nil {
		t.Fatal(err)
	}
	r, err := play(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return carried(t, r)
}

func carried(t *testing.T, r *result.Report) *result.Report {
	t.Helper()
	raw, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if r, err = result.DecodePart(raw); err != nil {
		t.Fatal(err)
	}
	return r
}

// timeless is results as JSON, without what the clock measured.
func timeless(t *testing.T, r *result.Report) string {
	t.Helper()
	for i := range r.Results {
		row := &r.Results[i]
		row.ElapsedNS = 0
		if row.Schedules != nil {
			row.Schedules.PerSecond = 0
		}
	}
	raw, err := json.MarshalIndent(r.Results, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// whole is what one machine finds.
func whole(t *testing.T, programs []trial.Program, seeds []scenario.Seed, trials int, failFast bool) *result.Report {
	t.Helper()
	c := config()
	c.FailFast = failFast
	folds, _, err := search.SearchSchedules(t.Context(), programs, seeds, batch.Budget{Trials: trials}, c)
	if err != nil {
		t.Fatal(err)
	}
	r, err := result.NewReport(folds)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The parts that workers play, in any order, some of them twice, come to what one machine stores: of a target's example in
// drawn worlds, of one that is drawn around, of a fixed world, and of several variants.
func TestThePartsOfACampaignAreTheWhole(t *testing.T) {
	fixed := []byte("name: small\ntarget: broker\nengine: sim\n")
	known := []byte("name: small\ntarget: broker\nengine: sim\nsim: {vary: true}\nknown: [{class: no-lost-message/*, why: told, until: 2026-01-20}]\n")
	for name, c := range map[string]struct {
		programs []trial.Program
		trials   int
	}{
		"an example":  {[]trial.Program{example(t, "broker", "gate-only", "two-phase")}, 200},
		"a gateway":   {[]trial.Program{example(t, "gateway")}, 90},
		"drawn":       {[]trial.Program{compiled(t, known, "gate-only")}, 200},
		"fixed":       {[]trial.Program{compiled(t, fixed, "gate-only"), compiled(t, fixed, "two-phase")}, 100},
		"fewer parts": {[]trial.Program{compiled(t, fixed, "gate-only")}, 7},
	} {
		t.Run(name, func(t *testing.T) {
			seeds := make([]scenario.Seed, len(c.programs))
			for i := range seeds {
				seeds[i] = scenario.Seed(7 + i)
			}
			want := timeless(t, whole(t, c.programs, seeds, c.trials, false))
			rows := RowsOf(c.programs, seeds, c.trials, 40, began, config())
			sum, p := NewSum(rows, false), player(t)
			var parts []place
			for row := range rows {
				for part := 1; part <= rows[row].Job.parts(); part++ {
					parts = append(parts, place{row, part})
				}
			}
			parts = append(parts, parts[len(parts)/2]) // it was played twice
			chance := rand.New(rand.NewPCG(1, 2))
			chance.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
			for _, at := range parts {
				if err := sum.Add(at.row, at.part, played(t, p, rows[at.row].Job, at.part)); err != nil {
					t.Fatal(err)
				}
			}
			if !sum.Complete() {
				t.Error("all parts are here, and the sum waits for more")
			}
			r, err := sum.Report("", config())
			if err != nil {
				t.Fatal(err)
			}
			if got := timeless(t, r); got != want {
				t.Errorf("the sum of the parts is not the whole:\n%s", firstDifference(got, want))
			}
		})
	}
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return strings.Join(a[max(0, i-5):min(len(a), i+3)], "\n") + "\nand not\n" + strings.Join(b[max(0, i-5):min(len(b), i+3)], "\n")
		}
	}
	return "one is longer"
}

// A campaign that stops at the first finding has the trials that one machine would have run, however the parts come.
func TestACampaignThatFailsFastHasTheTrialsOfOneMachine(t *testing.T) {
	programs, seeds := []trial.Program{example(t, "broker", "two-phase", "gate-only", "reference")}, []scenario.Seed{3}
	want := whole(t, programs, seeds, 120, true)
	c := config()
	c.FailFast = true
	rows := RowsOf(programs, seeds, 120, 40, began, c)
	p := player(t)
	for round := range uint64(3) {
		sum := NewSum(rows, true)
		parts := []place{{0, 1}, {0, 2}, {0, 3}, {1, 1}, {1, 2}, {1, 3}, {2, 1}} // of the last row some are not played
		rand.New(rand.NewPCG(9, round)).Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		for _, at := range parts {
			if err := sum.Add(at.row, at.part, played(t, p, rows[at.row].Job, at.part)); err != nil {
				t.Fatal(err)
			}
		}
		if !sum.Complete() || sum.Wants(2, 2) {
			t.Error("a finding does not end the campaign")
		}
		r, err := sum.Report("", c)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Results) != len(want.Results) || r.Verdict != want.Verdict {
			t.Fatalf("%d rows, %s; one machine has %d, %s", len(r.Results), r.Verdict, len(want.Results), want.Verdict)
		}
		for i, row := range r.Results {
			of := want.Results[i]
			a, b := encoded(t, row.PerTrial), encoded(t, of.PerTrial)
			if !bytes.Equal(a, b) || row.EndedEarly != of.EndedEarly {
				t.Errorf("%s: %d trials, ended by %q; one machine: %d, %q", row.Variant, row.Trials.Run, row.EndedEarly, of.Trials.Run, of.EndedEarly)
			}
		}
	}
}

// A worker starts nothing that a message names.
func TestHostileJobsAreRefused(t *testing.T) {
	owned := filepath.Join(t.TempDir(), "owned")
	p := player(t)
	good := RowsOf([]trial.Program{example(t, "broker", "two-phase")}, []scenario.Seed{1}, 80, 40, began, config())[0].Job
	if _, err := p.Prepare(good, 1); err != nil {
		t.Fatal(err)
	}
	external := "name: x\ntarget: external\nexternal: {command: [touch, " + owned + "]}\nload: [{client: http-oneshot, clients: 1}]\nduration: 1s\n"
	for name, change := range map[string]func(j *Job, part *int){
		"a command":            func(j *Job, _ *int) { j.Scenario = external },
		"no scenario":          func(j *Job, _ *int) { j.Scenario = "" },
		"a path for a hash":    func(j *Job, _ *int) { j.Scenario, j.Hash = "", "../../etc/x.yaml" },
		"another build":        func(j *Job, _ *int) { j.Build = "other" },
		"another hash":         func(j *Job, _ *int) { j.Hash = strings.Repeat("0", 32) },
		"no YAML":              func(j *Job, _ *int) { j.Scenario = "{{{{" },
		"an anchor bomb":       func(j *Job, _ *int) { j.Scenario = "a: &a [x,x]\nb: &b [*a,*a]\nname: [*b,*b]\n" },
		"a target of no build": func(j *Job, _ *int) { j.Scenario = "name: x\ntarget: nowhere\n" },
		"a variant of none":    func(j *Job, _ *int) { j.Variant = "../x" },
		"no seed":              func(j *Job, _ *int) { j.Seed = "rm -rf" },
		"a part past the last": func(_ *Job, part *int) { *part = 3 },
		"part 0":               func(_ *Job, part *int) { *part = 0 },
	} {
		j, part := good, 1
		change(&j, &part)
		_, err := p.Prepare(j, part)
		if _, refused := errors.AsType[Refusal](err); !refused {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(owned); err == nil {
		t.Error("a command of a message was started")
	}
}

// A program outside of racebench is one of the folder that its owner has named, as the file there says it is.
func TestAFolderGivesProgramsByTheirHash(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	text := func(name string) []byte {
		return []byte("name: " + name + "\ntarget: external\nexternal: {command: [" + name + "]}\nload: [{client: http-oneshot, clients: 1}]\nduration: 1s\n")
	}
	for path, content := range map[string][]byte{
		filepath.Join(dir, "mine.yaml"): text("mine"), filepath.Join(dir, "broken.yaml"): []byte("name: [\n"),
		filepath.Join(dir, "notes.txt"): text("notes"), filepath.Join(outside, "theirs.yaml"): text("theirs"),
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	linked := os.Symlink(filepath.Join(outside, "theirs.yaml"), filepath.Join(dir, "link.yaml")) == nil
	p := player(t)
	var notes []string
	var err error
	if p.Programs, notes, err = Folder(dir, all.Targets(), began); err != nil {
		t.Fatal(err)
	}
	want := 1
	if linked {
		want = 2
	}
	if len(p.Programs) != 1 || len(notes) != want {
		t.Errorf("%d programs, notes %q", len(p.Programs), notes)
	}
	job := func(name string) Job {
		return RowsOf([]trial.Program{compiled(t, text(name))}, []scenario.Seed{1}, 10, 5, began, config())[0].Job
	}
	mine := job("mine")
	if mine.open() {
		t.Fatal("a job brings a command along")
	}
	if _, err := p.Prepare(mine, 2); err != nil {
		t.Errorf("a program of the folder: %v", err)
	}
	for _, name := range []string{"theirs", "notes"} {
		_, err := p.Prepare(job(name), 1)
		if _, refused := errors.AsType[Refusal](err); !refused {
			t.Errorf("%s is not in the folder: %v", name, err)
		}
	}
	if _, err := player(t).Prepare(mine, 1); err == nil {
		t.Error("a worker without a folder took a program outside of racebench")
	}
	if _, _, err := Folder(filepath.Join(dir, "nowhere"), all.Targets(), began); err == nil {
		t.Error("a folder that is not there")
	}
}

// A part that is stopped has no result.
func TestAPartThatIsStoppedHasNoResult(t *testing.T) {
	p := player(t)
	j := RowsOf([]trial.Program{example(t, "broker", "two-phase")}, []scenario.Seed{1}, 4000, 2000, began, config())[0].Job
	play, err := p.Prepare(j, 1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if r, err := play(ctx, nil); err == nil {
		t.Errorf("%+v", r.Results[0].Trials)
	}
}
