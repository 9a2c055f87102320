package external

import (
	"errors"
	"os"
	"syscall"
)

var errWindows = errors.New("there are no signals to send on Windows")

func attributes(bool) *syscall.SysProcAttr { return nil }

func ownGroup() *syscall.SysProcAttr { return nil }

func killGroup(int) error { return errWindows }

func killOne(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill()
	}
}

func sendSignal(int, syscall.Signal) error { return errWindows }

func signalGroup(int, syscall.Signal) error { return errWindows }

func askForStacks(int) error { return errWindows }

func endOf(state *os.ProcessState) (status int, signal syscall.Signal) { return state.ExitCode(), 0 }

func (c *wireConn) pending() (waiting, ended bool) { return false, false }
