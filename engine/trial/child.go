package trial

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/internal/input"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
)

// trialEnv names the directory of the trial that a child runs. Its presence makes a process a child.
const trialEnv = "RACEBENCH_TRIAL"

// phaseEnv names the phase of the trial that the child is.
const phaseEnv = "RACEBENCH_PHASE"

// Exit statuses of a child. None is 0: that is what a server's code gives that ends the process itself.
const (
	exitServed    = 69 // the trial ran to its end, whatever became of the server
	exitBroken    = 70 // racebench's own failure
	exitNotServed = 71 // the target did not start
)

// MaybeChild is the first line of main: in a process that was started as the child of a trial it runs
// the trial and never returns; in any other it does nothing.
func MaybeChild(c Config) {
	dir := os.Getenv(trialEnv)
	if dir == "" {
		return
	}
	go dieWithParent()
	os.Exit(runChild(rundir.TrialDir(dir), os.Getenv(phaseEnv), c))
}

// dieWithParent ends the process when the parent has: the parent holds the other end of the child's
// standard input and never writes to it.
func dieWithParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(exitBroken)
}

func runChild(dir rundir.TrialDir, phase string, c Config) (status int) {
	defer func() {
		// Tasks have a wrapper of their own: a panic here is on our part of the process.
		if v := recover(); v != nil {
			fmt.Fprintf(os.Stderr, "racebench: panic: %v\n%s\n", v, debug.Stack())
			complain(dir, fmt.Errorf("panic: %v", v))
			status = exitBroken
		}
	}()
	broken := func(err error) {
		fmt.Fprintln(os.Stderr, "racebench:", err)
		complain(dir, err)
	}
	plan, err := ReadPlan(dir, c.Catalog)
	if err != nil {
		broken(err)
		return unreadable(err)
	}
	if phase == auditTask {
		if err := auditTrial(plan, dir); err != nil {
			broken(err)
			return exitBroken
		}
		return exitServed
	}
	out, err := ledger.Create(dir.Ledger(), 0)
	if err != nil {
		broken(err)
		return exitBroken
	}
	s := &serving{}
	s.prepare(plan, dir, out, world.NewReal)
	go s.stalls.watch()
	done := make(chan error, 1)
	s.w.Go(world.Harness, TrialTask, func(t *world.Task) { done <- s.run(t) })
	// The ledger is left open: a task of the server that outlived it may still write, and the end of the
	// process closes it as well. The parent trims the file.
	if err := <-done; err != nil {
		fmt.Fprintln(os.Stderr, err)
		complain(dir, err)
		return exitNotServed
	}
	return exitServed
}

// unreadable is the status of a child that cannot read its plan. A gate's base is an older build: what it
// does not know yet it cannot serve, and that is no failure of racebench.
func unreadable(err error) int {
	var problems *scenario.Problems
	if errors.Is(err, ErrStale) || errors.As(err, &problems) {
		return exitNotServed
	}
	return exitBroken
}

// auditTrial reopens what a trial's server has left in its folder.
func auditTrial(plan Plan, dir rundir.TrialDir) error {
	e, err := ledger.Read(dir.Ledger())
	if err != nil {
		return err
	}
	out, err := ledger.Append(dir.Ledger(), 0)
	if err != nil {
		return err
	}
	a := &auditing{plan: plan, out: out, dir: dir, power: powerCut(e), base: phaseOver(e)}
	a.w = world.NewReal(world.Options{Stream: plan.Seed.Stream, OnPanic: func(p world.Panic) { a.onPanic(p) }})
	done := make(chan error, 1)
	a.w.Go(world.Harness, "racebench audit", func(t *world.Task) { done <- a.run(t) })
	return errors.Join(<-done, a.broken, out.Close())
}

// complain leaves in the trial's directory why the child ends without having done its work. A failure to write it
// leaves the words on standard error, which come first.
func complain(dir rundir.TrialDir, err error) {
	raw, broken := json.Marshal(failure{whyNotStarted(err), err.Error()})
	if broken == nil {
		_ = rundir.WriteFile(dir.Failure(), append(raw, '\n'))
	}
}

// A failure is what a child complained of.
type failure struct {
	Why   void.Reason `json:"why"`   // of a trial in which nothing was served
	Error string      `json:"error"` // of racebench itself
}

// failureOf reads what a child complained of. One that crashed had no time to: how its process ended says why.
func failureOf(dir rundir.TrialDir) failure {
	var f failure
	if raw, err := input.Found(dir.Failure(), input.Record); err == nil && json.Unmarshal(raw, &f) == nil && f.Why.Code != "" {
		return f
	}
	words := crashWords(dir.Stderr())
	return failure{void.NotStarted.Because(words), words}
}

// crashWords is how the Go runtime begins to tell of a crash, and the line after it; else how the text begins.
func crashWords(path string) string {
	raw, err := input.Head(path, input.Record)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") {
			lines = lines[i:]
			break
		}
	}
	return strings.Join(lines[:min(len(lines), 2)], "; ")
}
