//go:build servers

package external_test

import (
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/result"
)

// A serverRow is a server in one way to end it, and the verdict that it must get.
type serverRow struct {
	name, version string   // a key of serverVersions
	command       []string // CONF is its configuration; other words are those of servers.word
	conf          string   // the text of CONF
	signal, load  string   // SIGTERM and http1 if empty
	paths         []string // of the load: pairs of an old and a new one
	more          string   // of the scenario
	verdict       result.Verdict
	classes       []string // a breach must begin with one of them; none may not
	warns         []string // the classes of all warnings, but for preopened-answered
	preopened     string   // what must become of connections that were open before: answered, dropped, or "" for either
	intime        bool     // preopened and warns take a machine that is on time: one run of several must show them
	control       bool     // it loses nothing: a long run holds it to that
	trials        int      // where three may not show the breach
	tolerated     string   // a class that shows now and then
}

// What load there is, as the page calls it.
const (
	http1       = "HTTP/1.1"
	http1Stops  = "HTTP/1.1, clients stop"
	http1Up     = "HTTP/1.1, 4 slow uploads"
	http1And    = "HTTP/1.1, 3 open WebSockets"
	http1Silent = "HTTP/1.1, a connection that says nothing"
	http2       = "HTTP/2"
	sockets     = "4 open WebSockets"
	hellos      = "4 open WebSockets that say hello"
	redisSets   = "SET"
	natsKeeps   = "JetStream publish"
	mqttKeeps   = "retained publish, QoS 1"
	pushes      = "PUT of groups"
	nsqKeeps    = "POST of messages"
)

const webLoad = `
  - {client: http-keepalive, clients: 4, path: /slow, as: slow}
  - {client: http-oneshot, clients: 2, path: /slow, shape: slow, delay: 1ms..5ms, as: single}
  - {client: http-preopened, clients: 2, path: /slow}
`

var serverLoads = map[string]string{
	http1: webLoad,
	http1Stops: `
  - {client: http-keepalive, clients: 4, path: /slow, as: slow, stop: at-signal}
`,
	http1Up:     webLoad + "  - {client: http-upload, clients: 4, path: /upload}\n",
	http1And:    webLoad + "  - {client: websocket, clients: 3, path: /ws}\n",
	http1Silent: webLoad + "  - {client: tcp-silent}\n",
	http2: `
  - {client: http2, clients: 4, path: /slow, as: slow}
`,
	sockets: `
  - {client: websocket, clients: 4, path: /ws}
`,
	hellos: `
  - {client: websocket, clients: 4, path: /ws, hello: '{"id": 1, "connect": {}}'}
`,
	redisSets: `
  - {client: write-redis, clients: 2, shape: slow, delay: 1ms..2ms}
`,
	natsKeeps: `
  - {client: write-nats, clients: 2, shape: slow, delay: 1ms..2ms}
`,
	mqttKeeps: `
  - {client: write-mqtt, clients: 2, shape: slow, delay: 5ms..10ms}
`,
	pushes: `
  - {client: write-stdio, clients: 2, shape: slow, delay: 5ms..10ms, command: [python3, "{SERVERS}/pushgateway.py"]}
`,
	nsqKeeps: `
  - {client: write-stdio, clients: 1, shape: slow, delay: 1ms..5ms, command: [python3, "{SERVERS}/nsqd.py"]}
`,
}

var (
	lost    = []string{"every-request-answered/"}
	missing = []string{"acked-survives-restart/store/missing"}
	hang    = []string{"drain-ends/"}

	diedOfIt  = []string{"clean-exit/program/SIGTERM"}
	cutSocket = []string{"clean-close/websocket/1006"}
)

// stuck is what some servers do now and then: docs/servers.md says which, and what is known of it.
const stuck = "drain-ends/program/"

const shortDrain = "drain_limit: 2s\n"

// serverRows are all rows, in the page's order.
var serverRows = slices.Concat(proxyRows, nodeRows, pythonRows, goRows, builtRows, storeRows)

var (
	nginx    = []string{"nginx", "-c", "CONF", "-p", "{data}"}
	haproxy  = []string{"haproxy", "-db", "-f", "CONF"}
	lighttpd = []string{"lighttpd", "-D", "-f", "CONF"}
)

var proxyRows = []serverRow{
	{name: "nginx", version: "nginx", command: nginx, conf: nginxConf, verdict: result.Breached, classes: lost},
	{name: "nginx", version: "nginx", command: nginx, conf: nginxConf, signal: "SIGQUIT", preopened: "answered", control: true},
	{name: "nginx", version: "nginx", command: nginx, conf: nginxConf, signal: "SIGQUIT", load: http1And, more: shortDrain, verdict: result.Hung, classes: hang},
	{name: "nginx", version: "nginx", command: nginx, conf: nginxConfH2, load: http2, verdict: result.Breached, classes: lost},
	{name: "nginx", version: "nginx", command: nginx, conf: nginxConfH2, signal: "SIGQUIT", load: http2, tolerated: stuck},
	{name: "haproxy", version: "haproxy", command: haproxy, conf: haproxyConf, verdict: result.Breached, classes: lost, warns: diedOfIt},
	{name: "haproxy", version: "haproxy", command: haproxy, conf: haproxyConf, signal: "SIGUSR1", preopened: "answered", control: true},
	{name: "haproxy", version: "haproxy", command: haproxy, conf: haproxyConf, signal: "SIGUSR1", load: http1And, more: shortDrain, verdict: result.Hung, classes: hang},
	{name: "haproxy", version: "haproxy", command: haproxy, conf: haproxyConfH2, load: http2, verdict: result.Breached, classes: lost, warns: diedOfIt},
	{name: "haproxy", version: "haproxy", command: haproxy, conf: haproxyConfH2, signal: "SIGUSR1", load: http2},
	{name: "lighttpd", version: "lighttpd", command: lighttpd, conf: lighttpdConf, verdict: result.Breached, classes: lost, warns: []string{"clean-exit/program/status-1"}},
	{name: "lighttpd", version: "lighttpd", command: lighttpd, conf: lighttpdConf, signal: "SIGINT", preopened: "answered", control: true},
}

// natsEnds says that a clean end is status 0 or, in older releases, 1.
const natsEnds = "  preset: nats\n"

var nats = []string{"nats-server", "-a", "127.0.0.1", "-p", "{port}", "-js", "-sd", "{data}"}

// storeRows are held to what they acknowledged.
var storeRows = []serverRow{
	{name: "redis, no persistence", version: "redis", command: []string{"redis-server", "--port", "{port}", "--save", "", "--dir", "{data}"}, load: redisSets, verdict: result.Breached, classes: missing},
	{name: "redis, its default snapshots", version: "redis", command: []string{"redis-server", "--port", "{port}", "--dir", "{data}"}, load: redisSets},
	{name: "redis, append-only file", version: "redis", command: []string{"redis-server", "--port", "{port}", "--appendonly", "yes", "--dir", "{data}"}, load: redisSets, control: true},
	{name: "nats-server", version: "nats", command: nats, more: natsEnds, load: natsKeeps, control: true},
	{name: "nats-server, its data removed", version: "nats", command: []string{"sh", "-c", "rm -rf {data}/jetstream; exec nats-server -a 127.0.0.1 -p {port} -js -sd {data}"}, more: natsEnds, load: natsKeeps, verdict: result.Breached, classes: missing},
	{name: "mosquitto, persistence", version: "mosquitto", command: []string{"mosquitto", "-c", "CONF"}, conf: mosquittoConf + "persistence true\n", load: mqttKeeps},
	{name: "mosquitto, none", version: "mosquitto", command: []string{"mosquitto", "-c", "CONF"}, conf: mosquittoConf + "persistence false\n", load: mqttKeeps, verdict: result.Breached, classes: missing},
}

// oldGo is the release before net/http closed connections on their first request while Shutdown runs. install.sh
// fetches it.
const oldGo = "go1.24.11"

// serverVersions are the commands that tell what a server is.
var serverVersions = map[string][]string{
	"nginx": {"nginx", "-v"}, "haproxy": {"haproxy", "-v"}, "lighttpd": {"lighttpd", "-v"}, "node": {"node", "--version"},
	"python": {"python3", "--version"}, "aiohttp": ofPython("aiohttp.__version__"), "uvicorn": ofPython("uvicorn.__version__"),
	"tornado": ofPython("tornado.version"), "waitress": {systemPython, "-c", "import importlib.metadata as m, waitress; print(m.version('waitress'))"},
	"redis": {"redis-server", "--version"}, "nats": {"nats-server", "--version"}, "mosquitto": {"sh", "-c", "mosquitto -h || true"}, // its help ends with a status of its own
	"go": {"go", "version"}, oldGo: {"env", "GOTOOLCHAIN=" + oldGo, "GOPROXY=off", "go", "version"},
}

// ofPython is the command that tells the version of one of the system's packages of Python.
func ofPython(attribute string) []string {
	module, _, _ := strings.Cut(attribute, ".")
	return []string{systemPython, "-c", "import " + module + "; print(" + attribute + ")"}
}
