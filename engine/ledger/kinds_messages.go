package ledger

import "time"

// An Op is one operation of one client.
type Op struct {
	Msg      MsgID
	Topic    uint8
	Size     int64
	Intended time.Duration // when the load shape wanted it to start
	Began    time.Duration
	Ended    time.Duration // 0 while open
	Outcome  Outcome
	Cause    Cause
	Code     uint16 // of an external program's answer; 0: none came
}

// A Delivery is one message seen by one subscriber, after its handler returned.
type Delivery struct {
	Msg MsgID
	At  time.Duration
}

// A Subscription is the time a lane counts as a subscriber. It is recorded as it begins, and once more as it ends: with
// Until, Policy and Draining alone. An end is that of the lane's latest.
type Subscription struct {
	Lane   int
	Topics uint64 // a bit a topic
	From   time.Duration
	Until  time.Duration // 0: to the end
	// Policy says that the server's overflow policy ended it; Draining that the server had begun its
	// drain when it decided so.
	Policy, Draining bool
}

func (s *Subscription) fields(v *visitor) {
	v.of(kindSubscribe)
	v.lane(at(1)|bare, "lane", &s.Lane)
	v.bits(at(2)|always|hex|orOne, "topics", &s.Topics)
	v.time(at(3)|always, "from", &s.From)
	v.time(at(4), "until", &s.Until)
	v.flag(0, "policy", &s.Policy)
	v.flag(1, "draining", &s.Draining)
	v.end(s.Until != 0)
}

// A Discard is a message that left the server undelivered, or was found in it at the end.
type Discard struct {
	Msg      MsgID
	Lane     int  // the subscriber it was meant for; -1 for all
	Station  Name // where it was, e.g. "stage1", "mailbox"
	Cause    Name // why nobody got it, e.g. "broker-stopped-reading"
	Where    Name // the very queue, for people: "mailbox of laggards-3"
	Policy   bool // the overflow policy's decision
	Draining bool // the server had begun its drain when this was decided
	Returned bool // it was given back to its owner
	At       time.Duration
}

func (d *Discard) fields(v *visitor) {
	if d.Returned {
		v.of(kindReturned)
	} else {
		v.of(kindDiscard)
	}
	v.msg(at(1)|bare, "message", &d.Msg)
	v.lane(at(2)|orMinus, "lane", &d.Lane)
	v.name(low(3), "station", &d.Station)
	v.name(high(3), "cause", &d.Cause)
	v.name(at(4), "where", &d.Where)
	v.flag(0, "policy", &d.Policy)
	v.flag(1, "draining", &d.Draining)
	v.time(at(5)|always, "at", &d.At)
}

// A Load is what a client's shape asked for and what became of it.
type Load struct {
	Lane    int
	Planned int64 // starts the shape gave
	Late    int64 // started more than a millisecond late through the generator's own doing
	Unsent  int64 // never started: the call before had not returned when the load ended
	Worst   time.Duration
}

func (l *Load) fields(v *visitor) {
	v.of(kindLoad)
	v.lane(at(1)|bare, "lane", &l.Lane)
	v.long(at(2)|always, "planned", &l.Planned)
	v.long(at(3)|always, "late", &l.Late)
	v.long(at(4)|always, "unsent", &l.Unsent)
	v.time(at(5)|always, "worst", &l.Worst)
}
