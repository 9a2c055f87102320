package invariant

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/signals"
)

// A story tells what happened around the signal, a line each, in the order of time.
type story struct {
	x      *Index
	zero   time.Duration
	struck bool
	head   string
	events []event
	tail   []string
}

type event struct {
	at        time.Duration
	who, what string
}

func (x *Index) newStory() *story {
	return &story{x: x, zero: x.strikeAt, struck: x.struck}
}

func (s *story) title(format string, args ...any) { s.head = fmt.Sprintf(format, args...) }

func (s *story) at(when time.Duration, who, what string) {
	s.events = append(s.events, event{when, who, what})
}

// room says whether the story can take another event of many like it.
func (s *story) room() bool { return len(s.events) < maxEvents }

// maxEvents is how long a story gets that would list many like events.
const maxEvents = 8

// tailRoom says whether the story can take another line that has no moment.
func (s *story) tailRoom() bool { return len(s.tail) < maxEvents }

// add appends a line that has no moment.
func (s *story) add(who, what string) { s.tail = append(s.tail, line("", who, what)) }

// strike tells of every signal that was sent, and when the server took it.
func (s *story) strike() {
	for i, sig := range s.x.e.Signals {
		if sig.Taken {
			continue
		}
		what := "struck"
		for _, taken := range s.x.e.Signals[i+1:] {
			if taken.Taken && taken.Number == sig.Number {
				what += fmt.Sprintf("; the server took it %s later", ms(taken.At-sig.At))
				break
			}
		}
		s.at(sig.At, signals.Name(sig.Number), what)
	}
}

// maxMarks is how many remarks of the server a story holds.
const maxMarks = 4

// marks tells the server's own remarks after the strike.
func (s *story) marks() {
	n := 0
	for _, m := range s.x.e.Marks {
		if m.At < s.zero || n == maxMarks {
			continue
		}
		n++
		text := s.x.e.Text(m.Text)
		if m.Count > 0 {
			text += fmt.Sprintf(" (%d)", m.Count)
		}
		s.at(m.At, s.x.e.Text(m.Who), text)
	}
}

// drain tells how the drain ended.
func (s *story) drain() {
	d := s.x.e.Drain
	if d == nil || d.Ended == 0 {
		return
	}
	what := "ended, returned nil: reported success"
	switch d.How {
	case ledger.DrainDeadline:
		what = fmt.Sprintf("ended by the server's own deadline, %d left by its own count", d.Left)
	case ledger.DrainFailed:
		what = "ended with an error: " + s.x.e.Text(d.Error)
	}
	s.at(d.Ended, "drain", what)
}

func (s *story) lines() []string {
	slices.SortStableFunc(s.events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	var lines []string
	if s.head != "" {
		lines = append(lines, s.head)
	}
	for _, e := range s.events {
		when := ""
		if s.struck {
			when = relative(e.at - s.zero)
		}
		lines = append(lines, line(when, e.who, e.what))
	}
	return append(lines, s.tail...)
}

func line(when, who, what string) string {
	return strings.TrimRight(fmt.Sprintf("%12s  %-12s  %s", when, who, what), " ")
}

// invariantOf is the invariant that a class belongs to.
func invariantOf(class string) string {
	name, _, _ := strings.Cut(class, "/")
	return name
}

// messageName names a message for people: its sender and its number there.
func (x *Index) messageName(m ledger.MsgID) string {
	return fmt.Sprintf("%s#%d", x.e.LaneName(m.Lane()), m.Seq())
}
