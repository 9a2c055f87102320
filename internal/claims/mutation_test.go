package claims

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// mutations are bugs that are not in the code any more: each is a scenario that shows it, and what to
// change back. A correct server has no variant for its own past.
func mutations(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(root, "targets", "*", "testdata", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A mutation is one of them, read: a sentence of what went wrong, and the sections scenario.yaml, file, old
// and new; schedules, where it takes more of them than planted bugs may.
type mutation struct {
	story     string
	scenario  string
	schedules int    // it shows in
	file      string // what is changed, from the module's root
	old, new  string
}

func readMutation(t *testing.T, path string) mutation {
	t.Helper()
	a, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m := mutation{story: strings.Join(strings.Fields(string(a.Comment)), " "), schedules: within}
	for _, section := range a.Files {
		text := string(section.Data)
		switch section.Name {
		case "scenario.yaml":
			m.scenario = text
		case "schedules":
			if m.schedules, err = strconv.Atoi(strings.TrimSpace(text)); err != nil {
				t.Fatalf("%s: schedules: %v", path, err)
			}
		case "file":
			m.file = strings.TrimSpace(text)
		case "old":
			m.old = text
		case "new":
			m.new = text
		default:
			t.Fatalf("%s: there is no section %s", path, section.Name)
		}
	}
	if m.scenario == "" || m.file == "" || m.old == "" {
		t.Fatalf("%s lacks a section: scenario.yaml, file, old", path)
	}
	return m
}

// overlay writes what `go build -overlay` wants, and the mutated source, into dir.
func (m mutation) overlay(t *testing.T, dir string) string {
	t.Helper()
	source, err := filepath.Abs(filepath.Join(root, filepath.FromSlash(m.file)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		t.Fatalf("%s holds what is to be changed %d times:\n%s", m.file, n, m.old)
	}
	mutated := filepath.Join(dir, "mutated.go")
	list := filepath.Join(dir, "overlay.json")
	raw, err := json.Marshal(map[string]map[string]string{"Replace": {source: mutated}})
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{mutated: strings.Replace(string(text), m.old, m.new, 1), list: string(raw)} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// mutantEnv names a mutation to build, and mutantOut the program to make of it.
const (
	mutantEnv = "RACEBENCH_MUTANT"
	mutantOut = "RACEBENCH_MUTANT_OUT"
)

// open reads the mutation's scenario. However rarely it shows what is planted, it must.
func (m mutation) open(t *testing.T, path string) *study {
	t.Helper()
	w := compile(t, bugOf(path), m.scenario)
	for _, r := range w.runs {
		r.must, r.may = append(r.must, r.may...), nil
	}
	return w
}

// build makes the program that has the bug.
func (m mutation) build(t *testing.T, out string) {
	t.Helper()
	cmd := exec.Command("go", "build", "-overlay", m.overlay(t, t.TempDir()), "-o", out, "./cmd/racebench")
	cmd.Dir = root
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", out, err, said)
	}
}

// TestMutant builds one for people: see `make mutant`.
func TestMutant(t *testing.T) {
	out := os.Getenv(mutantOut)
	if out == "" {
		t.Skip("nobody asked for a mutant: make mutant BUG=R1")
	}
	for _, path := range mutations(t) {
		if bugOf(path) != os.Getenv(mutantEnv) {
			continue
		}
		m := readMutation(t, path)
		m.build(t, out)
		if err := os.WriteFile(out+".yaml", []byte(m.scenario), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Fatalf("there is no mutation %q", os.Getenv(mutantEnv))
}

// mostATurn is how many schedules one search plays. It plays all of them, found or not, so several short ones end
// sooner than a long one.
const mostATurn = 20_000

// Every mutation still applies, and the bug that comes with it is found; without it nothing is.
func TestMutationsAreFound(t *testing.T) {
	t.Parallel()
	for _, path := range mutations(t) {
		t.Run(bugOf(path), func(t *testing.T) {
			t.Parallel()
			m := readMutation(t, path)
			w := m.open(t, path)
			newSmallWorld(w, reference(w)).clean(1, within)
			if testing.Short() {
				m.overlay(t, t.TempDir())
				t.Skip("building a mutant takes seconds")
			}
			dir := t.TempDir()
			program, file := filepath.Join(dir, "racebench"), filepath.Join(dir, "scenario.yaml")
			m.build(t, program)
			if err := os.WriteFile(file, []byte(m.scenario), 0o644); err != nil {
				t.Fatal(err)
			}
			turn := min(m.schedules, mostATurn)
			for seed := 1; seed <= m.schedules/turn; seed++ {
				out, err := exec.Command(program, "fuzz", file, "--trials", strconv.Itoa(turn), "--seed", strconv.Itoa(seed), "--dir", filepath.Join(dir, "runs"), "--json").Output()
				if err == nil && strings.Contains(string(out), `"verdict": "known"`) {
					return
				}
				t.Logf("not found with seed %d: %v\n%s", seed, err, out)
			}
			t.Errorf("the mutant is not found in %d schedules", m.schedules)
		})
	}
}
