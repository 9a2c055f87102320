package external

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/racebench/racebench/scenario/spec"
)

// config is what a scenario's external says.
type config struct {
	command    []string
	cwd        string
	env        []string // NAME=value, or NAME alone: its value is in racebench's own environment
	url        string   // a template; empty: the port is found
	ready      readiness
	exits      []int // statuses of a clean stop
	exitsOf    []syscall.Signal
	group      bool // the signal goes to the whole group
	restart    bool
	preset     string
	worker     bool // it listens on nothing
	pid1       bool // it runs as PID 1
	beforeEach []string
	attach     string // the id of a process that runs already, or a file that holds it; "": none
}

// readiness says when a program is ready: at most one of its fields is set.
type readiness struct {
	http string
	port string // a template
	log  string
}

// portWord and dataWord are filled in.
const (
	portWord = "{port}"
	dataWord = "{data}"
)

// externalFields are the words of a scenario's external, each with its reader.
var externalFields = []struct {
	name string
	read func(c *config, v spec.Value, errs *spec.Errors)
}{
	{"command", func(c *config, v spec.Value, errs *spec.Errors) { c.command = readCommand(v, errs) }},
	{"cwd", func(c *config, v spec.Value, errs *spec.Errors) { c.cwd = readWord(v, errs) }},
	{"env", readEnv},
	{"url", readURL},
	{"ready", readReady},
	{"exit", readExits},
	{"signal_to", func(c *config, v spec.Value, errs *spec.Errors) {
		if v.Text != "leader" && v.Text != "group" {
			errs.Add(spec.Unknown(v, "signal_to", []string{"leader", "group"}))
		}
		c.group = v.Text == "group"
	}},
	{"restart", func(c *config, v spec.Value, errs *spec.Errors) { c.restart = readBool(v, errs) }},
	{"preset", func(c *config, v spec.Value, errs *spec.Errors) { c.preset = readWord(v, errs) }},
	{"worker", func(c *config, v spec.Value, errs *spec.Errors) { c.worker = readBool(v, errs) }},
	{"pid1", func(c *config, v spec.Value, errs *spec.Errors) { c.pid1 = readBool(v, errs) }},
	{"before_each", func(c *config, v spec.Value, errs *spec.Errors) { c.beforeEach = readCommand(v, errs) }},
	{"attach", readAttach},
}

func parseConfig(v spec.Value, errs *spec.Errors) config {
	var c config
	if preset, ok := v.Get("preset"); ok {
		c.usePreset(preset, errs)
	}
	var names []string
	for _, f := range externalFields {
		names = append(names, f.name)
		if at, ok := v.Get(f.name); ok {
			f.read(&c, at, errs)
		}
	}
	for _, f := range v.Fields {
		if !slices.Contains(names, f.Key.Text) {
			errs.Add(spec.Unknown(f.Key, "field of external", names))
		}
	}
	_, hasCommand := v.Get("command")
	_, hasAttach := v.Get("attach")
	switch {
	case !hasCommand && !hasAttach:
		errs.Addf(v, "external has no command: write what starts the program, such as command: [./server, --port, \"{port}\"]")
	case hasCommand && hasAttach:
		errs.Addf(v, "external has a command and attach: a running program is attached to, another is started; leave one out")
	case hasAttach && (c.group || c.pid1 || c.worker || len(c.beforeEach) > 0 || len(c.env) > 0 || c.cwd != "" || c.ready.log != ""):
		errs.Addf(v, "attach finds the program as it runs: signal_to: group, pid1, worker, before_each, env, cwd and ready: {log: …} are for one that racebench starts")
	case c.worker && c.ready.log == "":
		errs.Addf(v, "a worker listens on nothing, so its readiness must be seen in what it prints: write ready: {log: \"…\"}")
	}
	if c.exits == nil && c.exitsOf == nil {
		c.exits = []int{0, 143}
	}
	return c
}

func readAttach(c *config, v spec.Value, errs *spec.Errors) {
	c.attach = readWord(v, errs)
	if n, err := strconv.Atoi(c.attach); c.attach == "" || err == nil && n < 2 {
		errs.Addf(v, "attach is the id of a running process, such as attach: 4242, or a file that holds it")
	}
}

func readWord(v spec.Value, errs *spec.Errors) string {
	s, err := spec.Word(v)
	errs.Add(err)
	return s
}

func readBool(v spec.Value, errs *spec.Errors) bool {
	b, err := spec.Bool(v)
	errs.Add(err)
	return b
}

// readCommand reads a list of words, or a text that is split as a shell would.
func readCommand(v spec.Value, errs *spec.Errors) []string {
	var words []string
	switch v.Kind {
	case spec.List:
		for _, item := range v.Items {
			if item.Kind != spec.Scalar {
				errs.Addf(item, "%s where a word of a command is needed", item.Kind)
				continue
			}
			words = append(words, item.Text)
		}
	case spec.Scalar:
		split, ok := spec.Split(v.Text)
		if !ok {
			errs.Addf(v, "a quote in this command is not closed")
		}
		words = split
	}
	if len(words) == 0 || words[0] == "" {
		errs.Addf(v, "the command is empty: write such as [./server, --port, \"{port}\"]")
	}
	return words
}

func readEnv(c *config, v spec.Value, errs *spec.Errors) {
	if v.Kind != spec.Map {
		errs.Addf(v, "env is a map of names and values, such as {LOG_LEVEL: warn}")
		return
	}
	for _, f := range v.Fields {
		if f.Key.Text == "" || strings.ContainsAny(f.Key.Text, "=\x00") || f.Value.Kind == spec.List || f.Value.Kind == spec.Map {
			errs.Addf(f.Key, "env: %q is not a variable with one value", f.Key.Text)
			continue
		}
		if f.Value.Kind == spec.Null {
			c.env = append(c.env, f.Key.Text)
			continue
		}
		c.env = append(c.env, f.Key.Text+"="+f.Value.Text)
	}
}

// The schemes of a url; the latter mean TLS.
var (
	plainSchemes  = []string{"http", "ws", "tcp", "redis", "nats", "mqtt", "amqp"}
	secureSchemes = []string{"https", "wss", "tls", "rediss", "mqtts", "ssl", "amqps"}
)

func readURL(c *config, v spec.Value, errs *spec.Errors) {
	c.url = readWord(v, errs)
	u, err := url.Parse(strings.ReplaceAll(c.url, portWord, "1"))
	switch {
	case c.url == "":
	case err != nil || u.Hostname() == "" || !slices.Contains(plainSchemes, u.Scheme) && !slices.Contains(secureSchemes, u.Scheme):
		errs.Addf(v, "url %s is not an address such as http://127.0.0.1:{port}/", c.url)
	}
}

func readReady(c *config, v spec.Value, errs *spec.Errors) {
	if v.Kind != spec.Map || len(v.Fields) != 1 {
		errs.Addf(v, "ready is one of {http: /healthz}, {port: 18471} and {log: \"listening on\"}")
		return
	}
	f := v.Fields[0]
	text := readWord(f.Value, errs)
	switch f.Key.Text {
	case "http":
		if !strings.HasPrefix(text, "/") {
			errs.Addf(f.Value, "ready: http is a path, such as /healthz")
		}
		c.ready.http = text
	case "port":
		if n, err := strconv.Atoi(text); text != portWord && (err != nil || n < 1 || n > 65535) {
			errs.Addf(f.Value, "ready: port is a number from 1 to 65535, or {port}")
		}
		c.ready.port = text
	case "log":
		c.ready.log = text
	default:
		errs.Add(spec.Unknown(f.Key, "kind of readiness", []string{"http", "log", "port"}))
	}
}

func readExits(c *config, v spec.Value, errs *spec.Errors) {
	c.exits, c.exitsOf = nil, nil
	if v.Kind != spec.List || len(v.Items) == 0 {
		errs.Addf(v, "exit is a list of statuses and names of signals, such as [0, 143, SIGTERM]")
		return
	}
	for _, item := range v.Items {
		if n, err := strconv.Atoi(item.Text); err == nil && item.Kind == spec.Scalar {
			if n < 0 || n > 255 {
				errs.Addf(item, "exit status %d: it is from 0 to 255", n)
			}
			c.exits = append(c.exits, n)
			continue
		}
		sig, ok := signalNamed(item.Text)
		if !ok {
			errs.Addf(item, "%q is neither an exit status nor the name of a signal, such as SIGTERM", item.Text)
			continue
		}
		c.exitsOf = append(c.exitsOf, sig)
	}
}

// signalNamed finds a signal that a program may be stopped with.
func signalNamed(name string) (syscall.Signal, bool) {
	for _, s := range signalNames {
		if strings.EqualFold(s.name, name) {
			return s.signal, true
		}
	}
	return 0, false
}

// startLimit is how long a program may take until it is ready.
const startLimit = 40 * time.Second
