package external

import (
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/racebench/racebench/scenario/secret"
)

// bystanders are processes below this one that belong to clients, or to what was run before the program, and not to it.
var bystanders = processSet{pids: map[int]bool{}}

type processSet struct {
	mu   sync.Mutex
	pids map[int]bool
}

// start starts a command whose process nobody takes for the program's at any moment. What it says on a standard error
// that it was not given goes to the trial's file.
func (b *processSet) start(cmd *exec.Cmd) (stop func(), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	silent, err := startHeard(cmd)
	if err != nil {
		return nil, err
	}
	pid := cmd.Process.Pid
	b.pids[pid] = true
	guard, guarded := guardian(pid)
	if guard != nil {
		b.pids[guard.Process.Pid] = true
	}
	return func() {
		_ = killGroup(pid)
		_ = cmd.Wait()
		guarded()
		silent()
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.pids, pid)
		if guard != nil {
			delete(b.pids, guard.Process.Pid)
		}
	}, nil
}

// adopt takes what lives below this process now for no part of the program, and says whether there is any.
func (b *processSet) adopt() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := descendants(b.pids)
	for _, pid := range all {
		b.pids[pid] = true
	}
	return len(all) > 0
}

// others lists the living processes below this one that are neither these nor in except.
func (b *processSet) others(except map[int]bool) []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	spared := maps.Clone(b.pids)
	maps.Copy(spared, except)
	return descendants(spared)
}

// startHeard starts a command, whose standard error goes to the trial's file without the secrets that were noted. silent
// waits until all of it is there.
func startHeard(cmd *exec.Cmd) (silent func(), err error) {
	if cmd.Stderr != nil {
		return func() {}, startOnOneThread(cmd)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start the command: %w", err)
	}
	cmd.Stderr = w // a file: nobody waits for those that the command leaves behind
	err = startOnOneThread(cmd)
	_ = w.Close()
	if err != nil {
		_ = r.Close()
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		plain := secret.Writer{To: os.Stderr}
		_, _ = io.Copy(&plain, r)
		_ = plain.Close()
		_ = r.Close()
	}()
	return func() {
		_ = r.SetReadDeadline(time.Now().Add(lastWordsLimit))
		<-done
	}, nil
}
