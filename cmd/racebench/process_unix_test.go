//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// patience is how long a test waits for what must happen. It only passes when something is wrong.
const patience = 30 * time.Second

// A process is a racebench that a test started.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	dir    string // of its runs
	stdout bytes.Buffer
	stderr bytes.Buffer
	ended  chan error
}

// start runs racebench in the background with run directories of its own.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{t: t, dir: filepath.Join(t.TempDir(), "runs"), ended: make(chan error, 1)}
	p.cmd = exec.Command("racebench", append(args, "--dir", p.dir)...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	p.launch()
	return p
}

func (p *process) launch() {
	p.t.Helper()
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	go func() { p.ended <- p.cmd.Wait() }()
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// status waits for the end and returns the exit status, or -1 when a signal ended the process.
func (p *process) status() int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("racebench %s still runs; stderr:\n%s", strings.Join(p.cmd.Args[1:], " "), &p.stderr)
		return 0
	}
}

// until polls for what must come about.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("after %s still not: %s", patience, what)
		}
		runtime.Gosched()
		time.Sleep(time.Millisecond) // only so that polling leaves the other process a processor
	}
}

// trials lists the trial directories that are there now.
func (p *process) trials() []string {
	found, _ := filepath.Glob(filepath.Join(p.dir, "2*", "trials", "*"))
	return found
}

// result reads the run's stored result.
func (p *process) result() *result.Report {
	p.t.Helper()
	raw, err := os.ReadFile(filepath.Join(p.dir, "latest", "result.json"))
	if err != nil {
		p.t.Fatalf("%v; stderr:\n%s", err, &p.stderr)
	}
	rep, err := result.Decode(raw)
	if err != nil {
		p.t.Fatal(err)
	}
	return rep
}

// children returns the pids of a process's children.
func children(t *testing.T, pid int) []int {
	t.Helper()
	var pids []int
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		// The name in parentheses may hold anything; state and parent follow it.
		fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
		if parent, _ := strconv.Atoi(fields[1]); parent == pid && fields[0] != "Z" {
			child, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			pids = append(pids, child)
		}
	}
	return pids
}

// alive reports whether a process runs. A dead one that nobody has waited for does not.
func alive(pid int) bool {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	return strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))[0] != "Z"
}

func needsProc(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("children are found in /proc")
	}
}

func TestAnInterruptionWritesWhatIsFinished(t *testing.T) {
	for _, tc := range []struct {
		signal syscall.Signal
		status int
	}{{syscall.SIGINT, 130}, {syscall.SIGTERM, 143}} {
		t.Run(fmt.Sprint(tc.status), func(t *testing.T) {
			p := start(t, "run", "testdata/scenario/endless.yaml", "testdata/scenario/sound.yaml", "--keep", "all", "--seed", "7")
			until(t, "three trials judged", func() bool {
				judged, _ := filepath.Glob(filepath.Join(p.dir, "2*", "trials", "*", "verdict.json"))
				return len(judged) >= 3
			})
			p.signal(tc.signal)
			if got := p.status(); got != tc.status {
				t.Fatalf("exit status %d, want %d; stderr:\n%s", got, tc.status, &p.stderr)
			}
			rep := p.result()
			if len(rep.Results) != 2 || rep.Results[0].Trials.Run+rep.Results[0].Trials.Void < 3 || rep.Results[1].Verdict != result.Untested {
				t.Errorf("stored result: %+v", rep.Results)
			}
			if !strings.Contains(p.stdout.String(), "endless · engine real · seed 7") {
				t.Errorf("the finished trials are not printed:\n%s", &p.stdout)
			}
			if !strings.Contains(p.stderr.String(), "racebench: stopping;") {
				t.Errorf("stderr says nothing of stopping:\n%s", &p.stderr)
			}
			for _, dir := range p.trials() {
				if _, err := os.Stat(filepath.Join(dir, "verdict.json")); err != nil {
					t.Errorf("a trial without a verdict was left: %v", err)
				}
			}
			noTempFiles(t, p)
		})
	}
}

// inDrain waits until the one child of a racebench that runs hangs.yaml has been struck. The trial goes on
// for minutes from there.
func inDrain(t *testing.T, p *process) (child int) {
	t.Helper()
	until(t, "the signal", func() bool {
		ledgers, _ := filepath.Glob(filepath.Join(p.dir, "2*", "trials", "*", "ledger"))
		pids := children(t, p.cmd.Process.Pid)
		if len(pids) == 0 || len(ledgers) == 0 {
			return false
		}
		child = pids[0]
		e, err := ledger.Read(ledgers[0])
		return err == nil && len(e.Signals) > 0
	})
	return child
}

func TestTheSecondInterruptionLeavesAtOnce(t *testing.T) {
	needsProc(t)
	// Nobody reads from the pipe, so writing the report never ends.
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, "run", "testdata/scenario/hangs.yaml", "-o", "text="+pipe)
	child := inDrain(t, p)
	p.signal(syscall.SIGINT)
	until(t, "the result stored", func() bool {
		_, err := os.Stat(filepath.Join(p.dir, "latest", "result.json"))
		return err == nil
	})
	if alive(child) {
		t.Error("the child still runs after the first interruption was answered")
	}
	until(t, "the end at once", func() bool { // within a second it is the same request
		_ = p.cmd.Process.Signal(syscall.SIGINT)
		return len(p.ended) > 0
	})
	if got := p.status(); got != 130 {
		t.Errorf("exit status %d, want 130; stderr:\n%s", got, &p.stderr)
	}
}

// TestSignalsOfOneSecondAreOneRequest asks as timeout(1) does, the process and then its group, and as somebody does
// who presses Ctrl-C twice.
func TestSignalsOfOneSecondAreOneRequest(t *testing.T) {
	p := start(t, "run", "testdata/scenario/endless.yaml", "--keep", "all")
	until(t, "a trial judged", func() bool {
		judged, _ := filepath.Glob(filepath.Join(p.dir, "2*", "trials", "*", "verdict.json"))
		return len(judged) > 0
	})
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGTERM, syscall.SIGINT} {
		p.signal(s)
	}
	if got := p.status(); got != 143 && got != 130 { // which of two signals is delivered first is the kernel's choice
		t.Fatalf("exit status %d, want 143; stderr:\n%s", got, &p.stderr)
	}
	if rep := p.result(); rep.Results[0].Trials.Run+rep.Results[0].Trials.Void == 0 {
		t.Errorf("stored result: %+v", rep.Results)
	}
	noTempFiles(t, p)
}

func TestNoChildOutlivesRacebench(t *testing.T) {
	needsProc(t)
	p := start(t, "run", "testdata/scenario/hangs.yaml")
	child := inDrain(t, p)
	p.signal(syscall.SIGKILL)
	if got := p.status(); got != -1 {
		t.Fatalf("exit status %d of a killed process", got)
	}
	until(t, "the child gone", func() bool { return !alive(child) })
	noTempFiles(t, p)

	// What it left does not look whole: the trial proves nothing.
	runs, err := filepath.Glob(filepath.Join(p.dir, "2*"))
	if err != nil || len(runs) != 1 {
		t.Fatalf("runs: %v, error %v", runs, err)
	}
	if _, err := os.Stat(filepath.Join(runs[0], "result.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a killed run has a result: %v", err)
	}
	out, err := exec.Command("racebench", "judge", runs[0], "--json").Output()
	var rep result.Report
	if json.Unmarshal(out, &rep) != nil || rep.Verdict != result.Untested {
		t.Errorf("judged again: %v\n%s", err, out)
	}
}

// noTempFiles checks that nothing half-written was left in the run directories, nor anything in the
// directory for temporary files.
func noTempFiles(t *testing.T, p *process) {
	t.Helper()
	temp := ""
	for _, e := range p.cmd.Env {
		if dir, ok := strings.CutPrefix(e, "TMPDIR="); ok {
			temp = dir
		}
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left in the directory for temporary files: %v, error %v", left, err)
	}
	err := filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(d.Name(), ".") && d.Name() != ".gitignore" {
			t.Errorf("left in the run directory: %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A reader of stdout who has left ends neither the run nor its verdict.
func TestAClosedReaderLeavesTheVerdict(t *testing.T) {
	for _, tc := range []struct {
		args   []string
		status int
	}{
		{[]string{"run", "testdata/scenario/lossy.yaml", "--trials", "1"}, 1},
		{[]string{"run", "testdata/scenario/sound.yaml", "--trials", "1", "--json"}, 0},
		{[]string{"list", "variants"}, 0},
		{[]string{"run", "--help"}, 0},
		{[]string{"schema"}, 0},
		{[]string{"completion", "bash"}, 0},
	} {
		t.Run(strings.Join(tc.args, " "), func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			_ = r.Close()
			cmd := exec.Command("racebench", tc.args...)
			if tc.args[len(tc.args)-1] != "--help" && tc.args[0] == "run" {
				cmd.Args = append(cmd.Args, "--dir", t.TempDir())
			}
			var stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = w, &stderr
			err = cmd.Run()
			_ = w.Close()
			if got := cmd.ProcessState.ExitCode(); got != tc.status {
				t.Errorf("exit status %d, want %d: %v\n%s", got, tc.status, err, &stderr)
			}
			if text := stderr.String(); strings.Contains(text, "pipe") || strings.Contains(text, "panic") {
				t.Errorf("stderr:\n%s", text)
			}
		})
	}
}

// A full disk is racebench's own failure: one message, nothing on stdout, no result.
func TestAFullDiskIsSaid(t *testing.T) {
	dir := t.TempDir()
	if err := mountSmall(dir, 256<<10); err != nil {
		t.Skipf("no small file system can be made here: %v", err)
	}
	t.Cleanup(func() { unmount(t, dir) })
	cmd := exec.Command("racebench", "run", "testdata/scenario/sound.yaml", "--dir", filepath.Join(dir, "runs"))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if got := cmd.ProcessState.ExitCode(); got != 4 || stdout.Len() > 0 {
		t.Errorf("exit status %d, want 4: %v\nstdout: %s\nstderr: %s", got, err, &stdout, &stderr)
	}
	text := stderr.String()
	if !strings.Contains(text, "no space left on device") || strings.Contains(text, "goroutine") || strings.Count(text, "\n") != 1 {
		t.Errorf("stderr:\n%s", text)
	}
	if found, _ := filepath.Glob(filepath.Join(dir, "runs", "2*", "result.json")); len(found) > 0 {
		t.Errorf("a result was left: %v", found)
	}
}

// BenchmarkVersion is what racebench costs that does nothing: processor time, because the wall clock is the
// machine's.
func BenchmarkVersion(b *testing.B) {
	var took time.Duration
	for b.Loop() {
		cmd := exec.Command("racebench", "version")
		if err := cmd.Run(); err != nil {
			b.Fatal(err)
		}
		took += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	b.ReportMetric(float64(took.Microseconds())/1000/float64(b.N), "cpu-ms/op")
}
