package external

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/signals"
	"github.com/racebench/racebench/scenario/schema"
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
	preStop    []string      // is run before the signal
	check      []string      // the user's own judge
	readyPath  string        // where its readiness is polled after the signal; "": nowhere
	readyAuto  bool          // it is looked for at the usual places
	servesFor  time.Duration // how long after the signal it answers new and kept connections; 0: nobody said
	plain      bool          // it runs already and is loaded, and nothing else: url stands alone
	services   []serviceConfig
	attach     string // the id of a process that runs already, or a file that holds it; "": none
}

// readiness says when a program is ready: at most one of its fields is set.
type readiness struct {
	http string
	port string // a template
	log  string
	grpc string // the service whose health is asked, or all
}

// allServices stands for the health of a server as a whole.
const allServices = "health"

// portWord and dataWord are filled in.
const (
	portWord = "{port}"
	dataWord = "{data}"
)

// places are values of variables that racebench fills in itself: they are nobody's secret, and a replay needs them
// as they are.
var places = []string{portWord, ":" + portWord, "127.0.0.1:" + portWord, "localhost:" + portWord, dataWord}

// A programWord is one word of a scenario's external.
type programWord struct {
	schema.Word
	read func(c *config, v spec.Value, errs *spec.Errors)
}

// programWords are the words of a scenario's external.
var programWords = []programWord{
	{
		schema.Word{Name: "command", Form: schema.Command(), Holds: schema.Commands, Help: "a list, or a string split as a shell would, without a shell"},
		func(c *config, v spec.Value, errs *spec.Errors) { c.command = readCommand(v, errs) },
	},
	{
		schema.Word{Name: "cwd", Form: schema.Text(), Help: "the working directory"},
		func(c *config, v spec.Value, errs *spec.Errors) { c.cwd = readWord(v, errs) },
	},
	{schema.Word{Name: "env", Form: schema.Open(), Help: "environment variables", Holds: schema.Variables}, readEnv},
	{schema.Word{Name: "url", Form: schema.Text(), Help: "where it listens; {port} is a free port"}, readURL},
	{
		schema.Word{Name: "ready", Help: "when it is ready; default: the port of url accepts", Form: schema.Object(
			schema.Word{Name: "http", Form: schema.Text(), Help: "a path that answers 2xx"},
			schema.Word{Name: "port", Form: schema.Either(schema.Integer(1, 65535), schema.Text()), Help: "a port that accepts"},
			schema.Word{Name: "log", Form: schema.Text(), Help: "a text it prints"},
			schema.Word{Name: "grpc", Form: schema.Text(), Help: "its grpc.health.v1 does not say that it is not serving: health is the server as a whole, anything else the name of a service"},
		)},
		readReady,
	},
	{
		schema.Word{Name: "exit", Form: schema.List(schema.Either(schema.Integer(0, 255), schema.Text())),
			Help: "statuses of a clean stop, or a signal's name; default [0, 143]"},
		readExits,
	},
	{schema.Word{Name: "signal_to", Form: schema.Enum(receivers...), Help: "who gets the signal"}, readReceiver},
	{
		schema.Word{Name: "restart", Form: schema.Bool(), Help: "start again on the same data and read acknowledged writes back"},
		func(c *config, v spec.Value, errs *spec.Errors) { c.restart = readBool(v, errs) },
	},
	{
		schema.Word{Name: "preset", Form: schema.Text(), Help: "a known server: what its signals mean, sensible load and exits"},
		func(c *config, v spec.Value, errs *spec.Errors) { c.preset = readWord(v, errs) },
	},
	{
		schema.Word{Name: "worker", Form: schema.Bool(), Help: "it listens on nothing; needs ready: {log: …}"},
		func(c *config, v spec.Value, errs *spec.Errors) { c.worker = readBool(v, errs) },
	},
	{
		schema.Word{Name: "pid1", Form: schema.Bool(), Help: "run it as PID 1 of a process namespace, as in a container without an init"},
		func(c *config, v spec.Value, errs *spec.Errors) { c.pid1 = readBool(v, errs) },
	},
	{
		schema.Word{Name: "before_each", Form: schema.Command(), Holds: schema.Commands, Help: "a command that is run before each trial"},
		func(c *config, v spec.Value, errs *spec.Errors) { c.beforeEach = readCommand(v, errs) },
	},
	{
		schema.Word{Name: "check", Form: schema.Command(), Holds: schema.Commands,
			Help: "a command that is run when the program has ended; status 1 and a line on its standard output are a breach"},
		func(c *config, v spec.Value, errs *spec.Errors) { c.check = readCommand(v, errs) },
	},
	{
		schema.Word{Name: "pre_stop", Form: schema.Command(), Holds: schema.Commands,
			Help: "a command that is run before the signal, and takes of the time that the program has to stop"},
		func(c *config, v spec.Value, errs *spec.Errors) { c.preStop = readCommand(v, errs) },
	},
	{
		schema.Word{Name: "ready_path", Form: schema.Text(),
			Help: "where its readiness is asked: ready once it answers 2xx, and after the signal it must say no before the port refuses; auto looks for it, and warns only"},
		readReadyPath,
	},
	{
		schema.Word{Name: "serves_for", Form: schema.Duration(),
			Help: "how long after the signal new and kept connections are answered, as a balancer needs it, such as 5s"},
		readServesFor,
	},
	{
		schema.Word{Name: "attach", Form: schema.Either(schema.Integer(2, 1<<22), schema.Text()),
			Help: "instead of command: the id of a running process, or a file that holds it"},
		readAttach,
	},
}

func parseConfig(v, services spec.Value, errs *spec.Errors) config {
	c := config{services: parseServices(services, errs)}
	if preset, ok := v.Get("preset"); ok {
		c.usePreset(preset, errs)
	}
	var names []string
	for _, w := range programWords {
		names = append(names, w.Name)
		if at, ok := v.Get(w.Name); ok {
			w.read(&c, at, errs)
		}
	}
	for _, f := range v.Fields {
		if !slices.Contains(names, f.Key.Text) {
			errs.Add(spec.Unknown(f.Key, "field of external", names))
		}
	}
	_, hasCommand := v.Get("command")
	_, hasAttach := v.Get("attach")
	c.plain = !hasCommand && !hasAttach && c.url != "" && !strings.Contains(c.url, portWord)
	switch {
	case len(c.services) > 0 && !hasCommand:
		errs.Addf(services, "services stand beside a program that racebench starts: write its command, or leave services out")
	case c.plain:
		c.checkPlain(v, errs)
	case !hasCommand && !hasAttach:
		errs.Addf(v, "external has no command: write what starts the program, such as command: [./server, --port, \"{port}\"]")
	case hasCommand && hasAttach:
		errs.Addf(v, "external has a command and attach: a running program is attached to, another is started; leave one out")
	case hasAttach && (c.group || c.pid1 || c.worker || len(c.beforeEach) > 0 || len(c.check) > 0 || len(c.preStop) > 0 || len(c.env) > 0 || c.cwd != "" || c.ready.log != ""):
		errs.Addf(v, "attach finds the program as it runs: signal_to: group, pid1, worker, before_each, check, pre_stop, env, cwd and ready: {log: …} are for one that racebench starts")
	case c.worker && c.servesFor > 0:
		errs.Addf(v, "a worker listens on nothing, so nobody is answered after the signal: leave serves_for out")
	case c.worker && (c.readyPath != "" || c.readyAuto):
		errs.Addf(v, "a worker listens on nothing, so nobody can ask for its readiness: leave ready_path out")
	case c.worker && c.ready.log == "":
		errs.Addf(v, "a worker listens on nothing, so its readiness must be seen in what it prints: write ready: {log: \"…\"}")
	}
	if c.exits == nil && c.exitsOf == nil {
		c.exits = []int{0, 143}
	}
	return c
}

// checkPlain refuses words of a program that is started where there is none.
func (c *config) checkPlain(v spec.Value, errs *spec.Errors) {
	for _, f := range v.Fields {
		if f.Key.Text != "url" {
			errs.Addf(f.Key, "%s is of a program that racebench starts, and url alone is plain load on a server that runs: write a command, or leave %s out", f.Key.Text, f.Key.Text)
		}
	}
	if u, err := url.Parse(c.url); err == nil && u.Scheme != "http" && u.Scheme != "https" {
		errs.Addf(v, "plain load by %s is not built yet: http and https are", u.Scheme)
	}
}

// receivers are who may get the signal: the program itself, or its whole process group.
var receivers = []string{"leader", "group"}

func readReceiver(c *config, v spec.Value, errs *spec.Errors) {
	if !slices.Contains(receivers, v.Text) {
		errs.Add(spec.Unknown(v, "signal_to", receivers))
	}
	c.group = v.Text == "group"
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

func readEnv(c *config, v spec.Value, errs *spec.Errors) { c.env = readVariables(v, errs) }

// readVariables reads variables as NAME=value, or NAME alone where it has no value.
func readVariables(v spec.Value, errs *spec.Errors) (env []string) {
	if v.Kind != spec.Map {
		errs.Addf(v, "env is a map of names and values, such as {LOG_LEVEL: warn}")
		return nil
	}
	for _, f := range v.Fields {
		if f.Key.Text == "" || strings.ContainsAny(f.Key.Text, "=\x00") || f.Value.Kind == spec.List || f.Value.Kind == spec.Map {
			errs.Addf(f.Key, "env: %q is not a variable with one value", f.Key.Text)
			continue
		}
		if f.Value.Kind == spec.Null {
			env = append(env, f.Key.Text)
			continue
		}
		env = append(env, f.Key.Text+"="+f.Value.Text)
	}
	return env
}

// The schemes of a url; the latter mean TLS.
var (
	plainSchemes  = []string{"http", "ws", "grpc", "tcp", "redis", "nats", "mqtt", "amqp"}
	secureSchemes = []string{"https", "wss", "grpcs", "tls", "rediss", "mqtts", "ssl", "amqps"}
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
		errs.Addf(v, "ready is one of {http: /healthz}, {port: 18471}, {log: \"listening on\"} and {grpc: health}")
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
	case "grpc":
		c.ready.grpc = text
	default:
		errs.Add(spec.Unknown(f.Key, "kind of readiness", []string{"grpc", "http", "log", "port"}))
	}
}

// autoPath stands for a readiness that is looked for.
const autoPath = "auto"

func readReadyPath(c *config, v spec.Value, errs *spec.Errors) {
	c.readyPath = readWord(v, errs)
	if c.readyPath == autoPath {
		c.readyPath, c.readyAuto = "", true
		return
	}
	if !strings.HasPrefix(c.readyPath, "/") || strings.ContainsAny(c.readyPath, " \t\r\n") {
		errs.Addf(v, "ready_path is a path, such as /readyz, or auto")
	}
}

// shortestWindow is the shortest time that a program may say it serves for: in less, too few would ask.
const shortestWindow = 200 * time.Millisecond

func readServesFor(c *config, v spec.Value, errs *spec.Errors) {
	d, err := spec.Duration(v)
	errs.Add(err)
	if err == nil && d < shortestWindow {
		errs.Addf(v, "serves_for %s is too short for anybody to ask in it: write %s or more, such as 5s", v.Text, shortestWindow)
	}
	c.servesFor = d
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
		number, ok := signals.Number(item.Text)
		if !ok {
			errs.Addf(item, "%q is neither an exit status nor the name of a signal, such as SIGTERM", item.Text)
			continue
		}
		c.exitsOf = append(c.exitsOf, syscall.Signal(number))
	}
}

// startLimit is how long a program may take until it is ready.
const startLimit = 40 * time.Second
