package invariant

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// A touch is an operation's part in the history of one key. What was not accepted may have happened, at
// any time after it began.
type touch struct {
	op    ledger.Op
	value uint64
	wrote bool
	back  bool // the server has given the write back
}

// sure says whether the operation has happened by its end.
func (c touch) sure() bool { return c.op.Outcome == ledger.Accepted && !c.back }

func (c touch) end() int64 {
	if !c.sure() {
		return math.MaxInt64
	}
	return int64(c.op.Ended)
}

// register is the model of a key: a read sees what was written last.
var register = porcupine.Model{
	Init: func() any { return uint64(0) },
	Step: func(state, input, _ any) (bool, any) {
		c := input.(touch)
		if c.wrote {
			return true, c.value
		}
		return state == c.value, state
	},
}

// readsKept is how many reads of one value are looked at from either end of a key's history: those that
// ended first and those that began last. Leaving reads out makes no history look worse.
const readsKept = 32

// linearizable judges what reads have seen, key by key, with porcupine: is there an order of the operations,
// each at one moment between its begin and its end, in which every read sees what was written last?
func linearizable(x *Index, r *breach.Report) {
	if r.Killed || x.e.Cut != "" || x.e.Full || len(x.e.Values) == 0 {
		return
	}
	byKey := map[int64][]touch{}
	var keys []int64
	given := make(map[ledger.MsgID]bool, len(x.returned))
	for _, d := range x.returned {
		given[d.Msg] = true
	}
	for _, v := range x.e.Values {
		op, ok := x.e.Op(v.Msg)
		if !ok || !v.Wrote && op.Outcome != ledger.Accepted {
			continue
		}
		if byKey[v.Key] == nil {
			keys = append(keys, v.Key)
		}
		byKey[v.Key] = append(byKey[v.Key], touch{op, v.Value, v.Wrote, given[v.Msg]})
	}
	var anomalies breach.Groups[anomaly]
	for _, key := range keys {
		if history := thinned(byKey[key]); history != nil && !explained(history) {
			cause, a := findAnomaly(key, history)
			anomalies.Add("linearizable/log/"+cause, a)
		}
	}
	for g := range anomalies.Found() {
		a := g.Example
		s := r.Story("one of %d: the history of key %d", g.N, a.key)
		if a.saw != "" {
			s.At(a.wrote.Ended, r.Sender(a.wrote.Msg), "write #"+r.Message(a.wrote.Msg)+" had returned OK").
				At(a.read.Began, r.Sender(a.read.Msg), "read "+r.Message(a.read.Msg)+" began, and saw "+a.saw)
		}
		r.Add(g.Class, g.N, 0, breach.Counted(g.N, "key has", "keys have")+" a history that no order explains", s.Drain())
	}
}

// thinned leaves out reads that a history does not need; nil where there is none at all.
func thinned(all []touch) []touch {
	reads := map[uint64][]touch{}
	var values []uint64
	var kept []touch
	for _, c := range all {
		if c.wrote {
			kept = append(kept, c)
			continue
		}
		if reads[c.value] == nil {
			values = append(values, c.value)
		}
		reads[c.value] = append(reads[c.value], c)
	}
	if len(values) == 0 {
		return nil
	}
	for _, v := range values {
		list := reads[v]
		if len(list) > 2*readsKept {
			slices.SortStableFunc(list, func(a, b touch) int { return cmp.Compare(a.op.Began, b.op.Began) })
			late := slices.Clone(list[len(list)-readsKept:])
			slices.SortStableFunc(list, func(a, b touch) int { return cmp.Compare(a.op.Ended, b.op.Ended) })
			// One that is both is looked at twice, which changes nothing: a read leaves its key as it was.
			list = append(late, list[:readsKept]...)
		}
		kept = append(kept, list...)
	}
	return kept
}

func explained(history []touch) bool {
	ops := make([]porcupine.Operation, len(history))
	for i, c := range history {
		ops[i] = porcupine.Operation{ClientId: i, Input: c, Call: int64(c.op.Began), Return: c.end()}
	}
	return porcupine.CheckOperations(register, ops)
}

// An anomaly is a history that no order explains, as far as one read shows it.
type anomaly struct {
	key         int64
	read, wrote ledger.Op
	saw         string // what the read saw; empty where no single read shows it
}

// findAnomaly looks for a read that shows what is wrong: it did not see a write that had ended before it
// began, or it saw what had been removed before.
func findAnomaly(key int64, history []touch) (cause string, a anomaly) {
	for _, r := range history {
		if r.wrote {
			continue
		}
		for _, w := range history {
			if !w.wrote || !w.sure() || w.op.Ended >= r.op.Began || w.value == r.value {
				continue
			}
			if r.value == 0 && !removedBy(history, r.op.Ended) {
				return "missed-write", anomaly{key, r.op, w.op, "nothing"}
			}
			if r.value != 0 && w.value == 0 {
				return "saw-removed", anomaly{key, r.op, w.op, "what had been removed"}
			}
		}
	}
	return "no-order", anomaly{key: key}
}

// removedBy says whether a removal may have happened by then.
func removedBy(history []touch, moment time.Duration) bool {
	return slices.ContainsFunc(history, func(c touch) bool { return c.wrote && c.value == 0 && c.op.Began <= moment })
}
