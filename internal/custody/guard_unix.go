//go:build unix

package custody

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// guardianName is how a process is called that is a guardian: its name is its mark. One that is called stayingName keeps
// what its command has started when the command has ended well.
const (
	guardianName = "racebench-guardian"
	stayingName  = "racebench-guardian-stays"
)

// canGuard says that this program becomes a guardian when it is started as one.
var canGuard atomic.Bool

// Main is the first line of main: in a process that was started as a guardian it never returns. In any other it notes that
// this program can be one.
func Main() {
	if len(os.Args) > 1 && (os.Args[0] == guardianName || os.Args[0] == stayingName) {
		os.Exit(guard(os.Args[1:], os.Args[0] == stayingName))
	}
	canGuard.Store(true)
}

// endLimit is how long a guardian has to end what it guards.
const endLimit = 10 * time.Second

// run runs a command below a guardian.
func run(ctx context.Context, cmd *exec.Cmd) error {
	if !canGuard.Load() {
		return runAlone(ctx, cmd)
	}
	g, keep, err := guardian(ctx, guardianName, cmd)
	if err != nil {
		return err
	}
	defer keep.Close()
	defer g.ExtraFiles[0].Close()
	err = g.Run()
	cmd.ProcessState = g.ProcessState
	return err
}

// guardian is a guardian of a command that was not started yet. It ends what it guards when keep is closed.
func guardian(ctx context.Context, name string, cmd *exec.Cmd) (g *exec.Cmd, keep *os.File, err error) {
	self, err := ownExecutable()
	if err != nil {
		return nil, nil, fmt.Errorf("find own executable: %w", err)
	}
	alive, keep, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	g = exec.CommandContext(ctx, self)
	g.Args = append([]string{name, cmd.Path}, cmd.Args[min(1, len(cmd.Args)):]...)
	g.Dir, g.Env, g.Stdin, g.Stdout, g.Stderr = cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr
	g.ExtraFiles = []*os.File{alive}
	g.SysProcAttr = ownGroup()
	g.Cancel = keep.Close // it ends what it guards first
	g.WaitDelay = endLimit
	return g, keep, nil
}

// start runs a command below a guardian that stays.
func start(ctx context.Context, cmd *exec.Cmd) (func(), error) {
	if !canGuard.Load() {
		return func() {}, runAlone(ctx, cmd)
	}
	g, keep, err := guardian(ctx, stayingName, cmd)
	if err != nil {
		return nil, err
	}
	ended, say, err := os.Pipe()
	if err == nil {
		defer ended.Close()
		g.ExtraFiles = append(g.ExtraFiles, say)
		err = g.Start()
		_ = say.Close()
	}
	_ = g.ExtraFiles[0].Close()
	if err != nil {
		_ = keep.Close()
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	stop := func() {
		_ = keep.Close()
		_ = g.Wait() // its status is what the command's was
	}
	if n, _ := ended.Read(make([]byte, 1)); n == 1 {
		return stop, nil
	}
	_ = keep.Close()
	err = g.Wait()
	cmd.ProcessState = g.ProcessState
	return nil, err
}

// statusCannotStart is a guardian's status where its command could not be started, as a shell's is.
const statusCannotStart = 126

// guard runs a command until it ends, or until the process that started the guardian has. Then it ends all that is left
// of it, and returns the status for its own end. One that stays says when the command has ended well, and then waits for the
// process that started it.
func guard(args []string, stays bool) int {
	gone := make(chan struct{})
	go func() {
		alive := os.NewFile(3, "alive") // whose other end the process holds that started this one
		_, _ = io.Copy(io.Discard, alive)
		close(gone)
	}()
	cmd := &exec.Cmd{Path: args[0], Args: args, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, SysProcAttr: guarded()}
	asked := askedToEnd()
	if err := startGuarded(cmd); err != nil {
		fmt.Fprintln(os.Stderr, "racebench:", err)
		return statusCannotStart
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		if stays && err == nil {
			say := os.NewFile(4, "ended")
			_, _ = say.Write([]byte{0})
			_ = say.Close()
			select {
			case <-gone:
			case <-asked:
			}
		}
	case <-gone:
		_ = killGroup(cmd.Process)
		<-done
	case <-asked:
		_ = killGroup(cmd.Process)
		<-done
	}
	endFamily(cmd.Process)
	return statusOf(cmd.ProcessState)
}

func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func killGroup(p *os.Process) error { return syscall.Kill(-p.Pid, syscall.SIGKILL) }

// askedToEnd tells of signals that ask a guardian to end: it must not leave its command behind.
func askedToEnd() <-chan os.Signal {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	return asked
}

// statusOf is a process's exit status, as a shell tells it.
func statusOf(state *os.ProcessState) int {
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return state.ExitCode()
}
