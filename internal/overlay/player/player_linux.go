package player

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/racebench/racebench/internal/overlay/wire"
)

// Start starts one test of a test binary in a process of its own, up to its being ready.
func Start(ctx context.Context, o Options) (*Process, error) {
	p := &Process{}
	ok := false
	defer func() {
		if !ok {
			p.Close()
		}
	}()
	memory, err := p.open(o.Temp)
	if err != nil {
		return nil, fmt.Errorf("make the memory of a test process: %w", err)
	}
	defer memory.Close()
	in, commands, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make the pipes of a test process: %w", err)
	}
	defer in.Close()
	p.commands = commands
	answers, out, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make the pipes of a test process: %w", err)
	}
	defer out.Close()
	p.reading, p.answers = answers, bufio.NewReader(answers)
	p.cmd = exec.CommandContext(ctx, o.Binary, "-test.run", "^"+o.Test+"$", "-test.timeout", "0", "-test.parallel", "1", "-test.count", "1")
	p.cmd.Dir = o.Dir
	p.cmd.Env = append(os.Environ(), wire.Variable+"=1", "GOMAXPROCS=1", "GOTRACEBACK=all",
		// Bubbles want timers as Go 1.23 made them, whatever the go.mod of the module says.
		"GODEBUG="+strings.TrimPrefix(os.Getenv("GODEBUG")+",asynctimerchan=0", ","),
		"GORACE="+os.Getenv("GORACE")+" exitcode=0 halt_on_error=0")
	p.cmd.ExtraFiles = []*os.File{in, out, memory}
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	// A group of its own: it may start others, and the terminal's Ctrl-C is for racebench alone.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p.cmd.WaitDelay = time.Second // what it has left behind may hold the output
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s in a process: %w", o.Test, err)
	}
	a, err := p.answer(nil)
	if err != nil || a.Did != wire.DidReady {
		return nil, fmt.Errorf("start %s in a process: it never came to the test: %w\n%s", o.Test, p.died(err), p.output.String())
	}
	ok = true
	return p, nil
}

// open makes the memory and maps it. The file has no name.
func (p *Process) open(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "memory-")
	if err != nil {
		return nil, err
	}
	os.Remove(f.Name())
	if err = f.Truncate(int64(wire.Size)); err == nil {
		p.memory, err = syscall.Mmap(int(f.Fd()), 0, wire.Size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	}
	if err == nil {
		p.Memory, err = wire.At(p.memory)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (p *Process) unmap() {
	if p.memory != nil {
		syscall.Munmap(p.memory)
		p.memory, p.Memory = nil, nil
	}
}

// kill ends the process and what it has started. It must not have been waited for: the number is its own till then.
func (p *Process) kill() {
	if p.cmd != nil && p.cmd.Process != nil && !p.waited {
		syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	}
}

// Signalled is the signal that ended the process; 0 is none.
func (p *Process) Signalled() syscall.Signal {
	if p.cmd.ProcessState == nil {
		return 0
	}
	if s, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && s.Signaled() {
		return s.Signal()
	}
	return 0
}
