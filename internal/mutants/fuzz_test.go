//go:build mutants

package mutants

import (
	"cmp"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// onlyEnv is a pattern of the mutants to try, forEnv how long each is searched.
const (
	onlyEnv = "RACEBENCH_ONLY"
	forEnv  = "RACEBENCH_MUTANTS_FOR"
)

// TestFuzzMutants searches each mutant as a user would search the design. See `make mutants`.
func TestFuzzMutants(t *testing.T) {
	only := regexp.MustCompile("^(" + cmp.Or(os.Getenv(onlyEnv), ".*") + ")$")
	budget := cmp.Or(os.Getenv(forEnv), "60s")
	tried, found, faults := 0, 0, 0
	for _, m := range all {
		if !only.MatchString(m.id) {
			continue
		}
		tried++
		class := m.search(t, budget)
		seen := class != ""
		if m.kind == fault {
			faults++
			if seen {
				found++
			}
		}
		t.Logf("%s %-20s %-10s %s: %s", m.id, m.design, m.kind, cmp.Or(class, "silent"), m.what)
		switch {
		case m.kind == fault && !seen:
			t.Errorf("mutant %s of %s is a fault and was not found in %s", m.id, m.design, budget)
		case m.kind == equivalent && seen:
			t.Errorf("mutant %s of %s makes no difference, and was found: %s", m.id, m.design, class)
		}
	}
	t.Logf("%d mutants tried; %d of %d faults found", tried, found, faults)
	if tried == 0 {
		t.Errorf("no mutant matches %s", only)
	}
}

// search fuzzes the mutant's design and returns how long the search took and the classes that it found; nothing found
// is "".
func (m mutant) search(t *testing.T, budget string) string {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "racebench")
	m.build(t, program)
	where := m.design
	if m.world != "" {
		where = filepath.Join("testdata", m.world+".yaml")
	}
	began := time.Now()
	out, err := exec.Command(program, "fuzz", where, "--for", budget, "--fail-fast", "--keep", "none", "--dir", filepath.Join(dir, "runs"), "--json").Output()
	took := time.Since(began)
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("fuzz mutant %s: %v", m.id, err)
	}
	var report result.Report
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatalf("read what was found of mutant %s: %v", m.id, err)
	}
	var classes []string
	for _, row := range report.Results {
		for _, b := range row.Breaches {
			classes = append(classes, b.Class)
		}
	}
	if (err != nil) != (len(classes) > 0) {
		t.Fatalf("mutant %s: %v, with the breaches %v", m.id, err, classes)
	}
	if len(classes) == 0 {
		return ""
	}
	return strings.Join(classes, ", ") + " after " + took.Round(100*time.Millisecond).String()
}
