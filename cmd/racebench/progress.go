package main

import (
	"cmp"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/racebench/racebench/engine/fault"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/console"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets"
)

const (
	// lineEvery is how often progress is printed where lines cannot be overwritten.
	lineEvery = 5 * time.Second
	// redrawEvery is how often a terminal's line is drawn again: often enough to be seen to move.
	redrawEvery = 250 * time.Millisecond
	// worthSaying is the shortest run that says beforehand how long it takes.
	worthSaying = 2 * time.Second
)

// A progress tells a waiting person what is going on, on stderr. On a terminal it is one line that is
// overwritten; elsewhere a line every few seconds, so that a log stays readable.
type progress struct {
	out     *console.Writer
	width   int // of the terminal; 0 is none
	silent  bool
	verbose bool
	began   time.Time
	quit    chan struct{}
	ended   chan struct{}

	mu    sync.Mutex
	state string // what is known of the trials; empty before the first has ended
	drawn bool
	told  string // the state that was printed last
	count string // the last state that counts trials or schedules
}

// newProgress starts telling; done ends it.
func (a *app) newProgress(f runFlags) *progress {
	p := &progress{
		out: a.stderr, silent: f.progress == "none", verbose: f.verbose, began: time.Now(),
		quit: make(chan struct{}), ended: make(chan struct{}),
	}
	every := lineEvery
	if tty, ok := terminalOf(a.stderr); ok {
		p.width, every = columns(tty), redrawEvery
	}
	ticker := time.NewTicker(every)
	go func() {
		defer close(p.ended)
		defer ticker.Stop()
		p.watch(ticker.C, p.quit)
	}()
	return p
}

// eraseLine empties a terminal's line.
const eraseLine = "\r\x1b[K"

// erase makes room for a message that may come while a line of progress is drawn.
func erase(out *console.Writer) {
	if _, ok := terminalOf(out); ok {
		_ = out.Raw([]byte(eraseLine))
	}
}

// terminalOf is the terminal that is written to, where it is one.
func terminalOf(out *console.Writer) (*os.File, bool) {
	file, ok := out.File()
	return file, ok && term.IsTerminal(int(file.Fd()))
}

// watch draws at every tick until the run is over.
func (p *progress) watch(ticks <-chan time.Time, quit <-chan struct{}) {
	for {
		select {
		case <-quit:
			return
		case now := <-ticks:
			p.mu.Lock()
			p.draw(now)
			p.mu.Unlock()
		}
	}
}

// announce says beforehand what a run will take, where nobody sees a line move.
func (p *progress) announce(programs []trial.Program, seeds []scenario.Seed, f runFlags, s settings) {
	if p.silent || p.width > 0 {
		return
	}
	if takes := estimate(programs, seeds, f, s); takes > worthSaying {
		longer := "a server does not stop"
		if programs[0].Scenario.Engine == scenario.Sim {
			longer = "failures are shrunk"
		}
		if most := settles(programs); most > 0 {
			longer += fmt.Sprintf(", or an accepted job is nowhere: that is waited for, up to %s in a trial (settle)", most)
		}
		p.out.Sayf("racebench: this takes about %s, and longer where %s\n", takes.Round(time.Second), longer)
	}
}

// settles is how long the programs' clients wait for what is nowhere.
func settles(programs []trial.Program) (most time.Duration) {
	for _, p := range programs {
		for _, g := range p.Groups {
			most = max(most, g.Settles())
		}
	}
	return most
}

// estimate returns how long a run takes if its drains are short.
func estimate(programs []trial.Program, seeds []scenario.Seed, f runFlags, s settings) time.Duration {
	var total time.Duration
	for i, p := range programs {
		if p.Scenario.Engine == scenario.Sim && f.forTime == 0 {
			continue // schedules take microseconds
		}
		trials := p.Scenario.Trials
		if f.trials > 0 {
			trials = f.trials
		}
		if p.Plain() {
			total += p.Scenario.Duration
			continue
		}
		for _, v := range p.Variants {
			each := time.Duration(trials) * oneTrial(p, v, seeds[i]) / time.Duration(max(1, f.parallel))
			if f.forTime > 0 {
				each = f.forTime
			}
			if p.Target.Traits.ControlRun {
				each += p.Scenario.Duration + overheadOf(p)
			}
			if s.prepare != nil {
				each += overheadOf(p)
			}
			if s.beside != nil { // a probe's trial as PID 1, where a program without a handler does not stop, and the others
				each += oneTrial(p, v, seeds[i]) + pid1Limit
				for _, side := range sideTrials {
					each += time.Duration(side.trials) * oneTrial(p, v, seeds[i])
				}
			}
			total += each
		}
	}
	if f.timeout > 0 {
		return min(total, f.timeout)
	}
	return total
}

// sampled is how many trials' draws are looked at to tell how long one takes.
const sampled = 10

// oneTrial is how long a trial takes: until its last signal, or all of the load where that hangs on what
// happens.
func oneTrial(p trial.Program, v targets.Variant, seed scenario.Seed) time.Duration {
	var total time.Duration
	for i := range sampled {
		last := time.Duration(0)
		for _, strike := range trial.NewPlan(p, v, seed, i, "").Strikes {
			switch strike.Trigger {
			case fault.AtMoment, fault.AtStartup:
				last = max(last, strike.Moment)
			default:
				last = p.Scenario.Duration
			}
		}
		total += last
	}
	return total/sampled + overheadOf(p)
}

// overheadOf is what a trial takes beside its load.
func overheadOf(p trial.Program) time.Duration {
	return cmp.Or(p.Target.Traits.Overhead, targets.DefaultOverhead)
}

// tell is told where a load stands.
func (p *progress) tell(state string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state, p.count = state, state
}

// note is told of every trial's end, and of a search every few schedules.
func (p *progress) note(g trial.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if g.Shrinking != "" {
		p.state = fmt.Sprintf("%s %s: shrinking %s, %d of %d", g.Scenario, g.Variant, g.Shrinking, g.Done+1, g.Planned)
		return
	}
	if g.Schedules {
		p.state = searched(g)
		p.count = p.state
		return // there are too many to draw for each; the next tick does
	}
	p.state = fmt.Sprintf("%s %s: %s, %d with a breach", g.Scenario, g.Variant, done(g, "trials"), g.Breached)
	if g.Void > 0 {
		p.state += fmt.Sprintf(", %d void", g.Void)
	}
	p.count = p.state
	switch {
	case p.verbose:
		p.erase()
		p.out.Sayf("%s %s: trial %d (%06d) %s\n", g.Scenario, g.Variant, g.Trial, g.Number, g.Verdict)
	case p.width > 0:
		p.draw(time.Now())
	}
}

// done counts what is done, of what is planned.
func done(g trial.Progress, what string) string {
	if g.Planned == 0 {
		return fmt.Sprintf("%d %s", g.Done, what)
	}
	return fmt.Sprintf("%d of %d %s", g.Done, g.Planned, what)
}

// classesShown is how many classes a line of progress names.
const classesShown = 3

// searched describes the state of a search in one line. The most important part comes first, because a terminal cuts
// the line.
func searched(g trial.Progress) string {
	line := fmt.Sprintf("%s %s: %s", g.Scenario, g.Variant, done(g, "schedules"))
	if seconds := g.Elapsed.Seconds(); seconds > 0 && g.Done > 0 {
		line += fmt.Sprintf(", %.0f/s", float64(g.Done+g.Void)/seconds)
	}
	line += fmt.Sprintf(", %d with a breach", g.Breached)
	if g.Void > 0 {
		line += fmt.Sprintf(", %d void", g.Void)
	}
	switch g.Outcomes {
	case 0:
	case 1:
		line += ", 1 outcome"
	default:
		line += fmt.Sprintf(", %d outcomes", g.Outcomes)
	}
	for i, c := range g.Classes {
		if i == classesShown {
			return line + fmt.Sprintf("; and %d more", len(g.Classes)-i)
		}
		line += fmt.Sprintf("; %s %d", c.Class, c.Trials)
	}
	return line
}

// draw shows the state: over the line before on a terminal, else as a line of its own.
func (p *progress) draw(now time.Time) {
	if p.silent || p.state == "" {
		return
	}
	p.told = p.state
	line := fmt.Sprintf("%s  %s", p.state, now.Sub(p.began).Round(time.Second))
	if p.width == 0 {
		p.out.Say(line)
		return
	}
	// A line that wraps could not be overwritten.
	if runes := []rune(line); len(runes) >= p.width {
		line = string(runes[:p.width-1])
	}
	p.drawn = true
	_ = p.out.Raw([]byte(eraseLine + console.Line(line)))
}

func (p *progress) erase() {
	if p.drawn {
		_ = p.out.Raw([]byte(eraseLine))
		p.drawn = false
	}
}

// done ends the telling: a log that was told anything hears how it ended, and a terminal's line is left empty.
func (p *progress) done() {
	close(p.quit)
	<-p.ended
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.width == 0 && p.told != "" && p.state == p.count && p.told != p.count {
		p.draw(time.Now())
	}
	p.erase()
}
