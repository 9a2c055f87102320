package external

import (
	"testing"

	"github.com/racebench/racebench/engine/world"
)

// Two programs of one seed that are started at the same time have different ports, though neither listens yet; with the
// first one gone its port may be claimed again.
func TestPortsOfOneSeedAreClaimed(t *testing.T) {
	chosen := func() *program {
		p := &program{}
		w := world.NewReal(world.Options{})
		defer w.Close()
		if err := p.choosePort(w); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.release)
		return p
	}
	first, second := chosen(), chosen()
	if first.port == second.port {
		t.Errorf("both have port %d", first.port)
	}
	if _, ours := claim(first.port); ours {
		t.Errorf("port %d can be claimed twice", first.port)
	}
	first.release()
	if again, ours := claim(first.port); !ours {
		t.Errorf("port %d was not given back", first.port)
	} else {
		_ = again.Close()
	}
}
