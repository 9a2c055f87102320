package external

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// longestHello is the longest text that fits a WebSocket frame whose length is one byte.
const longestHello = 125

// first finds the first load group of a kind of client.
func (r *repro) first(kind string) bool {
	for _, g := range r.groups {
		if r.group(g.Group) && r.g.kind.name == kind {
			return true
		}
	}
	return false
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

// headers are those of the group, as flags of curl.
func (r *repro) headers() string {
	text := ""
	for _, h := range r.g.headers {
		text += " -H " + header(h)
	}
	return text
}

// to is the curl that asks for a path, a word of a shell; its caller may add flags.
func (r *repro) to(flags, path string) string {
	return strings.TrimRight("$curl "+flags, " ") + r.headers() + ` "$@" "$url"` + path
}

// send is the command that sends the example's request once.
func (r *repro) send() string {
	method, feed, flags, size := "GET", "", "", r.size
	switch {
	case r.g.kind.name == "http-upload":
		size = cmp.Or(size, uploadSize)
		over := cmp.Or(r.g.over, uploadOver)
		method = "POST"
		feed = fmt.Sprintf("(i=0; while [ $i -lt %d ]; do head -c %d /dev/zero; sleep %s; i=$((i+1)); done) |\n    ",
			uploadPieces, size/uploadPieces, seconds(over/uploadPieces))
		flags = fmt.Sprintf(" -T - -H 'Transfer-Encoding:' -H 'Content-Length: %d'", size/uploadPieces*uploadPieces)
	case r.g.body != "":
		method, feed, flags = "POST", "printf %s "+quoted(r.g.body)+" |\n    ", " --data-binary @-"
	case size > 0:
		method, feed, flags = "POST", fmt.Sprintf("head -c %d /dev/zero |\n    ", size), " --data-binary @-"
	}
	verb := "-X " + r.g.methodOr(method)
	if r.g.method == "HEAD" {
		verb = "-I"
	}
	return feed + r.to(verb+flags, quoted(r.path()))
}

// holding starts the client that a program waits for, by what it was seen doing.
func (r *repro) holding(cause string) string {
	for _, g := range r.groups {
		if !r.group(g.Group) {
			continue
		}
		switch {
		case cause == "websocket-open" && r.g.kind.name == "websocket":
			return r.to("-N -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: cmFjZWJlbmNoIHJlcHJvIQ=='",
				quoted(r.path())) + " &"
		case cause == "tcp-silent-open" && r.g.kind.name == "tcp-silent":
			return `sleep $((GRACE+5)) | $curl -N "telnet://${url#*://}" &`
		case cause != "websocket-open" && (r.g.kind.name == "http-keepalive" || r.g.kind.name == "http-stream"):
			// One connection, kept alive, request after request.
			return fmt.Sprintf(`awk -v url="$url"%s 'BEGIN { for (i = 0; i < 20000; i++) print "url = \"" url "\"\noutput = /dev/null" }' |
    $curl%s -K - &`, quoted(r.path()), r.headers())
		}
	}
	return ": &"
}

// ask prints the first request of a connection that was open before the signal.
func (r *repro) ask() string {
	method, send, length := "GET", "", int64(len(r.g.body))
	switch {
	case r.g.body != "":
		method, send = "POST", "; printf %s "+quoted(r.g.body)
	case r.size > 0:
		method, send, length = "POST", fmt.Sprintf("; head -c %d /dev/zero", r.size), r.size
	}
	more := []string{"Connection: close"}
	if length > 0 {
		more = append(more, "Content-Length: "+strconv.FormatInt(length, 10))
	}
	return r.lines(r.g.methodOr(method), more) + send
}

// upgrade prints the request for a WebSocket.
func (r *repro) upgrade() string {
	return r.lines("GET", []string{
		"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: cmFjZWJlbmNoIHJlcHJvIQ==",
	})
}

// lines prints the head of a request.
func (r *repro) lines(method string, more []string) string {
	text := `printf '%s\r\n' ` + quoted(method+" "+r.path()+" HTTP/1.1") + ` "Host: ${url#*://}" 'User-Agent: racebench'`
	for _, line := range more {
		text += " " + quoted(line)
	}
	for _, h := range r.g.headers {
		text += " " + header(h)
	}
	return text + " ''"
}

// hello prints what the group's clients say first, in a frame with a mask of nothing.
func (r *repro) hello() string {
	if r.g.hello == "" {
		return ":"
	}
	return fmt.Sprintf(`printf '\201\%03o\000\000\000\000'; printf %%s %s`, 128+len(r.g.hello), quoted(r.g.hello))
}

// writes is the part of the script for acknowledged writes that a restart does not give back.
func (r *repro) writes(s *script) bool {
	for _, d := range r.e.Discards {
		if r.e.Text(d.Station) == "restart" && r.group(r.e.Lanes[d.Msg.Lane()].Group) && r.store(s) {
			s.part("writes")
			return true
		}
	}
	return false
}

// dial is a connection by hand.
func (s *script) dial(r *repro) {
	s.reach(r)
	s.part("heard", "dial")
}

// store is how a shell writes to what the example's clients wrote to, and reads it back. It returns false where it
// cannot.
func (r *repro) store(s *script) bool {
	value := "value of " + idWord
	switch r.g.kind.name {
	case "write-http":
		if r.g.value != "" || r.g.match != "" || r.g.given != "" { // the script compares what comes with what was sent
			return false
		}
		value = cmp.Or(r.g.body, value)
		s.function("write", "value | "+r.to("-f -X "+r.g.methodOr("PUT")+" --data-binary @-", withKey(r.path())))
		s.function("ask", r.to("", withKey(cmp.Or(r.g.read, r.path()))))
		s.part("write_http")
	case "write-redis":
		s.dial(r)
		s.part("write_redis")
	case "write-nats":
		if r.scheme == "https" { // curl cannot begin TLS in the middle
			return false
		}
		r.login(s)
		s.dial(r)
		s.part("write_nats")
	case "write-mqtt":
		if r.scheme == "https" { // its tools want to know whom they trust
			return false
		}
		r.login(s)
		s.reach(r)
		s.part("heard", "write_mqtt")
	case "write-stdio":
		s.function("adapter", strings.TrimSpace(filledAll(r.g.command)))
		s.part("write_stdio")
	default:
		return false
	}
	s.function("value", "printf %s "+withKey(value))
	return true
}

// login is who the clients of the scenario's url are. The password is not kept.
func (r *repro) login(s *script) {
	name, password := "''", "''"
	if u, err := url.Parse(strings.ReplaceAll(r.c.url, portWord, "1")); err == nil && u.User != nil {
		name, password = quoted(u.User.Username()), `"${PASSWORD?set it: it is not kept}"`
	}
	s.set("user", name)
	s.set("password", password)
}
