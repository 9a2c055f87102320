//go:build servers

package external_test

import "github.com/racebench/racebench/engine/result"

// The rows of small servers that stand in internal/servers, by what they are written in.

var nodeRows = []serverRow{
	{name: "Node, no handler", version: "node", command: []string{"node", "server.js"}, verdict: result.Breached, classes: lost, warns: diedOfIt},
	{name: "Node, server.close()", version: "node", command: []string{"node", "server.js", "close"}, more: shortDrain, verdict: result.Hung, classes: []string{"drain-ends/program/keeps-serving"}},
	{name: "Node, closeIdleConnections() and server.close()", version: "node", command: []string{"node", "server.js", "idle"}, more: shortDrain, verdict: result.Hung, classes: []string{"drain-ends/program/keeps-serving"}},
	{name: "Node, server.close()", version: "node", command: []string{"node", "server.js", "close"}, load: http1Stops},
}

// systemPython is the interpreter that has the system's packages.
const systemPython = "/usr/bin/python3"

var aiohttp = []string{systemPython, "aio.py"}

var pythonRows = []serverRow{
	{name: "Python http.server, no handler", version: "python", command: []string{"python3", "server.py"}, verdict: result.Breached, classes: lost, warns: diedOfIt},
	{name: "Python http.server, shutdown() and threads joined", version: "python", command: []string{"python3", "server.py", "join"}, more: shortDrain, verdict: result.Hung, classes: hang},
	{name: "uvicorn", version: "uvicorn", command: []string{systemPython, "asgi.py"}},
	{name: "uvicorn", version: "uvicorn", command: []string{systemPython, "asgi.py"}, load: http1And, warns: cutSocket},
	{name: "waitress", version: "waitress", command: []string{systemPython, "wsgi.py"}, verdict: result.Breached, classes: lost, warns: diedOfIt},
	{name: "tornado", version: "tornado", command: []string{systemPython, "torn.py"}, verdict: result.Breached, classes: lost, warns: diedOfIt},
	{name: "aiohttp", version: "aiohttp", command: aiohttp, tolerated: stuck},
	{name: "aiohttp", version: "aiohttp", command: aiohttp, load: http1Up, verdict: result.Breached, classes: []string{"every-request-answered/upload-half-received/"}, trials: 6, tolerated: stuck},
	{name: "aiohttp", version: "aiohttp", command: aiohttp, load: http1And, more: shortDrain, verdict: result.Hung, classes: hang},
}

var goRows = []serverRow{
	{name: "Go, no handler", version: "go", command: []string{"GO", "no-handler"}, load: http1And, verdict: result.Breached, classes: lost, warns: both(cutSocket, diedOfIt)},
	{name: "Go, main returns when ListenAndServe does", version: "go", command: []string{"GO", "returns"}, load: http1And, verdict: result.Breached, classes: lost, warns: cutSocket},
	{name: "Go, Close", version: "go", command: []string{"GO", "close"}, load: http1And, verdict: result.Breached, classes: lost, warns: cutSocket},
	{name: "Go, Shutdown with a deadline of 1 ms", version: "go", command: []string{"GO", "short"}, verdict: result.Breached, classes: lost},
	{name: "Go, Shutdown awaited", version: "go", command: []string{"GO"}, preopened: "dropped", intime: true, control: true},
	{name: "Go, Shutdown awaited", version: oldGo, command: []string{"GO124"}, preopened: "answered"},
	{name: "Go, Shutdown awaited", version: "go", command: []string{"GO"}, load: http1And, preopened: "dropped", intime: true, warns: cutSocket},
	{name: "Go, Shutdown awaited", version: "go", command: []string{"GO"}, load: http1Silent, more: shortDrain, verdict: result.Hung, classes: hang},
	{name: "Go, 1001 to WebSockets, then Shutdown", version: "go", command: []string{"GO", "tells"}, load: http1And, preopened: "dropped", intime: true},
	{name: "Go, keep-alives off, 500 ms, then Shutdown", version: "go", command: []string{"GO", "delay"}, preopened: "answered", intime: true, control: true},
	{name: "Go, keep-alives off, 500 ms, then Shutdown", version: "go", command: []string{"GO", "delay"}, load: http1And, preopened: "answered", intime: true, warns: cutSocket},
	{name: "Go behind a shell", version: "go", command: []string{"sh", "-c", "GO; true"}, verdict: result.Breached, classes: []string{"no-orphan/", "listener-closes/"}, warns: diedOfIt},
}

func both(a, b []string) []string { return append(append([]string(nil), a...), b...) }
