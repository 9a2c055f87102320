package explore

import (
	"fmt"
	"slices"
	"strings"
)

// span is one turn: the events from..to-1.
type span struct {
	from, to  int
	told, hot bool
}

// maxSpans is how many turns a story tells beside the hot ones.
const maxSpans = 14

// spans cuts the trace into turns and says which are told: the hot ones, and as many as there is room for
// of what the server and its clients did from the first remark on, the last ones first.
func (r *teller) spans(room int) []span {
	events := r.trace.Events
	var all []span
	first := len(events)
	for i := range r.remarks {
		first = min(first, i)
	}
	for from := 0; from < len(events); {
		s := span{from: from, to: from + 1}
		for s.to < len(events) && events[s.to].Task == events[from].Task {
			s.to++
		}
		for i := s.from; i < s.to; i++ {
			s.hot = s.hot || r.hot[i] || r.turned[i]
		}
		s.told = s.hot
		all = append(all, s)
		from = s.to
	}
	for i := len(all) - 1; i >= 0; i-- {
		s := &all[i]
		task := events[s.from].Task
		if !s.told && room > 0 && s.from > first && !r.Harness(task) && task != clockPath && r.saysSomething(*s) {
			s.told = true
			room--
		}
	}
	return all
}

// saysSomething says whether a turn has an operation worth spelling out.
func (r *teller) saysSomething(s span) bool {
	for i := s.from; i < s.to; i++ {
		if r.rank(i) < dull {
			return true
		}
	}
	return false
}

// lines tells the turns, room of them beside the hot ones, and folds those of no interest.
func (r *teller) lines(room int) []StoryLine {
	var lines []StoryLine
	fold := folded{}
	for _, s := range r.spans(room) {
		e := r.trace.Events[s.from]
		startUp := e.Time < r.Begin
		// Start-up stands for itself: it is folded apart from what follows it.
		if fold.steps > 0 && (s.told || fold.startUp != startUp) {
			lines = append(lines, fold.line())
			fold = folded{}
		}
		switch {
		case s.told:
			lines = append(lines, r.line(s.from, s.to))
		case startUp || !r.Harness(e.Task) && r.saysSomething(s):
			fold.add(r.name(e.Task), s.to-s.from, startUp)
		}
	}
	if fold.steps > 0 {
		lines = append(lines, fold.line())
	}
	return lines
}

// folded are turns of no interest, one after the other.
type folded struct {
	tasks   []string
	steps   int
	startUp bool
}

func (f *folded) add(task string, steps int, startUp bool) {
	f.steps += steps
	f.startUp = startUp
	if !slices.Contains(f.tasks, task) {
		f.tasks = append(f.tasks, task)
	}
}

func (f *folded) line() StoryLine {
	if f.startUp {
		return StoryLine{Ops: fmt.Sprintf("… start-up: %s", steps(f.steps))}
	}
	const most = 3
	who := strings.Join(f.tasks[:min(most, len(f.tasks))], ", ")
	if n := len(f.tasks) - most; n > 0 {
		who += fmt.Sprintf(" and %d more", n)
	}
	return StoryLine{Ops: fmt.Sprintf("… %s of %s", steps(f.steps), who)}
}

func steps(n int) string {
	if n == 1 {
		return "1 step"
	}
	return fmt.Sprintf("%d steps", n)
}
