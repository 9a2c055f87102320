package custody

import (
	"context"
	"os"
	"os/exec"
	"syscall"
)

// Main does nothing: there are no guardians here.
func Main() {}

func run(ctx context.Context, cmd *exec.Cmd) error { return runAlone(ctx, cmd) }

// start leaves what the command has started to itself: there are no guardians here.
func start(ctx context.Context, cmd *exec.Cmd) (func(), error) { return func() {}, runAlone(ctx, cmd) }

func ownGroup() *syscall.SysProcAttr { return nil }

func killGroup(p *os.Process) error { return p.Kill() }
