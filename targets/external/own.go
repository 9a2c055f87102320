package external

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/racebench/racebench/scenario/secret"
)

// ownKept is how much of what a command of the scenario's own prints is kept.
const ownKept = 64 << 10

// An ownEnd is how a command of the scenario's own ended, or why it did not run.
type ownEnd struct {
	name      string
	why       string // it could not be run
	overdue   bool   // it was ended at its limit
	status    int
	signal    syscall.Signal
	out, said []string // the lines of its standard output, and of its standard error
}

// runOwn runs a command of the scenario's own beside the program, with the program's folder and environment. Nothing of
// it is left when it has ended.
func (s *instance) runOwn(command []string, field string, limit time.Duration) ownEnd {
	words := make([]string, len(command))
	for i, word := range command {
		words[i] = s.p.fill(word)
	}
	ran := ownEnd{name: words[0]}
	cmd := exec.Command(words[0], words[1:]...)
	env, err := s.p.environment()
	if err != nil {
		ran.why = err.Error()
		return ran
	}
	var out, said kept
	plainOut, plainSaid := &secret.Writer{To: &out}, &secret.Writer{To: &said} // before they are cut
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.p.c.cwd, append(env, s.counts()...), plainOut, plainSaid
	cmd.SysProcAttr, cmd.WaitDelay = attributes(false), time.Second
	end, err := bystanders.start(cmd)
	if err != nil {
		ran.why = plainly(err, field, s.p.c.cwd).Error()
		return ran
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err = <-ended:
	case <-time.After(limit):
		_ = killGroup(cmd.Process.Pid)
		err, ran.overdue = <-ended, true
	}
	end()
	_, _ = plainOut.Close(), plainSaid.Close()
	if !ran.overdue {
		_, _ = os.Stderr.WriteString(said.String())
	}
	if cmd.ProcessState == nil {
		ran.why = fmt.Sprintf("%s: %v", words[0], err)
		return ran
	}
	ran.status, ran.signal = endOf(cmd.ProcessState)
	ran.out, ran.said = out.lines(), said.lines()
	return ran
}

// lastSaid is the last line of its standard error, after a colon; "" where there is none.
func (e ownEnd) lastSaid() string {
	if len(e.said) == 0 {
		return ""
	}
	return ": " + e.said[len(e.said)-1]
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
	_, _ = k.Builder.Write(p[:max(0, min(len(p), ownKept-k.Len()))])
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
