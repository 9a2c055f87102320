package external

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
)

// A finding is a line of a check that tells more than its text.
type finding struct {
	Class   string `json:"class"`
	Count   *int64 `json:"count"`
	Summary string `json:"summary"`
}

// plainFinding is the class of what a check says without one.
const plainFinding = "check/program/found"

var notInClass = regexp.MustCompile(`[^a-z0-9]+`)

// class is the class of a finding; "" where it names none.
func (f finding) class() string {
	name := strings.Trim(notInClass.ReplaceAllString(strings.ToLower(f.Class), "-"), "-")
	if name == "" || f.Count != nil && *f.Count < 1 {
		return ""
	}
	return "check/program/" + name
}

// Check reports what the scenario's own check found when the program had ended: a breach for each class that its lines
// name, or one for all of them.
func Check(p *Program, r *breach.Report) {
	var lines []string
	var groups breach.Groups[finding]
	for _, one := range p.e.Processes {
		if one.Event != extern.ProcessFound {
			continue
		}
		line := p.e.Text(one.Text)
		lines = append(lines, line)
		var f finding
		if json.Unmarshal([]byte(line), &f) != nil || f.class() == "" {
			continue
		}
		g := groups.Class(f.class())
		g.Add(f)
		if f.Count != nil {
			g.N += *f.Count - 1
		}
	}
	if len(lines) == 0 {
		return
	}
	if len(groups) == 0 {
		r.Add(plainFinding, 1, 0, "the check found: "+lines[0], p.storyOfCheck(r, lines))
	}
	for g := range groups.Found() {
		words := fmt.Sprintf("the check found %d", g.N)
		if said := strings.TrimSpace(g.Example.Summary); said != "" {
			words += ": " + said
		}
		r.Add(g.Class, g.N, 0, words, p.storyOfCheck(r, lines))
	}
}

// storyOfCheck tells how the program ended and what the check printed then.
func (p *Program) storyOfCheck(r *breach.Report, lines []string) *breach.Story {
	s := r.Story("")
	if end, ended := p.process(extern.ProcessEnded); ended {
		s = p.storyOfEnd(r, end)
	}
	for i, line := range lines {
		if !s.TailRoom() {
			s.Add("check", fmt.Sprintf("… and %s", breach.Counted(int64(len(lines)-i), "line more", "lines more")))
			break
		}
		s.Add("check", line)
	}
	return s
}

// Checkup says what the scenario's own check said of a trial: whether it was run to its end and found nothing; else
// what it found, or why it could not tell. All is empty where there was none.
func Checkup(e *ledger.Evidence) (holds bool, found, why string) {
	for _, one := range e.Processes {
		switch one.Event {
		case extern.ProcessChecked:
			holds = one.Clean
		case extern.ProcessFound:
			if found == "" {
				found = e.Text(one.Text)
			}
		case extern.ProcessUnchecked:
			why = e.Text(one.Text)
		}
	}
	return holds, found, why
}
