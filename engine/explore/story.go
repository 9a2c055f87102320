package explore

import (
	"fmt"
	"strings"
	"time"
)

// A Story is a failing schedule told to someone who knows the server and not racebench.
type Story struct {
	Title string `json:"title"`           // may be empty, where a reader has it already
	World string `json:"world,omitempty"` // in one line: the load, what strikes, the settings
	Facts string `json:"facts"`           // how long the schedule is, and whether fewer preemptions were ruled out
	// Lines are the turns of the schedule that matter, in order.
	Lines []StoryLine `json:"lines"`
	// Outcome is what was left in the end.
	Outcome []string `json:"outcome,omitempty"`
	// Needed are the orders of operations that the failure cannot do without, each with BEFORE between
	// them. Depth is how many befores there are.
	Needed []string `json:"needed,omitempty"`
	Depth  int      `json:"depth"`
	Again  string   `json:"again,omitempty"` // the command that shows it
}

// A StoryLine is one turn of a task, or several turns of no interest.
type StoryLine struct {
	Step int    `json:"step,omitempty"` // of its first operation, from 1; 0 of several turns
	Task string `json:"task,omitempty"`
	Ops  string `json:"ops"`
	Note string `json:"note,omitempty"`
}

// A Remark is what a judge knows of a moment: a message was accepted, the signal struck.
type Remark struct {
	At   time.Duration
	Task string // whose turn it belongs to, by the beginning of its path; empty is anybody's
	Text string
}

// A Telling is what a story needs to know beside the schedule.
type Telling struct {
	Title, World, Facts, Again string
	Outcome                    []string
	Detours                    []Detour
	Orders                     []Order
	Remarks                    []Remark
	// Names are what tasks are called, by path; others are called by the last part of theirs.
	Names map[string]string
	// Begin is when the part of the run began that is of interest; what came before is start-up.
	Begin time.Duration
	// Harness says which tasks are not the server's nor its clients': they are told only where a remark is
	// on them. Nil is none.
	Harness func(task string) bool
	// Focus are the names of the objects that the failure is about: operations on them are told first.
	Focus []string
	// Quiet says which objects are the harness's: operations on them are not told. Nil is none.
	Quiet func(object string) bool
}

// worldLabel comes before the world.
const worldLabel = "world "

// needed is the label of the orders.
const needed = "needed"

// storyWidth is how wide a story's lines are, where words allow it: two less than a terminal, for a report indents
// them.
const storyWidth = 78

// Text renders the story.
func (s Story) Text() string {
	var b strings.Builder
	if s.Title != "" {
		b.WriteString(s.Title + "\n")
	}
	if s.World != "" {
		for i, line := range wrap(s.World, storyWidth-len(worldLabel)) {
			b.WriteString([]string{worldLabel, strings.Repeat(" ", len(worldLabel))}[min(i, 1)] + line + "\n")
		}
	}
	b.WriteString(s.Facts + "\n\n")
	wide := 0
	for _, l := range s.Lines {
		wide = max(wide, len([]rune(l.Task)))
	}
	for _, l := range s.Lines {
		step := ""
		if l.Step > 0 {
			step = fmt.Sprint(l.Step)
		}
		head := fmt.Sprintf("%4s %-*s  ", step, wide, l.Task)
		for _, line := range l.wrapped(max(30, storyWidth-len([]rune(head)))) {
			b.WriteString(strings.TrimRight(head+line, " ") + "\n")
			head = strings.Repeat(" ", len([]rune(head)))
		}
	}
	b.WriteString("\n")
	write := func(label string, paragraphs []string) {
		for i, p := range paragraphs {
			for j, line := range strings.Split(p, "\n") {
				head := ""
				if i == 0 && j == 0 {
					head = label
				}
				if i > 0 && j == 0 && label == needed {
					line = "and " + line
				}
				fmt.Fprintf(&b, "  %-7s %s\n", head, line)
			}
		}
	}
	write("end", s.Outcome)
	orders := append([]string(nil), s.Needed...)
	if len(orders) > 0 && s.Depth > 0 {
		orders[len(orders)-1] += fmt.Sprintf("   (depth %d)", s.Depth)
	}
	write(needed, orders)
	if s.Again != "" {
		write("again", []string{s.Again})
	}
	return b.String()
}

// wrapped is what happened in lines of at most width. The note has one of its own where it does not fit.
func (l StoryLine) wrapped(width int) []string {
	lines := wrap(l.Ops, width)
	if l.Note == "" {
		return lines
	}
	last := lines[len(lines)-1] + "   " + l.Note
	if len([]rune(last)) > width {
		return append(lines, wrap(l.Note, width)...)
	}
	return append(lines[:len(lines)-1], last)
}

// wrap breaks text at spaces into lines of at most width, and indents nothing. Words longer than that
// stay whole.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.SplitAfter(text, " ") {
		if line != "" && len([]rune(strings.TrimRight(line+word, " "))) > width {
			lines = append(lines, strings.TrimRight(line, " "))
			line = ""
			word = strings.TrimLeft(word, " ")
		}
		line += word
	}
	return append(lines, line)
}
