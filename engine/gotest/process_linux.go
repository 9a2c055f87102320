package gotest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/racebench/racebench/internal/overlay/wire"
)

// start starts one test of the package in a process of its own, up to its being ready.
func (p *Package) start(ctx context.Context, test string) (*process, error) {
	q := &process{}
	ok := false
	defer func() {
		if !ok {
			q.close()
		}
	}()
	memory, err := q.open(p.temp)
	if err != nil {
		return nil, fmt.Errorf("make the memory of a test process: %w", err)
	}
	defer memory.Close()
	in, commands, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make the pipes of a test process: %w", err)
	}
	defer in.Close()
	q.commands = commands
	answers, out, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make the pipes of a test process: %w", err)
	}
	defer out.Close()
	q.reading, q.answers = answers, bufio.NewReader(answers)
	q.cmd = exec.CommandContext(ctx, p.binary, "-test.run", "^"+test+"$", "-test.timeout", "0", "-test.parallel", "1", "-test.count", "1")
	q.cmd.Dir = p.Dir
	q.cmd.Env = append(os.Environ(), wire.Variable+"=1", "GOMAXPROCS=1", "GOTRACEBACK=all",
		"GORACE="+os.Getenv("GORACE")+" exitcode=0 halt_on_error=0")
	q.cmd.ExtraFiles = []*os.File{in, out, memory}
	q.cmd.Stdout, q.cmd.Stderr = &q.output, &q.output
	// A group of its own: it may start others, and the terminal's Ctrl-C is for racebench alone.
	q.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	q.cmd.WaitDelay = time.Second // what it has left behind may hold the output
	if err := q.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s in a process: %w", test, err)
	}
	a, err := q.answer(nil)
	if err != nil || a.Did != wire.DidReady {
		return nil, fmt.Errorf("start %s in a process: it never came to the test: %w\n%s", test, q.died(err), q.output.String())
	}
	q.watch()
	ok = true
	return q, nil
}

// open makes the memory and maps it. The file has no name.
func (q *process) open(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "memory-")
	if err != nil {
		return nil, err
	}
	os.Remove(f.Name())
	if err = f.Truncate(int64(wire.Size)); err == nil {
		q.memory, err = syscall.Mmap(int(f.Fd()), 0, wire.Size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	}
	if err == nil {
		q.mem, err = wire.At(q.memory)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (q *process) unmap() {
	if q.memory != nil {
		syscall.Munmap(q.memory)
		q.memory, q.mem = nil, nil
	}
}

// kill ends the process and what it has started. It must not have been waited for: the number is its own till then.
func (q *process) kill() {
	if q.cmd != nil && q.cmd.Process != nil && !q.waited {
		syscall.Kill(-q.cmd.Process.Pid, syscall.SIGKILL)
	}
}

// signalled is the signal that ended the process; 0 is none.
func (q *process) signalled() syscall.Signal {
	if q.cmd.ProcessState == nil {
		return 0
	}
	if s, ok := q.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && s.Signaled() {
		return s.Signal()
	}
	return 0
}
