package external

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/racebench/racebench/scenario/schema"
	"github.com/racebench/racebench/scenario/spec"
)

// A serviceConfig is what a scenario says of one service: what stands beside the program.
type serviceConfig struct {
	name    string
	command []string
	cwd     string
	env     []string // as config.env
	ready   readiness
	stop    string // when it is stopped: one of serviceStops, or "": it ends last
}

// Moments at which a service may be stopped. Either is started again before the program is.
const (
	stopBefore = "before" // the program gets its signal once the service has ended
	stopAfter  = "after"  // the program has ended
)

var serviceStops = []string{stopBefore, stopAfter}

// A serviceWord is one word of a scenario's service.
type serviceWord struct {
	schema.Word
	read func(c *serviceConfig, v spec.Value, errs *spec.Errors)
}

// serviceWords are the words of a service.
var serviceWords = []serviceWord{
	{
		schema.Word{Name: "command", Form: schema.Command(), Holds: schema.Commands, Help: "what starts it; {NAME} is its free port, {data} its fresh folder, {port} the program's port"},
		func(c *serviceConfig, v spec.Value, errs *spec.Errors) { c.command = readCommand(v, errs) },
	},
	{
		schema.Word{Name: "cwd", Form: schema.Text(), Help: "the working directory; default: its fresh folder"},
		func(c *serviceConfig, v spec.Value, errs *spec.Errors) { c.cwd = readWord(v, errs) },
	},
	{
		schema.Word{Name: "env", Form: schema.Open(), Help: "environment variables", Holds: schema.Variables},
		func(c *serviceConfig, v spec.Value, errs *spec.Errors) { c.env = readVariables(v, errs) },
	},
	{
		schema.Word{Name: "ready", Help: "when it is ready; default: {NAME} accepts", Form: schema.Object(
			schema.Word{Name: "port", Form: schema.Either(schema.Integer(1, 65535), schema.Text()), Help: "a port that accepts"},
			schema.Word{Name: "log", Form: schema.Text(), Help: "a text it prints"},
		)},
		(*serviceConfig).readReady,
	},
	{
		schema.Word{Name: "stop", Form: schema.Enum(serviceStops...), Help: "before: it is stopped before the program gets its signal; after: when the program has ended; it is started again before the restart"},
		func(c *serviceConfig, v spec.Value, errs *spec.Errors) {
			if c.stop = v.Text; !slices.Contains(serviceStops, c.stop) {
				errs.Add(spec.Unknown(v, "stop of a service", serviceStops))
			}
		},
	},
}

// serviceName is what a service may be called: it stands in braces where its port is wanted.
var serviceName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,30}$`)

// notServices are names that stand for something else in braces.
var notServices = []string{"port", "data", "id", "value"}

// word stands for a service's port.
func (c serviceConfig) word() string { return "{" + c.name + "}" }

// variable is the name of the variable in which a program finds a service's port.
func (c serviceConfig) variable() string {
	return strings.ToUpper(strings.ReplaceAll(c.name, "-", "_")) + "_PORT"
}

// namesPort says whether the service is given a port.
func (c serviceConfig) namesPort() bool {
	return slices.ContainsFunc(slices.Concat(c.command, c.env), func(s string) bool { return strings.Contains(s, c.word()) })
}

// parseServices reads what stands beside the program.
func parseServices(v spec.Value, errs *spec.Errors) []serviceConfig {
	var all []serviceConfig
	for _, f := range v.Fields {
		c := serviceConfig{name: f.Key.Text}
		switch {
		case !serviceName.MatchString(c.name) || slices.Contains(notServices, c.name):
			errs.Addf(f.Key, "service %q: its name is of small letters, digits, - and _, begins with a letter, and is none of %s", c.name, strings.Join(notServices, ", "))
		case slices.ContainsFunc(all, func(o serviceConfig) bool { return o.variable() == c.variable() }):
			errs.Addf(f.Key, "service %s: another one has its variable, %s", c.name, c.variable())
		}
		if f.Value.Kind != spec.Map {
			errs.Addf(f.Value, "service %s is a map, such as {command: [redis-server, --port, \"{%s}\"]}", c.name, c.name)
			continue
		}
		c.read(f.Value, errs)
		all = append(all, c)
	}
	return all
}

// read reads the words of one service.
func (c *serviceConfig) read(v spec.Value, errs *spec.Errors) {
	names := make([]string, len(serviceWords))
	for i, w := range serviceWords {
		names[i] = w.Name
		if at, ok := v.Get(w.Name); ok {
			w.read(c, at, errs)
		}
	}
	for _, f := range v.Fields {
		if !slices.Contains(names, f.Key.Text) {
			errs.Add(spec.Unknown(f.Key, "field of a service", names))
		}
	}
	_, hasCommand := v.Get("command")
	_, hasReady := v.Get("ready")
	switch {
	case !hasCommand:
		errs.Addf(v, "service %s has no command: write what starts it, such as command: [redis-server, --port, \"%s\"]", c.name, c.word())
	case !hasReady && !c.namesPort():
		errs.Addf(v, "service %s: nothing says when it is ready: let it listen on %s, a free port, or write ready: {log: …}", c.name, c.word())
	case !hasReady:
		c.ready.port = c.word()
	}
}

func (c *serviceConfig) readReady(v spec.Value, errs *spec.Errors) {
	if v.Kind != spec.Map || len(v.Fields) != 1 {
		errs.Addf(v, "ready of a service is one of {port: \"%s\"} and {log: \"listening on\"}", c.word())
		return
	}
	f := v.Fields[0]
	text := readWord(f.Value, errs)
	switch f.Key.Text {
	case "port":
		if n, err := strconv.Atoi(text); text != c.word() && (err != nil || n < 1 || n > 65535) {
			errs.Addf(f.Value, "ready: port of a service is a number from 1 to 65535, or %s", c.word())
		}
		c.ready.port = text
	case "log":
		c.ready.log = text
	default:
		errs.Add(spec.Unknown(f.Key, "kind of readiness", []string{"log", "port"}))
	}
}
