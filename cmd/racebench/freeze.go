package main

import (
	"fmt"
	"strings"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/rundir"
)

// errFreeze says what --freeze is for.
var errFreeze = usagef("--freeze stops a program from outside (probe, target external): what was recorded is none")

// isOutside says whether a recorded trial is of a program from outside.
func (a *app) isOutside(dir rundir.TrialDir) bool {
	plan, err := engine.ReadPlan(dir, a.catalog)
	return err == nil && plan.Program.Outside()
}

// wasAttached says whether a recorded trial is of a program that ran already: it is signalled once.
func (a *app) wasAttached(dir rundir.TrialDir) bool {
	plan, err := engine.ReadPlan(dir, a.catalog)
	if err != nil || !plan.Program.Outside() {
		return false
	}
	_, attached := plan.Program.Scenario.External.Get("attach")
	return attached
}

// tellForced says what became of the requests that waited unread in a program that was frozen.
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
	fmt.Fprintln(a.stdout, "(forced: the program was stopped while its clients sent, got the signal, and ran on. What it had not read then")
	fmt.Fprintln(a.stdout, "accuses nobody, and none of this is a rate)")
}
