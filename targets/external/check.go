package external

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario/secret"
)

const (
	// checkLimit is how long a check may take.
	checkLimit = 20 * time.Second
	// checkSettles is how long the check of a run without a signal is asked again while the program still works.
	checkSettles = 10 * time.Second
	// checkKept is how much of what a check prints is kept.
	checkKept = 64 << 10
)

// A checkup is what a check said: it holds, it found what stands in lines, or nobody can tell, and why.
type checkup struct {
	holds bool
	lines []string
	why   string
}

// check runs the scenario's own check once the program has ended.
func (s *instance) check() {
	if len(s.c.check) > 0 {
		s.recordCheck(s.runCheck(checkLimit))
	}
}

// tryCheck runs the check while nobody has signalled the program, until it finds nothing: what is under way is done
// sooner or later. It says whether the check is to be run once more when the program is gone: some only work then.
func (s *instance) tryCheck(t *world.Task) (again bool) {
	if len(s.c.check) == 0 {
		return false
	}
	deadline := t.Now() + checkSettles
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		last := s.runCheck(checkLimit)
		if last.holds {
			s.recordCheck(last)
		}
		if last.holds || last.why != "" || t.Now() > deadline || s.p.hasEnded() {
			return !last.holds
		}
		t.Sleep(pause)
	}
}

// recordCheck takes what a check said into the ledger.
func (s *instance) recordCheck(c checkup) {
	at := s.w.Now()
	if c.why != "" {
		s.out.Process(ledger.Process{Event: extern.ProcessUnchecked, PID: s.p.pid, At: at}, c.why)
		return
	}
	s.out.Process(ledger.Process{Event: extern.ProcessChecked, PID: s.p.pid, Clean: c.holds, Count: int64(len(c.lines)), At: at}, "")
	for _, line := range c.lines {
		s.out.Process(ledger.Process{Event: extern.ProcessFound, PID: s.p.pid, At: at}, line)
	}
}

// runCheck runs the check once. Only status 1 with something on standard output is a finding.
func (s *instance) runCheck(limit time.Duration) checkup {
	words := make([]string, len(s.c.check))
	for i, word := range s.c.check {
		words[i] = s.p.fill(word)
	}
	cmd := exec.Command(words[0], words[1:]...)
	env, err := s.p.environment()
	if err != nil {
		return checkup{why: err.Error()}
	}
	var out, said kept
	plainOut, plainSaid := &secret.Writer{To: &out}, &secret.Writer{To: &said} // before they are cut
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.p.c.cwd, append(env, s.counts()...), plainOut, plainSaid
	cmd.SysProcAttr, cmd.WaitDelay = attributes(false), time.Second
	end, err := bystanders.start(cmd)
	if err != nil {
		return checkup{why: plainly(err, "external.check", s.p.c.cwd).Error()}
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	overdue := false
	select {
	case err = <-ended:
	case <-time.After(limit):
		_ = killGroup(cmd.Process.Pid)
		err, overdue = <-ended, true
	}
	end()
	_, _ = plainOut.Close(), plainSaid.Close()
	if overdue {
		return checkup{why: fmt.Sprintf("%s had not ended after %s", words[0], limit)}
	}
	_, _ = os.Stderr.WriteString(said.String())
	return concluded(words[0], cmd.ProcessState, err, out.lines(), said.lines())
}

// concluded says what the end of a check means.
func concluded(name string, state *os.ProcessState, err error, out, said []string) checkup {
	if state == nil {
		return checkup{why: fmt.Sprintf("%s: %v", name, err)}
	}
	status, sig := endOf(state)
	last := ""
	if len(said) > 0 {
		last = ": " + said[len(said)-1]
	}
	switch {
	case sig != 0:
		return checkup{why: fmt.Sprintf("%s was ended by %s%s", name, sig, last)}
	case status == 0 && len(out) == 0:
		return checkup{holds: true}
	case status == 0:
		return checkup{why: fmt.Sprintf("%s ended with status 0 and printed %q: nothing is printed where nothing is found", name, out[0])}
	case status == 1 && len(out) > 0:
		return checkup{lines: out}
	case status == 1:
		return checkup{why: fmt.Sprintf("%s ended with status 1 and printed nothing on its standard output%s", name, last)}
	}
	return checkup{why: fmt.Sprintf("%s ended with status %d%s", name, status, last)}
}

// counts are the variables that tell a check of the trial.
func (s *instance) counts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var answered, failed int
	for _, n := range s.asked {
		answered, failed = answered+n.good, failed+n.bad
	}
	control := ""
	if s.out.Control() {
		control = "1"
	}
	return []string{
		"RACEBENCH_DIR=" + filepath.Dir(s.p.dir), "RACEBENCH_DATA=" + s.p.dir, "RACEBENCH_PORT=" + strconv.Itoa(cmp.Or(s.p.address.port, s.p.port)),
		"RACEBENCH_ANSWERED=" + strconv.Itoa(answered), "RACEBENCH_FAILED=" + strconv.Itoa(failed),
		"RACEBENCH_ACKNOWLEDGED=" + strconv.Itoa(len(s.writes)), "RACEBENCH_CONTROL=" + control,
	}
}

// kept is the beginning of what a command prints.
type kept struct{ strings.Builder }

// Write implements io.Writer.
func (k *kept) Write(p []byte) (int, error) {
	_, _ = k.Builder.Write(p[:max(0, min(len(p), checkKept-k.Len()))])
	return len(p), nil
}

// lines are those that say something.
func (k *kept) lines() []string {
	var all []string
	for line := range strings.SplitSeq(strings.ToValidUTF8(k.String(), "?"), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}
