package external

import (
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestWhoBlocksASignalMayTakeIt does not call a program defenceless that blocks the signal: it may wait for it.
func TestWhoBlocksASignalMayTakeIt(t *testing.T) {
	for name, want := range map[string]string{"blocks it": "", "leaves it": "it has no handler for SIGTERM"} {
		t.Run(name, func(t *testing.T) {
			runtime.LockOSThread() // a child has the mask of the thread that starts it
			defer runtime.UnlockOSThread()
			how := unix.SIG_UNBLOCK
			if want == "" {
				how = unix.SIG_BLOCK
			}
			var term, before unix.Sigset_t
			term.Val[0] = 1 << (syscall.SIGTERM - 1)
			if err := unix.PthreadSigmask(how, &term, &before); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("sleep", "100")
			err := cmd.Start()
			if err := unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil); err != nil {
				t.Fatal(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
			}()
			s := &instance{p: &program{pid: cmd.Process.Pid}}
			s.first.Store(int64(syscall.SIGTERM))
			if got := s.disposition(false); !strings.HasPrefix(got, want) || want == "" && got != "" {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}
