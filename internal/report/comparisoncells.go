package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/gate"
)

// A check is a line of a comparison's table.
type check struct {
	name, base, head, change, state, remark, chance, noise string

	fails, open bool // it fails the gate; nothing could be said of it
	style       lipgloss.Style
}

// checksOf returns the lines of a table: breaches, thresholds, metrics, and crossed requests.
func (p *painter) checksOf(r gate.ResultChange) []check {
	var all []check
	for _, b := range r.Breaches {
		all = append(all, check{
			name: b.Class, base: of(b.Base, r.Trials[0]), head: of(b.Head, r.Trials[1]),
			state: breachState(b), remark: breachRemark(b), chance: chance(b.P), style: p.ofState(b.State, b.Fails), fails: b.Fails,
			open: b.State == gate.Known || b.State == gate.Open || b.State == gate.Planted || b.State == gate.OnBase || b.State == gate.Expired && !b.Fails,
		})
	}
	if r.Held > 0 {
		base := nothing
		if r.InBase {
			base = held(r, 0)
		}
		name := count(int64(r.Held), "invariant")
		if len(r.Breaches) > 0 {
			name = count(int64(r.Held), "other invariant")
		}
		all = append(all, check{name: name, base: base, head: held(r, 1), state: "", style: p.green})
	}
	for _, t := range r.Thresholds {
		state, style := "holds", p.green
		switch {
		case t.Head == nil:
			state, style = "not measured", p.yellow
		case !t.Holds:
			state, style = "MISSED", p.red
		}
		all = append(all, check{name: t.Expr, base: quantity(t.Base, t.Unit), head: quantity(t.Head, t.Unit), state: state, style: style, fails: state == "MISSED", open: t.Head == nil})
	}
	for _, m := range r.Metrics {
		all = append(all, p.metricCheck(m))
	}
	if len(r.Crossed) > 0 {
		all = append(all, p.crossed(r.Crossed, r.Trials[0] > 0))
	}
	return all
}

// untestedOn says whether a side's trials, of the base (0) or the head (1), prove nothing.
func untestedOn(r gate.ResultChange, side int) bool {
	return r.Trials[side] == 0 || [2]bool{r.Untested != "", r.Verdict == result.Untested}[side]
}

// held is the cell of the invariants that no trial of a side broke.
func held(r gate.ResultChange, side int) string {
	trials, hung := r.Trials[side], r.Hung[side]
	switch {
	case untestedOn(r, side):
		return "untested"
	case unjudged(trials, hung):
		return "not judged"
	case hung > 0:
		return fmt.Sprintf("held %d/%d", trials-hung, trials)
	}
	return "held"
}

// heldNames names the invariants that held in the head, and says where less than all trials of both sides judged them.
// It is empty where no trial of the head did.
func heldNames(r gate.ResultChange) string {
	judges := func(side int) bool { return !untestedOn(r, side) && !unjudged(r.Trials[side], r.Hung[side]) }
	names := strings.Join(r.HeldBoth, ", ")
	switch {
	case names == "", !judges(1):
		return ""
	case r.InBase && !judges(0):
		return names + " (in the head; the base cannot say)"
	case r.Hung[0]+r.Hung[1] > 0:
		return names + " (in trials that ended)"
	}
	return names
}

// crossed counts requests and connections that were on the wire when the signal struck, or came after it. Luck
// decides them. Their kinds overlap, so there is no total to compare with.
func (p *painter) crossed(kinds []gate.CrossedChange, inBase bool) check {
	var base, head int64
	for _, x := range kinds {
		base, head = base+x.Base, head+x.Head
	}
	c := check{name: "crossed or came after", base: nothing, head: fmt.Sprint(head), state: "not counted", style: p.dim}
	if inBase {
		c.base = fmt.Sprint(base)
	}
	return c
}

func (p *painter) metricCheck(m gate.MetricChange) check {
	c := check{
		name: m.Metric, base: quantity(m.Base, m.Unit), head: quantity(m.Head, m.Unit), state: string(m.State),
		style: p.ofState(m.State, m.State == gate.Regressed), fails: m.State == gate.Regressed,
		open: m.State == gate.Unclear || m.State == gate.NotComparable || m.State == gate.New || m.State == gate.TooFew,
	}
	if m.Change != nil {
		c.change = signed(*m.Change)
	}
	if m.Noise > 0 {
		c.noise = fmt.Sprintf("%.0f %%", 100*m.Noise)
	}
	switch {
	case m.State == gate.Regressed:
		c.state = "REGRESSION"
	case m.State == gate.New:
		c.state = "no base"
	}
	switch {
	case m.Gated:
		c.remark = fmt.Sprintf("%.3g %% allowed", 100*m.Tolerance)
	default:
		c.remark = "not gated"
	}
	if m.P != nil {
		c.chance = chance(m.P)
	}
	return c
}

func breachState(b gate.BreachChange) string {
	if b.Fails || b.State == gate.Expired {
		return strings.ToUpper(string(b.State))
	}
	return string(b.State)
}

func breachRemark(b gate.BreachChange) string {
	switch {
	case b.State == gate.Expired:
		return "until " + b.Expired
	case b.State == gate.Known:
		return b.Known
	}
	return ""
}

func (p *painter) ofState(s gate.State, fails bool) lipgloss.Style {
	switch {
	case fails:
		return p.red
	case s == gate.Better, s == gate.Gone:
		return p.green
	case s == gate.Worse, s == gate.Unclear, s == gate.OnBase, s == gate.Open, s == gate.Expired:
		return p.yellow
	case s == gate.Known, s == gate.Planted:
		return p.cyan
	}
	return lipgloss.Style{}
}

func of(k, n int) string {
	if n == 0 {
		return nothing
	}
	return fmt.Sprintf("%d/%d", k, n)
}

// chance writes a p-value.
func chance(p *float64) string {
	switch {
	case p == nil:
		return ""
	case *p < 0.001:
		return "p < 0.001"
	}
	return fmt.Sprintf("p = %.2g", *p)
}

// signed writes a change: "+25.0 %".
func signed(change float64) string {
	if math.Abs(change) < 0.0005 {
		return "0.0 %"
	}
	return fmt.Sprintf("%+.1f %%", 100*change)
}

// quantity writes a number in its unit.
func quantity(v *float64, unit string) string {
	if v == nil {
		return nothing
	}
	switch unit {
	case "ns":
		return span(int64(*v))
	case "/s":
		return perSecond(*v) + "/s"
	case "share":
		return percent(*v)
	case "bytes":
		return size(*v)
	}
	return figure(*v)
}
