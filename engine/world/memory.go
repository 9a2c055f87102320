package world

// memory is what the things of a simulated world are made in. A pool lends it to one schedule after another,
// for a schedule makes some hundred of them in a few microseconds and collecting those took a fifth of the time.
type memory struct {
	tasks   slab[Task]
	objects slab[Object]
	timers  slab[Timer]
	tokens  slab[Token]
	atomics slab[Atomic]
	mutexes slab[Mutex]
	windows slab[Window]
	titles  map[string]string // of windows by their names, which are few and always the same
}

// reset takes everything back. Nobody may use it any more.
func (m *memory) reset() {
	m.tasks.used, m.objects.used, m.timers.used = 0, 0, 0
	m.tokens.used, m.atomics.used, m.mutexes.used, m.windows.used = 0, 0, 0, 0
}

// title is how a window's object is called.
func (m *memory) title(window string) string {
	title, ok := m.titles[window]
	if !ok {
		if m.titles == nil {
			m.titles = map[string]string{}
		}
		title = "window " + window
		m.titles[window] = title
	}
	return title
}

// A slab hands out values of one type, each the zero value. The zero slab is empty.
type slab[T any] struct {
	chunks [][]T
	used   int
}

const slabChunk = 16

func (s *slab[T]) take() *T {
	chunk, place := s.used/slabChunk, s.used%slabChunk
	if chunk == len(s.chunks) {
		s.chunks = append(s.chunks, make([]T, slabChunk))
	}
	s.used++
	at := s.chunks[chunk][place : place+1]
	clear(at)
	return &at[0]
}

// take returns a new value: of the world's memory where it has one.
func take[T any](w *World, of func(m *memory) *slab[T]) *T {
	if w.sim == nil {
		return new(T)
	}
	return of(w.sim.memory).take()
}

func (s *sim) newObject(name string) *Object {
	o := s.memory.objects.take()
	s.objects++
	o.name, o.id = name, s.objects
	return o
}
