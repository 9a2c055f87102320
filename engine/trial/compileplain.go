package trial

import (
	"slices"

	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
)

// plainShapes are the shapes that plain load has.
var plainShapes = []string{"saturate", "slow", "rate", "ramp"}

// compilePlain refuses what a load without a stop has no use for. What is judged of one are thresholds alone.
func (p *Program) compilePlain(errs *spec.Errors) {
	for _, v := range p.Scenario.Inject {
		errs.Addf(v, "url alone is plain load, and nothing strikes it: write a command or attach, or leave inject out")
	}
	for _, v := range p.Scenario.Expect {
		errs.Addf(v, "url alone is plain load, and only thresholds are judged of it: leave expect out")
	}
	for _, g := range p.Groups {
		client, ok := g.Client.(targets.PlainClient)
		if ok {
			_, ok = client.Plain()
		}
		switch {
		case !ok:
			errs.Addf(g.Group.Op, "plain load has no client %s yet: it has http-keepalive and http-oneshot", g.Group.Op.Text)
		case !slices.Contains(plainShapes, g.ShapeName):
			errs.Addf(g.At, "plain load has no shape %s: it has saturate, slow, rate and ramp", g.ShapeName)
		case g.StopAtSignal:
			errs.Addf(g.At, "stop: at-signal: plain load has no signal")
		case g.Client.(targets.Asker).Ends() != "":
			errs.Addf(g.At, "ends: plain load does not look at how an answer ends")
		}
	}
	p.Expect, p.Manners = nil, nil
}

// standIn is the target of external programs, whatever the scenario calls it: only that one has a program.
func (c Catalog) standIn(program bool) (targets.Target, bool) {
	i := slices.IndexFunc(c, func(t targets.Target) bool { return program && t.Binder != nil })
	if i < 0 {
		return targets.Target{}, false
	}
	return c[i], true
}

// compileAnywhere checks what does not depend on the target, which nobody knows: clients, shapes, signals, thresholds.
// What any target has is taken for known.
func (p *Program) compileAnywhere(catalog Catalog, errs *spec.Errors) {
	p.Target.Name = "any target"
	for _, t := range catalog {
		if t.Binder != nil {
			continue
		}
		p.Target.Ops = append(p.Target.Ops, t.Ops...)
		p.Target.Windows = append(p.Target.Windows, t.Windows...)
		p.Target.Promises = append(p.Target.Promises, t.Promises...)
		p.Target.StopSignals = append(p.Target.StopSignals, t.StopSignals...)
		if t.Auditor != nil {
			p.Target.Auditor = t.Auditor
		}
	}
	slices.Sort(p.Target.Promises)
	p.Target.Promises = slices.Compact(p.Target.Promises)
	p.compileLoad(errs)
	p.compileInject(errs)
	p.compileWiden(errs)
	p.compileExpect(errs)
	if len(p.Groups) > 0 {
		p.checkMetrics(errs)
	}
}
