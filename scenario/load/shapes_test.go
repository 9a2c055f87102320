package load

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/racebench/racebench/scenario/spec"
)

const ms = time.Millisecond

func TestShapesWithoutChance(t *testing.T) {
	const over = -1 // the load has ended
	for _, row := range []struct {
		what     string
		shape    Shape
		n        int
		now      time.Duration
		lastDone time.Duration
		want     time.Duration
	}{
		{"saturate starts at once", saturate{time.Second}, 0, 0, 0, 0},
		{"saturate starts when asked", saturate{time.Second}, 9, 300 * ms, 299 * ms, 300 * ms},
		{"saturate starts until just before the end", saturate{time.Second}, 9, time.Second - 1, 0, time.Second - 1},
		{"saturate ends with the load", saturate{time.Second}, 9, time.Second, 0, over},

		{"rate begins at once", rate{100, 0, 1, time.Second}, 0, 0, 0, 0},
		{"rate keeps its step", rate{100, 0, 1, time.Second}, 7, 0, 0, 70 * ms},
		{"rate does not wait for a slow answer", rate{100, 0, 1, time.Second}, 7, 500 * ms, 500 * ms, 70 * ms},
		{"rate is shared: two clients each go half as often", rate{100, 0, 2, time.Second}, 1, 0, 0, 20 * ms},
		{"rate staggers the clients", rate{100, 1, 2, time.Second}, 0, 0, 0, 10 * ms},
		{"rate ends with the load", rate{100, 0, 1, time.Second}, 100, 0, 0, over},
		{"rate's last operation", rate{100, 0, 1, time.Second}, 99, 0, 0, 990 * ms},
		{"a client too many for the load has nothing to do", rate{1, 5, 10, time.Second}, 0, 0, 0, over},
		{"rate far past the range of durations", rate{1e-9, 0, 1, time.Second}, math.MaxInt, 0, 0, over},
		{"a rate of one a nanosecond", rate{1e9, 0, 1, time.Second}, 5, 0, 0, 5},
		{"a rate too low for one operation still starts one", rate{1e-9, 0, 1, time.Second}, 0, 0, 0, 0},

		{"burst starts all at once", burst{50, 100 * ms, time.Second}, 49, 0, 0, 0},
		{"burst waits for the next moment", burst{50, 100 * ms, time.Second}, 50, 1 * ms, 1 * ms, 100 * ms},
		{"burst keeps its moments when late", burst{50, 100 * ms, time.Second}, 100, 900 * ms, 900 * ms, 200 * ms},
		{"burst ends with the load", burst{50, 100 * ms, time.Second}, 500, 0, 0, over},
		{"burst far out", burst{1, 365 * 24 * time.Hour, time.Second}, math.MaxInt, 0, 0, over},

		{"a level ramp is a rate", ramp{100, 100, 0, 1, time.Second}, 7, 0, 0, 70 * ms},
		{"a ramp up begins at once", ramp{100, 300, 0, 1, time.Second}, 0, 0, 0, 0},
		{"a ramp up: 75 of its 200 by half time", ramp{100, 300, 0, 1, time.Second}, 75, 0, 0, 500 * ms},
		{"a ramp down: 125 of its 200 by half time", ramp{300, 100, 0, 1, time.Second}, 125, 0, 0, 500 * ms},
		{"a ramp ends with the load", ramp{100, 300, 0, 1, time.Second}, 200, 0, 0, over},
		{"a ramp down never gets to later turns", ramp{300, 1e-9, 0, 1, time.Second}, 1 << 40, 0, 0, over},
		{"a ramp is staggered", ramp{100, 100, 1, 2, time.Second}, 3, 0, 0, 70 * ms},
		{"a steep ramp far out", ramp{1e-9, 1e9, 99_999, 100_000, 365 * 24 * time.Hour}, math.MaxInt, 0, 0, over},
	} {
		got, ok := row.shape.Next(row.n, row.now, row.lastDone)
		switch {
		case ok != (row.want != over):
			t.Errorf("%s: start %v, ok %v", row.what, got, ok)
		case ok && got != row.want:
			t.Errorf("%s: start %v, want %v", row.what, got, row.want)
		}
	}
}

func TestSlow(t *testing.T) {
	delay := spec.DurationRange{Min: 2 * ms, Max: 5 * ms}
	s := &slow{delay, rand.New(rand.NewPCG(1, 2)), time.Second}
	low, high := time.Hour, time.Duration(0)
	for n := range 10_000 {
		start, ok := s.Next(n, 0, 100*ms)
		if !ok {
			t.Fatalf("operation %d: the load is over", n)
		}
		low, high = min(low, start-100*ms), max(high, start-100*ms)
	}
	if low < 2*ms || low > 2*ms+10*time.Microsecond || high > 5*ms || high < 5*ms-10*time.Microsecond {
		t.Errorf("pauses from %v to %v, want all of 2ms..5ms", low, high)
	}
	if start, ok := s.Next(0, 0, time.Second-ms); ok {
		t.Errorf("an operation may start at %v, after the load's end", start)
	}
	one := &slow{spec.DurationRange{Min: ms, Max: ms}, nil, time.Second}
	if start, ok := one.Next(3, 50*ms, 7*ms); !ok || start != 8*ms {
		t.Errorf("after 7ms: %v, %v; want 8ms", start, ok)
	}
	far := &slow{spec.DurationRange{Min: ms, Max: ms}, nil, time.Second}
	if start, ok := far.Next(3, 0, math.MaxInt64); ok {
		t.Errorf("an overflow starts an operation at %v", start)
	}
}

func TestGroupShapes(t *testing.T) {
	g := Group{
		Clients: 2, Rate: 100, Delay: spec.DurationRange{Min: ms, Max: ms},
		Burst: 2, Every: 10 * ms, From: 100, To: 100,
	}
	scheduled := map[string]bool{"burst": true, "ramp": true, "rate": true}
	want := map[string]time.Duration{"burst": 10 * ms, "ramp": 50 * ms, "rate": 50 * ms, "saturate": 3 * ms, "slow": 2 * ms}
	for _, info := range Shapes() {
		g.ShapeName = info.Name
		start, ok := g.Shape(1, time.Second, rand.New(rand.NewPCG(1, 2))).Next(2, 3*ms, ms)
		if !ok || start != want[info.Name] {
			t.Errorf("%s: operation 2 of client 1 starts at %v, %v; want %v", info.Name, start, ok, want[info.Name])
		}
		if g.Scheduled() != scheduled[info.Name] {
			t.Errorf("%s: scheduled is %v", info.Name, g.Scheduled())
		}
		if info.Summary == "" {
			t.Errorf("%s has no summary", info.Name)
		}
	}
	if len(Shapes()) != len(want) {
		t.Errorf("%d shapes, %d tested", len(Shapes()), len(want))
	}
}
