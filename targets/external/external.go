// Package external tests external programs: any server that can be started and signalled. It starts the program in a
// process group of its own, acts as its clients on plain sockets, and looks at both ends of every connection just
// before the signal. It is all shell: there is no core that a simulated world could run.
//
// clients.go is the table of clients; each is in a file client_*.go. wire*.go is what they send and receive, watch*.go
// what is seen of the program from the system, repro/ the parts of the script that shows a failure without racebench.
package external

import (
	_ "embed"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario/schema"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/promise"
)

//go:embed example.yaml
var example []byte

// Target returns the target that stands for any program. It is bound to none: it only knows what scenarios may say.
func Target() targets.Target { return binder{}.of() }

// card is what is said of every external program.
var card = targets.Card{
	Name:    "external",
	Summary: "any program that listens on a port or works in the background",
	Example: example,
	Ops:     ops(),
	Promises: []string{
		promise.EveryRequestAnswered, promise.AckedSurvivesRestart, promise.DrainEnds, promise.ProcessSurvives, promise.NoOrphan, promise.ListenerCloses,
		promise.PreopenedAnswered, promise.LateAnswered, promise.CleanExit, promise.CleanClose, promise.Check, promise.ReadinessTurns, promise.ServesFor,
		promise.JobsDoneOrQueued,
	},
	WarnsOnly:   []string{promise.PreopenedAnswered, promise.LateAnswered, promise.CleanExit, promise.CleanClose},
	StopSignals: stopSignals, // what a signal means is the program's own business
	Traits: targets.Traits{
		External: true, ControlRun: true, KeepsComing: true, HangsUp: true, Restarted: true,
		LimitFactor:    1,                      // its supervisor would kill it then
		StartLimit:     50 * time.Second,       // more than the target's own, which has better words for it
		StrikePatience: time.Second,            // the courier looks at the program before it strikes
		Overhead:       300 * time.Millisecond, // it is started, awaited and seen to its end,
	},
}

// idleExample is the load of a program without clients: none.
const idleExample = "name: worker\ntarget: external\nexternal: {command: ./worker}\n"

// ops are the kinds of clients.
func ops() []targets.OpInfo {
	var ops []targets.OpInfo
	for _, k := range kinds {
		ops = append(ops, targets.OpInfo{Name: k.name, Summary: k.summary, Accepts: true})
	}
	return ops
}

// A binder implements targets.Binder.
type binder struct{ c config }

// Bind implements targets.Binder.
func (binder) Bind(external, services spec.Value, errs *spec.Errors) targets.Target {
	c := parseConfig(external, services, errs)
	target := binder{c}.of()
	target.Variants = []targets.Variant{{Name: c.name(), Origin: "the scenario", Verdict: "unknown", Summary: "the program as it is"}}
	target.Reproducer = reproducer{c}
	target.Traits.Idle, target.Traits.Attached = c.worker, c.attach != ""
	target.Traits.Plain, target.Traits.Host = c.plainURL(), c.host()
	target.Traits.Checked, target.Traits.ServesFor = len(c.check) > 0, c.servesFor
	target.Traits.Prepares, target.Traits.PreparesFor = len(c.preStop) > 0, sleepOf(c.preStop)
	target.Promises = slices.DeleteFunc(slices.Clone(target.Promises), func(name string) bool {
		return name == promise.Check && !target.Traits.Checked || name == promise.ReadinessTurns && c.readyPath == "" && !c.readyAuto ||
			name == promise.ServesFor && c.servesFor == 0
	})
	if c.readyAuto {
		target.WarnsOnly = append(slices.Clone(target.WarnsOnly), promise.ReadinessTurns)
	}
	if c.plain {
		target.Example = []byte(plainExample)
	}
	if c.worker {
		target.Example = []byte(idleExample)
	}
	return target
}

func (b binder) of() targets.Target {
	return targets.Target{Card: card, Binder: b, Start: func(t *world.Task, h targets.Host, _ string) (targets.Instance, error) {
		return start(t, h, b.c)
	}}
}

// Words implements targets.Binder.
func (binder) Words() schema.Map {
	var m schema.Map
	for _, w := range programWords {
		m.Words = append(m.Words, w.Word)
	}
	return m
}

// ServiceWords implements targets.Binder.
func (binder) ServiceWords() schema.Map {
	m := schema.Map{Required: []string{"command"}}
	for _, w := range serviceWords {
		m.Words = append(m.Words, w.Word)
	}
	return m
}

// ClientWords implements targets.Binder.
func (binder) ClientWords() []schema.Word {
	words := make([]schema.Word, len(allClientWords))
	for i, w := range allClientWords {
		words[i] = w.Word
	}
	return words
}

// ReadClient implements targets.Binder.
func (b binder) ReadClient(group spec.Value, errs *spec.Errors) targets.ClientSettings {
	return parseGroup(group, b.c, errs)
}

// name is what the program is called in results.
func (c config) name() string {
	switch {
	case c.preset != "":
		return c.preset
	case c.plain:
		return c.place()
	case len(c.command) == 0:
		return "attached"
	}
	name := filepath.Base(c.command[0])
	if interpreters[name] && len(c.command) > 1 {
		for _, word := range c.command[1:] {
			if strings.ContainsAny(word, " ;&|") {
				break // a line for a shell
			}
			if word != "" && word[0] != '-' {
				return filepath.Base(word)
			}
		}
	}
	return name
}

// interpreters run the program that their first argument names.
var interpreters = map[string]bool{"node": true, "python": true, "python3": true, "ruby": true, "sh": true, "bash": true, "deno": true, "bun": true}
