package ledger

import "time"

// A LaneInfo says who wrote a lane.
type LaneInfo struct {
	Name  string // "publish-3"
	Group string // the load group: its `as`, else its op
	Op    string
}

// Evidence is what one trial left behind, in the order it was written, indexed once. It is all that a
// judge may look at.
type Evidence struct {
	Lanes         []LaneInfo
	Ops           [][]Op       // by lane; Ops[l][i].Msg.Seq() == i+1
	Deliveries    [][]Delivery // by subscriber's lane, in the order seen
	Subscriptions []Subscription
	Discards      []Discard
	Returned      []Discard
	Gauges        []Gauge
	Signals       []Signal
	Drain         *Drain
	Windows       []Window
	Panics        []Panic
	Tasks         []Task
	Phases        []Phase
	Marks         []Mark
	Loads         []Load
	Wires         []Wire    // of an external program only
	Answers       []Answer  // of an external program only
	Processes     []Process // of an external program only
	Polls         []Poll    // of its readiness
	Owners        []Owner
	Audit         *Audit // nil: nothing was reopened
	Accesses      []Access
	Values        []Value
	Claims        []Claim
	Waits         []Waited
	Holds         []Held
	Records       int64
	// Cut says where and why the record ends early; empty when it is whole. Full says that the ledger
	// ran out of room: the trial is void.
	Cut  string
	Full bool

	texts []string
}

// Text returns the text of a name.
func (e *Evidence) Text(n Name) string {
	if int(n) < len(e.texts) {
		return e.texts[n]
	}
	return ""
}

// LaneName returns the name of a lane, or "?" for one that the record does not describe.
func (e *Evidence) LaneName(lane int) string {
	if lane >= 0 && lane < len(e.Lanes) {
		return e.Lanes[lane].Name
	}
	return "?"
}

// Strike returns the first signal that was sent; false when none was.
func (e *Evidence) Strike() (Signal, bool) {
	for _, s := range e.Signals {
		if !s.Taken {
			return s, true
		}
	}
	return Signal{}, false
}

// LoadBegan is when the server was ready and the load began, or 0 when that never came.
func (e *Evidence) LoadBegan() time.Duration {
	for _, p := range e.Phases {
		if p.Ready {
			return p.At
		}
	}
	return 0
}

// Op returns the operation that sent a message; false when the record holds none of that id.
func (e *Evidence) Op(m MsgID) (Op, bool) {
	lane, i := m.Lane(), m.Seq()-1
	if lane >= len(e.Ops) || i < 0 || i >= int64(len(e.Ops[lane])) {
		return Op{}, false
	}
	return e.Ops[lane][i], true
}
