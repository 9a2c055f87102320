package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/racebench/racebench/engine/trial"
)

// printPlan says what a probe would run. Nothing is started for it.
func (a *app) printPlan(p trial.Program, w *probeFlags, f runFlags) error {
	s := p.Scenario
	var b strings.Builder
	line := func(name, format string, values ...any) {
		b.WriteString(fmt.Sprintf("%-9s ", name) + fmt.Sprintf(format, values...) + "\n")
	}
	line("plan", "nothing was started")
	if w.before != "" {
		line("before", "--before is run once")
	}
	if w.learn != "" {
		line("learn", "the ready program is asked once by --learn's command; its requests by %s are the load then, by route, in the place of / below",
			map[bool]string{true: "any method", false: "GET and HEAD"}[w.learnWrites])
	}
	if w.looks() {
		line("look", "the ready server is asked once for / and what that names, an OpenAPI document, health, streams and WebSockets;"+
			" what is found is asked for beside / (--no-look: / alone)")
	}
	line("control", "the load without a signal, for %s", s.Duration)
	trials := cmp.Or(f.trials, s.Trials)
	each := "each with the load for " + s.Duration.String()
	if len(s.Load) == 0 {
		each = "without a load"
	}
	again := ""
	if w.twice > 0 {
		again = ", and " + w.twice.String() + " after that"
	}
	line("trials", "%d, %s; %s to %s at %s of it%s; then %s to stop", trials, each, w.signal, map[bool]string{true: "its group", false: "the program"}[w.signalTo != signalReceivers[0]], w.at, again, s.DrainLimit)
	for _, g := range s.Load {
		client, _ := g.Get("client")
		clients, _ := g.Get("clients")
		path, _ := g.Get("path")
		method, _ := g.Get("method")
		if call, ok := g.Get("call"); ok {
			line("load", "%s × %s %s", cmp.Or(clients.Text, "1"), client.Text, call.Text)
			continue
		}
		line("load", "%s × %s %s %s", cmp.Or(clients.Text, "1"), client.Text, cmp.Or(method.Text, "GET"), cmp.Or(path.Text, "/"))
	}
	if w.attach == "" {
		for _, side := range sideTrials {
			if !p.AtStartup() && !(side.second && w.twice > 0) {
				line("beside", "%s: %d of its own", side.words, side.trials)
			}
		}
		line("beside", "one trial as PID 1")
	}
	line("time", "no trial begins after %s", cmp.Or(f.timeout, probeBudget))
	if words := w.notTried(); words != "" {
		line("not tried", "%s", strings.TrimPrefix(words[strings.Index(words, "not tried: "):], "not tried: "))
	}
	b.WriteString("\n")
	b.Write(s.Kept(p.Vocabulary).Marshal())
	_, err := a.stdout.Write([]byte(b.String()))
	return err
}
