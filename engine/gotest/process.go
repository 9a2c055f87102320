package gotest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/racebench/racebench/internal/overlay/wire"
)

// A process is a test process under control.
type process struct {
	mem *wire.Memory

	cmd      *exec.Cmd
	commands *os.File
	answers  *bufio.Reader
	reading  *os.File
	memory   []byte
	output   tail // what it wrote to the standard output and error
	waited   bool
	err      error

	usual map[origin]int // goroutines that the default schedule leaves
	dirty bool           // a schedule has left locks and globals as they were: it serves for places and names alone

	stop, watched chan struct{}
	mu            sync.Mutex
	stuck         string // why it was ended: it stood still
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

// errDied is in the errors of a process that has ended.
var errDied = errors.New("the test process ended")

// do sends a command and waits for its answer. Ask is called where a remote schedule must be decided.
func (q *process) do(c wire.Command, ask func(*wire.Memory) uint32) (wire.Answer, error) {
	line, err := json.Marshal(c)
	if err != nil {
		return wire.Answer{}, err
	}
	if _, err := q.commands.Write(append(line, '\n')); err != nil {
		return wire.Answer{}, q.died(err)
	}
	a, err := q.answer(ask)
	if err != nil {
		q.dirty = true
	}
	return a, err
}

func (q *process) answer(ask func(*wire.Memory) uint32) (wire.Answer, error) {
	for {
		first, err := q.answers.ReadByte()
		if err != nil {
			return wire.Answer{}, q.died(err)
		}
		if first != wire.Question {
			break
		}
		if ask == nil {
			return wire.Answer{}, errors.New("a test process asks who goes on, and was not told to")
		}
		q.mem.Choice = ask(q.mem)
		if _, err := q.commands.Write([]byte{wire.Reply}); err != nil {
			return wire.Answer{}, q.died(err)
		}
	}
	if err := q.answers.UnreadByte(); err != nil {
		return wire.Answer{}, err
	}
	line, err := q.answers.ReadBytes('\n')
	if err != nil {
		return wire.Answer{}, q.died(err)
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
func (q *process) died(err error) error {
	q.dirty = true
	if wait := q.wait(); wait != nil {
		err = wait
	}
	return fmt.Errorf("%w: %v", errDied, err)
}

func (q *process) wait() error {
	if !q.waited {
		q.err = q.cmd.Wait()
		q.waited = true
	}
	return q.err
}

// end lets the process end by itself: it comes to the end of its commands. What is in its memory stays.
func (q *process) end() {
	q.dirty = true
	q.commands.Close()
	q.wait()
}

// close ends the process.
func (q *process) close() {
	if q.stop != nil {
		close(q.stop)
		<-q.watched
		q.stop = nil
	}
	for _, f := range []*os.File{q.commands, q.reading} {
		if f != nil {
			f.Close()
		}
	}
	if q.cmd != nil && q.cmd.Process != nil {
		q.kill()
		q.wait()
	}
	q.unmap()
}

// How long a schedule may stand still before its process is ended. That names no breach: it says that the test cannot be
// controlled.
const (
	outsideFor = 5 * time.Second  // where all wait, and one of them for the world outside
	computeFor = 10 * time.Second // where a goroutine has the turn
	lookEvery  = 250 * time.Millisecond
)

// watch ends the process when it stands still.
func (q *process) watch() {
	q.stop, q.watched = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(q.watched)
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		var before [3]uint32
		var since time.Duration
		for {
			select {
			case <-q.stop:
				return
			case <-tick.C:
			}
			m := q.mem
			now := [3]uint32{m.Serial, m.Step, m.Decisions}
			since += lookEvery
			if now != before || m.Phase != wire.Playing && m.Phase != wire.Resting {
				before, since = now, 0
			}
			switch {
			case m.Holder == wire.Nobody && m.N == 0 && since >= outsideFor:
				q.giveUp("waits for something outside of the test, as real I/O does")
				return
			case m.Holder != wire.Nobody && since >= computeFor:
				q.giveUp("has the turn and comes to no point: it computes, or is in a call of cgo or of the system")
				return
			}
		}
	}()
}

func (q *process) giveUp(why string) {
	q.mu.Lock()
	q.stuck = why
	q.mu.Unlock()
	q.cmd.Process.Kill()
}

// stoodStill says why the process was ended, if it was for that.
func (q *process) stoodStill() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stuck
}
