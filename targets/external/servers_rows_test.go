//go:build servers

package external_test

import (
	"strings"

	"github.com/racebench/racebench/engine/result"
)

// What the servers are configured with, or are: {PORT}, {DATA} and {BACKEND} are filled in.
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
`
	aiohttpServer = `import asyncio,os
from aiohttp import web
async def slow(r):
    await asyncio.sleep(.15)
    return web.Response(text='ok')
async def upload(r):
    await r.read()
    return web.Response(text='ok')
async def ws(r):
    w=web.WebSocketResponse()
    await w.prepare(r)
    async for m in w: pass
    return w
app=web.Application()
app.router.add_get('/slow',slow)
app.router.add_post('/upload',upload)
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
	// goServer needs nothing but the standard library: other releases of Go build it, too.
	goServer = `package main
import ("context"; "io"; "net/http"; "os"; "os/signal"; "syscall"; "time")
func main() {
	http.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) { time.Sleep(150 * time.Millisecond); io.WriteString(w, "ok") })
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	srv := &http.Server{Addr: "127.0.0.1:" + os.Getenv("PORT")}
	go srv.ListenAndServe()
	<-stop
	srv.Shutdown(context.Background())
}
`
)

// The same servers by HTTP/2.
var (
	nginxConfH2   = strings.ReplaceAll(nginxConf, "{PORT};", "{PORT} http2;")
	haproxyConfH2 = strings.ReplaceAll(haproxyConf, "{PORT}", "{PORT} proto h2")
)

// serverFiles are what the words of a command may name.
var serverFiles = map[string]string{"aio.py": aiohttpServer, "server.js": nodeServer, "server.py": pythonServer}

// What load there is, as the page calls it.
const (
	http1      = "HTTP/1.1"
	http1Stops = "HTTP/1.1, clients stop"
	http1Up    = "HTTP/1.1, 4 slow uploads"
	http1And   = "HTTP/1.1, 2 open WebSockets"
	http2      = "HTTP/2"
	redisSets  = "SET"
	natsKeeps  = "JetStream publish"
	mqttKeeps  = "retained publish, QoS 1"
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
	http1Up:  webLoad + "  - {client: http-upload, clients: 4, path: /upload}\n",
	http1And: webLoad + "  - {client: websocket, clients: 2, path: /ws}\n",
	http2: `
  - {client: http2, clients: 4, path: /slow, as: slow}
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
}

// A serverRow is a server in one way to end it, and the verdict that it must get.
type serverRow struct {
	name, version string   // a key of serverVersions
	command       []string // GO124 and GO are goServer by two releases of Go, CONF is its configuration
	conf          string   // the text of CONF
	load, signal  string
	more          string // of the scenario
	verdict       result.Verdict
	classes       []string // a breach must begin with one of them; none may not
	preopened     string   // what must become of connections that were open before: answered, dropped, or "" for either
	control       bool     // it loses nothing: a long run holds it to that
	trials        int      // where three may not show the breach
	tolerated     string   // a class that shows now and then
}

var (
	lost    = []string{"every-request-answered/"}
	missing = []string{"acked-survives-restart/store/missing"}

	nginx    = []string{"nginx", "-c", "CONF", "-p", "{data}"}
	haproxy  = []string{"haproxy", "-db", "-f", "CONF"}
	lighttpd = []string{"lighttpd", "-D", "-f", "CONF"}
	aiohttp  = []string{"/usr/bin/python3", "aio.py"}
	python   = []string{"python3", "server.py"}
	nats     = []string{"nats-server", "-a", "127.0.0.1", "-p", "{port}", "-js", "-sd", "{data}"}
)

// stuck is what aiohttp 3.8.4 does in some trials in which requests were unread when the signal came.
const stuck = "drain-ends/program/stuck"

const shortDrain = "drain_limit: 2s\n"

var serverRows = []serverRow{
	{"nginx", "nginx", nginx, nginxConf, http1, "SIGTERM", "", result.Breached, lost, "", false, 0, ""},
	{"nginx", "nginx", nginx, nginxConf, http1, "SIGQUIT", "", result.Passed, nil, "", true, 0, ""},
	{"nginx", "nginx", nginx, nginxConfH2, http2, "SIGTERM", "", result.Breached, lost, "", false, 0, ""},
	{"nginx", "nginx", nginx, nginxConfH2, http2, "SIGQUIT", "", result.Passed, nil, "", false, 0, ""},
	{"haproxy", "haproxy", haproxy, haproxyConf, http1, "SIGTERM", "", result.Breached, lost, "", false, 0, ""},
	{"haproxy", "haproxy", haproxy, haproxyConf, http1, "SIGUSR1", "", result.Passed, nil, "", true, 0, ""},
	{"haproxy", "haproxy", haproxy, haproxyConfH2, http2, "SIGTERM", "", result.Breached, lost, "", false, 0, ""},
	{"haproxy", "haproxy", haproxy, haproxyConfH2, http2, "SIGUSR1", "", result.Passed, nil, "", false, 0, ""},
	{"lighttpd", "lighttpd", lighttpd, lighttpdConf, http1, "SIGTERM", "", result.Breached, lost, "", false, 0, ""},
	{"lighttpd", "lighttpd", lighttpd, lighttpdConf, http1, "SIGINT", "", result.Passed, nil, "", true, 0, ""},
	{"Node, no handler", "node", []string{"node", "server.js"}, "", http1, "SIGTERM", "", result.Breached, lost, "", false, 0, ""},
	{"Node, server.close()", "node", []string{"node", "server.js", "close"}, "", http1, "SIGTERM", shortDrain, result.Hung, []string{"drain-ends/program/keeps-serving"}, "", false, 0, ""},
	{"Node, server.close()", "node", []string{"node", "server.js", "close"}, "", http1Stops, "SIGTERM", "", result.Passed, nil, "", false, 0, ""},
	{"Python http.server, no handler", "python", python, "", http1, "SIGTERM", "", result.Breached, lost, "", false, 0, ""},
	{"aiohttp", "aiohttp", aiohttp, "", http1, "SIGTERM", "", result.Passed, nil, "", false, 0, stuck},
	{"aiohttp", "aiohttp", aiohttp, "", http1Up, "SIGTERM", "", result.Breached, []string{"every-request-answered/upload-half-received/"}, "", false, 6, stuck},
	{"aiohttp", "aiohttp", aiohttp, "", http1And, "SIGTERM", shortDrain, result.Hung, []string{"drain-ends/"}, "", false, 0, ""},
	{"Go, Shutdown awaited", "go", []string{"GO"}, "", http1, "SIGTERM", "", result.Passed, nil, "dropped", true, 0, ""},
	{"Go, Shutdown awaited", oldGo, []string{"GO124"}, "", http1, "SIGTERM", "", result.Passed, nil, "answered", false, 0, ""},
	{"Go behind a shell", "go", []string{"sh", "-c", "GO; true"}, "", http1, "SIGTERM", "", result.Breached, []string{"no-orphan/", "listener-closes/"}, "", false, 0, ""},
	{"redis, no persistence", "redis", []string{"redis-server", "--port", "{port}", "--save", "", "--dir", "{data}"}, "", redisSets, "SIGTERM", "", result.Breached, missing, "", false, 0, ""},
	{"redis, its default snapshots", "redis", []string{"redis-server", "--port", "{port}", "--dir", "{data}"}, "", redisSets, "SIGTERM", "", result.Passed, nil, "", false, 0, ""},
	{"redis, append-only file", "redis", []string{"redis-server", "--port", "{port}", "--appendonly", "yes", "--dir", "{data}"}, "", redisSets, "SIGTERM", "", result.Passed, nil, "", true, 0, ""},
	{"nats-server", "nats", nats, "", natsKeeps, "SIGTERM", "", result.Passed, nil, "", false, 0, ""},
	{"nats-server, its data removed", "nats", []string{"sh", "-c", "rm -rf {data}/jetstream; exec nats-server -a 127.0.0.1 -p {port} -js -sd {data}"}, "", natsKeeps, "SIGTERM", "", result.Breached, missing, "", false, 0, ""},
	{"mosquitto, persistence", "mosquitto", []string{"mosquitto", "-c", "CONF"}, mosquittoConf + "persistence true\n", mqttKeeps, "SIGTERM", "", result.Passed, nil, "", false, 0, ""},
	{"mosquitto, none", "mosquitto", []string{"mosquitto", "-c", "CONF"}, mosquittoConf + "persistence false\n", mqttKeeps, "SIGTERM", "", result.Breached, missing, "", false, 0, ""},
}

// oldGo is the release before net/http closed connections on their first request while Shutdown runs. install.sh
// fetches it.
const oldGo = "go1.24.11"

// serverVersions are the commands that tell what a server is.
var serverVersions = map[string][]string{
	"nginx": {"nginx", "-v"}, "haproxy": {"haproxy", "-v"}, "lighttpd": {"lighttpd", "-v"}, "node": {"node", "--version"},
	"python": {"python3", "--version"}, "aiohttp": {"/usr/bin/python3", "-c", "import aiohttp; print(aiohttp.__version__)"},
	"redis": {"redis-server", "--version"}, "nats": {"nats-server", "--version"}, "mosquitto": {"sh", "-c", "mosquitto -h || true"}, // its help ends with a status of its own
	"go": {"go", "version"}, oldGo: {"env", "GOTOOLCHAIN=" + oldGo, "GOPROXY=off", "go", "version"},
}
