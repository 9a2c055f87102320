package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// advice says what to fix first. The part is of the breach's class; the first row that fits is given.
var advice = []struct{ part, text string }{
	{"no-orphan/", "The process that got the signal ended and left others running. If they are child jobs of it: end them, or wait for them, before the end."},
	{"listener-closes/", "The process that got the signal has ended and another one still listens: signal that one, or let the wrapper exec it."},
	{"process-survives/", "Read the first lines of the crash on its stderr (stderr.txt of the trial, where racebench started it). A panic while stopping is often a channel closed twice, or one that is still written to."},
	{"/answered-badly/503", "The program refuses requests that it had read before the signal. Refuse new ones only, and finish those that are in."},
	{"/answered-badly/UNAVAILABLE", "The program refuses calls that it had read before the signal. Refuse new ones only, and finish those that are in."},
	{"/answered-badly/", "A request in flight fails when the stop begins: what it needs is taken away first. Let requests end before their contexts are cancelled, their pools closed, their workers told to go."},
	{"/answer-cut/short", "The program leaves answers off when the stop begins, and ends them as if they were whole. Let what writes an answer go on to its end, or cut the connection so that the client sees that it is not whole."},
	{"/died-of-", "The program died of the signal: it has no handler for it, or none yet. Catch it; then stop accepting, let requests in flight finish, answer it with Connection: close, and exit last, at a deadline of your own."},
	{"/upload-half-received/connection-closed", "The program lives on and closes connections whose request is still coming. Count a request from its first byte, not from its last."},
	{"/connection-closed", "The program lives on and closes connections whose request it has read: close only idle ones."},
	{"drain-ends/program/still-accepts", "It does not react to the signal. Is there a handler, and does the signal reach the server and not a shell in front of it?"},
	{"drain-ends/program/keeps-serving", "It waits for connections that clients keep using. Answer with Connection: close while draining, close idle ones, and give the drain a deadline of your own."},
	{"drain-ends/program/stream-open", "It waits for streams that nobody will end. End them when the signal comes, so that their clients connect again elsewhere, and give the drain a deadline of your own."},
	{"drain-ends/program/websocket-open", "It waits for WebSockets that nobody will close. Close them with 1001 when the signal comes, and give the drain a deadline of your own."},
	{"drain-ends/program/", "It has stopped serving and does not exit." + stacks + " Give the drain a deadline of your own."},
	{"jobs-done-or-queued/queue/lost", "It had taken the job and has dropped it. Stop taking jobs when the signal comes, finish or push back those that were taken or fetched ahead, and acknowledge a job after its work."},
	{"jobs-done-or-queued/queue/done-twice", "The job was done, and was still in the queue when the program had ended. Acknowledge it as soon as it is done, before the process ends, or make the work safe to do twice."},
	{"check/", "The story has what your check printed. Work that was taken before the signal must be done, or be back where it came from, before the process ends."},
	{"serves-for/", "Balancers send for some seconds after the signal. Go on listening and answering for that long, and only then stop: wait in the handler, or before the signal (preStop), and close kept connections with Connection: close on an answer."},
	{"readiness-turns/", "Balancers send new connections as long as the readiness is good. Answer 503 there when the signal comes, and stop listening only when they had time to look."},
	{"acked-survives-restart/", "It acknowledges writes before they are where a restart finds them. Write and sync first, or flush on the signal, before the process ends."},
}

// wrapped is the advice on a program that ended and left its server behind.
func wrapped(row result.Row) string {
	return "The process that got the signal ended and left its server running: a wrapper that does not hand signals on. Let the wrapper become the server: sh -c 'exec ./server'" +
		inWordsOf(row.Runtime, ", ", "", instead) + "."
}

// byRuntime is advice in the words of one runtime.
type byRuntime struct{ runtime, name, text string }

var (
	instead = []byRuntime{{"node", "", "node server.js instead of npm start"}, {"go", "", "a built program instead of go run"}}
	waitFor = []byRuntime{{"go", "Go: ", "wait for Shutdown, not for ListenAndServe"}, {"node", "Node: ", "exit in server.close()'s callback"}}
)

// inWordsOf are the words of a program's runtime, with what stands before and after them: those of all where it is not known,
// and none where it is another one.
func inWordsOf(runtime, before, after string, all []byRuntime) string {
	text, lead := "", before
	for _, r := range all {
		if runtime == "" || runtime == r.runtime {
			text += lead + r.name + r.text
			lead = "; "
			if before == ", " {
				lead = before
			}
		}
	}
	if text == "" {
		return ""
	}
	return text + after
}

// stacks names the file that shows where a hung program stood, if racebench asked it for its stacks.
const stacks = " Its stacks after SIGQUIT, where its runtime prints them, are in stderr.txt of the trial."

// remedies say what to do about a warning, by its class or else by its invariant.
var remedies = map[string]string{
	"clean-exit":                "A supervisor takes that for a failure, and may start it again. End with status 0 when the stop is done, or list the status (exit:, --exit).",
	"clean-close":               "Close each WebSocket with 1001 when the signal comes: its client then goes elsewhere at once.",
	"drain-ends/pid1":           "Install a handler for the signal, or run it below an init that hands signals on (tini, or the one of the container engine).",
	"late-connections-answered": "The stop takes what it will never answer. Stop accepting when the signal comes, answer with Connection: close from then on, and count what is under way until nothing is left, not once.",
	"preopened-answered":        "A server that stops at once" + goStopsAtOnce + " closes connections whose first request comes then. Wait a moment between the signal and the server's own stop (lame duck: still serving, already out of the balancer); act if your clients do not send again.",
}

// goStopsAtOnce names a server that does, to programs that may be such a one.
const goStopsAtOnce = ", such as Go's net/http in Shutdown (1.25 and later),"

// remedyOf is what to do about a warning of a result: what is known of its class or invariant, or of a breach of its
// class; empty where nothing is.
func remedyOf(row result.Row, w result.RowWarning) string {
	if !row.External() {
		return ""
	}
	if own := cmp.Or(remedies[w.Class], remedies[w.Invariant]); own != "" || w.Class == "" {
		if row.Runtime != "" && row.Runtime != "go" {
			own = strings.Replace(own, goStopsAtOnce, "", 1)
		}
		return own
	}
	for _, a := range advice {
		if strings.Contains(w.Class, a.part) {
			return a.text
		}
	}
	return ""
}

// signalOf lists servers that drain on another signal than SIGTERM.
var signalOf = map[string]string{
	"nginx":    "SIGTERM is nginx's fast shutdown. Send SIGQUIT (--signal SIGQUIT; in a container STOPSIGNAL SIGQUIT).",
	"haproxy":  "SIGTERM is haproxy's fast shutdown. Send SIGUSR1 (--signal SIGUSR1; in a container STOPSIGNAL SIGUSR1).",
	"lighttpd": "SIGTERM is lighttpd's fast shutdown. Send SIGINT (--signal SIGINT; in a container STOPSIGNAL SIGINT).",
}

// fixFirst writes the advice about the worst breach.
func (p *painter) fixFirst(row result.Row, b result.RowBreach) {
	if text := adviceFor(row, b); text != "" {
		p.blank()
		p.field("fix first", text)
	}
}

// adviceFor is what to fix first of a breach, in the same words in every format; empty where nothing is known.
func adviceFor(row result.Row, b result.RowBreach) string {
	if !row.External() {
		return ""
	}
	text := ""
	for _, a := range advice {
		if strings.Contains(b.Class, a.part) {
			text = a.text
			break
		}
	}
	if strings.HasSuffix(b.Class, "/exited") {
		text = exitedWith(row)
	}
	if own := adviceOnWords(b); own != "" {
		text = own
	}
	if own, ok := signalOf[row.Variant]; ok && b.Invariant == "every-request-answered" && strings.HasPrefix(row.Moment, "SIGTERM") {
		text = own
	}
	if wasAttached(row) { // nobody asked it for its stacks
		text = strings.Replace(text, stacks, "", 1)
	}
	if b.Invariant == "no-orphan" && slices.ContainsFunc(row.Breaches, func(o result.RowBreach) bool { return o.Invariant == "listener-closes" }) {
		text = wrapped(row)
	}
	return text
}

// saidAdvice is what to fix first where the story of such a class has such words, of the program or about it. The classes are
// those of external programs alone: a target or a Go test has no such words.
var saidAdvice = []struct{ class, part, text string }{
	{"every-request-answered", "http: panic serving", "A handler panics during the stop: the story has its line. What handlers use (a channel, a pool, a logger) must be closed when the server's own stop has returned, not before."},
	{"every-request-answered", "context canceled", "The signal cancels the context that requests in flight work with. Derive theirs from another one, and cancel it when the server's own stop has returned."},
	{"drain-ends/program/", "ignores SIG", "It ignores the signal: something above it (nohup, a shell's background job) has set that, or the program itself has."},
	{"drain-ends/program/", "has no handler for SIG", "It has no handler for the signal, which ends it only where it is not PID 1. Install one, or run it below an init that hands signals on (tini, or the one that docker run can add)."},
	{"drain-ends/program/", "works without clients", "It goes on with its work. Look for the signal between two pieces of work, not between two batches, and give what is under way a deadline of your own."},
	{"drain-ends/program/", "that got the signal did not stop it", "The process that got the signal does not hand it on to its children. Let it signal them and wait, or signal the whole group (--signal-to group)."},
	{"drain-ends/program/still-accepts", "has a handler for SIG", "It has a handler for the signal, and goes on accepting: look at what the handler waits for, or at what it found not started yet."},
}

// adviceOnWords is the advice on what a breach's story quotes; "" where it is none that is known.
func adviceOnWords(b result.RowBreach) string {
	for _, a := range saidAdvice {
		if strings.HasPrefix(b.Class, a.class) && (strings.Contains(b.Summary, a.part) || slices.ContainsFunc(b.First.Evidence, func(line string) bool { return strings.Contains(line, a.part) })) {
			return a.text
		}
	}
	return ""
}

// endWithTheStop is the advice on a program that ended before its requests.
func endWithTheStop(runtime string) string {
	return " End the process only when the server's own stop has returned" + inWordsOf(runtime, " (", ")", waitFor) + "."
}

// exitedWith tells the end of a program that left requests open. If it ends at the same moment in every trial, a
// timer is likely.
func exitedWith(row result.Row) string {
	var least, most int64
	n := 0
	for _, t := range row.PerTrial {
		if t.DrainNS == 0 {
			continue
		}
		if n == 0 || t.DrainNS < least {
			least = t.DrainNS
		}
		most = max(most, t.DrainNS)
		n++
	}
	when := fmt.Sprintf("The process exits %s after the signal, with requests still open.", span(most))
	if least != most {
		when = fmt.Sprintf("The process exits %s to %s after the signal, with requests still open.", span(least), span(most))
	}
	if d := row.Drain; d != nil && n >= 3 && least > (20*time.Millisecond).Nanoseconds() && d.P50NS < least+least/5 {
		return when + " That looks like a timer: exit when the last answer is out, and keep the timer as a last resort only."
	}
	return when + endWithTheStop(row.Runtime)
}

// adviceOn is what to fix first of a class, or of an invariant that warns, without the story of one trial.
func adviceOn(word string) []string {
	var all []string
	switch {
	case remedies[word] != "":
		return []string{remedies[word]}
	case strings.HasPrefix(word, "every-request-answered/") && strings.HasSuffix(word, "/exited"):
		return []string{strings.TrimSpace(endWithTheStop(""))}
	}
	for _, a := range advice {
		if strings.Contains(word, a.part) {
			all = append(all, a.text)
			break
		}
	}
	for _, a := range saidAdvice {
		if strings.Contains(word, "/") && strings.HasPrefix(word, a.class) {
			all = append(all, "Where the story says "+a.part+": "+a.text)
		}
	}
	if class, _, ok := strings.Cut(word, "/"); ok && len(all) == 0 && remedies[class] != "" {
		all = append(all, remedies[class])
	}
	return all
}
