package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/racebench/racebench/internal/origin"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
)

// seal marks the kept trials of a run as this user's. Without a place for a key nothing is marked, and a replay asks.
func seal(run *rundir.Run) {
	trials, err := rundir.OpenTrial(run.Path())
	if err != nil {
		return // none was kept
	}
	for _, dir := range trials {
		_ = origin.Seal(dir.Origin(), dir.Pinned())
	}
}

// mayStart asks before something is started that a folder names and this user has not written on this machine. Starts
// says what it is, a line each.
func (a *app) mayStart(dir rundir.TrialDir, yes bool, starts []string) error {
	if yes || origin.Ours(dir.Origin(), dir.Pinned()) {
		return nil
	}
	a.stderr.Sayf("racebench: %s was not written by you on this machine. Replaying it starts, with your rights:\n", string(dir))
	for _, line := range starts {
		a.stderr.Sayf("  %s\n", line)
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return usagef("%s was not written by you on this machine, and nobody is there to be asked: look at what it starts, and say --yes", string(dir))
	}
	a.stderr.Sayf("Start it? [y/N] ")
	answer, _ := bufio.NewReader(os.Stdin).ReadString('\n') // no answer is no
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return usagef("%s: not started", string(dir))
	}
	return nil
}

// startsOf is what the replay of an external program starts: all that its scenario says of it, in normal form, so that
// no way of writing it hides a command from who is asked.
func startsOf(path string) ([]string, error) {
	s, problems, err := scenario.ReadFile(path, time.Now())
	switch {
	case err != nil:
		return nil, err
	case problems != nil:
		return nil, problems
	case s.External == nil:
		return nil, fmt.Errorf("%s names no program", path)
	}
	return strings.Split(strings.TrimSpace(string(s.MarshalProgram())), "\n"), nil
}

// startsGo is what the replay of a Go test starts.
func startsGo(pinned string) []string {
	return append([]string{"go test -c, and then the test, of:"}, strings.Split(strings.TrimSpace(pinned), "\n")...)
}
