package custody

import (
	"bytes"
	"context"
	"os/exec"
	"slices"
	"time"
)

// Run runs a command as cmd.Run does. It and all it starts end with ctx, with the command's own end, and with this
// process whatever ends that.
func Run(ctx context.Context, cmd *exec.Cmd) error {
	if cmd.Err != nil {
		return cmd.Err
	}
	err := run(ctx, cmd)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// Start runs a command and leaves what it has started: that ends with stop, with ctx, and with this process whatever ends
// that. The command itself has ended when Start returns; its error is as that of Run, and then nothing is left of it.
func Start(ctx context.Context, cmd *exec.Cmd) (stop func(), err error) {
	if cmd.Err != nil {
		return nil, cmd.Err
	}
	stop, err = start(ctx, cmd)
	if ctx.Err() != nil {
		if err == nil {
			stop()
		}
		return nil, ctx.Err()
	}
	return stop, err
}

// runAlone runs a command without a guardian: SIGKILL of this process leaves it behind.
func runAlone(ctx context.Context, cmd *exec.Cmd) error {
	g := exec.CommandContext(ctx, cmd.Path)
	g.Args, g.Dir, g.Env, g.Stdin, g.Stdout, g.Stderr = cmd.Args, cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr
	g.SysProcAttr = ownGroup()
	g.Cancel = func() error { return killGroup(g.Process) }
	g.WaitDelay = time.Second
	err := g.Run()
	cmd.ProcessState = g.ProcessState
	return err
}

// Output is Run, and returns what the command wrote to its standard output. What it wrote to standard error is in an
// exec.ExitError, unless cmd says where else it goes.
func Output(ctx context.Context, cmd *exec.Cmd) ([]byte, error) {
	var out, complaint bytes.Buffer
	cmd.Stdout = &out
	own := cmd.Stderr == nil
	if own {
		cmd.Stderr = &complaint
	}
	err := Run(ctx, cmd)
	if exit, ok := err.(*exec.ExitError); ok && own {
		exit.Stderr = slices.Clone(complaint.Bytes())
	}
	return out.Bytes(), err
}
