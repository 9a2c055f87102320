package external

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/internal/custody"
)

// attach makes a running process the program. Nothing of it is racebench's: it is signalled and never killed.
func (p *program) attach(w *world.World) error {
	var err error
	if p.pid, err = processOf(p.c.attach); err != nil {
		return err
	}
	for pid := os.Getpid(); pid > 0; {
		if pid == p.pid {
			return fmt.Errorf("attach: process %d is racebench itself, or runs it", p.pid)
		}
		var ok bool
		if _, pid, ok = statOf(fmt.Sprintf("/proc/%d/stat", pid)); !ok {
			break
		}
	}
	if state, _, ok := statOf(fmt.Sprintf("/proc/%d/stat", p.pid)); !ok || state == 'Z' {
		return fmt.Errorf("attach: there is no process %d", p.pid)
	}
	fd, err := unix.PidfdOpen(p.pid, 0)
	if err != nil {
		return fmt.Errorf("attach to process %d: %w", p.pid, err)
	}
	r, silent, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("attach: %w", err)
	}
	_ = silent.Close() // what it prints goes where it went before
	p.out, p.guarded = newTranscript(r, w.Now), func() {}
	go p.out.read()
	p.exited = make(chan struct{})
	go func() {
		ended := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		for {
			n, err := unix.Poll(ended, -1)
			if n > 0 {
				break
			}
			if err != nil && !errors.Is(err, unix.EINTR) {
				return
			}
		}
		p.endedAt = w.Now()
		close(p.exited)
	}()
	return nil
}

// processOf is the process of an id, or of a file that begins with one.
func processOf(attach string) (int, error) {
	if pid, err := strconv.Atoi(attach); err == nil {
		return pid, nil
	}
	raw, err := os.ReadFile(attach)
	if err != nil {
		return 0, fmt.Errorf("attach: %w", err)
	}
	words := strings.Fields(string(raw))
	if len(words) > 0 {
		if pid, err := strconv.Atoi(words[0]); err == nil && pid > 1 {
			return pid, nil
		}
	}
	return 0, fmt.Errorf("attach: %s does not begin with the id of a process", attach)
}

// attached lists the living processes of a program that was attached to: the process and what is below it, and
// what was below it before it ended.
func (p *program) attached() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for next := []int{p.pid}; len(next) > 0; next = next[1:] {
		if !slices.Contains(p.known, next[0]) {
			p.known = append(p.known, next[0])
		}
		next = append(next, custody.ChildrenOf(next[0])...)
	}
	return slices.DeleteFunc(slices.Clone(p.known), func(pid int) bool {
		state, _, ok := statOf(fmt.Sprintf("/proc/%d/stat", pid))
		return !ok || state == 'Z' || state == 'X'
	})
}
