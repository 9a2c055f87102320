package external

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"github.com/racebench/racebench/internal/custody"
)

// adopt makes this process the parent of whatever its children leave behind, so that nothing of the program
// gets out of sight.
func adopt() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// attributes put the program in a group of its own, and end it with this process whatever ends that. As
// PID 1 it lives in a process namespace of its own, as in a container without an init.
func attributes(pid1 bool) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if !pid1 {
		return a
	}
	a.Cloneflags = syscall.CLONE_NEWPID
	if uid := os.Getuid(); uid != 0 {
		a.Cloneflags |= syscall.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
	}
	return a
}

// descendants lists the living processes below this one, but for those in except and what is below them.
func descendants(except map[int]bool) []int {
	var all []int
	for next := []int{os.Getpid()}; len(next) > 0; next = next[1:] {
		for _, pid := range custody.ChildrenOf(next[0]) {
			state, _, ok := statOf(fmt.Sprintf("/proc/%d/stat", pid))
			if !ok || except[pid] {
				continue
			}
			if state != 'Z' && state != 'X' {
				all = append(all, pid)
			}
			next = append(next, pid)
		}
	}
	slices.Sort(all)
	return all
}

// statOf reads a process's or thread's state and parent, and no more: the look before the signal has every thread to
// read, and for all the fields that takes two thirds longer.
func statOf(path string) (state byte, parent int, ok bool) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, false
	}
	// The name in brackets may hold anything.
	end := bytes.LastIndexByte(raw, ')')
	if end < 0 || end+4 > len(raw) {
		return 0, 0, false
	}
	fields := strings.Fields(string(raw[end+1:]))
	if len(fields) < 2 {
		return 0, 0, false
	}
	parent, err = strconv.Atoi(fields[1])
	return fields[0][0], parent, err == nil
}

// nameOf is a process's command line, for people.
func nameOf(pid int) string {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return namelessProcess
	}
	words, err := p.CmdLine()
	if err != nil || len(words) == 0 {
		return namelessProcess
	}
	line := strings.TrimSpace(strings.Join(words, " "))
	if len(line) > 200 {
		line = line[:200] + "…"
	}
	return line
}

const namelessProcess = "a process without a name"

// socketsOf are the inodes of the sockets that a process holds.
func socketsOf(pid int) map[uint32]bool {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return nil
	}
	links, err := p.FileDescriptorTargets()
	if err != nil {
		return nil
	}
	held := map[uint32]bool{}
	for _, link := range links {
		if text, ok := strings.CutPrefix(link, "socket:["); ok {
			if n, err := strconv.ParseUint(strings.TrimSuffix(text, "]"), 10, 32); err == nil {
				held[uint32(n)] = true
			}
		}
	}
	return held
}

// unixListener is the path of a unix socket among those that are held at which connections are taken; "" is none.
func unixListener(held map[uint32]bool) string {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return ""
	}
	sockets, err := fs.NetUNIX()
	if err != nil {
		return ""
	}
	for _, u := range sockets.Rows {
		if u.Flags.String() == "listen" && u.Path != "" && held[uint32(u.Inode)] {
			return u.Path
		}
	}
	return ""
}

// A thread that was running when it was looked at, and how long it had run in all by then.
type thread struct {
	dir string
	ran uint64 // nanoseconds
}

// busyThreads are the threads of processes that run, or would if they got a processor.
func busyThreads(pids []int) []thread {
	var busy []thread
	for _, pid := range pids {
		dir := fmt.Sprintf("/proc/%d/task", pid)
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			t := thread{dir: filepath.Join(dir, e.Name())}
			if t.runs() {
				t.ran = t.runtime()
				busy = append(busy, t)
			}
		}
	}
	return busy
}

// runs says whether the thread runs, wants to run, or is in a wait that cannot be interrupted.
func (t thread) runs() bool {
	state, _, ok := statOf(filepath.Join(t.dir, "stat"))
	return ok && (state == 'R' || state == 'D')
}

func (t thread) runtime() uint64 {
	raw, err := os.ReadFile(filepath.Join(t.dir, "schedstat"))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(raw), " ")
	n, _ := strconv.ParseUint(first, 10, 64)
	return n
}

// ephemeral is the range of ports that the kernel gives to clients: a server's port must lie outside.
func ephemeral() (from, to int) {
	if fs, err := procfs.NewDefaultFS(); err == nil {
		if ports, err := fs.SysctlInts("net.ipv4.ip_local_port_range"); err == nil && len(ports) == 2 {
			return ports[0], ports[1]
		}
	}
	return 32768, 60999
}

// reap collects a child that this process has adopted, once it has ended.
func reap(pid int) {
	var status unix.WaitStatus
	for {
		_, err := unix.Wait4(pid, &status, unix.WNOHANG, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// reapAll collects every adopted child that has ended, but for the one that somebody waits for.
func reapAll(except int) {
	for _, pid := range custody.ChildrenOf(os.Getpid()) {
		if state, _, ok := statOf(fmt.Sprintf("/proc/%d/stat", pid)); ok && state == 'Z' && pid != except {
			reap(pid)
		}
	}
}

// ignores says whether a process is set to ignore a signal.
func ignores(pid int, sig syscall.Signal) bool {
	in, ok := signalIn(pid, sig, "SigIgn")
	return ok && in
}

// defenceless says whether a signal finds neither a handler in a process nor anything that ignores it or holds it
// back: what it does then is up to the kernel.
func defenceless(pid int, sig syscall.Signal) bool {
	in, ok := signalIn(pid, sig, "SigCgt", "SigIgn", "SigBlk", "ShdPnd")
	return ok && !in
}

// catches says whether a process has a handler for a signal. A runtime may have one that its program did not ask for.
func catches(pid int, sig syscall.Signal) bool {
	in, ok := signalIn(pid, sig, "SigCgt")
	return ok && in
}

// signalIn says whether a signal is in one of some masks that /proc/PID/status has; ok, that it could be told.
func signalIn(pid int, sig syscall.Signal, masks ...string) (in, ok bool) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil || sig <= 0 || sig > 64 {
		return false, false
	}
	for _, mask := range masks {
		_, rest, _ := strings.Cut(string(raw), "\n"+mask+":")
		word, _, _ := strings.Cut(rest, "\n")
		bits, err := strconv.ParseUint(strings.TrimSpace(word), 16, 64)
		if err != nil {
			return false, false
		}
		in = in || bits>>(sig-1)&1 == 1
	}
	return in, true
}

// usageOf is what a process uses: its largest resident size so far, its threads, its descriptors.
func usageOf(pid int) (u usage) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return u
	}
	if status, err := p.NewStatus(); err == nil {
		u.memory = int64(status.VmHWM)
	}
	if stat, err := p.Stat(); err == nil {
		u.threads = int64(stat.NumThreads)
	}
	if n, err := p.FileDescriptorsLen(); err == nil {
		u.descriptors = int64(n)
	}
	return u
}
