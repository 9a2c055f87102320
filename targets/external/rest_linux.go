package external

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// exiting is the kernel's flag of a thread that is on its way out (PF_EXITING).
const exiting = 4

// A slept is a thread that sleeps, and how long it had run in all by then.
type slept struct {
	dir string
	ran uint64
}

// atRest says whether no thread of some processes ran while it looked, nor was on its way out. Those that have ended
// are passed over, but for the first.
func atRest(first int, pids []int) bool {
	before, ok := asleep(first, pids)
	if !ok || len(before) == 0 {
		return false
	}
	after, ok := asleep(first, pids)
	return ok && slices.Equal(before, after)
}

// asleep are the threads of some processes; false unless all of them sleep.
func asleep(first int, pids []int) (all []slept, ok bool) {
	for _, pid := range pids {
		dir := fmt.Sprintf("/proc/%d", pid)
		if state, _, ok := statOf(filepath.Join(dir, "stat")); pid != first && (!ok || state == 'Z' || state == 'X') {
			continue
		}
		threads, err := os.ReadDir(filepath.Join(dir, "task"))
		if err != nil {
			return nil, false
		}
		for _, e := range threads {
			t := thread{dir: filepath.Join(dir, "task", e.Name())}
			ran := t.runtime()
			if ran == 0 || !sleeps(t.dir) { // it has run, so 0 is not known
				return nil, false
			}
			all = append(all, slept{t.dir, ran})
		}
	}
	return all, true
}

// sleeps says whether a thread waits for something, and is not on its way out.
func sleeps(dir string) bool {
	raw, err := os.ReadFile(filepath.Join(dir, "stat"))
	end := bytes.LastIndexByte(raw, ')')
	if err != nil || end < 0 {
		return false
	}
	const state, flags = 0, 6
	fields := strings.Fields(string(raw[end+1:]))
	if len(fields) <= flags || fields[state] != "S" {
		return false
	}
	bits, err := strconv.ParseUint(fields[flags], 10, 64)
	return err == nil && bits&exiting == 0
}
