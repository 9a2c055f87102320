package external

import (
	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result"
)

// Where jobs are noted that are lost, or were done twice: there it fails, or only warns.
const (
	jobPlace  = "queue"
	jobWarned = "queue-warned"
)

// JobsDoneOrQueued reports jobs that were accepted and, after a stop and a restart, are neither done nor queued, and those
// that were done twice where that must not be.
func JobsDoneOrQueued(p *Program, r *breach.Report) { p.reportJobs(jobPlace, r) }

// JobsDoneTwice are warnings of jobs that were done twice where nobody has said that this must not be.
func JobsDoneTwice(e *ledger.Evidence, terms breach.Terms) []result.Breach {
	r := breach.NewReport(e, terms)
	newProgram(e).reportJobs(jobWarned, r)
	return r.Breaches()
}

func (p *Program) reportJobs(place string, r *breach.Report) {
	looked, ok := p.process(extern.ProcessLookedUp)
	if !ok || !p.struck {
		return
	}
	var found breach.Groups[ledger.Discard]
	for _, d := range p.e.Discards {
		if p.e.Text(d.Station) == place {
			found.Add("jobs-done-or-queued/queue/"+p.e.Text(d.Cause), d)
		}
	}
	for g := range found.Found() {
		d := g.Example
		op, _ := p.e.Op(d.Msg)
		s := r.Story("one of them: job %s", r.Message(d.Msg)).Before(op.Ended, "queue", "accepted it")
		if end, ended := p.process(extern.ProcessEnded); ended {
			s.At(end.At, pid(end), EndOf(end))
		}
		words := "accepted jobs were neither done nor queued after the stop and a restart"
		if p.e.Text(d.Cause) != "lost" {
			words = "accepted jobs were done twice"
		}
		r.Add(g.Class, g.N, looked.Count, words, s.At(d.At, "after restart", p.e.Text(d.Where)))
	}
}

// lostJobs counts the jobs that are lost.
func (p *Program) lostJobs() (n int64) {
	for _, d := range p.e.Discards {
		if p.e.Text(d.Station) == jobPlace && p.e.Text(d.Cause) == "lost" {
			n++
		}
	}
	return n
}

// JobsOf says how many accepted jobs were looked up, how many of them the program had taken (in a run without a signal: had
// done), and why others could not be looked up, or are not done without any signal.
func JobsOf(e *ledger.Evidence) (looked, taken int64, why string) {
	p := newProgram(e)
	if one, ok := p.process(extern.ProcessNotLookedUp); ok {
		why = e.Text(one.Text)
	}
	up, _ := p.process(extern.ProcessLookedUp)
	took, _ := p.process(extern.ProcessTook)
	return up.Count, took.Count, why
}
