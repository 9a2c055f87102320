package decide

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/racebench/racebench/engine/schedule"
	"github.com/racebench/racebench/internal/overlay/wire"
)

// names are the paths of the tasks of a schedule, put together when somebody asks.
type names struct {
	mem   *wire.Memory
	namer wire.Namer
}

func (n *names) forget() { n.namer = wire.Namer{} }

// Path implements schedule.Task's owner.
func (n *names) Path(t *schedule.Task) string {
	if t.Clock {
		return wire.ClockName
	}
	for len(n.namer.Paths()) <= t.ID {
		n.add()
	}
	return n.namer.Paths()[t.ID]
}

func (n *names) add() {
	t := &n.mem.Task[len(n.namer.Paths())]
	name := ""
	if f := runtime.FuncForPC(uintptr(n.mem.TextAddress + t.Entry)); f != nil {
		name = f.Name()
	}
	n.namer.Add(name, t.Parent)
}

// Names returns the paths of all tasks of the schedule that was played last.
func Names(mem *wire.Memory) []string {
	n := names{mem: mem}
	for range mem.Tasks {
		n.add()
	}
	return n.namer.Paths()
}

// Check compares the runtime's picture of the memory with that of package wire.
func Check() error {
	var m *wire.Memory
	var t *wire.Task
	var d *wire.Dev
	var e *wire.Event
	want := []uintptr{
		unsafe.Offsetof(m.Serial), unsafe.Offsetof(m.N), unsafe.Offsetof(m.Step), unsafe.Offsetof(m.Events), unsafe.Offsetof(m.Now),
		unsafe.Offsetof(m.Hash), unsafe.Offsetof(m.Holder), unsafe.Offsetof(m.Stop), unsafe.Offsetof(m.Logging), unsafe.Offsetof(m.TextAddress),
		unsafe.Offsetof(m.Signals), unsafe.Offsetof(m.Changed), unsafe.Offsetof(m.Left), unsafe.Offsetof(m.Run), unsafe.Offsetof(m.Task),
		unsafe.Offsetof(m.Dev), unsafe.Offsetof(m.Event), unsafe.Sizeof(*m), unsafe.Sizeof(*t), unsafe.Offsetof(t.Status),
		unsafe.Offsetof(t.Object), unsafe.Offsetof(t.Entry), unsafe.Sizeof(*d), unsafe.Offsetof(d.Nth), unsafe.Sizeof(*e), unsafe.Offsetof(e.PCs),
	}
	got := offsets()
	for i, w := range want {
		if i >= len(got) || got[i] != w {
			return fmt.Errorf("field %d of the memory lies elsewhere for the runtime: %d, want %d", i, got, w)
		}
	}
	return nil
}
