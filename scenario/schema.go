package scenario

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/invopop/jsonschema"
)

// Patterns of the scalars that have a unit. They accept what the readers accept; ranges
// of values are the readers' alone.
const (
	decimal         = `([0-9]+(\.[0-9]+)?|\.[0-9]+)`
	durationPattern = `(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+`
	ratePattern     = `^\+?` + decimal + `/s$`
	sizePattern     = `^\+?` + decimal + ` ?(B|kB|KB|MB|GB|KiB|MiB|GiB)$`
	percentPattern  = `^\+?` + decimal + `%$`
	datePattern     = `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`
	metricPattern   = `^\s*(breach_rate|memory|[a-z0-9]+\s*\(\s*[^\s(),]+\s*(,\s*(steady|drain)\s*)?\))\s*`
)

// A property is one field of a schema, with what an editor shows beside it.
type property struct {
	name   string
	schema *jsonschema.Schema
	help   string
}

// Schema returns the JSON Schema (draft 2020-12) of a scenario file, for editors. It
// knows the forms of the fields, not the names in the catalogue; the verdict on a file
// is Parse's, whose errors have places.
func Schema() []byte {
	root := object(
		property{"name", pattern(scenarioName.String()), "names the scenario in results; small letters, digits and -"},
		property{"target", text(), "the system under test, or external for any program"},
		property{"variants", wordList(), "designs of the target; default [reference]"},
		property{"engine", enum(string(Real), string(Sim)), "real: goroutines, sockets, a real signal; sim: simulated tasks and time"},
		property{"trials", integer(1, MaxTrials), "how many trials of each variant; default 10"},
		property{"seed", seedSchema(), "where all chance comes from; default: drawn and printed"},
		property{"duration", oneDuration(), "how long load is offered; default 2s"},
		property{"drain_limit", oneDuration(), "how long a drain may take; default 2s, for programs 10s"},
		property{"owner", scalar(), "who is told of a finding"},
		property{"knobs", openObject(), "the target's own settings; racebench list knobs TARGET"},
		property{"external", externalSchema(), "the program to test, when target is external"},
		property{"load", array(loadSchema()), "what clients do"},
		property{"inject", array(injectSchema()), "what strikes the target, and when"},
		property{"widen", openObject(), "windows held open, each with how long; racebench list windows TARGET"},
		property{"expect", wordList(), "invariants to check; default: all that the target promises"},
		property{"known", array(knownSchema()), "breaches that are expected: shown, not failing"},
		property{"thresholds", array(pattern(metricPattern + `(<|<=|>|>=)\s*\S+\s*$`)), "bounds such as p99(publish) < 25ms"},
		property{"regression", regressionSchema(), "how much worse than the baseline a metric may be"},
		property{"sim", simSchema(), "the small world that engine sim searches"},
	)
	root.Version = jsonschema.Version
	root.Title = "racebench scenario"
	root.Required = []string{"name", "target"}
	root.If = withFields(&jsonschema.Schema{Required: []string{"target"}}, property{"target", &jsonschema.Schema{Const: External}, ""})
	none := jsonschema.FalseSchema
	root.Then = withFields(&jsonschema.Schema{Required: []string{"external"}}, property{"variants", none, ""}, property{"knobs", none, ""},
		property{"widen", none, ""}, property{"sim", none, ""}, property{"engine", enum(string(Real)), ""})
	root.Else = withFields(&jsonschema.Schema{}, property{"external", none, ""})
	data, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("scenario: schema: %v", err)) // it is built of constants
	}
	return append(data, '\n')
}

// loadSchema holds the words of the load package and those of external load groups. A
// test of the load package keeps the two in step.
func loadSchema() *jsonschema.Schema {
	s := object(
		property{"op", text(), "what the clients do; racebench list ops TARGET"},
		property{"client", enum("http-keepalive", "http-oneshot", "http-upload", "http-stream", "http-preopened",
			"tcp-silent", "websocket", "http2", "write-http", "write-nats", "write-redis", "write-mqtt", "write-amqp",
			"write-stdio"), "of an external target: the kind of client; racebench list clients"},
		property{"clients", integer(1, 100_000), "how many clients; default 1"},
		property{"shape", enum("burst", "ramp", "rate", "saturate", "slow"), "the rhythm of operations; default saturate; racebench list shapes"},
		property{"rate", pattern(ratePattern), "shape rate: operations a second, shared by the clients"},
		property{"delay", ranged(durationPattern), "shape slow: pause after each operation"},
		property{"burst", integer(1, 1_000_000), "shape burst: operations at once"},
		property{"every", oneDuration(), "shape burst: from one burst to the next"},
		property{"from", pattern(ratePattern), "shape ramp: the rate at the start"},
		property{"to", pattern(ratePattern), "shape ramp: the rate at the end"},
		property{"size", pattern(sizePattern), "payload of one operation"},
		property{"as", pattern(`^[A-Za-z0-9][A-Za-z0-9_-]*$`), "the group's name in results and thresholds; default the op"},
		property{"stop", enum("at-signal"), "fall silent when the signal strikes; default: go on"},
		property{"method", text(), "of an HTTP client: the method"},
		property{"path", text(), "of an HTTP or WebSocket client: the path"},
		property{"headers", openObject(), "of an HTTP client: request headers"},
		property{"body", scalar(), "of an HTTP client: the request's body"},
		property{"status", scalar(), "of an HTTP client: the status of a good answer, such as 200 or 2xx"},
		property{"over", oneDuration(), "of an upload: how long its body takes to send"},
		property{"hello", scalar(), "of a WebSocket client: the first message it sends"},
		property{"send", scalar(), "of a WebSocket client: the message it goes on sending"},
		property{"read", text(), "of a client that writes: where it reads a write back after the restart; default: its path"},
		property{"command", commandLine(), "of a write-stdio client: the adapter, a list, or a string split as a shell would"},
	)
	s.AnyOf = []*jsonschema.Schema{{Required: []string{"op"}}, {Required: []string{"client"}}}
	return s
}

func injectSchema() *jsonschema.Schema {
	s := object(
		property{"signal", text(), "the signal to send, such as SIGTERM"},
		property{"crash", enum("kill", "power"), "kill: SIGKILL; power: a power cut that forgets what was not synced"},
		property{"at", scalar(), "20%..80%, 300ms, op 1000..5000, startup, or window NAME [hold]"},
	)
	s.OneOf = []*jsonschema.Schema{{Required: []string{"signal"}}, {Required: []string{"crash"}}}
	return s
}

func knownSchema() *jsonschema.Schema {
	s := object(
		property{"variant", text(), "the variant it holds for; default every one"},
		property{"class", pattern(`^[^*]+\*?$`), "the breach's class; a * may end it"},
		property{"until", pattern(datePattern), "the last day it is tolerated, at most 180 days ahead"},
		property{"why", scalar(), "the reason, shown with the breach"},
		property{"planted", boolean(), "a positive control: the breach must show"},
		property{"rate", pattern(percentPattern), "of a planted breach: the share of trials that shows it; default 50%"},
	)
	s.Required = []string{"class"}
	planted := withFields(&jsonschema.Schema{Required: []string{"planted"}}, property{"planted", &jsonschema.Schema{Const: true}, ""})
	s.AnyOf = []*jsonschema.Schema{{Required: []string{"until"}}, planted}
	s.DependentSchemas = map[string]*jsonschema.Schema{"rate": planted}
	return s
}

func simSchema() *jsonschema.Schema {
	return object(
		property{"knobs", openObject(), "settings over those of the scenario"},
		property{"ops", integer(1, maxSim), "operations of a trial"},
		property{"clients", integer(1, maxSim), "clients of a trial"},
		property{"max_steps", integer(1, maxSim), "scheduling steps after which a trial is void"},
	)
}

func externalSchema() *jsonschema.Schema {
	port := either(integer(1, 65535), text()) // {port} is filled in
	return object(
		property{"command", commandLine(), "a list, or a string split as a shell would, without a shell"},
		property{"cwd", text(), "the working directory"},
		property{"env", openObject(), "environment variables"},
		property{"url", text(), "where it listens; {port} is a free port"},
		property{"ready", object(property{"http", text(), "a path that answers 2xx"}, property{"port", port, "a port that accepts"},
			property{"log", text(), "a text it prints"}), "when it is ready; default: the port of url accepts"},
		property{"exit", array(either(integer(0, 255), text())), "statuses of a clean stop, or a signal's name; default [0, 143]"},
		property{"signal_to", enum("leader", "group"), "who gets the signal"},
		property{"restart", boolean(), "start again on the same data and read acknowledged writes back"},
		property{"preset", text(), "a known server: what its signals mean, sensible load and exits"},
		property{"worker", boolean(), "it listens on nothing; needs ready: {log: …}"},
		property{"pid1", boolean(), "run it as PID 1 of a process namespace, as in a container without an init"},
		property{"before_each", commandLine(), "a command that is run before each trial"},
		property{"attach", either(integer(2, 1<<22), text()), "instead of command: the id of a running process, or a file that holds it"},
	)
}

func regressionSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		Type:                 "object",
		PatternProperties:    map[string]*jsonschema.Schema{metricPattern + "$": pattern(percentPattern)},
		AdditionalProperties: jsonschema.FalseSchema,
	}
}

func seedSchema() *jsonschema.Schema {
	s := integer(0, 0)
	s.Maximum = json.Number(strconv.FormatUint(1<<64-1, 10))
	return s
}
