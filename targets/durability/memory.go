package durability

import (
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/world"
)

// memory is the folder of a simulated world. Every write happens in two halves, so that a crash can tear it.
type memory struct {
	owned  bool
	object *world.Object // of the world that uses it
	files  []*memoryFile // by name
}

// A memoryFile is one segment: what a reader sees, what was so at the last sync, and what was written since.
type memoryFile struct {
	m       *memory
	name    string
	named   bool // its name survives a power cut
	data    []byte
	synced  []byte
	pending []write
}

type write struct {
	at int64
	p  []byte
}

// boot is what the start of a process does to the folder: whoever owned it is gone.
func (m *memory) boot(w *world.World) { m.owned, m.object = false, w.NewObject("the files of the log") }

// Lock implements Files.
func (m *memory) Lock(t *world.Task) (Lock, error) {
	t.Point(world.KindLock, m.object)
	if m.owned {
		return nil, ErrOwned
	}
	m.owned = true
	return (*memoryLock)(m), nil
}

type memoryLock memory

// Unlock implements Lock.
func (l *memoryLock) Unlock(t *world.Task) error {
	t.Point(world.KindUnlock, l.object)
	l.owned = false
	return nil
}

// Names implements Files.
func (m *memory) Names(*world.Task) ([]string, error) {
	names := make([]string, len(m.files))
	for i, f := range m.files {
		names[i] = f.name
	}
	return names, nil
}

func (m *memory) find(name string) (int, bool) {
	return slices.BinarySearchFunc(m.files, name, func(f *memoryFile, name string) int { return strings.Compare(f.name, name) })
}

// Read implements Files.
func (m *memory) Read(_ *world.Task, name string) ([]byte, error) {
	i, _ := m.find(name)
	return slices.Clone(m.files[i].data), nil
}

// Create implements Files.
func (m *memory) Create(t *world.Task, name string) (File, error) {
	t.Point(world.KindStore, m.object)
	f := &memoryFile{m: m, name: name}
	i, _ := m.find(name)
	m.files = slices.Insert(m.files, i, f)
	t.Point(world.KindStore, m.object)
	f.named = true
	return f, nil
}

// Open implements Files.
func (m *memory) Open(t *world.Task, name string, size int64) (File, error) {
	t.Point(world.KindStore, m.object)
	i, _ := m.find(name)
	f := m.files[i]
	f.data = f.data[:size]
	f.synced, f.pending = slices.Clone(f.data), nil
	return f, nil
}

// Remove implements Files.
func (m *memory) Remove(t *world.Task, name string) error {
	t.Point(world.KindStore, m.object)
	i, _ := m.find(name)
	m.files = slices.Delete(m.files, i, i+1)
	return nil
}

// WriteAt implements File.
func (f *memoryFile) WriteAt(t *world.Task, p []byte, at int64) error {
	half := len(p) / 2
	for _, part := range []write{{at, p[:half]}, {at + int64(half), p[half:]}} {
		if len(part.p) == 0 {
			continue
		}
		t.Point(world.KindStore, f.m.object)
		part.p = slices.Clone(part.p)
		f.data = overwrite(f.data, part)
		f.pending = append(f.pending, part)
	}
	return nil
}

// overwrite puts a write into data, which grows as a file does.
func overwrite(data []byte, w write) []byte {
	if end := int(w.at) + len(w.p); end > len(data) {
		data = append(data, make([]byte, end-len(data))...)
	}
	copy(data[w.at:], w.p)
	return data
}

// Sync implements File.
func (f *memoryFile) Sync(t *world.Task) error {
	written, pending := slices.Clone(f.data), len(f.pending)
	t.Point(world.KindStore, f.m.object)
	f.synced, f.pending = written, slices.Delete(f.pending, 0, min(pending, len(f.pending)))
	return nil
}

// Close implements File.
func (f *memoryFile) Close(*world.Task) error { return nil }

// cutPower leaves of the folder what a power cut does: of what was not synced, what chance wants.
func (m *memory) cutPower(chance *rand.Rand) {
	var left []*memoryFile
	for _, f := range m.files {
		if !f.named && chance.IntN(2) == 0 {
			continue
		}
		left = append(left, f)
		f.data = slices.Clone(f.synced)
		for _, w := range f.pending {
			switch chance.IntN(3) {
			case 0: // gone
			case 1:
				f.data = overwrite(f.data, w)
			case 2:
				f.data = overwrite(f.data, write{w.at, w.p[:chance.IntN(len(w.p)+1)]})
			}
		}
		f.pending, f.synced = nil, slices.Clone(f.data)
	}
	m.files = left
}
