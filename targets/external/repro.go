package external

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
)

// A repro is what a script needs to know of the trial that it shows again.
type repro struct {
	c      config
	e      *ledger.Evidence
	groups []targets.Role // of the load: the name, the settings and the size of each
	url    string         // where the program listened, as a word of a shell
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
	if p.program.worker || len(p.program.command) == 0 || !r.find() {
		return ""
	}
	body := r.goes(strings.Split(class, "/"))
	if body == "" {
		return ""
	}
	return r.head(class, summary, grace) + body + reproTail
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
	host := address[:strings.LastIndexByte(address, ':')]
	scheme := "http"
	if before, _, _ := strings.Cut(r.c.url, ":"); slices.Contains(secureSchemes, before) {
		scheme = "https"
	}
	r.url = fmt.Sprintf("%s://%s:%d", scheme, host, taken)
	if int(taken) == r.port {
		r.url = fmt.Sprintf(`%s://%s:"$PORT"`, scheme, host)
	}
	struck, ok := e.Strike()
	i := slices.IndexFunc(signalNames, func(n namedSignal) bool { return int(n.signal) == struck.Number })
	if !ok || i < 0 {
		return false
	}
	r.signal, r.struck = strings.TrimPrefix(signalNames[i].name, "SIG"), struck.At
	return true
}

// goes is the part of the script that tells one class of breach from another; "" where a shell, curl and kill
// cannot show it.
func (r *repro) goes(words []string) string {
	switch words[0] {
	case "every-request-answered":
		if r.request(words[1]) {
			return fmt.Sprintf(goLost, r.send(), seconds(r.wait))
		}
	case "drain-ends":
		return fmt.Sprintf(goHang, r.holding(words[len(words)-1]))
	case "no-orphan", "listener-closes":
		return goOrphan
	case "preopened-answered":
		if r.first("http-preopened") {
			return r.dial(r.ask()) + goPreopened
		}
	case "clean-close":
		if r.first("websocket") && len(r.g.hello) <= longestHello {
			return r.dial(r.upgrade()) + fmt.Sprintf(goClose, r.hello())
		}
	case "acked-survives-restart":
		return r.writes()
	}
	return ""
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

// send is the command that sends the example's request once.
func (r *repro) send() string {
	method := "GET"
	feed, data := "", ""
	size := r.size
	if r.g.kind.name == "http-upload" {
		if size == 0 {
			size = uploadSize
		}
		over := r.g.over
		if over == 0 {
			over = uploadOver
		}
		method = "POST"
		feed = fmt.Sprintf("(i=0; while [ $i -lt %d ]; do head -c %d /dev/zero; sleep %s; i=$((i+1)); done) |\n    ",
			uploadPieces, size/uploadPieces, seconds(over/uploadPieces))
		data = fmt.Sprintf(" -T - -H 'Transfer-Encoding:' -H 'Content-Length: %d'", size/uploadPieces*uploadPieces)
	} else if size > 0 || r.g.body != "" {
		method = "POST"
		feed = "printf %s " + quoted(r.g.body) + " |\n    "
		if r.g.body == "" {
			feed = fmt.Sprintf("head -c %d /dev/zero |\n    ", size)
		}
		data = " --data-binary @-"
	}
	verb := "-X " + r.g.methodOr(method)
	if r.g.method == "HEAD" {
		verb = "-I"
	}
	return fmt.Sprintf("%s$curl %s%s%s %s%s", feed, verb, data, r.headers(), r.url, quoted(r.path()))
}

// headers are those of the group. What says who somebody is, is not kept: it comes from the environment.
func (r *repro) headers() string {
	text := ""
	for _, h := range r.g.headers {
		if variable, secret := spec.SecretHeader(h[0]); secret {
			text += fmt.Sprintf(` -H "%s: ${%s?set it: it is not kept}"`, h[0], variable)
			continue
		}
		text += " -H " + quoted(h[0]+": "+h[1])
	}
	return text
}

// path is what the example's client asks for.
func (r *repro) path() string {
	if r.g.path != "" {
		return r.g.path
	}
	rest := r.c.url
	if i := strings.Index(rest, "://"); i >= 0 {
		rest = rest[i+3:]
	}
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return "/"
}

// holding are the clients that a program waits for, by what it was seen doing.
func (r *repro) holding(cause string) string {
	for _, g := range r.groups {
		if !r.group(g.Group) {
			continue
		}
		switch {
		case cause == "websocket-open" && r.g.kind.name == "websocket":
			return fmt.Sprintf("$curl -N -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: cmFjZWJlbmNoIHJlcHJvIQ=='%s %s%s &",
				r.headers(), r.url, quoted(r.path()))
		case cause == "tcp-silent-open" && r.g.kind.name == "tcp-silent":
			return "sleep $((GRACE+5)) | $curl -N " + strings.Replace(r.url, "http://", "telnet://", 1) + " &"
		case cause != "websocket-open" && (r.g.kind.name == "http-keepalive" || r.g.kind.name == "http-stream"):
			// One connection, kept alive, request after request.
			return fmt.Sprintf(`awk -v url=%s%s 'BEGIN { for (i = 0; i < 20000; i++) print "url = \"" url "\"\noutput = /dev/null" }' |
    $curl%s -K - &`, r.url, quoted(r.path()), r.headers())
		}
	}
	return ": &"
}

// withKey quotes a text for a shell, with the number of the write for {id}.
func withKey(s string) string { return strings.ReplaceAll(quoted(s), idWord, `racebench-'"$i"'`) }

// quoted quotes a text for a shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// filled quotes a word of the command, with the port and the data folder that the script gives.
func filled(s string) string {
	s = strings.ReplaceAll(quoted(s), portWord, `'"$PORT"'`)
	return strings.ReplaceAll(s, dataWord, `'"$DATA"'`)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

// head is the part of the script that starts the program.
func (r *repro) head(class, summary string, grace time.Duration) string {
	var b strings.Builder
	// Comments of a script are one line each.
	fmt.Fprintf(&b, reproHead, strings.Join(strings.Fields(summary), " "), class, r.port, (grace+time.Second-1)/time.Second, r.signal)
	for _, e := range r.c.env {
		name, value, _ := strings.Cut(e, "=")
		if value != portWord && value != dataWord {
			value = fmt.Sprintf("${%s?its value is left out of kept trials: set it}", name)
		}
		fmt.Fprintf(&b, "export %s=\"%s\"\n", name, strings.NewReplacer(portWord, "$PORT", dataWord, "$DATA").Replace(value))
	}
	dir, err := filepath.Abs(r.c.cwd)
	if err != nil {
		dir, _ = os.Getwd()
	}
	target := `"$pid"`
	switch {
	case r.c.group:
		target = `-- "-$pid"`
	case r.c.pid1:
		target = `$(cat "/proc/$pid/task/$pid/children")`
	}
	fmt.Fprintf(&b, "cd %s || exit 2\n\n", quoted(dir))
	if r.c.pid1 {
		b.WriteString(reproAlone)
	}
	fmt.Fprintf(&b, "answers() { $curl -o /dev/null -m 2 %s/; [ $? -ne 7 ]; } # 7: no connection\n", r.url)
	fmt.Fprintf(&b, "ready() { %s; }\nstrike() { kill -s \"$SIGNAL\" %s; }\n", r.ready(), target)
	// A session of its own lets all of it be found and ended.
	fmt.Fprintf(&b, "program() {\n%s  heeding setsid sh -c 'echo $$ >\"$0\"; exec \"$@\"' \"$work/pid\"", r.before())
	if r.c.pid1 {
		b.WriteString(" $alone")
	}
	for _, word := range r.c.command {
		b.WriteString(" " + filled(word))
	}
	b.WriteString("\n}\n")
	return b.String() + reproStart
}

// before is the scenario's before_each.
func (r *repro) before() string {
	if len(r.c.beforeEach) == 0 {
		return ""
	}
	text := " "
	for _, word := range r.c.beforeEach {
		text += " " + filled(word)
	}
	return text + " || exit 2\n"
}

func (r *repro) ready() string {
	switch {
	case r.c.ready.log != "":
		return fmt.Sprintf(`grep -qF %s "$work/output"`, filled(r.c.ready.log))
	case r.c.ready.http != "":
		return fmt.Sprintf(`$curl -f -o /dev/null -m 2 %s%s`, r.url, quoted(r.c.ready.http))
	}
	return "answers"
}
