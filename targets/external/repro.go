package external

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/signals"
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/promise"
)

// A repro is what a script needs to know of the trial that it shows again.
type repro struct {
	c      config
	e      *ledger.Evidence
	groups []targets.Role // of the load: the name, the settings and the size of each
	scheme string         // http or https
	host   string         // where the program listened
	taken  string         // the port that it took, as a word of a shell
	port   int            // that the program was given
	signal string         // without SIG
	struck time.Duration  // when it was sent first
	g      group          // the clients of the example
	size   int64
	wait   time.Duration // from the request to the signal
}

// A reproducer implements targets.Reproducer for a program.
type reproducer struct{ program config }

// Repro implements targets.Reproducer: a shell script.
func (p reproducer) Repro(class, summary string, e *ledger.Evidence, groups []targets.Role, grace time.Duration) string {
	r := repro{c: p.program, e: e, groups: groups}
	if p.program.worker || len(p.program.services) > 0 || len(p.program.command) == 0 || !r.find() {
		return ""
	}
	var s script
	s.settings(&r, class, summary, grace)
	s.part("head")
	s.program(&r)
	s.part("start")
	if !r.goes(&s, strings.Split(class, "/")) {
		return ""
	}
	s.part("tail")
	return s.String()
}

// find takes what is needed from the trial's evidence.
func (r *repro) find() bool {
	e := r.e
	address, taken := "", int64(0)
	for _, p := range e.Processes {
		switch p.Event {
		case extern.ProcessStarted:
			r.port = int(p.Count)
		case extern.ProcessReady:
			address, taken = e.Text(p.Text), p.Count
		}
	}
	if address == "" || r.port == 0 {
		return false
	}
	r.host = strings.Trim(address[:strings.LastIndexByte(address, ':')], "[]")
	r.scheme = "http"
	if before, _, _ := strings.Cut(r.c.url, ":"); slices.Contains(secureSchemes, before) {
		r.scheme = "https"
	}
	r.taken = strconv.FormatInt(taken, 10)
	if int(taken) == r.port {
		r.taken = `"$PORT"`
	}
	struck, ok := e.Strike()
	if !ok {
		return false
	}
	r.signal, r.struck = strings.TrimPrefix(signals.Name(struck.Number), "SIG"), struck.At
	return true
}

// goes adds the part of the script that tells one class of breach from another. It returns false where a shell, curl
// and kill cannot show it.
func (r *repro) goes(s *script, words []string) bool {
	switch words[0] {
	case promise.EveryRequestAnswered:
		if !r.request(words[1]) {
			return false
		}
		s.function("send", r.send())
		s.set("WAIT", seconds(r.wait))
		s.part("lost")
	case promise.DrainEnds:
		s.function("hold", r.holding(words[len(words)-1])+"\n  client=$!")
		s.part("hang")
	case promise.NoOrphan, promise.ListenerCloses:
		s.part("orphan")
	case promise.PreopenedAnswered:
		if !r.first("http-preopened") {
			return false
		}
		s.function("request", r.ask())
		s.dial(r)
		s.part("preopened")
	case promise.CleanClose:
		if !r.first("websocket") || len(r.g.hello) > longestHello {
			return false
		}
		s.function("request", r.upgrade())
		s.function("hello", r.hello())
		s.dial(r)
		s.part("close")
	case promise.AckedSurvivesRestart:
		return r.writes(s)
	default:
		return false
	}
	return true
}

// request finds the request that the breach is about, and how long before the signal it had been sent: long
// enough for a server to read it, and no longer than most of what it takes.
func (r *repro) request(station string) bool {
	e := r.e
	strike := r.struck
	for _, w := range e.Wires {
		op, ok := e.Op(w.Msg)
		if !ok || w.Msg == 0 || !w.End.Lost() || w.Conn == extern.ConnPreopened || op.Began >= strike || w.Ended <= strike {
			continue
		}
		if (station == "answer-cut") != (w.End == extern.WireCut) || station == "upload-half-received" && w.Aim != extern.ReadHead {
			continue
		}
		if !r.group(e.Lanes[w.Lane].Group) || !strings.HasPrefix(r.g.kind.name, "http-") {
			continue
		}
		took := r.middle(e.Lanes[w.Lane].Group)
		r.wait = max((strike-op.Began)/2, 50*time.Millisecond) // it was not answered in twice that
		if took > 0 {
			r.wait = min(max(strike-op.Began, 100*time.Millisecond), took/2)
		}
		return true
	}
	return false
}

// group finds a load group by its name.
func (r *repro) group(name string) bool {
	for _, role := range r.groups {
		if role.Group == name {
			var ok bool
			r.g, ok = role.Client.(group)
			r.size = role.Size
			return ok
		}
	}
	return false
}

// middle is how long a group's good answers took before the signal.
func (r *repro) middle(group string) time.Duration {
	var took []time.Duration
	for lane, ops := range r.e.Ops {
		for _, op := range ops {
			if r.e.Lanes[lane].Group == group && op.Outcome == ledger.Accepted && op.Ended <= r.struck {
				took = append(took, op.Ended-op.Began)
			}
		}
	}
	slices.Sort(took)
	if len(took) == 0 {
		return 0
	}
	return took[len(took)/2]
}
