package ledger

import "strconv"

// record takes one line into the evidence.
func (p *parser) record(kind string, l *fields) {
	e := p.e
	e.Records++
	switch kind {
	case "lane":
		p.lane(l)
	case "op":
		p.op(l)
	case "deliver":
		lane := l.lane(l.word("lane"))
		d := Delivery{Msg: l.msg(l.word("message")), At: l.time("at")}
		if l.err == nil {
			e.Deliveries[lane] = append(e.Deliveries[lane], d)
		}
	case "subscribe":
		p.subscribe(l)
	case "discard":
		e.Discards = append(e.Discards, discardOf(l))
	case "returned":
		e.Returned = append(e.Returned, discardOf(l))
	case "drain":
		p.drain(l)
	case "signal":
		p.signal(l)
	case "full":
		e.Full, e.Records = true, e.Records-1
	case "cut":
		e.Cut, e.Records = l.word("why"), e.Records-1
	default:
		p.fact(kind, l)
	}
}

// fact takes one line about processes, queues and windows rather than messages.
func (p *parser) fact(kind string, l *fields) {
	e := p.e
	switch kind {
	case "phase":
		p.phase(l)
	case "gauge":
		e.Gauges = append(e.Gauges, Gauge{
			Name: p.name(l.word("name")), Value: l.int("value", 0), Bound: l.int("bound", 0), Final: l.flag("final"), At: l.time("at"),
		})
	case "window":
		e.Windows = append(e.Windows, Window{
			Name: p.name(l.word("name")), Passed: l.int("passed", 0), Struck: l.int("struck", 0), Met: l.int("met", 0),
			Widened: l.flag("widened"),
		})
	case "panic":
		e.Panics = append(e.Panics, Panic{
			Task: l.name("task"), Value: l.name("value"), Stack: l.name("stack"), Target: l.flag("target"), At: l.time("at"),
		})
	case "task":
		e.Tasks = append(e.Tasks, Task{
			Name: p.name(l.word("name")), Wait: l.name("wait"), Object: l.name("object"), Holder: l.name("holder"), Target: l.flag("target"),
			Parked: l.flag("parked"), AfterDrain: l.flag("after-drain"), Since: l.time("since"),
		})
	case "mark":
		e.Marks = append(e.Marks, Mark{
			Who: p.name(l.word("who")), Text: p.name(l.word("text")), Count: l.int("count", 0), At: l.time("at"),
		})
	case "load":
		e.Loads = append(e.Loads, Load{
			Lane: l.lane(l.word("lane")), Planned: l.int("planned", 0), Late: l.int("late", 0), Unsent: l.int("unsent", 0),
			Worst: l.time("worst"),
		})
	case "wire":
		p.wire(l)
	case "process":
		p.process(l)
	case "owner":
		p.owner(l)
	case "audit":
		p.audit(l)
	case "access", "value", "claim", "waited":
		p.stored(kind, l)
	default:
		l.fail("unknown kind of record")
	}
}

func (p *parser) lane(l *fields) {
	if n := l.number(l.word("number")); n != int64(len(p.e.Lanes)) {
		l.fail("lane %d is due", len(p.e.Lanes))
	}
	info := LaneInfo{Name: l.word("name"), Op: l.word("op")}
	group, ok := l.value("as")
	if !ok {
		group = info.Op
	}
	info.Group = group
	p.e.Lanes = append(p.e.Lanes, info)
	p.e.Ops = append(p.e.Ops, nil)
	p.e.Deliveries = append(p.e.Deliveries, nil)
}

func (p *parser) op(l *fields) {
	o := Op{Msg: l.msg(l.word("message"))}
	at, _ := l.value("at")
	var err error
	if o.Began, o.Ended, err = span(at); err != nil {
		l.fail("%w", err)
	}
	o.Intended = o.Began
	if s, ok := l.value("intended"); ok {
		o.Intended = l.duration("intended", s)
	}
	if i := l.oneOf(outcomes); i >= 0 {
		o.Outcome = Outcome(i)
	} else if o.Ended != 0 {
		o.Outcome = Accepted
	}
	if i := l.oneOf(causes); i >= 0 {
		o.Cause = Cause(i)
	}
	topic := l.int("topic", 0)
	o.Topic, o.Size = uint8(topic), l.int("size", 0)
	lane := l.lane(strconv.Itoa(o.Msg.Lane()))
	if l.err != nil {
		return
	}
	switch due := int64(len(p.e.Ops[lane])) + 1; {
	case o.Msg.Seq() != due:
		l.fail("message %d#%d is due", lane, due)
	case topic < 0 || topic > 255:
		l.fail("there is no topic %d", topic)
	case o.Ended == 0 && o.Outcome != Unknown:
		l.fail("an open operation has no outcome")
	default:
		p.e.Ops[lane] = append(p.e.Ops[lane], o)
	}
}

func (p *parser) subscribe(l *fields) {
	s := Subscription{
		Lane: l.lane(l.word("lane")), Topics: 1, From: l.time("from"), Until: l.time("until"),
		Policy: l.flag("policy"), Draining: l.flag("draining"),
	}
	if bits, ok := l.value("topics"); ok {
		n, err := strconv.ParseUint(bits, 0, 64)
		if err != nil {
			l.fail("topics: %q is not a number of bits", bits)
		}
		s.Topics = n
	}
	p.e.Subscriptions = append(p.e.Subscriptions, s)
}

func discardOf(l *fields) Discard {
	d := Discard{
		Msg: l.msg(l.word("message")), Lane: -1, Station: l.name("station"), Cause: l.name("cause"), Where: l.name("where"),
		Policy: l.flag("policy"), Draining: l.flag("draining"), At: l.time("at"),
	}
	if lane, ok := l.value("lane"); ok && lane != "-1" {
		d.Lane = l.lane(lane)
	}
	return d
}

func (p *parser) drain(l *fields) {
	if p.e.Drain != nil {
		l.fail("a trial has one drain")
	}
	began, ended, err := span(l.word("time"))
	if err != nil {
		l.fail("%w", err)
	}
	d := &Drain{Began: began, Ended: ended, Left: l.int("left", 0), Error: l.name("error")}
	if i := l.oneOf(drainEnds); i >= 0 {
		d.How = DrainEnd(i)
	}
	if (d.Ended != 0) != (d.How != 0) {
		l.fail("a drain that ended says how, and no other")
	}
	p.e.Drain = d
}

func (p *parser) signal(l *fields) {
	s := Signal{Number: int(l.number(l.word("number"))), Planned: l.time("planned"), Power: l.flag("power")}
	sent, isSent := l.value("sent")
	taken, isTaken := l.value("taken")
	if isSent == isTaken {
		l.fail("it is either sent= or taken=")
	}
	s.Taken, s.At = isTaken, l.duration("time", sent+taken)
	p.e.Signals = append(p.e.Signals, s)
}

func (p *parser) phase(l *fields) {
	f := Phase{
		Index: int(l.number(l.word("number"))), Name: p.name(l.word("name")),
		Ended: l.flag("ended"), Limit: l.flag("limit"), Ready: l.flag("ready"),
		Status: int(l.int("status", 0)), Signal: int(l.int("signal", 0)), At: l.time("at"),
	}
	if l.flag("began") == f.Ended {
		l.fail("it either began or ended")
	}
	p.e.Phases = append(p.e.Phases, f)
}
