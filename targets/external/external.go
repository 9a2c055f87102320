// Package external tests programs from outside: any server that can be started and signalled. It starts the
// program in a process group of its own, is its clients on plain sockets, and looks at both ends of every
// connection just before the signal. It is all shell: there is no core that a simulated world could run.
package external

import (
	_ "embed"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario/schema"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
)

//go:embed example.yaml
var example []byte

// Target is somebody's program. The zero value is bound to none: it only knows what scenarios may say.
type Target struct {
	program config
	bound   bool
}

// Name implements targets.Target.
func (Target) Name() string { return "external" }

// Summary implements targets.Target.
func (Target) Summary() string {
	return "any program that listens on a port or works in the background"
}

// Variants implements targets.Target: there is one, named after the program.
func (t Target) Variants() []targets.Variant {
	if !t.bound {
		return nil
	}
	return []targets.Variant{{Name: t.program.name(), Origin: "the scenario", Verdict: "unknown", Summary: "the program as it is"}}
}

// Reference implements targets.Target: nobody knows which program is good.
func (Target) Reference() string { return "" }

// Knobs implements targets.Target.
func (Target) Knobs() []targets.Knob { return nil }

// Windows implements targets.Target.
func (Target) Windows() []targets.WindowInfo { return nil }

// Example implements targets.Target.
func (t Target) Example() []byte {
	if t.Idle() {
		return []byte("name: worker\ntarget: external\nexternal: {command: ./worker}\n") // no clients
	}
	return slices.Clone(example)
}

// Attached says that the program is one that runs already.
func (t Target) Attached() bool { return t.program.attach != "" }

// Idle implements targets.Binder.
func (t Target) Idle() bool { return t.program.worker }

// promises and manners are what a program from outside is held to.
var (
	promises = []string{
		"every-request-answered", "acked-survives-restart", "drain-ends", "process-survives", "no-orphan", "listener-closes",
		"preopened-answered", "clean-exit", "clean-close",
	}
	manners = []string{"preopened-answered", "clean-exit", "clean-close"}
)

// Promises implements targets.Target.
func (Target) Promises() []string { return slices.Clone(promises) }

// Manners implements targets.Binder.
func (Target) Manners() []string { return slices.Clone(manners) }

// Ops implements targets.Target: the kinds of clients.
func (Target) Ops() []targets.OpInfo {
	var ops []targets.OpInfo
	for _, k := range kinds {
		ops = append(ops, targets.OpInfo{Name: k.name, Summary: k.summary, Accepts: true})
	}
	return ops
}

// StopSignals implements targets.Target: what a signal means is the program's own business.
func (Target) StopSignals() []syscall.Signal { return stopSignals }

// Bind implements targets.Binder.
func (Target) Bind(external spec.Value, errs *spec.Errors) targets.Target {
	return Target{program: parseConfig(external, errs), bound: true}
}

// Words implements targets.Binder.
func (Target) Words() schema.Map {
	var m schema.Map
	for _, w := range programWords {
		m.Words = append(m.Words, w.Word)
	}
	return m
}

// ClientWords implements targets.Binder.
func (Target) ClientWords() []schema.Word {
	words := make([]schema.Word, len(clientWords))
	for i, w := range clientWords {
		words[i] = w.Word
	}
	return words
}

// CheckClient implements targets.Binder.
func (Target) CheckClient(group spec.Value, errs *spec.Errors) { parseGroup(group, errs) }

// Start implements targets.Target.
func (t Target) Start(task *world.Task, h targets.Host, _ string) (targets.Instance, error) {
	return start(task, h, t.program)
}

// name is what the program is called in results.
func (c config) name() string {
	switch {
	case c.preset != "":
		return c.preset
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

var _ targets.Binder = Target{}
