package coldstore

import (
	"sort"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
)

// A memoryLog stands for the store on disk where there is none: in the simulated world, and in tests.
type memoryLog struct {
	lock   *world.Mutex
	blocks []block // by height
	rows   int
}

type block struct {
	height int64
	id     ledger.MsgID
}

// newMemoryLog returns an empty log whose streams have so many rows.
func newMemoryLog(w *world.World, rows int) *memoryLog {
	return &memoryLog{lock: w.NewMutex("the log"), rows: rows}
}

// at is the place of the first block of a height or more.
func (m *memoryLog) at(height int64) int {
	return sort.Search(len(m.blocks), func(i int) bool { return m.blocks[i].height >= height })
}

func (m *memoryLog) Get(t *world.Task, height int64) (ledger.MsgID, bool, error) {
	m.lock.Lock(t)
	defer m.lock.Unlock(t)
	if i := m.at(height); i < len(m.blocks) && m.blocks[i].height == height {
		return m.blocks[i].id, true, nil
	}
	return 0, false, nil
}

func (m *memoryLog) Scan(t *world.Task, from, to int64) (int, error) {
	m.lock.Lock(t)
	defer m.lock.Unlock(t)
	return m.at(to) - m.at(from), nil
}

func (m *memoryLog) Latest(t *world.Task) (int64, error) {
	m.lock.Lock(t)
	defer m.lock.Unlock(t)
	if len(m.blocks) == 0 {
		return 0, nil
	}
	return m.blocks[len(m.blocks)-1].height, nil
}

func (m *memoryLog) Append(t *world.Task, height int64, id ledger.MsgID) error {
	m.lock.Lock(t)
	defer m.lock.Unlock(t)
	i := m.at(height)
	m.blocks = append(m.blocks, block{})
	copy(m.blocks[i+1:], m.blocks[i:])
	m.blocks[i] = block{height, id}
	return nil
}

func (m *memoryLog) Truncate(t *world.Task, from int64) ([]int64, error) {
	m.lock.Lock(t)
	defer m.lock.Unlock(t)
	i := m.at(from)
	var gone []int64
	for _, b := range m.blocks[i:] {
		gone = append(gone, b.height)
	}
	m.blocks = m.blocks[:i]
	return gone, nil
}

func (m *memoryLog) Rows(*world.Task) (Rows, error) { return &memoryRows{left: m.rows}, nil }

func (m *memoryLog) Close(*world.Task) error { return nil }

type memoryRows struct{ left int }

func (r *memoryRows) Next(*world.Task) bool {
	r.left--
	return r.left >= 0
}

func (r *memoryRows) Close(*world.Task) {}
