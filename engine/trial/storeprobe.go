package trial

import (
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/targets"
)

var _ targets.StoreProbe = (*probe)(nil)

// AccessBegan implements targets.StoreProbe. The moment is taken before the record is written, so that a
// use which reads as later than the drain's end is later.
func (p *probe) AccessBegan(a ledger.Access) uint64 {
	a.Number, a.At, a.Idle, a.Ended = p.s.accesses.Add(1), p.s.w.Now(), p.s.w.Waited(), false
	p.s.out.Add(&a)
	return a.Number
}

// AccessEnded implements targets.StoreProbe.
func (p *probe) AccessEnded(number uint64) {
	p.s.out.Add(&ledger.Access{Number: number, Ended: true, At: p.s.w.Now(), Idle: p.s.w.Waited()})
}

// Value implements targets.StoreProbe.
func (p *probe) Value(v ledger.Value) { p.s.out.Add(&v) }

// Claim implements targets.StoreProbe.
func (p *probe) Claim(what, op string, within time.Duration) {
	p.s.out.Add(&ledger.Claim{What: p.s.out.Name(what), Op: p.s.out.Name(op), Within: within})
}

// Waited implements targets.StoreProbe.
func (p *probe) Waited(m ledger.MsgID, d time.Duration) {
	p.s.out.Add(&ledger.Waited{Msg: m, For: d})
}

// Held implements targets.StoreProbe.
func (p *probe) Held(h targets.Holding) {
	p.s.out.Add(&ledger.Held{Msg: h.Msg, What: p.s.out.Name(h.What), Of: p.s.out.Name(h.Of), Bound: h.Bound, From: h.From, To: h.To})
}
