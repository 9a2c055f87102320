package gotest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/schedule"
	"github.com/racebench/racebench/internal/overlay/wire"
)

// traceOf makes a trace of the operations that a process has noted. Those that it had no room for are not in it.
func (t *Test) traceOf(ctx context.Context, q *process) (*explore.Trace, error) {
	m := q.Memory
	var pcs []uint64
	for i := range m.Tasks {
		pcs = append(pcs, m.Task[i].Entry)
	}
	for i := range m.Events {
		e := &m.Event[i]
		pcs = append(pcs, e.PCs[:e.Frames]...)
	}
	places, err := t.lookUp(ctx, t.Name, pcs...)
	if err != nil {
		return nil, err
	}
	v := newView(m, func(pc uint64) string { return places[pc].Function })
	trace := explore.NewTrace()
	things := things{test: t, names: map[uint64]string{}, used: map[string]int{}}
	hash, ops, began := uint64(14695981039346656037), map[uint32]int{}, int64(0)
	for i := range m.Events {
		e := &m.Event[i]
		if i == 0 {
			began = e.Now
		}
		hash = mix(hash, e)
		path := wire.ClockName
		if e.Task != wire.Clock {
			path = v.path(e.Task)
		}
		ops[e.Task]++
		var stack []wire.Place
		for _, pc := range e.PCs[:e.Frames] {
			stack = append(stack, places[pc])
		}
		at := text(t.users(stack))
		object := ""
		if at != "" || len(stack) == 0 {
			object = things.name(e, at)
		}
		if named, _, _ := strings.Cut(object, "#"); at != "" && strings.HasSuffix(named, " first used at "+at) {
			at = "" // the object's name says it
		}
		trace.Add(explore.Event{
			Task: path, Op: ops[e.Task], Kind: schedule.Kind(e.Kind), Object: object, Resumed: e.How == wire.Resumed,
			Time: time.Duration(e.Now - began), Hash: hash, Steps: int(e.Step), Place: at,
		})
	}
	if m.Main == 0 || m.Left > 0 {
		for i := uint32(2); i < min(m.Tasks, wire.MaxTasks); i++ {
			if m.Task[i].Status == wire.Parked {
				trace.Leave(v.path(i))
			}
		}
	}
	return trace, nil
}

// mix is the runtime's hash of an operation.
func mix(hash uint64, e *wire.Event) uint64 {
	const prime = 1099511628211
	return ((hash^(uint64(e.Task)<<8|uint64(e.Kind)))*prime ^ uint64(e.How)) * prime
}

// things names what tasks operate on: its sort and where it was first used.
type things struct {
	test  *Test
	names map[uint64]string // by address
	used  map[string]int
}

// sorts are what operations of a kind are done on.
var sorts = map[schedule.Kind]string{
	schedule.KindSend: "channel", schedule.KindRecv: "channel", schedule.KindClose: "channel", schedule.KindLock: "lock",
	schedule.KindUnlock: "lock", schedule.KindTry: "lock", schedule.KindWait: "condition", schedule.KindNotify: "condition",
	schedule.KindLoad: "atomic", schedule.KindStore: "atomic", schedule.KindTimer: "timer", schedule.KindIO: "connection",
}

func (n *things) name(e *wire.Event, at string) string {
	sort := sorts[schedule.Kind(e.Kind)]
	if e.Object == 0 || sort == "" {
		return ""
	}
	if name, ok := n.names[e.Object]; ok {
		return name
	}
	name := "a " + sort
	if at != "" {
		name = fmt.Sprintf("the %s first used at %s", sort, at)
	}
	n.used[name]++
	if twins := n.used[name]; twins > 1 {
		name += fmt.Sprintf("#%d", twins)
	}
	n.names[e.Object] = name
	return name
}
