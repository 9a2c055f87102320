package fault

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/scenario/spec"
)

// A trigger decides the moment of a strike.
type trigger interface {
	draw(r *rand.Rand, s *Strike)
	summary() string
}

// Names of triggers, as Strike.Trigger has them.
const (
	AtMoment  = "moment"
	AtOp      = "op"
	AtStartup = "startup"
	AtWindow  = "window"
	After     = "after"
)

// startupSpan is the range of a strike at start-up, counted from when the target begins to catch signals. The start of
// an in-process server takes well under a millisecond.
const startupSpan = time.Millisecond

// moment is a time since the load began, or a share of its duration.
type moment struct {
	share    bool
	from, to float64 // of the duration
	lo, hi   time.Duration
	duration time.Duration
}

func (m moment) draw(r *rand.Rand, s *Strike) {
	s.Trigger = AtMoment
	s.Moment = between(r, m.lo, m.hi)
}

func (m moment) summary() string {
	switch {
	case m.share && m.from == m.to:
		return fmt.Sprintf("at %g%% of %s", m.from*100, m.duration)
	case m.share:
		return fmt.Sprintf("uniform over %g%%..%g%% of %s", m.from*100, m.to*100, m.duration)
	case m.lo == m.hi:
		return fmt.Sprintf("at %s", m.lo)
	}
	return fmt.Sprintf("uniform over %s..%s", m.lo, m.hi)
}

// between draws evenly from lo to hi, both included.
func between(r *rand.Rand, lo, hi time.Duration) time.Duration {
	if hi <= lo {
		return lo
	}
	return lo + time.Duration(r.Int64N(int64(hi-lo)+1))
}

// startup is a time since the target began to catch signals, or an external program was started.
type startup struct {
	lo, hi time.Duration
	whole  bool // no range was given
}

// within is the same trigger for a target whose start lasts from from until until, as far as a strike may prove
// something. A range that was given keeps its end.
func (u startup) within(from, until time.Duration) startup {
	if u.whole {
		return startup{from, max(from, until), true}
	}
	return startup{lo: min(max(u.lo, from), u.hi), hi: u.hi}
}

func (u startup) draw(r *rand.Rand, s *Strike) {
	s.Trigger = AtStartup
	s.Moment = between(r, u.lo, u.hi)
}

func (u startup) summary() string {
	if u.lo == u.hi {
		return fmt.Sprintf("%s into the start", u.lo)
	}
	return fmt.Sprintf("uniform over %s..%s of the start", u.lo, u.hi)
}

// op is a count of operations started.
type op struct {
	name   string
	lo, hi int64
}

func (o op) draw(r *rand.Rand, s *Strike) {
	s.Trigger, s.Op = AtOp, o.name
	s.Count = o.lo + r.Int64N(o.hi-o.lo+1)
}

func (o op) summary() string {
	what := "operations"
	if o.name != "" {
		what = o.name
	}
	if o.lo == o.hi {
		return fmt.Sprintf("after %d %s", o.lo, what)
	}
	return fmt.Sprintf("uniform over %d..%d %s", o.lo, o.hi, what)
}

// window is a task being at a named point of the target.
type window struct {
	name     string
	hold     bool
	duration time.Duration
}

func (w window) draw(r *rand.Rand, s *Strike) {
	s.Trigger, s.Window, s.Hold = AtWindow, w.name, w.hold
	s.Moment = between(r, w.duration/10, w.duration*8/10)
}

func (w window) summary() string {
	if w.hold {
		return "in window " + w.name + ", held"
	}
	return "in window " + w.name
}

// after is a time since the first signal of a trial.
type after struct{ lo, hi time.Duration }

func (a after) draw(r *rand.Rand, s *Strike) {
	s.Trigger = After
	s.Moment = between(r, a.lo, a.hi)
}

func (a after) summary() string {
	if a.lo == a.hi {
		return fmt.Sprintf("%s after the first signal", a.lo)
	}
	return fmt.Sprintf("uniform over %s..%s after the first signal", a.lo, a.hi)
}

func parseTrigger(v spec.Value, scope Scope, errs *spec.Errors) trigger {
	if v.Kind != spec.Scalar {
		errs.Addf(v, "at is one value: a moment (300ms), a range (20%%..80%%), after 100ms, op 1000, startup, or window NAME")
		return nil
	}
	words := split(v)
	switch {
	case len(words) == 0:
		errs.Addf(v, "at is empty: write when the injection strikes, such as 20%%..80%%")
	case words[0].Text == "startup":
		return parseStartup(v, words[1:], errs)
	case words[0].Text == "op":
		return parseOp(v, words[1:], scope, errs)
	case words[0].Text == "window":
		return parseWindow(v, words[1:], scope, errs)
	case words[0].Text == "after":
		return parseAfter(v, words[1:], errs)
	case len(words) == 1:
		return parseMoment(v, scope, errs)
	default:
		errs.Add(spec.Unknown(words[0], "trigger", []string{"after", "op", "startup", "window"}))
	}
	return nil
}

// split returns the words of a scalar, each with its place.
func split(v spec.Value) []spec.Value {
	var words []spec.Value
	from := -1
	for i, c := range v.Text + " " {
		switch {
		case c == ' ' && from >= 0:
			word := v.Part(from, i)
			word.Quoted = false // quotes around the whole make no text of its numbers
			words = append(words, word)
			from = -1
		case c != ' ' && from < 0:
			from = i
		}
	}
	return words
}

func parseMoment(v spec.Value, scope Scope, errs *spec.Errors) trigger {
	if strings.Contains(v.Text, "%") {
		from, to, err := spec.PercentRange(v)
		if err != nil {
			errs.Add(err)
			return nil
		}
		if to > 1 {
			errs.Addf(v, "at %s lies beyond the load: it ends at 100%%", v.Text)
			return nil
		}
		d := scope.Duration
		return moment{share: true, from: from, to: to, duration: d,
			lo: time.Duration(from * float64(d)), hi: time.Duration(to * float64(d))}
	}
	r, err := spec.Durations(v)
	if err != nil {
		errs.Add(err)
		return nil
	}
	if r.Max > scope.Duration {
		errs.Addf(v, "at %s lies beyond the load: duration is %s", v.Text, scope.Duration)
		return nil
	}
	return moment{lo: r.Min, hi: r.Max, duration: scope.Duration}
}

func parseStartup(v spec.Value, rest []spec.Value, errs *spec.Errors) trigger {
	if len(rest) == 0 {
		return startup{hi: startupSpan, whole: true}
	}
	if len(rest) > 1 {
		errs.Addf(rest[1], "at: startup takes at most one range: write startup 0s..200us")
		return nil
	}
	r, err := spec.Durations(rest[0])
	if err != nil {
		errs.Add(err)
		return nil
	}
	return startup{lo: r.Min, hi: r.Max}
}

func parseAfter(v spec.Value, rest []spec.Value, errs *spec.Errors) trigger {
	if len(rest) != 1 {
		errs.Addf(v, "at: after takes a time, or a range of it, since the first signal: write after 100ms")
		return nil
	}
	r, err := spec.Durations(rest[0])
	if err != nil {
		errs.Add(err)
		return nil
	}
	return after{r.Min, r.Max}
}

func parseOp(v spec.Value, rest []spec.Value, scope Scope, errs *spec.Errors) trigger {
	var o op
	if len(rest) == 2 {
		o.name = rest[0].Text
		if !slices.Contains(scope.Ops, o.name) {
			errs.Add(spec.Unknown(rest[0], "operation or load group", scope.Ops))
		}
		rest = rest[1:]
	}
	if len(rest) != 1 {
		errs.Addf(v, "at: op takes a count, and before it perhaps a name: write op 1000..5000 or op publish 1000..5000")
		return nil
	}
	lo, hi, err := spec.IntRange(rest[0])
	if err != nil {
		errs.Add(err)
		return nil
	}
	if lo < 1 {
		errs.Addf(rest[0], "operations are counted from 1")
		return nil
	}
	o.lo, o.hi = lo, hi
	return o
}

func parseWindow(v spec.Value, rest []spec.Value, scope Scope, errs *spec.Errors) trigger {
	if len(rest) == 0 || len(rest) > 2 {
		errs.Addf(v, "at: window takes a window's name, and perhaps hold: write window NAME hold")
		return nil
	}
	w := window{name: rest[0].Text, duration: scope.Duration}
	if !slices.Contains(scope.Windows, w.name) {
		errs.Add(spec.Unknown(rest[0], "window", scope.Windows))
	}
	if len(rest) == 2 {
		if rest[1].Text != "hold" {
			errs.Add(spec.Unknown(rest[1], "word after a window", []string{"hold"}))
		}
		w.hold = true
	}
	return w
}
