package overlay

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/racebench/racebench/internal/overlay/wire"
)

// A process is a test process under control.
type process struct {
	Memory *wire.Memory
	Ready  wire.Answer

	cmd      *exec.Cmd
	commands *os.File
	answers  *bufio.Reader
	reading  *os.File
	memory   []byte
	output   bytes.Buffer // what it wrote to the standard output and error
	waited   bool
	err      error
}

// start starts one test of a test binary, in a folder, with its memory in a file below temp.
func start(ctx context.Context, binary, test, dir, temp string, env []string) (*process, error) {
	p := &process{}
	ok := false
	defer func() {
		if !ok {
			p.close()
		}
	}()
	memory, err := os.Create(filepath.Join(temp, "memory"))
	if err != nil {
		return nil, fmt.Errorf("make the memory of a test process: %w", err)
	}
	defer memory.Close()
	if err := memory.Truncate(int64(wire.Size)); err != nil {
		return nil, fmt.Errorf("make the memory of a test process: %w", err)
	}
	p.memory, err = syscall.Mmap(int(memory.Fd()), 0, wire.Size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the memory of a test process: %w", err)
	}
	if p.Memory, err = wire.At(p.memory); err != nil {
		return nil, err
	}
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
	p.cmd = exec.CommandContext(ctx, binary, "-test.run", "^"+test+"$", "-test.timeout", "0", "-test.parallel", "1", "-test.count", "1")
	p.cmd.Dir = dir
	p.cmd.Env = append(env[:len(env):len(env)], wire.Variable+"=1", "GOMAXPROCS=1", "GOTRACEBACK=all",
		"GORACE="+os.Getenv("GORACE")+" exitcode=0 halt_on_error=0")
	p.cmd.ExtraFiles = []*os.File{in, out, memory}
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a test process: %w", err)
	}
	ok = true
	if p.Ready, err = p.answer(nil); err != nil {
		p.close()
		return nil, fmt.Errorf("start a test process: %w", err)
	}
	return p, nil
}

// do sends a command and waits for its answer. A process that dies is an error: p.output has what it wrote. Ask is called
// where a remote schedule must be decided.
func (p *process) do(c wire.Command, ask func(*wire.Memory) uint32) (wire.Answer, error) {
	line, err := json.Marshal(c)
	if err != nil {
		return wire.Answer{}, err
	}
	if _, err := p.commands.Write(append(line, '\n')); err != nil {
		return wire.Answer{}, p.died(err)
	}
	return p.answer(ask)
}

func (p *process) answer(ask func(*wire.Memory) uint32) (wire.Answer, error) {
	for {
		first, err := p.answers.ReadByte()
		if err != nil {
			return wire.Answer{}, p.died(err)
		}
		if first != wire.Question {
			break
		}
		p.Memory.Choice = ask(p.Memory)
		if _, err := p.commands.Write([]byte{wire.Reply}); err != nil {
			return wire.Answer{}, p.died(err)
		}
	}
	if err := p.answers.UnreadByte(); err != nil {
		return wire.Answer{}, err
	}
	line, err := p.answers.ReadBytes('\n')
	if err != nil {
		return wire.Answer{}, p.died(err)
	}
	var a wire.Answer
	if err := json.Unmarshal(line, &a); err != nil {
		return a, fmt.Errorf("read the answer of a test process: %w", err)
	}
	if a.Did == wire.DidError {
		return a, fmt.Errorf("a test process refused: %s", a.Text)
	}
	return a, nil
}

// died waits for the end of a process that no longer answers.
func (p *process) died(err error) error {
	if wait := p.wait(); wait != nil {
		err = wait
	}
	return fmt.Errorf("the test process ended: %w", err)
}

func (p *process) wait() error {
	if !p.waited {
		p.waited = true
		p.err = p.cmd.Wait()
	}
	return p.err
}

// close ends the process.
func (p *process) close() {
	for _, f := range []*os.File{p.commands, p.reading} {
		if f != nil {
			f.Close()
		}
	}
	if p.cmd != nil && p.cmd.Process != nil {
		if !p.waited {
			// A group of its own: it may have started others. It has not been waited for, so the number is still its own.
			syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		}
		p.wait()
	}
	if p.memory != nil {
		syscall.Munmap(p.memory)
		p.memory, p.Memory = nil, nil
	}
}
