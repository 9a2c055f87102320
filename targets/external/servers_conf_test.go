//go:build servers

package external_test

import "strings"

// What the servers are configured with: {PORT}, {DATA} and {BACKEND} are filled in.
const (
	nginxConf = `daemon off; pid {DATA}/nginx.pid; error_log stderr; worker_processes 2; events {}
http { access_log off; client_body_temp_path {DATA}/b; proxy_temp_path {DATA}/p; fastcgi_temp_path {DATA}/f; uwsgi_temp_path {DATA}/u; scgi_temp_path {DATA}/s;
server { listen 127.0.0.1:{PORT}; location / { return 200 "hello\n"; }
location /slow { proxy_pass http://127.0.0.1:{BACKEND}; }
location /ws { proxy_pass http://127.0.0.1:{BACKEND}; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; } } }`
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
	caddyConf = `{
	admin off
	auto_https off
	persist_config off
}
http://:{PORT} {
	bind 127.0.0.1
	handle /slow {
		reverse_proxy 127.0.0.1:{BACKEND}
	}
	handle {
		respond "hello"
	}
}
`
)

// The same servers by HTTP/2.
var (
	nginxConfH2   = strings.ReplaceAll(nginxConf, "{PORT};", "{PORT} http2;")
	haproxyConfH2 = strings.ReplaceAll(haproxyConf, "{PORT}", "{PORT} proto h2")
)
