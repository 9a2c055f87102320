package world

import (
	"container/heap"
	"time"
)

// timers are the timers of a world that are armed. A real world's alarm fires them on time; a simulated
// world's scheduler fires them as its strategy says.
type timers struct {
	mu        guard
	pending   timerHeap
	idle      timerHeap     // of a simulated world: they fire when nothing else can move
	simulated bool          // idle timers are kept apart
	until     time.Duration // what the alarm's thread sleeps until
	interrupt func()        // wakes that thread; nil when there is none
	rhythm    *rhythm       // of a simulated world
	armed     uint64        // settings so far, which order timers of one moment
}

// add arms t. It replaces an earlier setting.
func (p *timers) add(t *Timer, at time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed++
	t.fired, t.at, t.order = false, at, p.armed
	h := p.heapOf(t)
	if t.index >= 0 {
		heap.Fix(h, t.index)
	} else {
		heap.Push(h, t)
	}
	if t.Periodic && p.rhythm != nil {
		p.rhythm.on = true
	}
	if p.interrupt != nil && at < p.until {
		p.until = at
		p.interrupt()
	}
}

func (p *timers) heapOf(t *Timer) *timerHeap {
	if t.Idle && p.simulated {
		return &p.idle
	}
	return &p.pending
}

// remove disarms t and forgets a firing that nobody has awaited.
func (p *timers) remove(t *Timer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.index >= 0 {
		heap.Remove(p.heapOf(t), t.index)
	}
	t.fired = false
}

// A timerHeap holds timers by their moments, and those of one moment in the order they were armed.
type timerHeap []*Timer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	if h[i].at != h[j].at {
		return h[i].at < h[j].at
	}
	return h[i].order < h[j].order
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *timerHeap) Push(x any) {
	t := x.(*Timer)
	t.index = len(*h)
	*h = append(*h, t)
}

func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	t.index = -1
	return t
}
