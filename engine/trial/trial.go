// Package trial runs one trial, in either world: a child process or a simulated world produces evidence, and what
// it shows is judged. One trial proves little; package engine runs many, and package search many schedules.
package trial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/targets"
)

// Run runs a plan's phases in child processes and leaves the evidence in dir. Its error is
// racebench's own failure or the context's end; what the server did wrong is no error.
func (p Plan) Run(ctx context.Context, dir rundir.TrialDir, c Config, l *Launcher) (err error) {
	if err := p.Write(dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.ClearData()) }()
	for index, name := range p.phases() {
		end, err := runPhase(ctx, p, name, dir, c, l)
		if err != nil {
			return err
		}
		if end.Status == exitBroken {
			return fmt.Errorf("trial %s: racebench's child failed: %s", dir, failureOf(dir).Error)
		}
		end.Index = index
		if err := recordEnd(dir, name, end); err != nil || end.Status == exitNotServed || end.Limit {
			return err
		}
	}
	return nil
}

// recordEnd adds how the process ended to the ledger, whose own writer may have been killed.
func recordEnd(dir rundir.TrialDir, name string, end ledger.Phase) error {
	out, err := ledger.Append(dir.Ledger(), 0)
	if err != nil {
		return err
	}
	end.Name = out.Name(name)
	switch end.Status {
	case exitServed:
		end.Status = 0
	case exitNotServed:
		// The child said itself that the target did not start; that is no crash.
		end.Name, end.Status = out.Name(phaseNotServed), 0
	case 0:
		end.Name = out.Name(phaseExited)
	}
	out.Add(&end)
	return out.Close()
}

func runPhase(ctx context.Context, plan Plan, name string, dir rundir.TrialDir, c Config, l *Launcher) (ledger.Phase, error) {
	var end ledger.Phase
	cmd, hold, err := childCommand(dir, name, plan.Program.Scenario.Secrets(plan.Program.Vocabulary), c)
	if err != nil {
		return end, err
	}
	defer hold()
	began := time.Now()
	if err := l.start(cmd); err != nil {
		return end, fmt.Errorf("start child: %w", err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	limit := time.NewTimer(plan.wholeLimit())
	defer limit.Stop()
	select {
	case err = <-exited:
	case <-ctx.Done():
		_ = cmd.Process.Kill()
		<-exited
		return end, ctx.Err()
	case <-limit.C:
		select {
		case err = <-exited: // it had ended already: this process was the one that stood still
		default:
			end.Limit = true
			err = quit(cmd, exited)
		}
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return end, fmt.Errorf("wait for child: %w", err)
	}
	end.Ended, end.At = true, time.Since(began)
	end.Status, end.Signal = exitOf(cmd.ProcessState)
	return end, nil
}

// childCommand makes the command of a trial's child and returns with it what keeps the child alive:
// its standard input, which ends when this process does.
func childCommand(dir rundir.TrialDir, phase string, secrets []string, c Config) (*exec.Cmd, func(), error) {
	self, err := executable(c.Executable)
	if err != nil {
		return nil, nil, err
	}
	stderr, err := os.OpenFile(dir.Stderr(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("make trial directory: %w", err)
	}
	alive, keep, err := os.Pipe()
	if err != nil {
		_ = stderr.Close()
		return nil, nil, fmt.Errorf("start child: %w", err)
	}
	cmd := exec.Command(self, c.ChildArgs...)
	cmd.Env = append(os.Environ(), trialEnv+"="+string(dir), phaseEnv+"="+phase, reachEnv+"="+strings.Join(c.Reach.Hosts(), " "))
	for _, secret := range secrets {
		cmd.Env = append(cmd.Env, targets.SecretPrefix+secret)
	}
	cmd.Stdin, cmd.Stderr = alive, stderr
	return cmd, func() {
		_ = alive.Close()
		_ = keep.Close()
		_ = stderr.Close()
	}, nil
}
