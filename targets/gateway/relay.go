package gateway

import (
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
	"github.com/racebench/racebench/targets"
)

// confirmEvery is after how many messages a relay asks, with a ping, which of them were handled.
const confirmEvery = 64

// A relay is what connects a WebSocket with its entry in the tunnel: its own task sends, a second reads, a
// third pings the tunnel.
type relay struct {
	s      *server
	q      Request
	socket Socket
	e      *entry
	slot   *slot

	// unconfirmed are messages that were sent, and that the client may not have handled yet: sent counts
	// all of them, first is the number of the oldest that is kept.
	unconfirmed []ledger.MsgID
	first, sent int64
	confirmed   world.Note // the number of the last one that a pong has confirmed
	ended       bool       // in order
}

func newRelay(s *server, q Request, socket Socket, e *entry, k *slot) *relay {
	return &relay{s: s, q: q, socket: socket, e: e, slot: k, first: 1}
}

// run is the relay's own task.
func (r *relay) run(t *world.Task) {
	t.AtEnd(r.afterPanic)
	number := r.s.relays.Add(t, 1)
	r.e.socket = r.socket
	r.e.upgraded.Cancel(t)
	reader := r.s.tasks.Go(t, "reader of "+r.q.Name, r.read)
	if r.s.ping > 0 {
		r.s.tasks.Go(t, "pings of "+r.q.Name, r.watch)
	}
	r.finish(t, r.forward(t))
	if r.s.panics > 0 && number%int64(r.s.panics) == 0 {
		panic("a relay's own bug (knob panics)")
	}
	r.e.over.Cancel(t)
	r.s.await(t, reader)
	r.s.tunnel.shut(t, r.e)
	r.slot.atTail(t)
	r.ended = true
	r.slot.drop(t)
}

// afterPanic is the relay's scope guard, for what a panic must not leave behind.
func (r *relay) afterPanic(t *world.Task) {
	if r.ended {
		return
	}
	r.e.abandoned.Set(1)
	r.e.over.Cancel(t)
	r.e.queue.Drop(t, nil)
	r.socket.Cut(t)
	r.slot.drop(t)
}

// forward passes on what comes through the tunnel, until something ends it.
func (r *relay) forward(t *world.Task) ending {
	receiving := r.e.queue.Receiving()
	for {
		switch t.Select(r.s.dead, r.e.stop, r.s.away, receiving) {
		case 0:
			return processEnd
		case 1:
			return ending(r.e.why.Get())
		case 2:
			return r.flush(t, receiving)
		}
		p, ok := receiving.Result()
		if !ok {
			return ending(r.e.why.Get())
		}
		if !r.pass(t, p) {
			return r.cause()
		}
	}
}

// flush passes on what is left in the queue when the gateway goes away.
func (r *relay) flush(t *world.Task, receiving *prim.Receiving[parcel]) ending {
	r.e.queue.Close(t)
	for {
		switch t.Select(r.s.dead, r.e.stop, receiving) {
		case 0:
			return processEnd
		case 1:
			return ending(r.e.why.Get())
		}
		p, ok := receiving.Result()
		if !ok {
			return goingAway
		}
		if !r.pass(t, p) {
			return r.cause()
		}
	}
}

// cause is why a send has failed.
func (r *relay) cause() ending {
	switch {
	case r.s.dead.Try():
		return processEnd
	case r.e.why.Get() != int64(notEnding):
		return ending(r.e.why.Get())
	}
	return clientGone
}

// pass sends one parcel to the client. It returns false when the connection is gone.
func (r *relay) pass(t *world.Task, p parcel) bool {
	if p.kind == ack {
		// What was kept of the frame, should the socket move to another gateway, can go now.
		r.s.windows.pop.Pass(t)
		b := r.s.tunnel.bucketOf(r.e.id)
		if !r.s.lock(t, b.lock) {
			return false
		}
		b.lock.Unlock(t)
		return r.socket.Send(t, Frame{Kind: Ack, ID: p.msg.ID}) == nil
	}
	r.trim()
	r.sent++
	r.unconfirmed = append(r.unconfirmed, p.msg.ID)
	if r.socket.Send(t, Frame{Kind: Data, ID: p.msg.ID, Size: p.msg.Size}) != nil {
		return false
	}
	return r.sent%confirmEvery != 0 || r.socket.Send(t, Frame{Kind: Ping, Seq: r.sent}) == nil
}

// trim forgets what was confirmed.
func (r *relay) trim() {
	if n := r.confirmed.Get() + 1 - r.first; n > 0 {
		r.unconfirmed = r.unconfirmed[n:]
		r.first += n
	}
}

// finish ends the connection, and accounts for what its client did not get.
func (r *relay) finish(t *world.Task, why ending) {
	switch why {
	case processEnd:
		r.s.left.Add(1) // also one that came when the drain had been cut, and nobody had counted
	case handshake:
		_ = r.socket.Send(t, Frame{Kind: Close, Code: CodeNormal}) // a client that is gone has had its end
	case goingAway:
		r.close(t, CodeAway)
	case overloaded:
		r.close(t, CodeOverload)
	case declared:
		r.close(t, CodeTimeout)
	}
	if r.trim(); r.e.closedBy.Get() != 0 {
		r.unconfirmed = nil // a client takes part in the closing when it has handled all that came before
	}
	r.account(t)
	r.socket.Cut(t)
}

// close sends a Close frame and waits for the client's.
func (r *relay) close(t *world.Task, code int) {
	if r.socket.Send(t, Frame{Kind: Close, Code: code}) == nil {
		t.Select(r.s.dead, r.e.left)
	}
}

// account says where everything is that the client did not get.
func (r *relay) account(t *world.Task) {
	for _, id := range r.unconfirmed {
		r.giveUp(id, stationWire)
	}
	r.unconfirmed = nil
	r.e.queue.Drop(t, func(p parcel) {
		if p.kind == push {
			r.giveUp(p.msg.ID, stationQueue)
		}
	})
}

func (r *relay) giveUp(id ledger.MsgID, station string) {
	switch {
	case r.e.policy.Get() != 0:
		r.s.discard(r.s.forgone(id, r.e, station))
	case r.s.dead.Try():
		r.s.lose(id, r.q.Lane, station, "the relay of "+r.q.Name)
	default:
		r.s.discard(missed(id, r.q.Lane, station, causeGone, r.q.Name, r.s.begun.Get() != 0))
	}
}

// read is the task that takes what the client sends.
func (r *relay) read(t *world.Task) {
	for {
		f, err := r.socket.Recv(t)
		if err != nil {
			r.e.left.Cancel(t)
			r.e.end(t, clientGone)
			return
		}
		switch f.Kind {
		case Data:
			if !r.take(t, f) {
				return
			}
		case Pong:
			r.confirmed.Set(f.Seq)
		case Close:
			r.e.closedBy.Set(int64(f.Code))
			r.e.left.Cancel(t)
			r.e.end(t, handshake)
			return
		}
	}
}

// take has the actor take a client's frame; its acknowledgement comes through the tunnel. It returns false
// when the process is at its end.
func (r *relay) take(t *world.Task, f Frame) bool {
	if !r.s.sleep(t, r.s.work) {
		return false
	}
	m := targets.Message{ID: f.ID, Topic: topicFrame, Size: f.Size}
	for _, a := range r.s.listenersOf(t, &r.s.actors) {
		_ = a.handle(t, m) // the actor's own error is not the gateway's
	}
	r.s.fairness.done(r.s, r.q.Lane)
	return !r.e.hold(t) || r.s.tunnel.publish(t, parcel{kind: ack, id: r.e.id, lane: r.q.Lane, msg: m})
}

// watch is the task that pings the actor's side of the tunnel, whose answer comes the way of everything
// else. So many pings without one, and the tunnel is declared dead. Pings are counted, not time: a
// machine that stands still does not ping.
func (r *relay) watch(t *world.Task) {
	timer := r.s.w.NewTimer("the next ping of " + r.q.Name)
	timer.Periodic = true
	defer timer.Stop()
	b := r.s.tunnel.bucketOf(r.e.id)
	for {
		timer.Set(r.s.ping)
		if t.Select(r.s.dead, r.e.over, r.e.stop, timer) < 3 || !r.s.lock(t, b.lock) {
			return
		}
		unanswered := r.e.unpinged.Get()
		r.e.unpinged.Set(unanswered + 1)
		if unanswered >= int64(r.s.pings) {
			r.declare(t, unanswered)
			b.lock.Unlock(t)
			return
		}
		b.lock.Unlock(t)
		if r.s.tunnel.subject.TrySend(t, parcel{kind: pong, id: r.e.id, lane: r.q.Lane}) != nil {
			continue // the subject is full, and this pong is lost
		}
	}
}

// declare ends the relay because its tunnel is dead, unless it ends already. What its client has not got is given up,
// which the close code says; in the drain it is given back. It is called with the bucket's lock, as overload is.
func (r *relay) declare(t *world.Task, unanswered int64) {
	if r.e.stop.Cancelled(t) {
		return
	}
	r.s.probe.Mark("the pings of "+r.q.Name, "declared its tunnel dead", unanswered)
	draining := r.s.draining.Load(t) != 0
	r.e.policy.Set(declaredBefore)
	if draining {
		r.e.policy.Set(declaredInDrain)
	}
	if r.e.listens {
		r.s.probe.Unsubscribed(r.e.lane, draining)
	}
	r.e.end(t, declared)
	r.s.tasks.Go(t, "closer of "+r.q.Name, r.e.closeLate(r.s))
}
