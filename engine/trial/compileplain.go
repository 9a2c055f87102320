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
		}
	}
	p.Expect, p.Manners = nil, nil
}
