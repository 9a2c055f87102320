package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/invariant/external"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/discover"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
)

// looks says whether a probe looks around: where nobody has said what is to be asked for, or how.
func (w *probeFlags) looks() bool {
	return !w.noLook && !w.worker && w.attach == "" && w.learn == "" && !w.names() && len(w.headers) == 0 && w.status == ""
}

// names says whether flags name what is asked for.
func (w *probeFlags) names() bool {
	return len(w.paths)+len(w.reqs)+len(w.writes)+len(w.http2)+len(w.calls)+len(w.streams)+len(w.events)+len(w.uploads)+len(w.sockets) > 0 || w.requests != "" || w.openapi != ""
}

// A lookAround finds out what a probe's program can be asked for, before its trials.
type lookAround struct {
	app     *app
	w       *probeFlags
	f       runFlags
	args    []string
	within  time.Duration  // that the whole probe has
	program *trial.Program // which the trials run
	why     string         // nobody could look
	lesson  *lesson        // of --learn; nil: it was not asked for
}

// preparation is what comes before the trials; nil is nothing.
func (l *lookAround) preparation() preparation {
	switch {
	case l.w.learn != "":
		return l.learnFrom
	case l.w.looks():
		return l.prepare
	}
	return nil
}

// prepare makes the program that asks for what was found, and its control run. What is not always served well in that is
// left out.
func (l *lookAround) prepare(ctx context.Context, e *execution) ([]trial.Program, *trial.Control, error) {
	control, err := l.around(ctx, e)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = nil // who is asked to end tests nothing, and says so
	}
	return []trial.Program{*l.program}, control, err
}

func (l *lookAround) around(ctx context.Context, e *execution) (*trial.Control, error) {
	p := *l.program
	c := trial.Config{Catalog: l.app.catalog, Build: toolInfo().Build, Keep: keepOf(l.f.keep), Reach: l.f.reach()}
	idle, errs := trial.Compile(idling(p.Scenario), l.app.catalog)
	if len(errs) > 0 {
		return nil, &errs
	}
	seen, err := engine.Look(ctx, idle, e.seeds[0], c, e.run)
	if err != nil || seen.Failed != nil {
		return seen.Failed, err
	}
	l.why = seen.Why
	if l.w.found, err = offersOf(seen.Offers); err != nil {
		return nil, err
	}
	for worthAsking(l.w.found) {
		if *l.program, err = l.app.probeProgram(l.args, l.w, l.f); err != nil {
			return nil, err
		}
		control, unwell, err := engine.Rehearse(ctx, *l.program, e.seeds[0], c, e.run)
		if err != nil {
			return nil, err
		}
		late := time.Since(e.began) > l.within/2
		if dropped := l.dropHolding(unwell) || l.drop(unwell); dropped && !late {
			continue
		}
		switch {
		case late && len(unwell) > 0:
			l.dropAll("there was no time left to see which of them are served well")
			continue
		case l.starvesRoot(unwell):
			l.dropAll("the root waited too long for its answers beside them")
			continue
		case control.Why.Code != "":
		case l.program.AtStartup():
			return nil, nil // how long its start takes is seen in the trials' own control run
		default:
			return &control, nil
		}
		l.dropAll("the program was not well when all of them were asked: " + control.Why.Text)
	}
	*l.program = p
	return nil, nil
}

// idling is a scenario whose clients ask for nothing: a look does.
func idling(s scenario.Scenario) scenario.Scenario {
	external := *s.External
	external.Fields = slices.DeleteFunc(slices.Clone(external.Fields), func(f spec.Field) bool { return f.Key.Text == "check" || f.Key.Text == "pre_stop" })
	var silent mapping
	silent.text("client", "tcp-silent")
	s.External, s.Load, s.Duration = &external, []spec.Value{silent.Value}, lookDuration
	return s
}

// lookDuration is how long the load of a look takes, which does nothing.
const lookDuration = 1e6

func offersOf(texts []string) ([]discover.Offer, error) {
	var offers []discover.Offer
	for _, text := range texts {
		var o discover.Offer
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			return nil, fmt.Errorf("what a look has found: %w", err)
		}
		offers = append(offers, o)
	}
	return offers, nil
}

// worthAsking says whether offers are more than the root as it is asked for anyway.
func worthAsking(offers []discover.Offer) bool {
	return slices.ContainsFunc(offers, func(o discover.Offer) bool {
		return o.As != "" && (!o.Root || o.As != discover.Request || o.Status != 0)
	})
}

// drop leaves out what was not served well, and says whether that was anything. The root stays where it is.
func (l *lookAround) drop(unwell []external.Unwell) bool {
	dropped := false
	for _, u := range unwell {
		path := l.pathOf(u.Group)
		for i := range l.w.found {
			if o := &l.w.found[i]; o.Path == path && o.As != "" && !(o.Root && o.Status == 0) {
				o.As, o.Why, dropped = "", u.Why, true
			}
		}
	}
	return dropped
}

// dropHolding leaves out what holds a connection for long where requests beside it were starved, and says whether that was
// anything: a server of few workers serves nothing else then.
func (l *lookAround) dropHolding(unwell []external.Unwell) bool {
	if !slices.ContainsFunc(unwell, func(u external.Unwell) bool { return u.Starved }) {
		return false
	}
	dropped := false
	for i := range l.w.found {
		if o := &l.w.found[i]; o.As == discover.Events || o.As == discover.Socket {
			o.As, o.Why, dropped = "", "other requests waited too long beside it", true
		}
	}
	return dropped
}

// starvesRoot says whether the root waited for its answers, and others are asked that it may have waited for.
func (l *lookAround) starvesRoot(unwell []external.Unwell) bool {
	return worthAsking(l.w.found) && slices.ContainsFunc(unwell, func(u external.Unwell) bool {
		path := l.pathOf(u.Group)
		return u.Starved && slices.ContainsFunc(l.w.found, func(o discover.Offer) bool { return o.Root && o.As != "" && o.Path == path })
	})
}

// dropAll leaves out all but the root.
func (l *lookAround) dropAll(why string) {
	for i := range l.w.found {
		o := &l.w.found[i]
		switch {
		case o.Root:
			o.As, o.Status, o.Why = discover.Request, 0, ""
		case o.As != "":
			o.As, o.Why = "", why
		}
	}
}

// pathOf is what a load group asks for; one that names none asks for the root.
func (l *lookAround) pathOf(group string) string {
	for _, g := range l.program.Scenario.Load {
		name, ok := g.Get("as")
		if !ok {
			name, _ = g.Get("client")
		}
		if name.Text != group {
			continue
		}
		for _, word := range []string{"path", "call"} {
			if what, ok := g.Get(word); ok {
				return what.Text
			}
		}
	}
	for _, o := range l.w.found {
		if o.Root {
			return o.Path
		}
	}
	return ""
}

// foundRequests are the requests of what was found, the root first.
func (w *probeFlags) foundRequests() []probed {
	var root, others []probed
	for _, o := range w.found {
		r := probed{method: "GET", path: o.Path, found: true}
		switch {
		case o.As != discover.Request:
			continue
		case o.Health: // it tells of the server's own state: a stop may change it
			r.status = []string{"2xx", "3xx", "5xx"}
		case o.Status != 0:
			r.status = []string{"2xx", "3xx", fmt.Sprint(o.Status), "503"}
		}
		if o.Root {
			r.path = "" // the url's own path
			root = append(root, r)
			continue
		}
		others = append(others, r)
	}
	return append(root, others...)
}

// described are the requests of an OpenAPI document.
func (w *probeFlags) described() ([]probed, error) {
	raw, err := w.files.file(w.openapi)
	if err != nil {
		return nil, usagef("--openapi %s: %w", w.openapi, err)
	}
	paths, err := discover.OpenAPI(raw)
	if err != nil {
		return nil, usagef("--openapi %s: %w; an OpenAPI document in JSON is read: write YAML as JSON first, or name paths with --path", w.openapi, err)
	}
	if len(paths) == 0 {
		return nil, usagef("--openapi %s: no GET operation in it goes without a required parameter: name paths with --path", w.openapi)
	}
	var all []probed
	for _, path := range paths {
		all = append(all, probed{method: "GET", path: path})
	}
	return all, nil
}

// mostNamed is how many paths a note names at the most.
const mostNamed = 8

// notes say what a look has found that is not asked for, and what a verdict rests on.
func (l *lookAround) notes() []string {
	if l.lesson != nil {
		return l.lesson.notes()
	}
	if l.why != "" {
		return []string{"no other paths were looked for: " + l.why}
	}
	var notes, left, methods []string
	for _, o := range l.w.found {
		switch {
		case o.Method:
			methods = append(methods, o.Path)
		case o.As == discover.Call && o.Status != 0:
			notes = append(notes, fmt.Sprintf("the server has no %s: whether it stops is judged with calls of it, which it answers with %s; --grpc names what it serves",
				o.Path, extern.StatusName(o.Status)))
		case o.As == "":
			left = append(left, o.Path+" ("+o.Why+")")
		case o.Status != 0:
			notes = append(notes, fmt.Sprintf("GET %s is always answered with %d: whether it stops is judged with that; --path names what it serves", o.Path, o.Status))
		}
	}
	if len(methods) > 0 {
		notes = append(notes, "found by reflection and not called, as calls may change something: "+some(methods)+" (--grpc "+methods[0]+" -d '{}' calls one)")
	} else if slices.ContainsFunc(l.w.found, func(o discover.Offer) bool { return o.As == discover.Call }) {
		notes = append(notes, "the server names no methods by reflection: --grpc pkg.Service/Method --proto FILE -d '{}' calls one")
	}
	if len(left) > 0 {
		notes = append(notes, "found by a look around and not asked: "+some(left)+" (--path, --sse or --ws asks for one)")
	}
	return notes
}

// asked says what a plain probe has asked for.
func (w *probeFlags) asked() string {
	var paths, calls []string
	for _, o := range w.found {
		switch o.As {
		case discover.Call:
			calls = append(calls, o.Path)
		case discover.HTTP2:
			paths = append(paths, o.Path+" (HTTP/2)")
		case discover.Request:
			paths = append(paths, o.Path)
		case discover.Events:
			paths = append(paths, o.Path+" (a stream of events)")
		case discover.Socket:
			paths = append(paths, o.Path+" (a WebSocket)")
		}
	}
	switch {
	case len(calls) > 0:
		return "only " + some(calls) + " was called"
	case len(paths) == 0, slices.Equal(paths, []string{"/"}):
		return "only GET / was asked"
	case worthAsking(w.found):
		return "only GET " + some(paths) + " of what a look around found (--no-look: / alone)"
	}
	return "only GET " + some(paths) + " was asked"
}

// some is the beginning of a list, and how much more there is.
func some(all []string) string {
	if more := len(all) - mostNamed; more > 0 {
		return strings.Join(all[:mostNamed], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(all, ", ")
}
