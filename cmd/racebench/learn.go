package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/invariant/external"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/custody"
	"github.com/racebench/racebench/internal/discover"
	"github.com/racebench/racebench/internal/learn"
	"github.com/racebench/racebench/scenario/spec"
)

// checkLearn refuses flags that say beside --learn what is asked, or how.
func (w *probeFlags) checkLearn(f runFlags) error {
	if !f.given("learn") {
		if w.learnWrites {
			return usagef("--learn-writes asks again what --learn has seen asked: name the command with --learn")
		}
		return nil
	}
	if strings.TrimSpace(w.learn) == "" {
		return usagef("--learn: name the command that asks the program, such as --learn 'npm test'")
	}
	for _, name := range []string{"worker", "attach", "path", "req", "requests", "openapi", "stream", "sse", "upload", "http2", "grpc", "proto", "write", "read", "value", "match", "ws", "header", "data", "status", "hello", "no-look"} {
		if f.given(name) {
			return usagef("--learn asks again what its command asks, as it asks: leave --%s out", name)
		}
	}
	return nil
}

// A lesson is what a command has asked a probe's program.
type lesson struct {
	*lookAround
	limit  time.Duration
	asked  int
	routes []learn.Route
	told   []string // what is to be said of the command
	sure   bool     // it was seen which writes the program keeps
}

// learnShare is how much of the probe's time the command has: a third.
const learnShare = 3

// learnFrom has the program asked by the command of --learn, and makes the program that is asked the same again, with its
// control run.
func (l *lookAround) learnFrom(ctx context.Context, e *execution) ([]trial.Program, *trial.Control, error) {
	s := &lesson{lookAround: l, limit: l.within / learnShare}
	l.lesson = s
	control, err := s.study(ctx, e)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = nil // who is asked to end tests nothing, and says so
	}
	return []trial.Program{*l.program}, control, err
}

func (s *lesson) study(ctx context.Context, e *execution) (*trial.Control, error) {
	c := trial.Config{Catalog: s.app.catalog, Build: toolInfo().Build, Keep: keepOf(s.f.keep), Reach: s.f.reach()}
	quiet := idling(s.program.Scenario)
	quiet.Duration = s.limit
	idle, errs := trial.Compile(quiet, s.app.catalog)
	if len(errs) > 0 {
		return nil, &errs
	}
	var ran error
	lending, err := engine.Lend(ctx, idle, e.seeds[0], c, e.run, func(ctx context.Context, at extern.Lent) (err error) {
		ran, err = s.record(ctx, at)
		return err
	})
	if err != nil || lending.Failed != nil {
		return lending.Failed, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err := s.judge(ran, lending.Ended); err != nil {
		return nil, err
	}
	return s.rehearse(ctx, e, c)
}

// record runs the command in front of a proxy to the program. How the command ended is ran.
func (s *lesson) record(ctx context.Context, at extern.Lent) (ran, err error) {
	host, _, err := net.SplitHostPort(at.Address)
	if err != nil {
		return nil, fmt.Errorf("read where the program listens: %w", err)
	}
	p, err := learn.Listen(learn.Program{Address: at.Address, TLS: at.TLS, Way: s.f.reach().To(host)})
	if err != nil {
		return nil, err
	}
	defer p.Close()
	ctx, end := context.WithTimeout(ctx, s.limit)
	defer end()
	cmd := exec.Command("/bin/sh", "-c", strings.ReplaceAll(s.w.learn, "{url}", p.URL()))
	cmd.Env = append(os.Environ(), "BASE_URL="+p.URL())
	last := &lastLines{}
	cmd.Stdout, cmd.Stderr = last, last
	ran = custody.Run(ctx, cmd)
	p.Close()
	s.asked, s.routes = p.Asked(), p.Routes(s.w.learnWrites)
	if ran != nil {
		ran = &failedLesson{ran, last.String()}
	}
	return ran, nil
}

// nothing is the error of a lesson of which nothing is left to ask.
func (s *lesson) nothing() error {
	if slices.ContainsFunc(s.routes, func(r learn.Route) bool { return len(r.Ways) > 0 }) {
		return nil
	}
	return notTestedError{fmt.Errorf("--learn %s: nothing that it asked can be asked again: %s", s.w.learn, some(s.left()))}
}

// left are the routes that are not asked for, with the reason.
func (s *lesson) left() []string {
	var left []string
	for _, r := range s.routes {
		if reads := slices.ContainsFunc(s.routes, func(w learn.Route) bool {
			return w.Name == r.MadeBy && len(w.Ways) > 0 && w.Ways[0].Write != nil
		}); len(r.Ways) == 0 && !reads {
			left = append(left, r.Name+" ("+r.Why+")")
		}
	}
	return left
}

// rehearse runs the load without a signal until what is left is always served well.
func (s *lesson) rehearse(ctx context.Context, e *execution, c trial.Config) (*trial.Control, error) {
	for {
		if err := s.nothing(); err != nil {
			return nil, err
		}
		s.w.learned = s.routes
		program, err := s.app.probeProgram(s.args, s.w, s.f)
		if err != nil {
			return nil, err
		}
		*s.program = program
		control, unwell, err := engine.Rehearse(ctx, program, e.seeds[0], c, e.run)
		if err != nil {
			return nil, err
		}
		used := time.Since(e.began)
		switch {
		case s.drop(unwell, used > s.within/2), s.dropMisread(control):
			continue
		case control.Why.Code != "" && s.dropUnsafe("the program was not well when it was asked: "+control.Why.Text, changes),
			control.Why.Code != "" && s.dropUnsafe("the program was not well when all of them were asked: "+control.Why.Text, s.others()):
			continue
		}
		if forgot, err := s.forgets(ctx, e, c, control); err != nil {
			return nil, err
		} else if forgot {
			continue
		}
		switch {
		case control.Why.Code == "" && s.program.AtStartup():
			return nil, nil // how long its start takes is seen in the trials' own control run
		}
		return &control, nil
	}
}

// quietWrites is how a program is asked to keep a few writes long before the signal.
const (
	quietFor   = 3 * time.Second
	quietPause = "4s..4s"
	quietAt    = "2800ms"
)

// forgets stops the program once when its last write is long past, and says whether there are writes that it gives nothing
// back of: these are asked again as any other request.
func (s *lesson) forgets(ctx context.Context, e *execution, c trial.Config, control trial.Control) (bool, error) {
	writes := slices.ContainsFunc(s.routes, func(r learn.Route) bool { return len(r.Ways) > 0 && r.Ways[0].Write != nil })
	if s.sure || !writes || control.Why.Code != "" {
		return false, nil
	}
	s.sure = true
	q := s.program.Scenario
	q.Duration, q.Load = quietFor, nil
	for _, g := range s.program.Scenario.Load {
		if client, _ := g.Get("client"); client.Text == "write-http" {
			q.Load = append(q.Load, slowed(g))
		}
	}
	var strike mapping
	strike.text("signal", s.w.signal)
	strike.text("at", quietAt)
	q.Inject = []spec.Value{strike.Value}
	quiet, errs := trial.Compile(q, s.app.catalog)
	if len(errs) > 0 {
		return false, &errs
	}
	groups, err := engine.Forgets(ctx, quiet, e.seeds[0], c, e.run)
	for _, group := range groups {
		r := &s.routes[s.w.owners[group]]
		name := r.Name
		for len(r.Ways) > 0 && r.Ways[0].Write != nil {
			s.next(r, "nothing of it was there after a restart", false)
		}
		s.told = append(s.told, name+": of what was written about 3 s before a signal, nothing was there after a restart: it is taken as kept in memory alone, and not judged"+
			" (if it should be kept: client: write-http of a scenario judges it)")
	}
	return len(groups) > 0, err
}

// slowed is a load group that asks once in a while.
func slowed(g spec.Value) spec.Value {
	g.Fields = slices.Clone(g.Fields)
	for i, f := range g.Fields {
		if f.Key.Text == "delay" {
			g.Fields[i].Value = spec.Text(quietPause)
		}
	}
	return g
}

// others says whether a route is another than the first that is asked.
func (s *lesson) others() func(learn.Route) bool {
	first := slices.IndexFunc(s.routes, func(r learn.Route) bool { return len(r.Ways) > 0 })
	if at := s.w.firstLearned(); at >= 0 {
		first = at
	}
	return func(r learn.Route) bool { return len(r.Ways) > 0 && r.Name != s.routes[first].Name }
}

// changes says whether a route is asked by a method that may change something.
func changes(r learn.Route) bool {
	return len(r.Ways) > 0 && !slices.Contains([]string{"GET", "HEAD"}, r.Ways[0].Method)
}

// drop leaves out what was not served well, and says whether that was anything: first what holds connections where others
// are starved, then what changes something, for it may be what others suffer from, and then the rest.
func (s *lesson) drop(unwell []external.Unwell, late bool) bool {
	if slices.ContainsFunc(unwell, func(u external.Unwell) bool { return u.Starved }) && s.dropUnsafe("other requests waited too long beside it", holdsOn) {
		return true
	}
	of := map[int]string{}
	for _, u := range unwell {
		if at, ok := s.w.owners[u.Group]; ok && of[at] == "" {
			of[at] = u.Why
		}
	}
	changing := false
	for i := range s.routes {
		changing = changing || of[i] != "" && changes(s.routes[i])
	}
	if !changing && len(of) > 0 && s.dropUnsafe("it takes away what others ask for", takesAway) {
		return true
	}
	dropped := false
	for i := range s.routes {
		if of[i] != "" && (!changing || changes(s.routes[i])) {
			s.next(&s.routes[i], of[i], late)
			dropped = true
		}
	}
	return dropped
}

// holdsOn says whether a route holds a connection for long.
func holdsOn(r learn.Route) bool { return len(r.Ways) > 0 && r.Ways[0].As != discover.Request }

// takesAway says whether a route may take away what others ask for.
func takesAway(r learn.Route) bool { return len(r.Ways) > 0 && r.Ways[0].Method == "DELETE" }

// dropUnsafe leaves out the routes that are so, and says whether there were any.
func (s *lesson) dropUnsafe(why string, so func(learn.Route) bool) bool {
	dropped := false
	for i := range s.routes {
		if r := &s.routes[i]; so(*r) {
			r.Ways, r.Why, dropped = nil, why, true
		}
	}
	return dropped
}

// dropMisread leaves out the writes of which the control run says that they are not read back as they were written.
func (s *lesson) dropMisread(c trial.Control) bool {
	if c.Why.Code != void.ControlMisread {
		return false
	}
	for _, group := range slices.Sorted(maps.Keys(s.w.owners)) {
		if r := &s.routes[s.w.owners[group]]; strings.Contains(c.Why.Text, group+":") && len(r.Ways) > 0 && r.Ways[0].Write != nil {
			s.next(r, "it was not read back as it was written", false)
			return true
		}
	}
	return false
}

// next goes on to another request of a route: the last has none.
func (s *lesson) next(r *learn.Route, why string, last bool) {
	if r.Ways, r.Why = r.Ways[1:], why; last {
		r.Ways = nil
	}
}

// notes say what was asked and what was left out.
func (s *lesson) notes() []string {
	notes := slices.Clone(s.told)
	if left := s.left(); len(left) > 0 {
		notes = append(notes, "asked by --learn and not asked again: "+some(left))
	}
	return notes
}

// askedByLearn says what a probe that has learned asks for.
func (w *probeFlags) askedByLearn() string {
	var names []string
	for _, r := range w.learned {
		if len(r.Ways) == 0 {
			continue
		}
		name := r.Name
		switch q := r.Ways[0]; {
		case q.As == discover.Events:
			name += " (a stream of events)"
		case q.As == discover.Socket:
			name += " (a WebSocket)"
		case q.Write != nil:
			name += " (read back after a restart by GET " + q.Write.Read + ")"
		}
		names = append(names, name)
	}
	return "of what --learn asked, asked again: " + some(names)
}
