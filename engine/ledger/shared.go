package ledger

import (
	"fmt"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// put appends to the shared lane and says whether there was room. The caller holds w.mu.
func (w *Writer) put(k Kind, flags uint8, words ...uint64) bool {
	if w.closed.Load() {
		return false
	}
	l := &w.shared
	r := l.slot()
	if r == nil {
		return false
	}
	copy(r[1:], words)
	atomic.StoreUint64(&r[0], l.head|uint64(flags)<<flagShift|uint64(k))
	return true
}

func (w *Writer) event(k Kind, flags uint8, words ...uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.put(k, flags, words...)
}

// Name returns the name of a text, the same for the same text. A text of more than 64 KiB is cut and
// says so at its end. The name is 0 when there is no room.
func (w *Writer) Name(text string) Name {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n, ok := w.names[text]; ok {
		return n
	}
	n := Name(len(w.names))
	kept := cutText(text)
	first := uint8(flagFirst)
	for left := kept; left != ""; {
		words := [7]uint64{uint64(n) | uint64(len(left))<<32}
		r := record{}
		size := copy(r.text()[:], left)
		copy(words[1:], r[2:])
		if !w.put(KindText, first, words[:]...) {
			return 0
		}
		left, first = left[size:], 0
	}
	w.names[text] = n
	return n
}

func cutText(text string) string {
	if len(text) <= maxText {
		return text
	}
	note := fmt.Sprintf(" … (cut: %d bytes in all)", len(text))
	end := maxText - len(note)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + note
}

// Subscribe records that a lane counts as a subscriber from s.From on; until s.Until if that is not 0.
func (w *Writer) Subscribe(s Subscription) {
	flags := bit(s.Policy, flagPolicy) | bit(s.Draining, flagDraining)
	w.event(KindSubscribe, flags, uint64(s.Lane), s.Topics, uint64(s.From), uint64(s.Until))
}

// Unsubscribe records that a lane's latest subscription ended. Policy says that the server's overflow
// policy ended it; draining that the server had begun its drain when it decided so.
func (w *Writer) Unsubscribe(lane int, at time.Duration, policy, draining bool) {
	flags := flagEnd | bit(policy, flagPolicy) | bit(draining, flagDraining)
	w.event(KindSubscribe, flags, uint64(lane), 0, 0, uint64(max(at, 1)))
}

// Discard records a message that left the server undelivered, or was found in it at the end.
func (w *Writer) Discard(d Discard) { w.discard(KindDiscard, d) }

// Returned records a message that the server gave back to its owner.
func (w *Writer) Returned(d Discard) { w.discard(KindReturned, d) }

func (w *Writer) discard(k Kind, d Discard) {
	flags := bit(d.Policy, flagPolicy) | bit(d.Draining, flagDraining)
	w.event(k, flags, uint64(d.Msg), uint64(d.Lane), pair(d.Station, d.Cause), uint64(d.Where), uint64(d.At))
}

// Gauge records a sampled value.
func (w *Writer) Gauge(g Gauge) {
	w.event(KindGauge, bit(g.Final, flagFinal), uint64(g.Name), uint64(g.Value), uint64(g.Bound), uint64(g.At))
}

// Signal records that a signal was sent or taken.
func (w *Writer) Signal(s Signal) {
	w.event(KindSignal, bit(s.Taken, flagTaken)|bit(s.Power, flagPower), uint64(s.Number), uint64(s.Planned), uint64(s.At))
}

// DrainBegan records that the server has begun to stop. Only the trial's first counts.
func (w *Writer) DrainBegan(at time.Duration) { w.event(KindDrain, 0, uint64(at)) }

// DrainEnded records how the drain ended, what the server says it left undelivered, and the error its
// stop returned, or 0. Only the trial's first counts.
func (w *Writer) DrainEnded(at time.Duration, how DrainEnd, left int64, err Name) {
	w.event(KindDrain, flagEnd, uint64(max(at, 1)), uint64(how), uint64(left), uint64(err))
}

// Window records what happened at a window over the whole trial.
func (w *Writer) Window(win Window) {
	w.event(KindWindow, bit(win.Widened, flagWidened), uint64(win.Name), uint64(win.Passed), uint64(win.Struck), uint64(win.Met))
}

// Panic records a panic on a task.
func (w *Writer) Panic(p Panic) {
	w.event(KindPanic, bit(p.Target, flagTarget), pair(p.Task, p.Value), uint64(p.Stack), uint64(p.At))
}

// Task records a task that was alive when the trial ended.
func (w *Writer) Task(t Task) {
	flags := bit(t.Target, flagTarget) | bit(t.Parked, flagParked) | bit(t.AfterDrain, flagAfter)
	w.event(KindTask, flags, pair(t.Name, t.Wait), pair(t.Object, t.Holder), uint64(t.Since))
}

// Phase records that a process of the trial began or ended.
func (w *Writer) Phase(p Phase) {
	flags := bit(p.Ended, flagEnd) | bit(p.Limit, flagLimit) | bit(p.Ready, flagReady)
	w.event(KindPhase, flags, uint64(p.Index), uint64(p.Name), uint64(p.Status), uint64(p.Signal), uint64(p.At))
}

// Mark records a remark.
func (w *Writer) Mark(m Mark) {
	w.event(KindMark, 0, pair(m.Who, m.Text), uint64(m.Count), uint64(m.At))
}

// Load records what a lane's load shape asked for.
func (w *Writer) Load(l Load) {
	w.event(KindLoad, 0, uint64(l.Lane), uint64(l.Planned), uint64(l.Late), uint64(l.Unsent), uint64(l.Worst))
}
