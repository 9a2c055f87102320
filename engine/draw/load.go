package draw

import (
	"slices"
	"strconv"

	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
)

// How often a world has a load group: one of the scenario's own, and one of an op that the scenario does not name.
const (
	keepGroup     = 0.6
	keepOwnGroup  = 0.85 // around a scenario from a file
	addGroup      = 0.25
	addOtherGroup = 0.1
	heardOf       = 0.85 // somebody receives what is sent
	stopsAtSignal = 0.25
)

// drawLoad draws the load groups, and says how many clients send.
func (s *Source) drawLoad(c chance) (load []spec.Value, senders int) {
	has := make([]bool, len(s.groups))
	for i, g := range s.groups {
		has[i] = c.of("group/"+nameOf(g)).Float64() < s.likelihood(i)
	}
	if !slices.ContainsFunc(s.chosen(has), isSender) {
		has[s.aSender(c)] = true
	}
	for _, op := range s.chosen(has) {
		s.findListener(c, op, has)
	}
	for i, g := range s.groups {
		if !has[i] {
			continue
		}
		op := s.opOf(g)
		clients := 1 + c.of("clients/"+nameOf(g)).IntN(mostClients)
		if isSender(op) {
			senders += clients
		}
		load = append(load, s.drawGroup(c, g, op, clients))
		c.has(opPart(op.Name))
	}
	return load, senders
}

func (s *Source) likelihood(group int) float64 {
	switch own := group < s.own; {
	case own && s.wide:
		return keepGroup
	case own:
		return keepOwnGroup
	case s.wide:
		return addGroup
	}
	return addOtherGroup
}

// findListener sees to it that what op sends is received, most times.
func (s *Source) findListener(c chance, op targets.OpInfo, has []bool) {
	listens := func(o targets.OpInfo) bool { return o.Subscribes && o.Topics&(1<<op.Topic) != 0 }
	if op.Subscribes && op.Emits == nil || slices.ContainsFunc(s.chosen(has), listens) {
		return
	}
	var ears []int
	for i, g := range s.groups {
		if o := s.opOf(g); listens(o) && !o.Hostile {
			ears = append(ears, i)
		}
	}
	if r := c.of("listener/" + op.Name); len(ears) > 0 && r.Float64() < heardOf {
		has[pick(r, ears)] = true
	}
}

// chosen are the ops of the groups that were drawn.
func (s *Source) chosen(has []bool) []targets.OpInfo {
	var ops []targets.OpInfo
	for i, g := range s.groups {
		if has[i] {
			ops = append(ops, s.opOf(g))
		}
	}
	return ops
}

// aSender draws a group that sends.
func (s *Source) aSender(c chance) int {
	var all []int
	for i, g := range s.groups {
		if isSender(s.opOf(g)) {
			all = append(all, i)
		}
	}
	return pick(c.of("sender"), all)
}

func isSender(op targets.OpInfo) bool { return !op.Subscribes }

// drawGroup draws what a group's clients are like.
func (s *Source) drawGroup(c chance, g spec.Value, op targets.OpInfo, clients int) spec.Value {
	r := c.of("group/" + nameOf(g) + "/like")
	drawn := entry("op", op.Name, "clients", strconv.Itoa(clients))
	set := func(name, value string) {
		drawn.Fields = append(drawn.Fields, spec.Field{Key: spec.Text(name), Value: spec.Text(value)})
	}
	switch r.IntN(4) {
	case 0:
		set("shape", "slow")
		set("delay", "0s..1ms")
	case 1:
		if isSender(op) {
			set("shape", "burst")
			set("burst", "4")
			set("every", "2ms")
		}
	}
	if r.Float64() < stopsAtSignal {
		set("stop", "at-signal")
		c.has(partStops)
	}
	for _, name := range []string{"size", "as"} {
		if v, ok := g.Get(name); ok {
			set(name, v.Text)
		}
	}
	return drawn
}

func (s *Source) opOf(g spec.Value) targets.OpInfo {
	name, _ := g.Get("op")
	at := slices.IndexFunc(s.program.Target.Ops, func(o targets.OpInfo) bool { return o.Name == name.Text })
	return s.program.Target.Ops[at]
}

// nameOf is what a load group is called.
func nameOf(g spec.Value) string {
	if as, ok := g.Get("as"); ok {
		return as.Text
	}
	op, _ := g.Get("op")
	return op.Text
}
