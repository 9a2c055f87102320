package external

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/racebench/racebench/scenario/spec"
)

// A kind is one way of being a client.
type kind struct {
	name, summary string
	fields        []string // the words that are its own
	dial          func(d *dialer) (client, error)
}

// clientFields are the words of a load group that belong to one kind of client or another.
var clientFields = []string{"method", "path", "headers", "body", "status", "over", "hello", "send", "read", "command"}

// group is what a load group says of its clients.
type group struct {
	kind    kind
	method  string
	path    string
	headers [][2]string
	body    string
	status  statusPattern
	over    time.Duration
	hello   string
	send    string
	command []string // of a user's own adapter
	read    string   // where an acknowledged write is read back
}

// statusPattern is the status of a good answer: "200", "2xx", or empty for anything below 400.
type statusPattern string

func (p statusPattern) takes(status int) bool {
	if p == "" {
		return status < 400
	}
	got := strconv.Itoa(status)
	for i, c := range p {
		if i >= len(got) || c != 'x' && byte(c) != got[i] {
			return false
		}
	}
	return len(got) == len(p)
}

func (p statusPattern) String() string {
	if p == "" {
		return "a status below 400"
	}
	return string(p)
}

func parseGroup(v spec.Value, errs *spec.Errors) group {
	var g group
	at, _ := v.Get("client")
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == at.Text })
	if i < 0 {
		return g // the engine says so
	}
	g.kind = kinds[i]
	for _, f := range v.Fields {
		if !slices.Contains(clientFields, f.Key.Text) {
			continue
		}
		if !slices.Contains(g.kind.fields, f.Key.Text) {
			errs.Addf(f.Key, "client %s takes no %s: it takes %s", g.kind.name, f.Key.Text, orNothing(g.kind.fields))
			continue
		}
		g.readField(f, errs)
	}
	return g
}

func orNothing(words []string) string {
	if len(words) == 0 {
		return "none of its own"
	}
	return strings.Join(words, ", ")
}

func (g *group) readField(f spec.Field, errs *spec.Errors) {
	v := f.Value
	if f.Key.Text == "command" {
		g.command = readCommand(v, errs)
		return
	}
	if f.Key.Text != "headers" && v.Kind != spec.Scalar {
		errs.Addf(v, "%s where one value is needed", v.Kind)
		return
	}
	switch f.Key.Text {
	case "method":
		if v.Text == "" || strings.ContainsFunc(v.Text, func(r rune) bool { return r < 'A' || r > 'Z' }) {
			errs.Addf(v, "method %q: write one such as GET or POST", v.Text)
		}
		g.method = v.Text
	case "path":
		if !strings.HasPrefix(v.Text, "/") || strings.ContainsAny(v.Text, " \r\n") {
			errs.Addf(v, "path %q must begin with / and have no blanks", v.Text)
		}
		g.path = v.Text
	case "read":
		g.read = v.Text
	case "headers":
		g.readHeaders(v, errs)
	case "body":
		g.body = v.Text
	case "status":
		if len(v.Text) != 3 || strings.Trim(v.Text, "0123456789x") != "" || v.Text[0] < '1' || v.Text[0] > '5' {
			errs.Addf(v, "status %q: write one such as 200 or 2xx", v.Text)
		}
		g.status = statusPattern(v.Text)
	case "over":
		d, err := spec.Duration(v)
		errs.Add(err)
		g.over = d
	case "hello":
		g.hello = v.Text
	case "send":
		g.send = v.Text
	}
}

func (g *group) readHeaders(v spec.Value, errs *spec.Errors) {
	if v.Kind != spec.Map {
		errs.Addf(v, "headers is a map, such as {Authorization: Bearer x}")
		return
	}
	for _, f := range v.Fields {
		if f.Value.Kind != spec.Scalar || strings.ContainsAny(f.Key.Text+f.Value.Text, "\r\n") || strings.ContainsAny(f.Key.Text, " :") {
			errs.Addf(f.Key, "header %q is not one name with one line of text", f.Key.Text)
			continue
		}
		g.headers = append(g.headers, [2]string{f.Key.Text, f.Value.Text})
	}
}

// target names what a group asks for, for people.
func (g group) target() string { return fmt.Sprintf("%s %s", g.methodOr("GET"), g.pathOr("/")) }

func (g group) methodOr(otherwise string) string {
	if g.method != "" {
		return g.method
	}
	return otherwise
}

func (g group) pathOr(otherwise string) string {
	if g.path != "" {
		return g.path
	}
	return otherwise
}
