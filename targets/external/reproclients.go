package external

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/racebench/racebench/scenario/spec"
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

// secure says whether the program is reached over TLS.
func (r *repro) secure() bool { return strings.HasPrefix(r.url, "https:") }

// place is where the program listens, as a word of a shell.
func (r *repro) place() string {
	_, place, _ := strings.Cut(r.url, "://")
	return place
}

// hostPort is the same as two words.
func (r *repro) hostPort() (host, port string) {
	place := r.place()
	i := strings.LastIndexByte(place, ':')
	return strings.Trim(place[:i], "[]"), place[i+1:]
}

// dialTCP is bash with a connection: curl would not see what comes while it waits for something to send.
const dialTCP = `bash -c 'exec 5<>"/dev/tcp/$0/$1" 6<&0 || exit 1; echo connected >&2; cat <&6 >&5 & cat <&5'`

// needs names what a script needs beside curl.
func needs(commands ...string) string {
	text := "\n"
	for _, c := range commands {
		text += "needs " + c + "\n"
	}
	return text
}

// dial is the part of a script that talks over a connection by hand; request and body are what request sends: lines as
// words of a shell, and a command.
func (r *repro) dial(request, body string) string {
	if r.secure() {
		return needs("mkfifo", "openssl") + reproHeard + fmt.Sprintf(reproDial, "openssl s_client -quiet -connect "+r.place(), request, body)
	}
	host, port := r.hostPort()
	return needs("mkfifo", "bash") + reproHeard + fmt.Sprintf(reproDial, dialTCP+" "+host+" "+port, request, body)
}

// ask is the first request of a connection that was open before the signal.
func (r *repro) ask() (request, body string) {
	method, send, length := "GET", ":", int64(len(r.g.body))
	switch {
	case r.g.body != "":
		method, send = "POST", "printf %s "+quoted(r.g.body)
	case r.size > 0:
		method, send, length = "POST", fmt.Sprintf("head -c %d /dev/zero", r.size), r.size
	}
	more := []string{"Connection: close"}
	if length > 0 {
		more = append(more, fmt.Sprint("Content-Length: ", length))
	}
	return r.lines(r.g.methodOr(method), more), send
}

// upgrade asks for a WebSocket.
func (r *repro) upgrade() (request, body string) {
	return r.lines("GET", []string{
		"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: cmFjZWJlbmNoIHJlcHJvIQ==",
	}), ":"
}

// lines is the head of a request, each line a word of a shell.
func (r *repro) lines(method string, more []string) string {
	text := " " + quoted(method+" "+r.path()+" HTTP/1.1") + ` "Host: "` + r.place() + " 'User-Agent: racebench'"
	for _, line := range more {
		text += " " + quoted(line)
	}
	for _, h := range r.g.headers {
		if variable, secret := spec.SecretHeader(h[0]); secret {
			text += fmt.Sprintf(` "%s: ${%s?set it: it is not kept}"`, h[0], variable)
			continue
		}
		text += " " + quoted(h[0]+": "+h[1])
	}
	return text
}

// hello sends what the group's clients say first, in a frame with a mask of nothing.
func (r *repro) hello() string {
	if r.g.hello == "" {
		return ": # nothing is said on it"
	}
	return fmt.Sprintf(`{ printf '\201\%03o\000\000\000\000'; printf %%s %s; } >&3`, 128+len(r.g.hello), quoted(r.g.hello))
}

// writes is the script for acknowledged writes that a restart does not give back.
func (r *repro) writes() string {
	e := r.e
	for _, d := range e.Discards {
		if e.Text(d.Station) != "restart" || !r.group(e.Lanes[d.Msg.Lane()].Group) {
			continue
		}
		value := withKey("value of " + idWord)
		switch r.g.kind.name {
		case "write-http":
			return r.writesHTTP()
		case "write-redis":
			return r.dial("", ":") + fmt.Sprintf(goWrites, keepRedis, readRedis, value)
		case "write-nats":
			if !r.secure() { // curl cannot begin TLS in the middle
				return r.dial("", ":") + natsDial(r.user()) + fmt.Sprintf(goWrites, keepNATS, readNATS, value)
			}
		case "write-mqtt":
			if !r.secure() { // its tools want to know whom they trust
				return needs("mosquitto_pub", "mosquitto_sub", "stdbuf") + reproHeard + r.mqttTools() + fmt.Sprintf(goWrites, keepMQTT, readMQTT, value)
			}
		case "write-stdio":
			return r.adapter() + fmt.Sprintf(goWrites, keepStdio, readStdio, value)
		}
	}
	return ""
}

func (r *repro) writesHTTP() string {
	body := r.g.body
	if body == "" {
		body = "value of " + idWord
	}
	read := r.g.read
	if read == "" {
		read = r.path()
	}
	return fmt.Sprintf(goWrites,
		fmt.Sprintf("  printf %%s %s | $curl -f -X %s --data-binary @-%s %s%s", withKey(body), r.g.methodOr("PUT"), r.headers(), r.url, withKey(r.path())),
		fmt.Sprintf(readHTTP, r.headers()+" "+r.url+withKey(read)), withKey(body))
}

// user is who the clients of the scenario's url are, and the password as it stands in a script.
func (r *repro) user() (name, password string) {
	u, err := url.Parse(strings.ReplaceAll(r.c.url, portWord, "1"))
	if err != nil || u.User == nil {
		return "", ""
	}
	return u.User.Username(), "${PASSWORD?set it: it is not kept}"
}

func natsDial(user, password string) string {
	who := ""
	if user != "" {
		who = `,"user":"` + user + `","pass":"'"` + password + `"'"`
	}
	return fmt.Sprintf(reproNATS, who)
}

// mqttTools are the tools of mosquitto, told where and who.
func (r *repro) mqttTools() string {
	host, port := r.hostPort()
	to := " -q 1 -h " + host + " -p " + port
	if user, password := r.user(); user != "" {
		to += " -u " + quoted(user) + ` -P "` + password + `"`
	}
	return fmt.Sprintf("\npublish() { mosquitto_pub%s \"$@\"; }\nsubscribe() { exec stdbuf -oL mosquitto_sub%s \"$@\"; }\n", to, to)
}

// adapter is the user's own.
func (r *repro) adapter() string {
	text := "\nadapter() {\n "
	for _, word := range r.g.command {
		text += " " + filled(word)
	}
	return text + "\n}\n"
}
