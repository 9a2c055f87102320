package trial

import (
	"os/exec"
	"runtime"
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
