// Package player runs test processes under control: it starts them, sends commands, and takes answers.
package player

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"

	"github.com/racebench/racebench/internal/overlay/wire"
)

// A Process is a test process under control. Close must follow.
type Process struct {
	Memory *wire.Memory // stays until Close

	cmd      *exec.Cmd
	commands *os.File
	answers  *bufio.Reader
	reading  *os.File
	memory   []byte
	output   tail // what it wrote to the standard output and error
	waited   bool
	err      error
}

// Options say which test is played. Temp is a folder for as long as the process starts.
type Options struct {
	Binary, Test string
	Dir          string // where the test runs
	Temp         string
}

// maxOutput is how much of a process's output is kept, at the least: its end, where a panic stands.
const maxOutput = 512 << 10

// A tail keeps the last bytes that are written to it.
type tail struct {
	mu sync.Mutex
	b  []byte
}

// Write never fails.
func (h *tail) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.b = append(h.b, p...)
	if len(h.b) > 2*maxOutput {
		h.b = append(h.b[:0], h.b[len(h.b)-maxOutput:]...)
	}
	return len(p), nil
}

// String is what was kept.
func (h *tail) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return string(h.b)
}

// ErrDied is in the errors of a process that has ended.
var ErrDied = errors.New("the test process ended")

// Output is the end of what the process wrote to its standard output and error.
func (p *Process) Output() string { return p.output.String() }

// Signal signals the process alone.
func (p *Process) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }

// State is how the process ended; nil while it has not been waited for.
func (p *Process) State() *os.ProcessState { return p.cmd.ProcessState }

// Do sends a command and waits for its answer. Ask is called where a remote schedule must be decided.
func (p *Process) Do(c wire.Command, ask func(*wire.Memory) uint32) (wire.Answer, error) {
	line, err := json.Marshal(c)
	if err != nil {
		return wire.Answer{}, err
	}
	if _, err := p.commands.Write(append(line, '\n')); err != nil {
		return wire.Answer{}, p.died(err)
	}
	return p.answer(ask)
}

func (p *Process) answer(ask func(*wire.Memory) uint32) (wire.Answer, error) {
	for {
		first, err := p.answers.ReadByte()
		if err != nil {
			return wire.Answer{}, p.died(err)
		}
		if first != wire.Question {
			break
		}
		if ask == nil {
			return wire.Answer{}, errors.New("a test process asks who goes on, and was not told to")
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
func (p *Process) died(err error) error {
	if wait := p.wait(); wait != nil {
		err = wait
	}
	return fmt.Errorf("%w: %v", ErrDied, err)
}

func (p *Process) wait() error {
	if !p.waited {
		p.err = p.cmd.Wait()
		p.waited = true
	}
	return p.err
}

// End lets the process end by itself: it comes to the end of its commands. What is in its memory stays.
func (p *Process) End() {
	p.commands.Close()
	p.wait()
}

// Close ends the process and what it has started.
func (p *Process) Close() {
	for _, f := range []*os.File{p.commands, p.reading} {
		if f != nil {
			f.Close()
		}
	}
	if p.cmd != nil && p.cmd.Process != nil {
		p.kill()
		p.wait()
	}
	p.unmap()
}
