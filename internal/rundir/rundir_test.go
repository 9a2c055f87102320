package rundir

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 21, 10, 15, 30, 0, time.UTC)

func newRun(t *testing.T, dir string) *Run {
	t.Helper()
	run, err := Create(dir, noon)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// newTrial makes a trial that OpenTrial takes for one.
func newTrial(t *testing.T, run *Run, number int) TrialDir {
	t.Helper()
	run.trials = number - 1
	d, err := run.NewTrial()
	if err == nil {
		err = WriteFile(d.Plan(), []byte("{}"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// tree lists the files below dir with what is in them.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if d.Type()&fs.ModeSymlink != 0 {
			var to string
			to, err = os.Readlink(path)
			data = []byte("-> " + to)
		}
		files[filepath.ToSlash(name)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestLayout(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "runs")
	run := newRun(t, dir)
	name := filepath.Base(run.Path())
	if filepath.Dir(run.Path()) != dir || !strings.HasPrefix(name, "20261121-101530-") || len(name) != len("20261121-101530-4f9a2c") {
		t.Errorf("the run is %s", run.Path())
	}
	d, err := run.NewTrial()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{d.Scenario(), d.Plan(), d.Ledger(), d.Verdict(), d.Stderr(), d.Goroutines()} {
		if err := WriteFile(path, []byte(filepath.Base(path))); err != nil {
			t.Fatal(err)
		}
	}
	if err := run.Finish([]byte("{}\n")); err != nil {
		t.Fatal(err)
	}
	got := tree(t, dir)
	if !strings.HasSuffix(strings.TrimSpace(got["latest"]), name) {
		t.Errorf("latest is %q", got["latest"])
	}
	delete(got, "latest")
	trial := name + "/trials/000001/"
	want := map[string]string{".gitignore": "*\n", name + "/.gitignore": "*\n", name + "/result.json": "{}\n"}
	for _, f := range []string{"scenario.yaml", "plan.json", "ledger", "verdict.json", "stderr.txt", "goroutines.txt"} {
		want[trial+f] = f
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the directory holds\n%v\nwant\n%v", got, want)
	}
}

func TestRunsOfOneSecondAreApart(t *testing.T) {
	dir := t.TempDir()
	seen := map[string]bool{}
	for range 100 {
		seen[newRun(t, dir).Path()] = true
	}
	if len(seen) != 100 {
		t.Errorf("100 runs have %d folders", len(seen))
	}
	if _, err := os.Stat(filepath.Join(dir, ignoreName)); err == nil {
		t.Error("a directory that was there got a .gitignore")
	}
}

func TestOpenTrial(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs")
	old, run := newRun(t, dir), newRun(t, dir)
	var want []TrialDir
	for _, n := range []int{1000000, 2, 10} {
		want = append(want, newTrial(t, run, n))
	}
	want = []TrialDir{want[1], want[2], want[0]}
	run.trials = 2
	if _, err := run.NewTrial(); err != nil { // started and not kept: no plan in it
		t.Fatal(err)
	}
	newTrial(t, old, 1)
	for _, r := range []*Run{old, run} {
		if err := r.Finish(nil); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string][]TrialDir{
		string(want[1]):                    want[1:2],
		string(want[1]) + "/":              want[1:2],
		run.Path():                         want,
		filepath.Join(dir, "latest"):       want,
		dir:                                want,
		filepath.Join(dir, "latest") + "/": want,
	} {
		if got, err := OpenTrial(path); err != nil || !slices.Equal(got, want) {
			t.Errorf("OpenTrial(%s) = %v, %v, want %v", path, got, err, want)
		}
	}
	moved := filepath.Join(t.TempDir(), "mailed")
	if err := os.Rename(string(want[0]), moved); err != nil {
		t.Fatal(err)
	}
	if got, err := OpenTrial(moved); err != nil || len(got) != 1 || got[0] != TrialDir(moved) || got[0].Number() != 0 {
		t.Errorf("a trial that was moved: %v, %v", got, err)
	}
}

func TestLatestAsAFile(t *testing.T) {
	dir := t.TempDir()
	run := newRun(t, dir)
	d := newTrial(t, run, 1)
	latest := filepath.Join(dir, latestName)
	if err := WriteFile(latest, []byte(filepath.Base(run.Path())+"\n")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, latest} {
		if got, err := OpenTrial(path); err != nil || !slices.Equal(got, []TrialDir{d}) {
			t.Errorf("OpenTrial(%s) = %v, %v", path, got, err)
		}
	}
	for _, name := range []string{"", "..", "../x", "gone"} {
		if err := WriteFile(latest, []byte(name)); err != nil {
			t.Fatal(err)
		}
		if got, err := OpenTrial(latest); err == nil {
			t.Errorf("latest naming %q opened %v", name, got)
		}
	}
}

func TestOpenTrialErrors(t *testing.T) {
	dir := t.TempDir()
	empty := newRun(t, filepath.Join(dir, "runs"))
	if err := empty.Finish(nil); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "file")
	if err := WriteFile(file, nil); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "gone"): "no such file or directory",
		file:                       "it is a file, not a directory",
		dir:                        "there is no trial in it: neither plan.json nor trials",
		empty.Path():               "the run kept no trial",
		filepath.Dir(empty.Path()): "the run kept no trial",
	} {
		_, err := OpenTrial(path)
		if err == nil || err.Error() != "open trial "+path+": "+want {
			t.Errorf("OpenTrial(%s): %v, want %q", path, err, want)
		}
	}
}

func TestARunThatKeptNothingNamesOneThatDid(t *testing.T) {
	dir := t.TempDir()
	full := newRun(t, dir)
	newTrial(t, full, 1)
	passed := newRun(t, dir)
	for _, run := range []*Run{full, passed} {
		if err := run.Finish([]byte(`{"verdict": "passed"}`)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := OpenTrial(passed.Path())
	want := "it passed, so there is nothing to replay; run with --keep all to keep passing trials; the newest run that kept any is " + full.Path()
	if err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestCreateErrorsNameThePath(t *testing.T) {
	base := t.TempDir()
	file := filepath.Join(base, "file")
	if err := WriteFile(file, nil); err != nil {
		t.Fatal(err)
	}
	locked := filepath.Join(base, "locked")
	if err := os.Mkdir(locked, 0o555); err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{file: file + " is a file, not a directory", filepath.Join(file, "x"): "not a directory"}
	if os.Geteuid() != 0 { // root writes anywhere
		cases[locked] = "permission denied"
	}
	for dir, want := range cases {
		if _, err := Create(dir, noon); err == nil || !strings.HasSuffix(err.Error(), want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("Create(%s): %v, want %q", dir, err, want)
		}
	}
}

func TestRemoveTakesOnlyWhatIsEmpty(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		fill func(r *Run) error
		left bool
	}{
		"nothing":       {func(*Run) error { return nil }, false},
		"trial removed": {func(r *Run) error { return newTrial(t, r, 1).Remove() }, false},
		"trial":         {func(r *Run) error { newTrial(t, r, 1); return nil }, true},
		"result":        {func(r *Run) error { return r.Finish(nil) }, true},
	} {
		run := newRun(t, dir)
		if err := c.fill(run); err != nil {
			t.Fatal(err)
		}
		if err := run.Remove(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(run.Path()); (err == nil) != c.left {
			t.Errorf("%s: the run's folder is there: %v", name, err == nil)
		}
	}
}

func TestNumbersAreGivenOnce(t *testing.T) {
	run := newRun(t, t.TempDir())
	var mu sync.Mutex
	var numbers []int
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			d, err := run.NewTrial()
			mu.Lock()
			defer mu.Unlock()
			numbers = append(numbers, d.Number())
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	slices.Sort(numbers)
	if numbers = slices.Compact(numbers); len(numbers) != 20 || numbers[0] != 1 || numbers[19] != 20 {
		t.Errorf("twenty trials have the numbers %d", numbers)
	}
	run.trials--
	if _, err := run.NewTrial(); err == nil || !strings.Contains(err.Error(), "make trial directory: ") {
		t.Errorf("a second trial 20: %v", err)
	}
}

func TestWriteFileIsWholeOrAbsent(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "result.json")
	if err := WriteFile(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	old, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if err := WriteFile(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	var before [4]byte
	if n, _ := old.Read(before[:]); string(before[:n]) != "old" {
		t.Errorf("who had the old file open reads %q", before[:n])
	}
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o755); err != nil {
		t.Fatal(err)
	}
	taken := filepath.Join(dir, "taken")
	if err := WriteFile(taken, []byte("x")); err == nil || !strings.HasPrefix(err.Error(), "write "+taken+": ") {
		t.Errorf("writing over a folder: %v", err)
	}
	if got := tree(t, dir); len(got) != 1 || got["result.json"] != "new" {
		t.Errorf("the folder holds %v", got)
	}
}

func TestUsage(t *testing.T) {
	dir := t.TempDir()
	run := newRun(t, dir)
	d := newTrial(t, run, 1)
	if err := WriteFile(d.Ledger(), make([]byte, 10000)); err != nil {
		t.Fatal(err)
	}
	if err := run.Finish(make([]byte, 98)); err != nil {
		t.Fatal(err)
	}
	if n, err := Usage(dir); err != nil || n != 10102 {
		t.Errorf("Usage = %d, %v, want 10100", n, err)
	}
	if n, err := Usage(filepath.Join(dir, "gone")); err != nil || n != 0 {
		t.Errorf("Usage of nothing = %d, %v", n, err)
	}
}

// Trials that are kept when the run's room is full are kept without their ledgers and the ends of long texts.
func TestTrialsBeyondTheRoomAreTrimmed(t *testing.T) {
	run := newRun(t, t.TempDir())
	run.room = 3000
	for number, size := range []int{1000, 1000, 5000, 500} {
		d := newTrial(t, run, number+1)
		for path, text := range map[string]string{
			d.Ledger(): strings.Repeat("l", size), d.Verdict(): "{}", d.Stderr(): strings.Repeat("s", trimmedSize*(size/5000)+100),
		} {
			if err := WriteFile(path, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if err := run.Keep(d); err != nil {
			t.Fatal(err)
		}
		_, err := os.Stat(d.Ledger())
		wanted := number >= 2 // the third trial's text has filled the room
		if trimmed := err != nil; trimmed != wanted || d.Trimmed() != wanted {
			t.Errorf("trial %d of %d bytes: trimmed %v", number+1, size, trimmed)
		}
		if info, err := os.Stat(d.Stderr()); err != nil || info.Size() > trimmedSize {
			t.Errorf("trial %d: its texts were not trimmed: %v", number+1, err)
		}
		if _, err := os.Stat(d.Verdict()); err != nil {
			t.Error(err)
		}
	}
}
