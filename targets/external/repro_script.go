package external

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/racebench/racebench/scenario/secret"
)

// The parts of repro.sh that are the same in every script. It is for a person who has no racebench: a POSIX shell,
// curl, kill and setsid.
//
//go:embed repro/*.sh
var reproParts embed.FS

// A script is repro.sh while it is written: what a trial knows as variables and small functions, and parts that use
// them.
type script struct{ strings.Builder }

// part adds parts. Their own heads, up to the first empty line, are for who reads them alone.
func (s *script) part(names ...string) {
	for _, name := range names {
		raw, err := reproParts.ReadFile("repro/" + name + ".sh")
		if err != nil {
			panic(err) // it is embedded
		}
		_, text, _ := strings.Cut(string(raw), "\n\n")
		s.WriteString("\n" + text)
	}
}

// set gives a variable a value, which is a word of a shell.
func (s *script) set(name, word string) { fmt.Fprintf(s, "%s=%s\n", name, word) }

// function writes a function. Its body is commands of a shell.
func (s *script) function(name, body string) { fmt.Fprintf(s, "%s() { %s; }\n", name, body) }

// settings begins the script: what it shows, and how it can be told to show it otherwise.
func (s *script) settings(r *repro, class, summary string, grace time.Duration) {
	// Comments of a script are one line each.
	fmt.Fprintf(s, "#!/bin/sh\n# %s\n# class %s\n#\n", strings.Join(strings.Fields(summary), " "), class)
	s.WriteString(`# Shows it without racebench: starts the program, signals it, and looks what became of its clients, up to TIMES
# times. Needs curl, kill and setsid. Status: 1 it happened, 0 it did not, 2 it could not be tried.
# Settings: PORT, DATA (an empty folder), TIMES, GRACE (whole seconds), SIGNAL.
`)
	fmt.Fprintf(s, "export PORT=\"${PORT:-%d}\"\n", r.port)
	fmt.Fprintf(s, "TIMES=\"${TIMES:-10}\" GRACE=\"${GRACE:-%d}\" SIGNAL=\"${SIGNAL:-%s}\"\n", (grace+time.Second-1)/time.Second, r.signal)
}

// reach is where the program listens, for what takes no url.
func (s *script) reach(r *repro) {
	s.set("host", r.host)
	s.set("port", r.taken)
}

// program is how the program is started, where it listens, and how it is signalled.
func (s *script) program(r *repro) {
	for _, e := range r.c.env {
		name, value, _ := strings.Cut(e, "=")
		if value != portWord && value != dataWord {
			value = fmt.Sprintf("${%s?its value is left out of kept trials: set it}", name)
		}
		fmt.Fprintf(s, "export %s=\"%s\"\n", name, strings.NewReplacer(portWord, "$PORT", dataWord, "$DATA").Replace(value))
	}
	dir, err := filepath.Abs(r.c.cwd)
	if err != nil {
		dir, _ = os.Getwd()
	}
	fmt.Fprintf(s, "cd %s || exit 2\n", quoted(dir))
	s.set("url", r.scheme+"://"+bracketed(r.host)+":"+r.taken)
	if r.c.pid1 {
		s.part("alone")
	}
	run := "session $alone" + filledAll(r.c.command)
	if len(r.c.beforeEach) > 0 {
		run = strings.TrimSpace(filledAll(r.c.beforeEach)) + " || exit 2; " + run
	}
	s.function("program", run)
	s.function("ready", r.ready())
	pid := `"$pid"`
	switch {
	case r.c.group:
		pid = `-- "-$pid"`
	case r.c.pid1:
		pid = `"$(first)"`
	}
	strike := `kill -s "$SIGNAL" ` + pid
	if len(r.c.preStop) > 0 {
		strike = strings.TrimSpace(filledAll(r.c.preStop)) + " || exit 2; " + strike
	}
	s.function("strike", strike)
}

func (r *repro) ready() string {
	switch {
	case r.c.ready.log != "":
		return fmt.Sprintf(`grep -qF %s "$work/output"`, filled(r.c.ready.log))
	case r.c.ready.http != "":
		return `$curl -f -o /dev/null -m 2 "$url"` + quoted(r.c.ready.http)
	}
	return "answers"
}

// withKey quotes a text for a shell, with the number of the write for {id}.
func withKey(s string) string { return strings.ReplaceAll(quoted(s), idWord, `racebench-'"$i"'`) }

// quoted quotes a text for a shell. Secrets are not kept: they come from the environment.
func quoted(s string) string { return quotedBut(s, secret.Text(s)) }

// quotedBut quotes a text with secrets in it.
func quotedBut(s string, secrets []secret.Span) string {
	const mark = "\x00"
	var names []string
	s = secret.Replace(s, secrets, func(at secret.Span) string {
		names = append(names, secret.NameOf(s[at.From:at.To], at.Name))
		return mark
	})
	text := "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	for _, name := range names {
		text = strings.Replace(text, mark, fmt.Sprintf(`'"${%s?set it: it is not kept}"'`, name), 1)
	}
	return text
}

// filled quotes a word of the command, with the port and the data folder that the script gives.
func filled(s string) string { return filledBut(s, secret.Text(s)) }

func filledBut(s string, secrets []secret.Span) string {
	s = strings.ReplaceAll(quotedBut(s, secrets), portWord, `'"$PORT"'`)
	return strings.ReplaceAll(s, dataWord, `'"$DATA"'`)
}

// filledAll are the words of a command, each after a blank.
func filledAll(words []string) string {
	text := ""
	for i, secrets := range secret.Words(words) {
		text += " " + filledBut(words[i], secrets)
	}
	return text
}

// header quotes a request header. What says who somebody is, is not kept: it comes from the environment.
func header(h [2]string) string {
	name := h[0] + ": "
	secrets := secret.Value(h[0], h[1])
	for i := range secrets {
		secrets[i].From += len(name)
		secrets[i].To += len(name)
	}
	return quotedBut(name+h[1], secrets)
}

// bracketed is a host as it stands in a URL.
func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "'[" + host + "]'"
	}
	return host
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
