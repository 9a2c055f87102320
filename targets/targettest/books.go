package targettest

import (
	"fmt"
	"slices"
	"sort"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/promise"
)

// Books are a trial's account: what became of every accepted message, for every subscriber it was
// meant for.
type Books struct {
	Owed, Delivered, Returned, Policy int
	// Lost counts the messages that were accepted, not delivered and not excused, by station/cause as
	// the server accounts for them; "unaccounted" are those it does not account for.
	Lost map[string]int
	// Wrong are breaches of order, uniqueness and honesty, in words.
	Wrong []string
	// How are the ends of drains the server spoke of, Left what it says it left.
	How  []ledger.DrainEnd
	Left int64
}

// owed is one message that one subscriber must receive.
type owed struct {
	lane int
	id   ledger.MsgID
}

// Unaccounted is the class of losses that no record of the server explains.
const Unaccounted = "unaccounted"

// Books takes the server's inventory and closes the account. Call it once, when nothing moves any more.
func (h *Harness) Books() Books {
	h.Instance.Inventory()
	h.audit()
	p := &h.probe
	p.mu.Lock()
	defer p.mu.Unlock()
	b := Books{Lost: map[string]int{}, How: p.drained, Left: p.left}
	found := map[owed]int{} // index into discards, of the first record
	for i, d := range p.discards {
		if _, ok := found[owed{d.Lane, d.Msg}]; !ok {
			found[owed{d.Lane, d.Msg}] = i
		}
	}
	for _, reader := range h.clients {
		if reader.info.Subscribes {
			h.settle(&b, reader, found)
		}
	}
	for _, g := range p.gauges {
		if g.bound > 0 && g.value > g.bound {
			b.Wrong = append(b.Wrong, fmt.Sprintf("gauge %s was %d of %d", g.name, g.value, g.bound))
		}
		if g.final && g.value != 0 {
			b.Wrong = append(b.Wrong, fmt.Sprintf("gauge %s ended at %d", g.name, g.value))
		}
	}
	for _, v := range p.panics {
		b.Wrong = append(b.Wrong, v.Error())
	}
	return b
}

// audit reopens what the server has left, where the target can, as one more reader of everything that was
// accepted.
func (h *Harness) audit() {
	auditor := h.Target.Auditor
	if auditor == nil {
		return
	}
	reader := &Client{h: h, lane: len(h.clients), Name: "audit", info: targets.OpInfo{Name: "audit", Subscribes: true}}
	for _, op := range h.Target.Ops {
		if op.Accepts {
			reader.info.Topics |= 1 << op.Topic
		}
	}
	w := world.NewReal(world.Options{OnPanic: h.probe.panicked})
	defer w.Close()
	var failed error
	task := w.Go(world.Target, "audit", func(t *world.Task) {
		_, failed = auditor.Audit(t, targets.Host{World: w, Knobs: h.knobs, Probe: &h.probe, Dir: h.dir}, func(r targets.Record) {
			if r.Msg != 0 {
				reader.delivered = append(reader.delivered, r.Msg)
			}
		})
	})
	h.AwaitTask(task)
	if failed != nil {
		h.tb.Errorf("reopen: %v", failed)
	}
	h.clients = append(h.clients, reader)
}

// settle closes the account of one subscriber.
func (h *Harness) settle(b *Books, reader *Client, found map[owed]int) {
	seen := map[ledger.MsgID]int{}
	last := map[int]int64{}
	for _, id := range reader.seen() {
		seen[id]++
		if seen[id] == 2 {
			b.Wrong = append(b.Wrong, fmt.Sprintf("%s saw %v twice", reader.Name, id))
		}
		if id.Seq() < last[id.Lane()] && slices.Contains(h.Target.Promises, promise.InOrder) {
			b.Wrong = append(b.Wrong, fmt.Sprintf("%s saw message %d of lane %d out of order", reader.Name, id.Seq(), id.Lane()))
		}
		last[id.Lane()] = id.Seq()
		if h.clients[id.Lane()].refusedIt(id) {
			b.Wrong = append(b.Wrong, fmt.Sprintf("%s saw a refused message", reader.Name))
		}
	}
	inDrain, stopped := h.probe.unsubscribed[reader.lane]
	for _, sender := range h.clients {
		if sender == reader || reader.info.Topics&(1<<sender.info.Topic) == 0 {
			continue
		}
		for _, m := range sender.sent() {
			b.Owed++
			if seen[m.ID] > 0 {
				b.Delivered++
				continue
			}
			i, ok := found[owed{reader.lane, m.ID}]
			if !ok {
				i, ok = found[owed{-1, m.ID}]
			}
			switch {
			case ok && h.probe.discards[i].Returned:
				b.Returned++
			case stopped && !inDrain, ok && h.probe.discards[i].Policy && !h.probe.discards[i].Draining:
				b.Policy++
			case ok:
				b.Lost[h.probe.discards[i].Station+"/"+h.probe.discards[i].Cause]++
			default:
				b.Lost[Unaccounted]++
			}
		}
	}
}

// Classes lists the classes of losses in order.
func (b Books) Classes() []string {
	var names []string
	for name := range b.Lost {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
