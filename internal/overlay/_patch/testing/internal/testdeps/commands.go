package testdeps

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/internal/overlay/_patch/internal/racebench/decide"
	"github.com/racebench/racebench/internal/overlay/wire"
)

// do obeys one command. It is false at the end.
func (h *rbHarness) do(line []byte) bool {
	h.doing = wire.Command{}
	if err := json.Unmarshal(line, &h.doing); err != nil {
		h.tell(wire.Answer{Did: wire.DidError, Text: fmt.Sprintf("read command: %v", err)})
		return true
	}
	c := h.doing
	switch c.Do {
	case wire.DoEnd:
		return false
	case wire.DoSearch:
		h.search(c)
	case wire.DoPlay:
		h.replay(c)
	case wire.DoRemote:
		h.finish(h.play(rbWay{plan: decide.Plan{Ask: h.ask}, chance: c.Chance}))
	case wire.DoPlaces:
		h.tell(wire.Answer{Did: wire.DidPlaces, Places: h.places(c.PCs)})
	case wire.DoNames:
		h.tell(wire.Answer{Did: wire.DidNames, Names: decide.Names(h.mem)})
	default:
		h.tell(wire.Answer{Did: wire.DidError, Text: fmt.Sprintf("there is no command %q", c.Do)})
	}
	return true
}

func (h *rbHarness) search(c wire.Command) {
	i, by := c.From, max(c.By, 1)
	for ; i < c.To && h.mem.Head-h.mem.Tail < wire.MaxResults; i += by {
		v := h.play(rbWay{plan: h.strategy(i), chance: wire.Chance(c.Seed, i), index: i})
		h.put(v)
		if v != wire.Passed && v != wire.Skipped {
			a := h.answer(wire.DidFailed, v)
			a.Next = i + by
			h.tell(a)
			return
		}
	}
	h.tell(wire.Answer{Did: wire.DidSearch, Next: i})
}

func (h *rbHarness) put(v wire.Verdict) {
	m := h.mem
	m.Put(wire.Result{
		Index: m.Index, Hash: m.Hash, Steps: m.Step, Goroutines: m.Tasks - 1, Used: uint32(m.Used / 1000),
		Signals: uint16(min(m.Signals, 1<<16-1)), Verdict: v, Left: uint8(min(m.Left, 255)),
	})
}

func (h *rbHarness) replay(c wire.Command) {
	deviations := make([]explore.Deviation, len(c.Deviations))
	for i, d := range c.Deviations {
		deviations[i] = explore.Deviation{After: d.After, Ops: d.Ops, State: d.State, Nth: d.Nth, Next: d.Next}
	}
	r := explore.Replay(deviations)
	h.mem.Unused = uint32(r.Unused())
	h.finish(h.play(rbWay{plan: decide.Plan{Strategy: r, Unused: r.Unused}, chance: c.Chance}))
}

func (h *rbHarness) finish(v wire.Verdict) { h.tell(h.answer(wire.DidPlay, v)) }

func (h *rbHarness) answer(did string, v wire.Verdict) wire.Answer {
	m := h.mem
	a := wire.Answer{
		Did: did, Test: h.name, Index: m.Index, Verdict: v.String(), Main: m.Main != 0, Unused: int(m.Unused), Stop: m.Stop,
	}
	for i := uint32(1); i < m.Tasks; i++ {
		if m.Task[i].Status != wire.Done {
			a.Left = append(a.Left, i)
		}
	}
	return a
}

// giveUp ends the process in the middle of a schedule that comes to no end.
func (h *rbHarness) giveUp(v wire.Verdict) {
	did := wire.DidPlay
	if h.doing.Do == wire.DoSearch {
		did = wire.DidFailed
		h.put(v)
	}
	a := h.answer(did, v)
	a.Next = h.mem.Index + 1
	h.tell(a)
	os.Exit(0)
}

// tell writes an answer by the system call: the descriptor belongs to no goroutine's poller.
func (h *rbHarness) tell(a wire.Answer) {
	line, err := json.Marshal(a)
	if err != nil {
		panic(err) // strings and numbers
	}
	line = append(line, '\n')
	for len(line) > 0 {
		n, err := syscall.Write(wire.AnswersFD, line)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			os.Exit(0) // nobody listens any longer
		}
		line = line[n:]
	}
}

// ask has racebench choose: a byte each way.
func (h *rbHarness) ask() {
	b := [1]byte{wire.Question}
	for {
		_, err := syscall.Write(wire.AnswersFD, b[:])
		if err == nil {
			break
		}
		if err != syscall.EINTR {
			os.Exit(0)
		}
	}
	for {
		n, err := syscall.Read(wire.CommandsFD, b[:])
		if n == 1 {
			return
		}
		if err != syscall.EINTR {
			os.Exit(0)
		}
	}
}

func (h *rbHarness) places(pcs []uint64) []wire.Place {
	var places []wire.Place
	for _, pc := range pcs {
		frames := runtime.CallersFrames([]uintptr{uintptr(pc + h.mem.TextAddress)})
		for {
			f, more := frames.Next()
			places = append(places, wire.Place{PC: pc, Function: f.Function, File: f.File, Line: f.Line})
			if !more {
				break
			}
		}
	}
	return places
}
