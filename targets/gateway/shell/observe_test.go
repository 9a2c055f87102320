package shell

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/gateway"
)

// marks is a probe that keeps remarks and nothing else.
type marks struct {
	targets.Probe
	mu   sync.Mutex
	said []string
}

// Mark implements targets.Probe.
func (m *marks) Mark(who, text string, _ int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.said = append(m.said, who+" "+text)
}

func (m *marks) has(remark string) bool {
	return slices.Contains(m.all(), remark)
}

func (m *marks) all() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.said)
}

// A door that takes nobody any more says so to a health check that is connected, and refuses others; one
// that drains lets the health check go too. Neither is told of a door that serves.
func TestADoorIsObservedWhileItStops(t *testing.T) {
	for _, which := range []gateway.Door{gateway.Plain, gateway.TLS} {
		t.Run(which.String(), func(t *testing.T) {
			on(t, func(task *world.Task, n *network) {
				m := &marks{}
				n.probe = m
				l, err := n.Listen(task, which, nil)
				if err != nil {
					t.Error(err)
					return
				}
				if said := m.all(); len(said) > 0 {
					t.Errorf("of a door that serves is told %q", said)
				}
				await := func(remark string) {
					began := time.Now()
					for !m.has("the door for " + which.String() + " " + remark) {
						if time.Since(began) > 10*time.Second {
							t.Errorf("waited in vain for %q; told was %q", remark, m.all())
							return
						}
						task.Sleep(time.Millisecond)
					}
				}
				l.StopAccepting(task)
				await("tells a health check that it is not ready")
				await("refuses new connections")
				l.Drain(task)
				await("has closed the connection of a health check")
				l.Kill(task)
				if said := m.all(); len(said) != 3 {
					t.Errorf("told was %q", said)
				}
			})
		})
	}
}
