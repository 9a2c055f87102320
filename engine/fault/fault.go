// Package fault says what is done to a server and when: which signal or crash, and the trigger that
// decides its moment. A directive of a scenario is parsed once, drawn once a trial, and then run as a
// task of the world like any other.
package fault

import (
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/signals"
	"github.com/racebench/racebench/scenario/schema"
	"github.com/racebench/racebench/scenario/spec"
)

// A Directive is one entry of a scenario's inject, checked. Its moment is not drawn yet.
type Directive struct {
	At      spec.Value // the entry, for errors found later
	Signal  syscall.Signal
	Name    string // "SIGTERM", "power cut"
	Power   bool   // the power is cut with it
	trigger trigger
}

// Scope is what a directive may refer to.
type Scope struct {
	Duration time.Duration
	// Ops are the names of operations and load groups that `at: op NAME N` may count.
	Ops []string
	// Windows are the target's windows.
	Windows []string
	// Stops are the signals that ask the target to stop.
	Stops []syscall.Signal
	// Audited says that the target's accepted messages outlive it, so that a crash is a fair test.
	Audited bool
}

// A Strike is a directive with its moment drawn. Exactly one of the moments applies.
type Strike struct {
	Signal  syscall.Signal
	Name    string
	Power   bool          // the power is cut: what was not synced is forgotten
	Trigger string        // the trigger's name
	Moment  time.Duration // since the load began; since the target caught signals for "startup", since the first signal for "after"
	Op      string        // "op": whose operations are counted; empty for all
	Count   int64         // "op": strikes when this many have started
	Window  string        // "window": strikes while a task is in it,
	Hold    bool          // and keeps the task there until the server has begun to stop
}

// Draw makes the directive's draws.
func (d Directive) Draw(r *rand.Rand) Strike {
	s := Strike{Signal: d.Signal, Name: d.Name, Power: d.Power}
	d.trigger.draw(r, &s)
	return s
}

// AtStartup says that the stop itself is the test: nothing needs to have been accepted.
func (d Directive) AtStartup() bool { _, ok := d.trigger.(startup); return ok }

// Follows says that it counts from the first signal, and so is never that one.
func (d Directive) Follows() bool { _, ok := d.trigger.(after); return ok }

// WholeStart says that any moment of the start is meant.
func (d Directive) WholeStart() bool {
	u, ok := d.trigger.(startup)
	return ok && u.whole
}

// Within is the directive for a target whose start is known: it lasts from from until until, as far as a strike may
// prove something. Only a strike at start-up is another one then.
func (d Directive) Within(from, until time.Duration) Directive {
	if u, ok := d.trigger.(startup); ok {
		d.trigger = u.within(from, until)
	}
	return d
}

// Summary says in a few words what is done and when, as reports print it: "SIGTERM uniform over
// 20%..80% of 2s".
func (d Directive) Summary() string { return d.Name + " " + d.trigger.summary() }

// crashes are the ways to end a server without asking it.
var crashes = []string{"kill", "power"}

// words are the fields of an injection.
var words = schema.Map{
	Words: []schema.Word{
		{Name: "signal", Form: schema.Either(schema.Enum(sendable...), schema.Text()), Help: "the signal to send, such as SIGTERM"},
		{Name: "crash", Form: schema.Enum(crashes...), Help: "kill: SIGKILL; power: a power cut that forgets what was not synced"},
		{Name: "at", Form: schema.Scalar(), Help: "20%..80%, 300ms, after 100ms (since the first signal), op 1000..5000, startup, or window NAME [hold]"},
	},
	OneOf: []string{"signal", "crash"},
}

// Words describes an entry of inject.
func Words() schema.Map { return words }

// Parse reads one entry of inject and adds everything that is wrong with it to errs.
func Parse(v spec.Value, scope Scope, errs *spec.Errors) Directive {
	d := Directive{At: v, trigger: moment{}}
	if v.Kind != spec.Map {
		errs.Addf(v, "an injection is a map: write it such as {signal: SIGTERM, at: 20%%..80%%}")
		return d
	}
	for _, f := range v.Fields {
		if names := words.Names(); !slices.Contains(names, f.Key.Text) {
			errs.Add(spec.Unknown(f.Key, "field of an injection", names))
		}
	}
	d.readWhat(v, scope, errs)
	at, ok := v.Get("at")
	if !ok {
		errs.Addf(v, "this injection has no at: write when it strikes, such as at: 20%%..80%%")
		return d
	}
	if t := parseTrigger(at, scope, errs); t != nil {
		d.trigger = t
	}
	return d
}

func (d *Directive) readWhat(v spec.Value, scope Scope, errs *spec.Errors) {
	sig, hasSignal := v.Get("signal")
	crash, hasCrash := v.Get("crash")
	switch {
	case hasSignal && hasCrash:
		errs.Addf(crash, "an injection is a signal or a crash, not both: make it two entries")
	case hasSignal:
		s, err := ParseSignal(sig)
		errs.Add(err)
		d.Signal, d.Name = s, strings.ToUpper(sig.Text)
		if err == nil && s != syscall.SIGKILL && !slices.Contains(scope.Stops, s) {
			errs.Addf(sig, "this target does not stop on %s: it stops on %s", d.Name, namesOf(scope.Stops))
		}
	case hasCrash && !slices.Contains(crashes, crash.Text):
		errs.Add(spec.Unknown(crash, "crash", crashes))
	case hasCrash && !scope.Audited:
		errs.Addf(crash, "this target keeps nothing beyond its process, so a crash proves nothing: write signal: SIGTERM")
	case hasCrash:
		d.Signal, d.Name, d.Power = syscall.SIGKILL, "SIGKILL", crash.Text == "power"
		if d.Power {
			d.Name = "power cut"
		}
	case !hasCrash:
		errs.Addf(v, "this injection has no signal and no crash: write what strikes, such as signal: SIGTERM")
	}
}

// sendable are the signals that may be sent. SIGSTOP is left out: it stops the auditor too.
var sendable = []string{"SIGABRT", "SIGHUP", "SIGINT", "SIGKILL", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGWINCH"}

// ParseSignal reads a signal's name.
func ParseSignal(v spec.Value) (syscall.Signal, error) {
	name := strings.ToUpper(v.Text)
	if number, ok := signals.Number(name); ok && v.Kind == spec.Scalar && slices.Contains(sendable, name) {
		return syscall.Signal(number), nil
	}
	if named := "SIG" + name; v.Kind == spec.Scalar && slices.Contains(sendable, named) {
		return 0, spec.Errorf(v, "unknown signal %q (did you mean %q?)", v.Text, named)
	}
	return 0, spec.Unknown(v, "signal", sendable)
}

// namesOf lists signals as a sentence does.
func namesOf(stops []syscall.Signal) string {
	names := make([]string, len(stops))
	for i, s := range stops {
		names[i] = signals.Name(int(s))
	}
	return strings.Join(names, " and ")
}

// Default is what a run without an inject does: one SIGTERM at a random moment of the middle of the
// load.
func Default(duration time.Duration) Directive {
	var errs spec.Errors
	at := spec.Value{Kind: spec.Map, Fields: []spec.Field{
		{Key: spec.Text("signal"), Value: spec.Text("SIGTERM")},
		{Key: spec.Text("at"), Value: spec.Text("20%..80%")},
	}}
	return Parse(at, Scope{Duration: duration, Stops: []syscall.Signal{syscall.SIGTERM}}, &errs)
}
