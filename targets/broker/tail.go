package broker

import (
	"time"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
)

// pollEvery is how often the old drain looks again whether its own queue is empty, whether mailboxes are.
const pollEvery = 100 * time.Microsecond

// readTail is the broker's last read, after it was told to stop.
func (b *broker) readTail(t *world.Task) {
	switch b.s.tail {
	case readyOnly:
		b.readReady(t)
	case mergedEnd:
		for _, q := range b.merge.Sources() {
			q.Close(t)
		}
		for {
			m, ok := b.merge.Recv(t)
			if !ok {
				return
			}
			b.dispatch(t, m)
		}
	case oneByOne:
		queues := b.merge.Take(t)
		for _, q := range queues {
			q.Close(t)
		}
		for _, q := range queues {
			for m, ok := q.Recv(t); ok; m, ok = q.Recv(t) {
				b.dispatch(t, m)
			}
		}
	case finishWork: // there is nothing left, or the supervisor takes it
	}
}

// readReady reads until a poll finds nothing. With its budget spent every poll finds nothing, whatever
// is in the queues; a dispatch that really waited has renewed it.
func (b *broker) readReady(t *world.Task) {
	for {
		if b.s.budget > 0 && b.spent >= b.s.budget {
			for _, src := range b.s.sources {
				if src.broker == b {
					src.cut.Set(int64(src.queue.Len()))
				}
			}
			return
		}
		m, state := b.merge.TryRecv(t)
		if state != prim.Got {
			return
		}
		b.spent++
		b.dispatch(t, m)
	}
}

// awaitMailboxes waits a little for mailboxes to look empty, where the design does.
func (b *broker) awaitMailboxes(t *world.Task) {
	if b.s.tail != readyOnly {
		return
	}
	for waited := time.Duration(0); waited < b.s.grace && b.mailboxesHold(); waited += pollEvery {
		t.Sleep(pollEvery)
	}
}

func (b *broker) mailboxesHold() bool {
	for _, route := range b.routes {
		for _, a := range route {
			if a.mailbox.Len() > 0 {
				return true
			}
		}
	}
	return false
}
