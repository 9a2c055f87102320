package external

import (
	"maps"
	"os/exec"
	"sync"
)

// bystanders are processes below this one that belong to clients, and not to the program.
var bystanders = processSet{pids: map[int]bool{}}

type processSet struct {
	mu   sync.Mutex
	pids map[int]bool
}

// start starts a command whose process nobody takes for the program's at any moment.
func (b *processSet) start(cmd *exec.Cmd) (stop func(), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := startOnOneThread(cmd); err != nil {
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
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.pids, pid)
		if guard != nil {
			delete(b.pids, guard.Process.Pid)
		}
	}, nil
}

// others lists the living processes below this one that are neither these nor in except.
func (b *processSet) others(except map[int]bool) []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	spared := maps.Clone(b.pids)
	maps.Copy(spared, except)
	return descendants(spared)
}
