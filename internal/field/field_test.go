//go:build field

// Package field holds faults that users have reported of their servers' stop, each rebuilt with its mended twin, and
// the commands that tell the two apart.
package field

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// defaultTrials is how many trials tell a fault of this table from its twin.
const defaultTrials = "3"

// TestField holds every row to what it says: the faulty half is reported with the row's class, the twin with nothing.
func TestField(t *testing.T) {
	bin := t.TempDir()
	racebench := build(t, ".", filepath.Join(bin, "racebench"), "../../cmd/racebench")
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			r.require(t)
			f := field{row: r, racebench: racebench, bin: bin}
			if slices.Contains(r.needs, "redis-server") {
				f.redis = startRedis(t)
			}
			f.faulty(t, f.run(t, "bad"))
			f.twin(t, f.run(t, "good"))
		})
	}
}

// require skips a row whose programs the machine lacks, and fails where all must be there.
func (r row) require(t *testing.T) {
	t.Helper()
	needs := r.needs
	if r.node {
		needs = append([]string{"node"}, needs...)
	}
	for _, program := range needs {
		if _, err := exec.LookPath(program); err == nil {
			continue
		}
		if os.Getenv("RACEBENCH_FIELD") == "all" {
			t.Fatalf("%s is not installed", program)
		}
		t.Skipf("%s is not installed: the row was not checked", program)
	}
}

// A field is a row with what runs it.
type field struct {
	row
	racebench, bin, redis string
}

// run tests one half of the row with the row's command.
func (f field) run(t *testing.T, half string) result.Row {
	t.Helper()
	out := filepath.Join(t.TempDir(), "result.json")
	trials := cmp.Or(os.Getenv("RACEBENCH_FIELD_TRIALS"), defaultTrials)
	if half == "bad" && f.tries != "" {
		trials = f.tries
	}
	common := []string{"--trials", trials, "--seed", "1", "--timeout", "3m", "--dir", filepath.Join(t.TempDir(), "runs"), "--progress", "none", "-o", "json=" + out}
	if f.tries != "" {
		common = append(common, "--fail-fast")
	}
	command := f.command(t, half)
	var args []string
	if f.scenario == "" {
		args = append(append(append([]string{"probe"}, common...), f.flags...), "--")
		args = append(args, command...)
	} else {
		args = append(append([]string{"run"}, common...), f.file(t, command))
	}
	cmd := exec.CommandContext(t.Context(), f.racebench, args...)
	cmd.Env = append(os.Environ(), "DATA_DIR="+t.TempDir(), "REDIS_PORT="+f.redis)
	said, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	t.Logf("%s, %s half:\n%s", f.report, half, said)
	raw, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var report result.Report
	if err := json.Unmarshal(raw, &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Results) == 0 {
		t.Fatal("there is no result")
	}
	row := report.Results[0]
	for _, beside := range report.Results[1:] { // of the trials beside the planned ones
		row.Breaches, row.Warnings = append(row.Breaches, beside.Breaches...), append(row.Warnings, beside.Warnings...)
	}
	return row
}

// command is how a half is started.
func (f field) command(t *testing.T, half string) []string {
	t.Helper()
	dir := filepath.Join("testdata", f.name)
	if f.node {
		command := []string{"node", filepath.Join(dir, half, "server.js")}
		if slices.Contains(f.needs, "redis-server") {
			// It listens on nothing, and the clients of a load want a port.
			return append([]string{"python3", filepath.Join(dir, "listen.py")}, command...)
		}
		return command
	}
	return []string{build(t, filepath.Join(dir, half), filepath.Join(f.bin, f.name+"-"+half), ".")}
}

// file writes the row's scenario for a half.
func (f field) file(t *testing.T, command []string) string {
	t.Helper()
	words, err := json.Marshal(command)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("COMMAND", string(words), "REDIS_PORT", f.redis).Replace(f.scenario)
	name := filepath.Join(t.TempDir(), f.name+".yaml")
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// faulty says what is wrong with the result of the faulty half.
func (f field) faulty(t *testing.T, got result.Row) {
	t.Helper()
	found := slices.ContainsFunc(breached(got), func(c string) bool { return f.class != "" && strings.HasPrefix(c, f.class) }) ||
		slices.ContainsFunc(warned(got), func(c string) bool { return f.warns != "" && strings.HasPrefix(c, f.warns) })
	switch {
	case found && f.missing != "":
		t.Errorf("it is found now: take missing out of the row (%q)", f.missing)
	case !found && f.missing != "":
		t.Logf("not found yet: %s", f.missing)
	case !found:
		t.Errorf("the faulty half was %s, reported %v and warned of %v; want %s%s",
			got.Verdict, breached(got), warned(got), f.class, f.warns)
	}
}

// twin says what is wrong with the result of the mended half: whatever was reported.
func (f field) twin(t *testing.T, got result.Row) {
	t.Helper()
	if len(got.Breaches) > 0 {
		t.Errorf("the mended half was %s: %v", got.Verdict, breached(got))
	}
	if f.warns != "" && slices.ContainsFunc(warned(got), func(c string) bool { return strings.HasPrefix(c, f.warns) }) {
		t.Errorf("the mended half was warned of %v", warned(got))
	}
}

func breached(r result.Row) []string {
	var all []string
	for _, b := range r.Breaches {
		all = append(all, b.Class)
	}
	return all
}

func warned(r result.Row) []string {
	var all []string
	for _, w := range r.Warnings {
		all = append(all, w.Class)
	}
	return all
}

// build builds a program and returns its path.
func build(t *testing.T, dir, out, pkg string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", out, pkg)
	cmd.Dir = dir
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build %s in %s: %v\n%s", pkg, dir, err, said)
	}
	return out
}

// startRedis starts a Redis that ends with the test, and returns its port.
func startRedis(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	_ = l.Close()
	var said bytes.Buffer
	cmd := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		if conn, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", port), time.Second); err == nil {
			_ = conn.Close()
			return port
		}
	}
	t.Fatalf("redis-server does not listen at port %s: %s", port, said.String())
	return ""
}
