package loadgen

import "time"

// A ring is a queue of clients: the one that has been idle for longest comes first, so that all are used.
type ring struct {
	at          []int32
	head, count int
}

func newRing(n int) ring { return ring{at: make([]int32, n)} }

func (r *ring) len() int { return r.count }

func (r *ring) push(i int32) {
	r.at[(r.head+r.count)%len(r.at)] = i
	r.count++
}

func (r *ring) pop() int32 {
	i := r.at[r.head]
	r.head = (r.head + 1) % len(r.at)
	r.count--
	return i
}

// timers are clients with the moments of their turns, in a heap: the earliest comes first.
type timers []timer

type timer struct {
	at     time.Duration
	client int32
}

func (h timers) first() (time.Duration, bool) {
	if len(h) == 0 {
		return 0, false
	}
	return h[0].at, true
}

func (h *timers) push(at time.Duration, client int32) {
	all := append(*h, timer{at, client})
	*h = all
	for i := len(all) - 1; i > 0; {
		up := (i - 1) / 2
		if all[up].at <= all[i].at {
			return
		}
		all[up], all[i] = all[i], all[up]
		i = up
	}
}

func (h *timers) pop() int32 {
	all := *h
	top, last := all[0].client, len(all)-1
	all[0] = all[last]
	all = all[:last]
	*h = all
	for i := 0; ; {
		least := i
		for _, down := range [2]int{2*i + 1, 2*i + 2} {
			if down < last && all[down].at < all[least].at {
				least = down
			}
		}
		if least == i {
			return top
		}
		all[i], all[least] = all[least], all[i]
		i = least
	}
}
