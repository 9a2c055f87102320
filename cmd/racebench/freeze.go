package main

import (
	"strings"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/targets"
)

// errFreeze refuses --freeze for a server that is built in.
var errFreeze = usagef("--freeze stops an external program (probe, target external), and this trial has a built-in server")

// traitsOf are the traits of a recorded trial's target; those of none that cannot be read.
func (a *app) traitsOf(dir rundir.TrialDir) targets.Traits {
	plan, err := trial.ReadPlan(dir, a.catalog)
	if err != nil {
		return targets.Traits{}
	}
	return plan.Program.Target.Traits
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
	a.stdout.Sayf("crossed: %d of %d requests that waited unread got no answer, in %d of %d replays\n", lost, unread, trials, len(again))
	a.stdout.Say("(forced: the program was stopped while its clients sent, got the signal, and ran on. Requests that it had not")
	a.stdout.Say("read are counted, not reported as a failure, and no number here is a rate)")
}
