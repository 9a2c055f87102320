package prim

// A ring is a first-in, first-out buffer that grows by doubling and keeps its room. The zero value is
// empty.
type ring[T any] struct {
	slots []T // a power of two of them
	head  int
	count int
}

func (r *ring[T]) len() int { return r.count }

func (r *ring[T]) at(i int) T { return r.slots[(r.head+i)&(len(r.slots)-1)] }

func (r *ring[T]) push(v T) {
	if r.count == len(r.slots) {
		r.grow()
	}
	r.slots[(r.head+r.count)&(len(r.slots)-1)] = v
	r.count++
}

func (r *ring[T]) pop() T {
	var zero T
	v := r.slots[r.head]
	r.slots[r.head] = zero
	r.head = (r.head + 1) & (len(r.slots) - 1)
	r.count--
	return v
}

func (r *ring[T]) grow() {
	slots := make([]T, max(4, 2*len(r.slots)))
	for i := range r.count {
		slots[i] = r.at(i)
	}
	r.slots, r.head = slots, 0
}
