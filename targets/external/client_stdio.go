package external

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"

	"github.com/racebench/racebench/scenario/secret"
)

// An adapter is a user's own program that writes to the program under test and reads back. It gets one
// request a line, as JSON, and answers with one line.
type adapter struct {
	s    *instance
	in   io.WriteCloser
	out  *bufio.Reader
	end  sync.Once
	stop func()
}

// A question is what an adapter is asked.
type question struct {
	Op    string `json:"op"` // write, read
	ID    string `json:"id"`
	Value string `json:"value,omitempty"`
}

// A reply is what an adapter answers. Without ok nobody knows whether a write was stored.
type reply struct {
	OK    *bool   `json:"ok"`
	Value *string `json:"value"` // of a read; absent or null: it is not there
	Error string  `json:"error"`
}

// longestReply is the most that an adapter may say in one line.
const longestReply = 1 << 20

// openStdio starts an adapter.
func openStdio(d *dialer) (session, error) {
	words := make([]string, len(d.g.command))
	for i, word := range d.g.command {
		words[i] = d.s.p.fill(word)
	}
	if len(words) == 0 {
		return nil, errors.New("write-stdio: write the adapter's command, such as command: [./adapter, --port, \"{port}\"]")
	}
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir = d.s.c.cwd
	cmd.Env = append(withoutOurs(os.Environ()), "PORT="+strconv.Itoa(cmp.Or(d.s.p.address.port, d.s.p.port)))
	cmd.Env = append(cmd.Env, d.s.p.servicePorts()...)
	cmd.SysProcAttr = attributes(false)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the adapter: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the adapter: %w", err)
	}
	a := &adapter{s: d.s, in: in, out: bufio.NewReaderSize(out, longestReply)}
	if a.stop, err = bystanders.start(cmd); err != nil {
		return nil, fmt.Errorf("the adapter cannot be started: %w", plainly(err, "load.command", d.s.c.cwd))
	}
	if !d.s.holds(a) {
		a.close()
		return nil, io.ErrClosedPipe
	}
	if err := a.greet(); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

// greet asks for what nobody wrote: the load does not begin before the adapter can answer, and one that finds
// it would find anything.
func (a *adapter) greet() error {
	r, err := a.ask(question{Op: "read", ID: "racebench-nothing"})
	if err == nil && r.Value != nil {
		return fmt.Errorf("the adapter read %.60q of racebench-nothing, which nobody wrote: it must answer {\"value\": null}", secret.ScrubText(*r.Value))
	}
	return err
}

// ask puts a question and waits for the answer to it.
func (a *adapter) ask(q question) (reply, error) {
	var r reply
	line, err := json.Marshal(q)
	if err != nil {
		return r, err
	}
	if _, err := a.in.Write(append(line, '\n')); err != nil {
		return r, fmt.Errorf("the adapter ended: %w", err)
	}
	said, err := a.out.ReadSlice('\n')
	if err != nil {
		return r, fmt.Errorf("the adapter did not answer %s: %w", q.Op, err)
	}
	if err := json.Unmarshal(said, &r); err != nil {
		return r, fmt.Errorf("the adapter's answer to %s, %.60q, is not JSON: %w", q.Op, secret.Scrub(said), err)
	}
	return r, nil
}

// write implements session.
func (a *adapter) write(key, value string) error {
	r, err := a.ask(question{Op: "write", ID: key, Value: value})
	switch {
	case err != nil:
		return err
	case r.OK == nil:
		return fmt.Errorf("%w: %s", errUnanswered, r.Error)
	case !*r.OK:
		return fmt.Errorf("%w: %s", errRefused, r.Error)
	}
	return nil
}

// find implements reader.
func (a *adapter) find(key, value string) (string, bool, error) {
	r, err := a.ask(question{Op: "read", ID: key})
	switch {
	case err != nil:
		return "", false, err
	case r.Error != "":
		return "", false, fmt.Errorf("%w: the adapter could not read: %s", errUntold, r.Error)
	case r.Value == nil:
		return "the adapter did not find " + key, false, nil
	case *r.Value != value:
		return "the adapter read " + shown(*r.Value, value), true, nil
	}
	return value, true, nil
}

// close ends the adapter and whatever it started.
func (a *adapter) close() {
	a.end.Do(func() {
		a.s.letGo(a)
		_ = a.in.Close()
		a.stop()
	})
}
