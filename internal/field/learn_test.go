//go:build field

package field

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

// A service has tests of its own, from which a probe learns.
type service struct {
	name, needs   string
	command, test string // {port} and {data} are racebench's, {bin} is where the Go service is
	asked         []string
	left          []string
}

var services = []service{
	{
		name: "go", command: "{bin} serve {port} {data}/orders", test: "{bin} test",
		asked: []string{"GET /, ", "GET /old, ", "GET /report, ", "GET /orders, ", "POST /orders (read back after a restart by GET /orders/{given})", "GET /token;"},
		left:  []string{"GET /nothing (it was answered with 404)", "DELETE /orders/{id} (it was answered with 405)", "POST /login (it was answered with 403 without a signal)"},
	},
	{
		name: "node", needs: "node", command: "node testdata/learn/notes.js {port} {data}/notes", test: "node --test testdata/learn/notes.test.js",
		asked: []string{"GET /, ", "GET /slow, ", "GET /search?q, ", "PUT /notes/my-one (read back after a restart by GET /notes/{id})", "GET /events (a stream of events)"},
		left:  []string{"DELETE /notes/my-one (it was answered with 404 without a signal)"},
	},
	{
		name: "python", needs: "python3", command: "python3 testdata/learn/list.py {port} {data}/list", test: "python3 testdata/learn/list_test.py",
		asked: []string{"POST /members (read back after a restart by GET /members)", "GET /members, ", "GET /, ", "GET /slow;"},
		left:  []string{"GET /nobody (it was answered with 404)"},
	},
}

// TestFieldLearn learns from the tests of three services: every route is asked again, a fault behind a POST or PUT is found,
// and the twin is left alone.
func TestFieldLearn(t *testing.T) {
	bin := t.TempDir()
	racebench := build(t, ".", filepath.Join(bin, "racebench"), "../../cmd/racebench")
	orders := build(t, filepath.Join("testdata", "learn", "orders"), filepath.Join(bin, "orders"), ".")
	for _, s := range services {
		t.Run(s.name, func(t *testing.T) {
			if s.needs != "" {
				row{needs: []string{s.needs}}.require(t)
			}
			at := strings.NewReplacer("{bin}", orders)
			for _, bug := range []string{"", "1"} {
				got := s.learn(t, racebench, at, bug)
				notes := strings.Join(got.Notes, "\n")
				for _, want := range slices.Concat(s.asked, s.left) {
					if !strings.Contains(notes, want) {
						t.Errorf("no note says %q:\n%s", want, notes)
					}
				}
				switch {
				case bug == "" && len(got.Breaches) > 0:
					t.Errorf("the twin was reported: %v", breached(got))
				case bug != "" && !slices.ContainsFunc(breached(got), func(c string) bool { return strings.HasPrefix(c, "acked-survives-restart/") }):
					t.Errorf("the fault was not found: %v", breached(got))
				}
			}
		})
	}
}

func (s service) learn(t *testing.T, racebench string, at *strings.Replacer, bug string) result.Row {
	t.Helper()
	out := filepath.Join(t.TempDir(), "result.json")
	args := []string{"probe", "--trials", "4", "--seed", "1", "--timeout", "3m", "--dir", filepath.Join(t.TempDir(), "runs"), "--progress", "none", "-o", "json=" + out,
		"--learn", at.Replace(s.test), "--learn-writes", "--"}
	cmd := exec.CommandContext(t.Context(), racebench, append(args, strings.Fields(at.Replace(s.command))...)...)
	cmd.Env = append(os.Environ(), "BUG="+bug)
	said, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	t.Logf("BUG=%s:\n%s", bug, said)
	raw, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var report result.Report
	if err := json.Unmarshal(raw, &report); err != nil || len(report.Results) == 0 {
		t.Fatalf("%v, %d results", err, len(report.Results))
	}
	return report.Results[0]
}
