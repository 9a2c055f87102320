package breach

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/signals"
)

// A Story tells what happened around the signal, a line each, in the order of time.
type Story struct {
	e      *ledger.Evidence
	zero   time.Duration
	struck bool
	head   string
	events []event
	tail   []string
}

type event struct {
	at        time.Duration
	rank      int // which goes first of those of one moment
	who, what string
}

// Ranks, in order. What a client had done when the signal struck led to nothing that came after it.
const (
	rankBefore = iota
	rankStrike
	rankAt
	rankDrain
	rankAfter
)

// Story begins a story under a heading, which may be empty, and tells of every signal that was sent, and when the
// server took it.
func (r *Report) Story(format string, args ...any) *Story {
	strike, struck := r.e.Strike()
	s := &Story{e: r.e, zero: strike.At, struck: struck, head: fmt.Sprintf(format, args...)}
	for i, sig := range s.e.Signals {
		if sig.Taken {
			continue
		}
		what := "struck"
		for _, taken := range s.e.Signals[i+1:] {
			if taken.Taken && taken.Number == sig.Number {
				what += fmt.Sprintf("; the server took it %s later", Milliseconds(taken.At-sig.At))
				break
			}
		}
		s.add(sig.At, rankStrike, signals.Name(sig.Number), what)
	}
	return s
}

func (s *Story) add(when time.Duration, rank int, who, what string) {
	s.events = append(s.events, event{when, rank, who, what})
}

// At tells what somebody did.
func (s *Story) At(when time.Duration, who, what string) *Story {
	s.add(when, rankAt, who, what)
	return s
}

// Before tells what somebody did that goes before a signal of the same moment.
func (s *Story) Before(when time.Duration, who, what string) *Story {
	s.add(when, rankBefore, who, what)
	return s
}

// After tells what somebody did that goes after a drain which ended at the same moment.
func (s *Story) After(when time.Duration, who, what string) *Story {
	s.add(when, rankAfter, who, what)
	return s
}

// Add appends a line that has no moment.
func (s *Story) Add(who, what string) *Story {
	s.tail = append(s.tail, line("", who, what))
	return s
}

// maxEvents is how long a story gets that would list many like events.
const maxEvents = 8

// Room says whether the story can take another event of many like it.
func (s *Story) Room() bool { return len(s.events) < maxEvents }

// TailRoom says whether the story can take another line that has no moment.
func (s *Story) TailRoom() bool { return len(s.tail) < maxEvents }

// maxMarks is how many remarks of the server a story holds.
const maxMarks = 4

// Marks tells the server's own remarks after the strike.
func (s *Story) Marks() *Story {
	n := 0
	for _, m := range s.e.Marks {
		if m.At < s.zero || n == maxMarks {
			continue
		}
		n++
		text := s.e.Text(m.Text)
		if m.Count > 0 {
			text += fmt.Sprintf(" (%d)", m.Count)
		}
		s.At(m.At, s.e.Text(m.Who), text)
	}
	return s
}

// Drain tells how the drain ended.
func (s *Story) Drain() *Story {
	d := s.e.Drain
	if d == nil || d.Ended == 0 {
		return s
	}
	what := "ended, returned nil: reported success"
	switch d.How {
	case ledger.DrainDeadline:
		what = fmt.Sprintf("ended by the server's own deadline, %d left by its own count", d.Left)
	case ledger.DrainSignalled:
		what = fmt.Sprintf("ended by a further signal, %d left by its own count", d.Left)
	case ledger.DrainFailed:
		what = "ended with an error: " + s.e.Text(d.Error)
	}
	s.add(d.Ended, rankDrain, "drain", what)
	return s
}

func (s *Story) lines() []string {
	slices.SortStableFunc(s.events, func(a, b event) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.rank, b.rank)) })
	var lines []string
	if s.head != "" {
		lines = append(lines, s.head)
	}
	for _, e := range s.events {
		when := ""
		if s.struck {
			when = Relative(e.at - s.zero)
		}
		lines = append(lines, line(when, e.who, e.what))
	}
	return append(lines, s.tail...)
}

func line(when, who, what string) string {
	return strings.TrimRight(fmt.Sprintf("%12s  %-12s  %s", when, who, what), " ")
}
