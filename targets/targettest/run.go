package targettest

import (
	"fmt"
	"regexp"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/promise"
)

// Run checks a target against everything that the engine and the reports take for granted: its tables,
// a start and a stop of every variant, its windows, and the promises of its reference. Its clients end at their
// first refusal, so knobs must leave them the time and the room that no busy machine takes away.
func Run(t *testing.T, target targets.Target, knobs map[string]string) {
	t.Run("tables", func(t *testing.T) { checkTables(t, target) })
	t.Run("knobs", func(t *testing.T) { checkKnobs(t, target) })
	t.Run("variants", func(t *testing.T) { checkVariants(t, target, knobs) })
	t.Run("reference", func(t *testing.T) { checkReference(t, target, knobs) })
}

var word = regexp.MustCompile(`^[a-z0-9]+([.-][a-z0-9]+)*$`)

// checkTables looks at what the lists print and scenarios name.
func checkTables(t *testing.T, target targets.Target) {
	promises := target.Promises
	names := []string{target.Name}
	check := func(kind, name, summary string) {
		if !word.MatchString(name) {
			t.Errorf("%s %q is no name for a scenario", kind, name)
		}
		if summary == "" {
			t.Errorf("%s %s has no summary", kind, name)
		}
		if key := kind + " " + name; slices.Contains(names, key) {
			t.Errorf("there are two: %s", key)
		} else {
			names = append(names, key)
		}
	}
	check("target", target.Name, target.Summary)
	reference := false
	for _, v := range target.Variants {
		check("variant", v.Name, v.Summary)
		if v.Origin == "" || v.Verdict == "" {
			t.Errorf("variant %s does not say where it comes from and what it is", v.Name)
		}
		for _, b := range slices.Concat(v.Breaches, v.Also) {
			if !slices.Contains(promises, b) {
				t.Errorf("variant %s breaches %s, which the target does not promise", v.Name, b)
			}
		}
		for _, b := range v.Also {
			if slices.Contains(v.Breaches, b) {
				t.Errorf("variant %s lists %s twice", v.Name, b)
			}
		}
		if (len(v.Bugs) == 0) != (len(v.Breaches) == 0) {
			t.Errorf("variant %s has bugs %v and breaches %v", v.Name, v.Bugs, v.Breaches)
		}
		if v.Name == target.Reference {
			reference = true
			if len(v.Breaches)+len(v.Also)+len(v.Bugs) > 0 {
				t.Errorf("the reference %s is known to breach something", v.Name)
			}
		}
	}
	if !reference {
		t.Errorf("there is no variant %s, the reference", target.Reference)
	}
	for _, w := range target.Windows {
		check("window", w.Name, w.Summary)
	}
	for _, k := range target.Knobs {
		check("knob", k.Name, k.Summary)
	}
	for _, o := range target.Ops {
		check("op", o.Name, o.Summary)
	}
	if len(target.Example) == 0 {
		t.Error("there is no example")
	}
}

// checkKnobs reads every knob's default, and refuses a word that is none.
func checkKnobs(t *testing.T, target targets.Target) {
	knobs := parseKnobs(t, target, nil)
	for _, k := range target.Knobs {
		if knobs.Values()[k.Name] == "" {
			t.Errorf("knob %s has no value", k.Name)
		}
		if knobs.Set(k.Name) {
			t.Errorf("knob %s is set by its default", k.Name)
		}
	}
	var errs spec.Errors
	targets.ParseKnobs(target.Knobs, []spec.Field{{Key: spec.Text("no-such-knob"), Value: spec.Text("1")}}, &errs)
	if len(errs) != 1 {
		t.Errorf("an unknown knob made %d errors, want 1", len(errs))
	}
}

// checkVariants starts, loads and stops every variant, and counts who passes the windows.
func checkVariants(t *testing.T, target targets.Target, knobs map[string]string) {
	passed := make([]atomic.Int64, len(target.Windows))
	arm := func(w *world.World) {
		for i, info := range target.Windows {
			w.Arm(info.Name, func(*world.Task) { passed[i].Add(1) })
		}
	}
	for _, v := range target.Variants {
		h := Start(t, target, v.Name, Options{Knobs: knobs, Arm: arm})
		for _, c := range h.DialAll() {
			if !c.info.Subscribes {
				h.AwaitTask(c.Send(20))
			}
		}
		if !h.Stop() && !slices.Contains(v.Breaches, promise.DrainEnds) {
			t.Errorf("%s did not stop; its tasks: %v", v.Name, h.Tasks(world.Target))
		}
		if n := h.Books().Lost[Unaccounted]; n > 0 {
			t.Errorf("%s lost %d messages and does not know where", v.Name, n)
		}
	}
	for i, info := range target.Windows {
		if passed[i].Load() == 0 {
			t.Errorf("no variant passes the window %s", info.Name)
		}
	}
}

// DialAll connects one client for each operation that is not hostile, subscribers first.
func (h *Harness) DialAll() []*Client {
	h.tb.Helper()
	var all []*Client
	for _, subscribes := range []bool{true, false} {
		for _, op := range h.Target.Ops {
			if op.Subscribes == subscribes && !op.Hostile {
				all = append(all, h.Dial(op.Name, fmt.Sprintf("%s-%d", op.Name, len(all))))
			}
		}
	}
	return all
}

// checkReference strikes the reference under a load that goes on, twice at once, and holds it to its
// promises. Then it knocks once more.
func checkReference(t *testing.T, target targets.Target, knobs map[string]string) {
	h := Start(t, target, target.Reference, Options{Knobs: knobs})
	for _, c := range h.DialAll() {
		if !c.info.Subscribes {
			c.Send(-1)
			h.Await("some load", func() bool { return c.Accepted() >= 50 })
		}
	}
	h.Signal()
	h.Signal()
	h.Await("the server to end", h.HasEnded)
	h.EndLoad()
	h.Still()
	if err := h.Err(); err != nil {
		t.Errorf("the stop returned %v", err)
	}
	if tasks := h.Tasks(world.Target); len(tasks) > 0 {
		t.Errorf("tasks outlived the stop: %v", tasks)
	}
	if n := h.Unfinished(); n > 0 {
		t.Errorf("%d calls never returned", n)
	}
	b := h.Books()
	if len(b.Lost) > 0 || b.Owed == 0 || b.Owed != b.Delivered+b.Returned+b.Policy {
		t.Errorf("lost %v, want nothing; of %d messages that subscribers must receive %d were delivered, %d returned and %d dropped by the policy", b.Lost, b.Owed, b.Delivered, b.Returned, b.Policy)
	}
	for _, w := range b.Wrong {
		t.Error(w)
	}
	late := h.newClient(target.Ops[0].Name, "latecomer")
	h.on(world.Harness, "latecomer", func(t *world.Task) {
		if late.dial(t) == nil {
			late.do(t)
		}
	})
	if late.Accepted() > 0 {
		t.Error("a server that has stopped accepted a message")
	}
}
