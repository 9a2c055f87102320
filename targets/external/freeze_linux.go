package external

import (
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// stop stops processes, resume lets them run on. One that has ended meanwhile needs neither.
func stop(pids []int) {
	for _, pid := range pids {
		_ = sendSignal(pid, syscall.SIGSTOP)
	}
}

func resume(pids []int) {
	for _, pid := range pids {
		_ = sendSignal(pid, syscall.SIGCONT)
	}
}

// stopped says whether no thread of the processes runs any more.
func stopped(pids []int) bool {
	return !slices.ContainsFunc(pids, func(pid int) bool {
		threads, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task/*/stat"))
		return err == nil && slices.ContainsFunc(threads, func(path string) bool {
			state, _, ok := statOf(path)
			return ok && state != 'T' && state != 't' && state != 'Z' && state != 'X'
		})
	})
}
