//go:build servers

package external_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

// The servers of this test are other people's: it runs where they are installed (make test-servers) and
// holds their verdicts to what is known of them.

const (
	nginxConf = `daemon off; pid {DATA}/nginx.pid; error_log stderr; worker_processes 2; events {}
http { access_log off; client_body_temp_path {DATA}/b; proxy_temp_path {DATA}/p; fastcgi_temp_path {DATA}/f; uwsgi_temp_path {DATA}/u; scgi_temp_path {DATA}/s;
server { listen 127.0.0.1:{PORT}; location / { return 200 "hello\n"; }
location /slow { proxy_pass http://127.0.0.1:{BACKEND}; } } }`
	haproxyConf = `defaults
 mode http
 timeout connect 5s
 timeout client 30s
 timeout server 30s
frontend f
 bind 127.0.0.1:{PORT}
 default_backend b
backend b
 server s 127.0.0.1:{BACKEND}
`
	lighttpdConf = `server.port = {PORT}
server.bind = "127.0.0.1"
server.document-root = "{DATA}"
server.modules = ("mod_proxy")
proxy.server = ("" => (("host" => "127.0.0.1", "port" => {BACKEND})))
`
	mosquittoConf = `listener {PORT} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
user root
persistence_location {DATA}/
persistence {KEEPS}
`
	aiohttpServer = `import asyncio,os
from aiohttp import web
async def slow(r):
    await asyncio.sleep(.15)
    return web.Response(text='ok')
async def ws(r):
    w=web.WebSocketResponse()
    await w.prepare(r)
    async for m in w: pass
    return w
app=web.Application()
app.router.add_get('/slow',slow)
app.router.add_get('/ws',ws)
web.run_app(app,host='127.0.0.1',port=int(os.environ['PORT']),print=None)
`
	nodeServer = `const http=require('http');const s=http.createServer((q,r)=>setTimeout(()=>r.end('ok'),q.url=='/slow'?150:0));
s.listen(process.env.PORT,'127.0.0.1');
if(process.argv[2]=='close')process.on('SIGTERM',()=>s.close());
if(process.argv[2]=='drain')process.on('SIGTERM',()=>{s.closeIdleConnections();s.on('request',(q,r)=>r.setHeader('Connection','close'));s.close()});`
	pythonServer = `import http.server,os,time
class H(http.server.BaseHTTPRequestHandler):
    protocol_version='HTTP/1.1'
    def do_GET(s):
        if s.path=='/slow': time.sleep(.15)
        s.send_response(200); s.send_header('Content-Length','2'); s.end_headers(); s.wfile.write(b'ok')
    def log_message(s,*a): pass
http.server.ThreadingHTTPServer.request_queue_size=128
http.server.ThreadingHTTPServer(('127.0.0.1',int(os.environ['PORT'])),H).serve_forever()`
)

const webLoad = `
  - {client: http-keepalive, clients: 4, path: /slow, as: slow}
  - {client: http-oneshot, clients: 2, path: /slow, shape: slow, delay: 1ms..5ms, as: single}
  - {client: http-preopened, clients: 2, path: /slow}
`

// stopsLoad is load that falls silent when the signal comes, as behind a balancer that has drained.
const stopsLoad = `
  - {client: http-keepalive, clients: 4, path: /slow, as: slow, stop: at-signal}
`

// h2Load is streams of one connection.
const h2Load = `
  - {client: http2, clients: 4, path: /slow, as: slow}
`

// TestServers runs real servers, each in the ways that are known to lose work and those that are not.
func TestServers(t *testing.T) {
	dir := t.TempDir()
	backend := startBackend(t)
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		text = strings.ReplaceAll(text, "{BACKEND}", backend)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	// Configurations hold the port and the data folder; before_each writes them.
	port := func(conf string) string {
		return fmt.Sprintf("  before_each: [sh, -c, \"sed 's/.PORT./{port}/g; s,.DATA.,{data},g' %s > {data}/conf\"]\n", conf)
	}
	nginx, haproxy := file("nginx.conf", nginxConf), file("haproxy.cfg", haproxyConf)
	nginxH2 := file("nginx-h2.conf", strings.ReplaceAll(nginxConf, "{PORT};", "{PORT} http2;"))
	haproxyH2 := file("haproxy-h2.cfg", strings.ReplaceAll(haproxyConf, "{PORT}", "{PORT} proto h2"))
	lighttpd := file("lighttpd.conf", lighttpdConf)
	keeps, forgets := file("keeps.conf", strings.ReplaceAll(mosquittoConf, "{KEEPS}", "true")), file("forgets.conf", strings.ReplaceAll(mosquittoConf, "{KEEPS}", "false"))
	aio := file("aio.py", aiohttpServer)
	js, py := file("server.js", nodeServer), file("server.py", pythonServer)
	for _, row := range []struct {
		name, command, more, load, signal string
		verdict                           result.Verdict
		classes                           []string // a breach must begin with one of them; none may not
	}{
		{"nginx TERM", "[nginx, -c, \"{data}/conf\", -p, \"{data}\"]", port(nginx), webLoad, "SIGTERM", result.Breached, lost},
		{"nginx QUIT", "[nginx, -c, \"{data}/conf\", -p, \"{data}\"]", port(nginx), webLoad, "SIGQUIT", result.Passed, nil},
		{"haproxy TERM", "[haproxy, -db, -f, \"{data}/conf\"]", port(haproxy), webLoad, "SIGTERM", result.Breached, lost},
		{"haproxy USR1", "[haproxy, -db, -f, \"{data}/conf\"]", port(haproxy), webLoad, "SIGUSR1", result.Passed, nil},
		{"lighttpd TERM", "[lighttpd, -D, -f, \"{data}/conf\"]", port(lighttpd), webLoad, "SIGTERM", result.Breached, lost},
		{"lighttpd INT", "[lighttpd, -D, -f, \"{data}/conf\"]", port(lighttpd), webLoad, "SIGINT", result.Passed, nil},
		{"nginx h2 TERM", "[nginx, -c, \"{data}/conf\", -p, \"{data}\"]", port(nginxH2), h2Load, "SIGTERM", result.Breached, lost},
		{"nginx h2 QUIT", "[nginx, -c, \"{data}/conf\", -p, \"{data}\"]", port(nginxH2), h2Load, "SIGQUIT", result.Passed, nil},
		{"haproxy h2 TERM", "[haproxy, -db, -f, \"{data}/conf\"]", port(haproxyH2), h2Load, "SIGTERM", result.Breached, lost},
		{"haproxy h2 USR1", "[haproxy, -db, -f, \"{data}/conf\"]", port(haproxyH2), h2Load, "SIGUSR1", result.Passed, nil},
		{"aiohttp", "[/usr/bin/python3, " + aio + "]", "", webLoad, "SIGTERM", result.Passed, nil},
		{"aiohttp with WebSockets", "[/usr/bin/python3, " + aio + "]", "drain_limit: 2s\n", webLoad + "  - {client: websocket, clients: 2, path: /ws}\n", "SIGTERM", result.Hung, []string{"drain-ends/"}},
		{"node none", "[node, " + js + "]", "", webLoad, "SIGTERM", result.Breached, lost},
		{"node close, clients go on", "[node, " + js + ", close]", "drain_limit: 2s\n", webLoad, "SIGTERM", result.Hung, []string{"drain-ends/program/keeps-serving"}},
		{"node close, clients stop", "[node, " + js + ", close]", "", stopsLoad, "SIGTERM", result.Passed, nil},
		{"python none", "[python3, " + py + "]", "", webLoad, "SIGTERM", result.Breached, lost},
		{"go Shutdown", "[SERVER, shutdown]", "", webLoad, "SIGTERM", result.Passed, nil},
		{"wrapper", "[sh, -c, \"SERVER shutdown; true\"]", "", webLoad, "SIGTERM", result.Breached, []string{"no-orphan/", "listener-closes/"}},
		{"redis none", "[redis-server, --port, \"{port}\", --save, \"\", --dir, \"{data}\"]", "", redisLoad, "SIGTERM", result.Breached, missing},
		{"redis RDB", "[redis-server, --port, \"{port}\", --dir, \"{data}\"]", "", redisLoad, "SIGTERM", result.Passed, nil},
		{"redis AOF", "[redis-server, --port, \"{port}\", --appendonly, \"yes\", --dir, \"{data}\"]", "", redisLoad, "SIGTERM", result.Passed, nil},
		{"nats", "[nats-server, -a, 127.0.0.1, -p, \"{port}\", -js, -sd, \"{data}\"]", "", natsLoad, "SIGTERM", result.Passed, nil},
		{"nats, its data removed", "[sh, -c, \"rm -rf {data}/jetstream; exec nats-server -a 127.0.0.1 -p {port} -js -sd {data}\"]", "", natsLoad, "SIGTERM", result.Breached, missing},
		{"mosquitto", "[mosquitto, -c, \"{data}/conf\"]", port(keeps), mqttLoad, "SIGTERM", result.Passed, nil},
		{"mosquitto without persistence", "[mosquitto, -c, \"{data}/conf\"]", port(forgets), mqttLoad, "SIGTERM", result.Breached, missing},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			name := strings.Fields(strings.Trim(row.command, "["))[0]
			name = strings.Trim(name, ",")
			if name != "SERVER" {
				if _, err := exec.LookPath(name); err != nil {
					t.Skipf("%s is not installed: its verdict was not checked", name)
				}
			}
			if strings.HasPrefix(row.name, "aiohttp") && exec.Command(name, "-c", "import aiohttp").Run() != nil {
				t.Skip("aiohttp is not installed: its verdict was not checked")
			}
			c := runCommand(t, row.command, row.more, row.load, row.signal, 3)
			t.Logf("%s: %v, at risk %v, notes %v", c.Verdict, classes(c), c.AtRisk, c.Notes)
			if c.Verdict != row.verdict {
				t.Errorf("%s, not %s; %v; %v", c.Verdict, row.verdict, classes(c), c.Trials)
			}
			for _, class := range classes(c) {
				if !slices.ContainsFunc(row.classes, func(begin string) bool { return strings.HasPrefix(class, begin) }) {
					t.Errorf("accused of %s", class)
				}
			}
		})
	}
}

var (
	lost    = []string{"every-request-answered/"}
	missing = []string{"acked-survives-restart/store/missing"}
)

const (
	redisLoad = `
  - {client: write-redis, clients: 2, shape: slow, delay: 1ms..2ms}
`
	natsLoad = `
  - {client: write-nats, clients: 2, shape: slow, delay: 1ms..2ms}
`
	mqttLoad = `
  - {client: write-mqtt, clients: 2, shape: slow, delay: 5ms..10ms}
`
)

// startBackend runs the test server behind the proxies, for as long as the test.
func startBackend(t *testing.T) (port string) {
	t.Helper()
	path, err := server()
	if err != nil {
		t.Fatal(err)
	}
	port = fmt.Sprint(9000 + os.Getpid()%999)
	cmd := exec.Command(path, "shutdown")
	cmd.Env = append(os.Environ(), "PORT="+port)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return port
}
