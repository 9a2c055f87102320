package trial

import (
	"os"
	"syscall"
)

func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// quitSignal ends a child that is past its limit; no stacks can be asked for here.
var quitSignal = os.Kill

func ownExecutable() (string, error) { return os.Executable() }
