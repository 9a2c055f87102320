//go:build servers

package external_test

import (
	"os"
	"path/filepath"
)

// The rows of servers that internal/servers/build.sh builds, which takes minutes: they are run where RACEBENCH_SERVERS
// is "all" (make test-servers SERVERS=all).

// builtWord begins the name of a program that was built.
const builtWord = "BUILT/"

// builtDir is where build.sh puts them, below the user's cache folder.
func builtDir() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(cache, "racebench", "servers")
}

// builtVersion is the command that tells which release of a module a program was built from.
func builtVersion(name string) []string {
	return []string{"sh", "-c", `go version -m "$0" | grep -w mod`, filepath.Join(builtDir(), name)}
}

// centrifugo has no configuration file: what it is told is in its environment.
const centrifugo = "  env: {CENTRIFUGO_CLIENT_INSECURE: \"true\"}\n"

var builtRows = []serverRow{
	{
		name: "go-httpbin", version: "go-httpbin", command: []string{"BUILT/go-httpbin", "-host", "127.0.0.1", "-port", "{port}"},
		paths: []string{"/slow", "/delay/0.15"}, preopened: "dropped", intime: true,
	},
	{
		name: "go-httpbin", version: "go-httpbin", command: []string{"BUILT/go-httpbin", "-host", "127.0.0.1", "-port", "{port}"},
		load: http1And, paths: []string{"/slow", "/delay/0.15", "/ws", "/websocket/echo"}, preopened: "dropped", intime: true, warns: cutSocket,
	},
	{
		name: "caddy", version: "caddy", command: []string{"BUILT/caddy", "run", "--config", "CONF", "--adapter", "caddyfile"}, conf: caddyConf,
		more: "  env: {XDG_DATA_HOME: \"{data}\", XDG_CONFIG_HOME: \"{data}\"}\n", preopened: "dropped", intime: true,
	},
	{
		name: "centrifugo", version: "centrifugo", command: []string{"BUILT/centrifugo", "--address", "127.0.0.1", "--port", "{port}"}, more: centrifugo,
		load: hellos, paths: []string{"/ws", "/connection/websocket"}, intime: true,
	},
	{
		name: "centrifugo", version: "centrifugo", command: []string{"BUILT/centrifugo", "--address", "127.0.0.1", "--port", "{port}"}, more: centrifugo,
		load: sockets, paths: []string{"/ws", "/connection/websocket"}, warns: cutSocket,
	},
	{
		name: "pushgateway, persistence file", version: "pushgateway",
		command: []string{"BUILT/pushgateway", "--web.listen-address=127.0.0.1:{port}", "--persistence.file={data}/groups"}, load: pushes, tolerated: stuck,
	},
	{
		name: "nsqd", version: "nsqd", command: []string{"BUILT/nsqd", "--http-address=127.0.0.1:{port}", "--tcp-address=127.0.0.1:0", "--data-path={data}"}, load: nsqKeeps,
	},
}
