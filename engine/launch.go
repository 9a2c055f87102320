package engine

import (
	"os/exec"
	"runtime"
)

// A launcher starts child processes from one thread that lives as long as they do: on Linux a child is
// told to die with the very thread that started it, and the runtime ends threads as it likes.
type launcher struct {
	requests chan launch
}

type launch struct {
	cmd  *exec.Cmd
	done chan error
}

func newLauncher() *launcher {
	l := &launcher{requests: make(chan launch)}
	go func() {
		runtime.LockOSThread()
		for r := range l.requests {
			r.done <- r.cmd.Start()
		}
	}()
	return l
}

func (l *launcher) start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = childAttributes()
	r := launch{cmd: cmd, done: make(chan error)}
	l.requests <- r
	return <-r.done
}

// close ends the thread. Children that still run end with it.
func (l *launcher) close() { close(l.requests) }
