package explore

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/world"
)

// waitsInSelects starts a task that selects a queue of its own, a deadline and what never comes.
func waitsInSelects(t *world.Task) {
	w := t.World()
	first, second, never := w.NewToken("first"), w.NewToken("second"), w.NewToken("never")
	waits := t.Go("waits", func(t *world.Task) {
		t.Select(never, first)
		timer := w.NewTimer("the limit")
		timer.Set(time.Second)
		t.Select(never, timer)
		t.Select(second, never)
	})
	first.Cancel(t)
	_ = t.Join(waits)
}

func TestASelectTellsWhatItCameTo(t *testing.T) {
	pool := &world.Pool{}
	defer pool.Close()
	trace := NewTrace()
	w := world.NewSim(world.SimOptions{Strategy: Replay(nil), Pool: pool, OnStep: trace.Step})
	r := w.Simulate("main", waitsInSelects)
	if r.Ending != world.Deadlock {
		t.Fatalf("it ended otherwise: %+v", r)
	}
	var got []string
	for _, e := range trace.Events {
		if e.Kind == world.KindSelect {
			got = append(got, e.Text()+": "+e.told())
		}
	}
	want := []string{
		"select wait first: has waited for first",
		"select: never or the limit: wait for never or the limit",
		"select sleep the limit: time is up: the limit",
		"select: second or never: wait for second or never",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

func TestAStoryTellsFewOrdersThatMatter(t *testing.T) {
	op := func(task string, n int, kind world.Kind, object string, resumed bool) []Event {
		return []Event{{Task: task, Op: n, Kind: kind, Object: object, Resumed: resumed}}
	}
	wakes := Order{Chain: [][]Event{op("a", 1, world.KindSleep, "the clock", true), op("b", 1, world.KindSleep, "the clock", true)}}
	if got := telling([]Order{wakes, wakes}, nil); len(got) != 1 {
		t.Errorf("where nothing else is known: %d orders", len(got))
	}
	var orders []Order
	for i := range 40 {
		orders = append(orders, wakes, Order{Chain: [][]Event{
			op("a", i, world.KindSend, fmt.Sprint("q", i), false), op("b", i, world.KindLoad, "flag", false),
		}})
	}
	race := Order{Chain: [][]Event{op("a", 1, world.KindLoad, "gate", false), op("b", 2, world.KindCancel, "gate", false)}}
	lost := Order{Chain: [][]Event{op("a", 1, world.KindSend, "lost", false), op("b", 2, world.KindStore, "flag", false)}}
	orders = append(orders, race, race, lost)
	got := telling(orders, []string{"lost"})
	if len(got) != maxOrders {
		t.Fatalf("%d orders", len(got))
	}
	for i, want := range []string{"a: send q0\nBEFORE b: load flag", "a: load gate\nBEFORE b: cancel gate", "a: send lost\nBEFORE b: store flag"} {
		if text := got[i].text(func(s string) string { return s }); text != want {
			t.Errorf("order %d: %s", i, text)
		}
	}
}
