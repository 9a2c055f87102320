package trial

import (
	"fmt"
	"os/exec"
	"runtime"
	"time"
)

// A Launcher starts child processes from one thread that lives as long as they do: on Linux a child is
// told to die with the very thread that started it, and the runtime ends threads as it likes.
type Launcher struct {
	requests chan launch
}

type launch struct {
	cmd  *exec.Cmd
	done chan error
}

// NewLauncher returns a launcher. Close ends it.
func NewLauncher() *Launcher {
	l := &Launcher{requests: make(chan launch)}
	go func() {
		runtime.LockOSThread()
		for r := range l.requests {
			r.done <- r.cmd.Start()
		}
	}()
	return l
}

func (l *Launcher) start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = childAttributes()
	r := launch{cmd: cmd, done: make(chan error)}
	l.requests <- r
	return <-r.done
}

// Close ends the thread. Children that still run end with it.
func (l *Launcher) Close() { close(l.requests) }

// dumpLimit is how long a child that is past its limit has to print its stacks.
const dumpLimit = 5 * time.Second

// quit asks a child that is past its limit for its stacks, and then ends it.
func quit(cmd *exec.Cmd, exited <-chan error) error {
	_ = cmd.Process.Signal(quitSignal)
	select {
	case err := <-exited:
		return err
	case <-time.After(dumpLimit):
		_ = cmd.Process.Kill()
		return <-exited
	}
}

// executable is the program that a child is: the one that was asked for, else this one.
func executable(asked string) (string, error) {
	if asked != "" {
		return asked, nil
	}
	own, err := ownExecutable()
	if err != nil {
		return "", fmt.Errorf("find own executable: %w", err)
	}
	return own, nil
}
