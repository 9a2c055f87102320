package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/result"
)

// A stake is a kind of work that may be in flight when the signal strikes, and the classes that count its loss.
type stake struct {
	kind, words string
	classes     []string // parts of classes
	warns       bool     // its loss is warning only
}

var stakes = []stake{
	{"request-read", "request read by the server", []string{"/request-read/"}, false},
	{"preopened", "connection open, first request after", []string{"preopened-answered/"}, true},
	{"answer-half-sent", "answer half sent", []string{"/answer-cut/", "/answer-half-sent/"}, false},
	{"upload-half-received", "upload half received", []string{"/upload-half-received/"}, false},
	{"websocket-open", "WebSocket open", []string{"clean-close/websocket/"}, true},
	{"stream-open", "stream without an end open", []string{"clean-close/stream/"}, true},
	{"acknowledged-write", "acknowledged write, after a restart", []string{"acked-survives-restart/"}, false},
	{"accepted-job", "accepted job, after a restart", []string{"jobs-done-or-queued/queue/lost"}, false},
}

// untold are kinds of which nothing is said where there was none.
var untold = []string{"acknowledged-write", "stream-open", "accepted-job"}

// crossings are requests and connections that were on their way, or came after the signal: luck decides them, so
// they are counted and not reported. The prefix begins their kinds.
var crossings = []struct{ prefix, words string }{
	{"unread-", "request on the wire, not read (crossed)"},
	{"read-late", "... of them read by the server in the end"},
	{"sent-after-", "request sent after the signal"},
	{"refused-after", "new connection after the signal"},
}

// struck writes the table of what was in flight at an external program.
func (p *painter) struck(row result.Row) {
	t := &table{columns: []*column{
		{head: "WHEN THE SIGNAL STRUCK"}, {head: "AT RISK", right: true}, {head: "LOST", right: true}, {head: "TRIALS", right: true}, {head: ""},
	}}
	add := func(cells ...string) {
		for i, c := range cells {
			t.columns[i].cells = append(t.columns[i].cells, c)
		}
	}
	// Where jobs were at risk and nothing else, there is nobody who asks.
	idle := slices.ContainsFunc(row.AtRisk, func(r result.RowRisk) bool { return r.Kind == "accepted-job" && r.Count > 0 })
	for _, s := range stakes {
		for _, r := range row.AtRisk {
			if r.Kind != s.kind || r.Count == 0 && (slices.Contains(untold, s.kind) || idle) {
				continue
			}
			lost, trials := fmt.Sprint(r.Lost), nothing
			if n := s.shown(row); n > 0 {
				trials = fmt.Sprintf("%d/%d", n, row.Trials.Run)
			}
			word := "ok"
			switch {
			case r.Count > 0 && r.Lost == 0 && row.Trials.Hung > 0: // a program that has not ended may still lose it
				word = "not judged"
				if row.Trials.Hung < row.Trials.Run {
					word = fmt.Sprintf("not judged in %d/%d", row.Trials.Hung, row.Trials.Run)
				} else {
					lost = nothing
				}
			case r.Count == 0:
				word, lost = "not tested", nothing
			case r.Lost > 0 && s.warns:
				word = "warning"
			case r.Lost > 0:
				word = "FAIL"
			}
			add(s.words, fmt.Sprint(r.Count), lost, trials, word)
			if s.kind == "request-read" {
				p.answeredBadly(row, add)
			}
		}
	}
	for _, c := range crossings {
		var count, of int64
		for _, x := range row.Crossed {
			if !strings.HasPrefix(x.Kind, c.prefix) {
				continue
			}
			count += x.Count
			if !strings.HasSuffix(x.Kind, "-reset") {
				of += x.Of // -eof and -reset split the same requests
			}
		}
		if of > 0 {
			add(c.words, fmt.Sprint(of), fmt.Sprint(count), nothing, "not counted")
		}
	}
	if len(t.columns[0].cells) > 0 {
		p.blank()
		p.table(t)
	}
}

// answeredBadly writes the row of requests in flight that got an error for an answer, if there are any.
func (p *painter) answeredBadly(row result.Row, add func(cells ...string)) {
	var bad, of int64
	for _, a := range row.Asked {
		if a.BadInFlight > 0 {
			bad, of = bad+a.BadInFlight, of+a.InFlight
		}
	}
	if bad == 0 {
		return
	}
	const class = "every-request-answered/answered-badly/"
	word := "warning"
	if slices.ContainsFunc(row.Breaches, func(b result.RowBreach) bool { return strings.HasPrefix(b.Class, class) }) {
		word = "FAIL"
	}
	trials := fmt.Sprintf("%d/%d", stake{classes: []string{class}}.shown(row), row.Trials.Run)
	add("... of them answered with an error", fmt.Sprint(of), fmt.Sprint(bad), trials, word)
}

// shown counts the trials that lost work of the kind.
func (s stake) shown(row result.Row) int {
	n := 0
	for _, part := range s.classes {
		for _, b := range row.Breaches {
			if strings.Contains(b.Class, part) {
				n = max(n, b.Trials)
			}
		}
		for _, w := range row.Warnings {
			if strings.Contains(w.Class, part) {
				n = max(n, w.Trials)
			}
		}
	}
	return n
}
