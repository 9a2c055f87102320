package main

import (
	"fmt"
	"strings"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
)

// errFreeze refuses --freeze for a server that is built in.
var errFreeze = usagef("--freeze stops an external program (probe, target external), and this trial has a built-in server")

// isOutside reports whether a recorded trial is of an external program.
func (a *app) isOutside(dir rundir.TrialDir) bool {
	plan, err := trial.ReadPlan(dir, a.catalog)
	return err == nil && plan.Program.Outside()
}

// wasAttached reports whether a recorded trial is of a program that ran already: it is signalled once.
func (a *app) wasAttached(dir rundir.TrialDir) bool {
	plan, err := trial.ReadPlan(dir, a.catalog)
	if err != nil || !plan.Program.Outside() {
		return false
	}
	_, attached := plan.Program.Scenario.External.Get("attach")
	return attached
}

// tellForced counts the requests that waited unread in a frozen program, and those of them without an answer.
func (a *app) tellForced(again []result.Trial) {
	var unread, lost int64
	trials := 0
	for _, t := range again {
		var of, n int64
		for _, x := range t.Crossed {
			if !result.OnTheWire(x.Kind) {
				continue
			}
			n += x.Count
			if strings.HasSuffix(x.Kind, "-eof") { // -eof and -reset split the same requests
				of += x.Of
			}
		}
		unread, lost = unread+of, lost+n
		if n > 0 {
			trials++
		}
	}
	fmt.Fprintf(a.stdout, "crossed: %d of %d requests that waited unread got no answer, in %d of %d replays\n", lost, unread, trials, len(again))
	fmt.Fprintln(a.stdout, "(forced: the program was stopped while its clients sent, got the signal, and ran on. Requests that it had not")
	fmt.Fprintln(a.stdout, "read are counted, not reported as a failure, and no number here is a rate)")
}
