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
	owner  *world.Atomic // 1 while it is open
}

type block struct {
	height int64
	id     ledger.MsgID
}

// newMemoryLog returns an empty log whose streams have so many rows.
func newMemoryLog(w *world.World, rows int) *memoryLog {
	return &memoryLog{lock: w.NewMutex("the log"), rows: rows, owner: w.NewAtomic("the log's owner", 1)}
}

// reopen is what another owner's open of the log would come to.
func (m *memoryLog) reopen(t *world.Task) error {
	if m.owner.Load(t) != 0 {
		return ErrOwned
	}
	return nil
}

// at is the place of the first block of a height or more.
func (m *memoryLog) at(height int64) int {
	return sort.Search(len(m.blocks), func(i int) bool { return m.blocks[i].height >= height })
}

func (m *memoryLog) Get(t *world.Task, height int64) (ledger.MsgID, bool, error) {
	m.lock.Lock(t)
	defer m.lock.Unlock(t)
	if m.owner.Load(t) == 0 {
		return 0, false, ErrGivenBack
	}
	if i := m.at(height); i < len(m.blocks) && m.blocks[i].height == height {
		return m.blocks[i].id, true, nil
	}
	return 0, false, nil
}

func (m *memoryLog) Scan(t *world.Task, from, to int64) (int, error) {
	m.lock.Lock(t)
	defer m.lock.Unlock(t)
	if m.owner.Load(t) == 0 {
		return 0, ErrGivenBack
	}
	return m.at(to) - m.at(from), nil
}

func (m *memoryLog) Latest(t *world.Task) (int64, error) {
	m.lock.Lock(t)
	defer m.lock.Unlock(t)
	if m.owner.Load(t) == 0 {
		return 0, ErrGivenBack
	}
	if len(m.blocks) == 0 {
		return 0, nil
	}
	return m.blocks[len(m.blocks)-1].height, nil
}

func (m *memoryLog) Append(t *world.Task, height int64, id ledger.MsgID) error {
	m.lock.Lock(t)
	defer m.lock.Unlock(t)
	if m.owner.Load(t) == 0 {
		return ErrGivenBack
	}
	i := m.at(height)
	m.blocks = append(m.blocks, block{})
	copy(m.blocks[i+1:], m.blocks[i:])
	m.blocks[i] = block{height, id}
	return nil
}

func (m *memoryLog) Truncate(t *world.Task, from int64) ([]int64, error) {
	m.lock.Lock(t)
	defer m.lock.Unlock(t)
	if m.owner.Load(t) == 0 {
		return nil, ErrGivenBack
	}
	i := m.at(from)
	var gone []int64
	for _, b := range m.blocks[i:] {
		gone = append(gone, b.height)
	}
	m.blocks = m.blocks[:i]
	return gone, nil
}

func (m *memoryLog) Rows(t *world.Task) (Rows, error) {
	if m.owner.Load(t) == 0 {
		return nil, ErrGivenBack
	}
	return &memoryRows{left: m.rows}, nil
}

func (m *memoryLog) Close(t *world.Task) error {
	m.owner.Store(t, 0)
	return nil
}

type memoryRows struct{ left int }

func (r *memoryRows) Next(*world.Task) bool {
	r.left--
	return r.left >= 0
}

func (r *memoryRows) Close(*world.Task) {}
