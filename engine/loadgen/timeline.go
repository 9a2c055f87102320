package loadgen

import (
	"time"

	"github.com/racebench/racebench/engine/result"
)

// maxTicks is how many pieces of time are kept; a longer load has wider ones.
const maxTicks = result.Reach - 1

// A timeline is what happened in pieces of equal length.
type timeline struct {
	width  time.Duration
	pieces []result.Tick
}

// add puts a tick into the piece that it belongs to.
func (l *timeline) add(now Tick) {
	at := int((now.At - now.Took/2) / l.width)
	for at >= maxTicks {
		l.widen()
		at /= 2
	}
	for len(l.pieces) <= at {
		l.pieces = append(l.pieces, result.Tick{At: len(l.pieces), Trials: 1})
	}
	p := &l.pieces[at]
	p.Accepted += now.Done
	p.Refused += now.Failed
	p.Open = now.InFlight()
	p.SumNS += int64(now.Latency.Mean() * float64(now.Done))
	p.MaxNS = max(p.MaxNS, now.Latency.Max())
	if p.Accepted > 0 {
		p.MeanNS = p.SumNS / p.Accepted
	}
}

// widen makes one piece of every two.
func (l *timeline) widen() {
	l.width *= 2
	var wide []result.Tick
	for i, p := range l.pieces {
		if i%2 == 0 {
			p.At /= 2
			wide = append(wide, p)
			continue
		}
		w := &wide[len(wide)-1]
		w.Accepted += p.Accepted
		w.Refused += p.Refused
		w.Open = p.Open
		w.SumNS += p.SumNS
		w.MaxNS = max(w.MaxNS, p.MaxNS)
		if w.Accepted > 0 {
			w.MeanNS = w.SumNS / w.Accepted
		}
	}
	l.pieces = wide
}

func (l *timeline) ticks() []result.Tick { return l.pieces }
