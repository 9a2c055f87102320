package gateway

import (
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
	"github.com/racebench/racebench/targets"
)

// A parcelKind is what actors send through the tunnel.
type parcelKind uint8

const (
	reply parcelKind = iota // an answer to a request
	push                    // a message for a socket
	ack                     // the actor has taken a frame
	pong                    // the actor's side of the tunnel is alive
	flush                   // everything that was published before has been passed on
)

// A parcel is one message of the tunnel.
type parcel struct {
	kind parcelKind
	id   uint64 // of the entry it is for
	lane int    // of the socket's client
	msg  targets.Message
}

// A tunnel is the way from actors to clients: a subject that carries parcels for everybody, and the
// dispatcher, one task that sorts them into the queues of requests and sockets. The map of those is
// divided into buckets, each with a lock.
type tunnel struct {
	s         *server
	subject   *prim.Queue[parcel]
	receiving *prim.Receiving[parcel]
	flushed   *world.Token
	buckets   []*bucket
	drawn     *world.Atomic // ids drawn so far

	books   *world.Mutex // guards what follows
	sockets []*entry     // that listen, and some that do not any more
	missing int          // how many of those
	cut     world.Note   // entries that went with the process

	high, bytes world.Note // of the fullest socket's queue that is gone
}

// A bucket is a part of the map.
type bucket struct {
	lock      *world.Mutex
	addresses map[uint64]*address // by id
	order     []*entry            // those of the addresses, to go through
}

// An address is an id that an entry has, or that something is still under way to. Whoever had it next would take that
// for its own.
type address struct {
	entry    *entry        // nil: nobody has it any more
	underWay *world.Atomic // parcels, and answers that an actor works on; pongs say nothing of anybody
}

// An entry is one request or socket in the map.
type entry struct {
	id        uint64
	address   *address
	gone      *world.Atomic // 1: it leaves the map
	lane      int
	name      string
	listens   bool
	queue     *prim.Queue[parcel]
	room      *prim.Reserving[parcel] // the receiver's
	stop      *world.Token            // whoever serves the entry is to end it
	why       world.Note              // an ending
	policy    world.Note              // whether the gateway closed it of its own accord, and when
	over      *world.Token            // its relay has ended
	left      *world.Token            // its client has: by a Close frame, or the connection is lost
	closedBy  world.Note              // the code of the client's Close frame
	upgraded  *world.Token            // socket is set
	socket    Socket
	place     int        // in its bucket
	size      world.Note // of the last message
	unpinged  world.Note // pings since the last pong
	unlisted  world.Note // it does not listen any more
	abandoned world.Note // whoever served it has panicked
	removed   bool       // from its bucket
}

// An ending is why an entry's service is to end.
type ending int64

const (
	notEnding  ending = iota
	clientGone        // the connection is lost
	handshake         // the client has sent its Close frame
	overloaded        // its queue was full
	declared          // its tunnel was declared dead
	goingAway         // the gateway is going away
	processEnd
)

// Why the gateway closed a socket of its own accord, and when.
const (
	overloadedBefore  = 1 + iota // the drain
	overloadedInDrain            // what it has not got is given back, and so it is of one that
	declaredBefore
	declaredInDrain
)

// closedInDrain says whether the gateway closed it of its own accord, in the drain.
func (e *entry) closedInDrain() bool {
	why := e.policy.Get()
	return why == overloadedInDrain || why == declaredInDrain
}

func newTunnel(s *server, capacity int) *tunnel {
	n := &tunnel{
		s: s, subject: prim.NewQueue[parcel](s.w, "the subject", capacity), flushed: s.w.NewToken("the subject to be passed on"),
		drawn: s.w.NewAtomic("ids", 0), books: s.w.NewMutex("the list of sockets"),
	}
	n.receiving = n.subject.Receiving()
	for range s.buckets {
		n.buckets = append(n.buckets, &bucket{lock: s.w.NewMutex("a bucket of the map"), addresses: map[uint64]*address{}})
	}
	return n
}

// hold keeps an entry's id from everybody else until a parcel for it has arrived. It returns false when the entry is on
// its way out of the map: what is sent to it would reach nobody.
func (e *entry) hold(t *world.Task) bool {
	e.address.underWay.Add(t, 1)
	if e.gone.Load(t) == 0 {
		return true
	}
	e.address.underWay.Add(t, -1)
	return false
}

// arrived counts a parcel that came for an id, and returns who has it. It is called with the bucket's lock.
func (b *bucket) arrived(t *world.Task, p parcel) *entry {
	a := b.addresses[p.id]
	if a == nil {
		return nil
	}
	if p.kind != pong && a.underWay.Add(t, -1) == 0 && a.entry == nil {
		delete(b.addresses, p.id)
	}
	return a.entry
}

// publish sends a parcel to everybody who reads the subject: the receiver. The id that it is for is held. It returns
// false when the process is at its end.
func (n *tunnel) publish(t *world.Task, p parcel) bool {
	switch n.subject.TrySend(t, p) {
	case nil:
		return true
	case prim.ErrClosed:
		return false
	}
	room := n.subject.Reserving()
	if !n.s.await(t, room) {
		return false
	}
	permit, err := room.Result()
	if err != nil {
		return false
	}
	permit.Send(t, p)
	return true
}

// draw returns an id as good as random: the same for the same draw, so that a schedule repeats.
func (n *tunnel) draw(t *world.Task) uint64 {
	x := uint64(n.drawn.Add(t, 1)) * 0x9e3779b97f4a7c15
	x = (x ^ x>>29) * 0xbf58476d1ce4e5b9
	return (x ^ x>>32) % uint64(n.s.ids)
}

// draws is how often a free id is looked for.
const draws = 64

// open makes an entry. It returns nil when the process is at its end, or no id is free.
func (n *tunnel) open(t *world.Task, q Request) *entry {
	capacity := n.s.queue
	if n.s.dispatch == unbounded {
		capacity = 0
	}
	e := &entry{
		lane: q.Lane, name: q.Name, listens: q.Listens, stop: n.s.w.NewToken("the end of " + q.Name),
		over: n.s.w.NewToken("the relay of " + q.Name), left: n.s.w.NewToken("the client " + q.Name + " to leave"),
		upgraded: n.s.w.NewToken("the upgrade of " + q.Name), gone: n.s.w.NewAtomic("the going of "+q.Name, 0),
		queue: prim.NewQueue[parcel](n.s.w, "the queue of "+q.Name, capacity),
	}
	e.room = e.queue.Reserving()
	for range draws {
		e.id = n.draw(t)
		if n.take(t, e) {
			if q.Listens && !n.list(t, e) {
				n.cut.Add(1)
				return nil
			}
			return e
		}
		if n.s.dead.Try() {
			return nil
		}
	}
	return nil
}

func (n *tunnel) bucketOf(id uint64) *bucket { return n.buckets[id%uint64(len(n.buckets))] }

// take puts an entry into the map under its id, if that is free. In two steps it looks with the lock, and
// takes with the lock, and somebody else may have taken in between.
func (n *tunnel) take(t *world.Task, e *entry) bool {
	b := n.bucketOf(e.id)
	if !n.s.lock(t, b.lock) {
		return false
	}
	if a := b.addresses[e.id]; a != nil && (a.entry != nil || a.underWay.Load(t) > 0) {
		b.lock.Unlock(t)
		return false
	}
	if n.s.idTwoSteps {
		b.lock.Unlock(t)
		n.s.windows.id.Pass(t)
		if !n.s.lock(t, b.lock) {
			return false
		}
	}
	e.place = len(b.order)
	b.order = append(b.order, e)
	if b.addresses[e.id] == nil {
		b.addresses[e.id] = &address{underWay: n.s.w.NewAtomic("what is under way to "+e.name, 0)}
	}
	e.address = b.addresses[e.id]
	e.address.entry = e
	b.lock.Unlock(t)
	return true
}

// list enters a socket among those that listen.
func (n *tunnel) list(t *world.Task, e *entry) bool {
	if !n.s.lock(t, n.books) {
		return false
	}
	defer n.books.Unlock(t)
	n.sockets = append(n.sockets, e) // a push that is under way goes on with the list as it was
	return true
}

// unlist takes a socket from among those that listen. The list is made anew when half of it is gone, so
// that the end of many sockets does not take their number's square. One that the gateway closed in the drain
// stays: what is pushed until actors are refused has to be given back.
func (n *tunnel) unlist(t *world.Task, e *entry) {
	if !e.listens || e.closedInDrain() || !n.s.lock(t, n.books) {
		return
	}
	defer n.books.Unlock(t)
	e.unlisted.Set(1)
	if n.missing++; 2*n.missing < len(n.sockets) {
		return
	}
	kept := make([]*entry, 0, len(n.sockets)-n.missing)
	for _, o := range n.sockets {
		if o.unlisted.Get() == 0 {
			kept = append(kept, o)
		}
	}
	n.sockets, n.missing = kept, 0
}

// shut takes an entry out of the map.
func (n *tunnel) shut(t *world.Task, e *entry) {
	n.unlist(t, e)
	n.noteQueue(e)
	b := n.bucketOf(e.id)
	if !n.s.lock(t, b.lock) {
		n.cut.Add(1)
		return
	}
	defer b.lock.Unlock(t)
	b.remove(t, e)
}

// remove takes an entry out. Its id is free when nothing is under way to it. It is called with the bucket's lock.
func (b *bucket) remove(t *world.Task, e *entry) {
	if e.removed {
		return
	}
	e.removed = true
	e.gone.Store(t, 1)
	last := b.order[len(b.order)-1]
	b.order[e.place], last.place = last, e.place
	b.order = b.order[:len(b.order)-1]
	if e.address.entry != e {
		return
	}
	if e.address.entry = nil; e.address.underWay.Load(t) == 0 {
		delete(b.addresses, e.id)
	}
}

// noteQueue remembers how full a socket's queue was.
func (n *tunnel) noteQueue(e *entry) {
	if high := int64(e.queue.High()); e.listens && high > n.high.Get() {
		n.high.Set(high)
		n.bytes.Set(high * e.size.Get())
	}
}

// end has an entry's service end, for the first reason given.
func (e *entry) end(t *world.Task, why ending) {
	if e.why.Get() == int64(notEnding) {
		e.why.Set(int64(why))
	}
	e.stop.Cancel(t)
}

// collect is the garbage collector's task: it goes through the whole map, with every lock in turn.
func (n *tunnel) collect(t *world.Task) {
	timer := n.s.w.NewTimer("the next collection")
	timer.Periodic = true
	defer timer.Stop()
	for {
		timer.Set(n.s.gc)
		if !n.s.await(t, timer) {
			return
		}
		for _, b := range n.buckets {
			if !n.s.lock(t, b.lock) {
				return
			}
			for i := len(b.order) - 1; i >= 0; i-- {
				if b.order[i].abandoned.Get() != 0 {
					b.remove(t, b.order[i])
				}
			}
			b.lock.Unlock(t)
		}
	}
}

// empty accounts for what is in the subject when the process is at its end.
func (n *tunnel) empty(t *world.Task) {
	n.subject.Drop(t, func(p parcel) {
		if p.kind == push {
			n.s.lose(p.msg.ID, p.lane, stationSubject, "the subject")
		}
	})
}
