package invariant

import (
	"fmt"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// Where a trial ends with a reopen, messages are owed to whoever reopens: the audit's lane. What was
// accepted as durable is owed whatever ended the process. What was accepted before it was durable is owed
// by a stop that the server itself brought to an end; of a crash it may be the tail, and nothing but
// the tail.

// Classes of accepted messages, as stations of a loss.
const (
	durable     = "durable"
	unconfirmed = "unconfirmed"
)

// A promise says what the end of the server's process leaves of what it had accepted.
type promise struct {
	x *Index
	// all says that everything accepted is owed: the server stopped by itself, or its own code ended the
	// process although nobody had killed it.
	all bool
	// follower is the latest begin of an operation that was recovered: what had been accepted before that
	// one began stands before it in the log, or there is a hole.
	follower time.Duration
}

func (x *Index) newPromise(terms breach.Terms) promise {
	p := promise{x: x, all: x.drained || !terms.Killed && x.endedItself()}
	for lane, ops := range x.e.Ops {
		for i := range ops {
			if ops[i].Began > p.follower && x.recovered(x.base[lane]+i) {
				p.follower = ops[i].Began
			}
		}
	}
	return p
}

// endedItself says whether the server's code ended its process.
func (x *Index) endedItself() bool {
	return slices.ContainsFunc(x.e.Phases, func(p ledger.Phase) bool {
		return p.Index == 0 && p.Ended && !p.Limit && p.Signal == 0 && p.Status != 0
	})
}

// recovered says whether the audit found message number n.
func (x *Index) recovered(n int) bool {
	k := x.subscriber[x.e.Audit.Lane]
	return k >= 0 && x.row(n)[k/64]&(1<<(k%64)) != 0
}

// classOf is the class of a message.
func (x *Index) classOf(op *ledger.Op) string {
	if op.Topic < topicsMax && x.e.Audit.Unconfirmed&(1<<op.Topic) != 0 {
		return unconfirmed
	}
	return durable
}

// audited says whether a message is of a kind that is to be found again.
func (x *Index) audited(op *ledger.Op) bool {
	k := x.subscriber[x.e.Audit.Lane]
	return k >= 0 && op.Topic < topicsMax && x.subscribers[k].spans[0].Topics&(1<<op.Topic) != 0
}

// breaks says why the loss of an accepted message breaks its promise; empty when it does not.
func (p promise) breaks(op *ledger.Op) string {
	switch {
	case p.x.classOf(op) == durable:
		return "never-recovered"
	case op.Ended < p.follower && !p.all:
		return "hole"
	case p.all:
		return "never-recovered"
	}
	return ""
}

// reopenJudged says whether the audit tells everything that there is.
func (x *Index) reopenJudged() bool {
	return x.e.Cut == "" && !x.e.Full && !slices.ContainsFunc(x.e.Phases, func(p ledger.Phase) bool { return p.Limit })
}

// auditWords says what the reopen has found.
func (x *Index) auditWords() string {
	a := x.e.Audit
	n := len(x.deliveries(a.Lane))
	text := breach.Counted(int64(n), "message was recovered", "messages were recovered")
	if a.Torn > 0 {
		text += fmt.Sprintf("; %d bytes after them are no record", a.Torn)
	}
	if why := x.e.Text(a.Error); why != "" {
		text += "; then: " + why
	}
	return text
}

func tally(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}
