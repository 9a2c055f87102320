package external

import (
	"net/url"
	"slices"
	"strings"

	"github.com/racebench/racebench/targets"
)

// plainExample is the load of a server that is loaded and nothing else.
const plainExample = `name: load
target: external
external: {url: "http://127.0.0.1:8080/"}
load: [{client: http-keepalive, clients: 64, shape: saturate}]
`

// plainKinds are the clients that plain load has.
var plainKinds = []string{"http-keepalive", "http-oneshot"}

// Plain implements targets.PlainClient.
func (g group) Plain() (targets.PlainRequest, bool) {
	r := targets.PlainRequest{
		Method: g.methodOr("GET"), Path: g.path, Headers: g.headers, Body: g.body, Good: g.status.takes,
	}
	if g.method == "" && g.body != "" {
		r.Method = "POST"
	}
	if g.kind.name == "http-oneshot" {
		r.Headers = append(slices.Clone(r.Headers), [2]string{"Connection", "close"})
	}
	return r, slices.Contains(plainKinds, g.kind.name)
}

// plainURL is where a server is that is loaded and nothing else: url stands alone.
func (c config) plainURL() string {
	if c.plain {
		return c.url
	}
	return ""
}

// host is the one that the url names; empty where there is no url.
func (c config) host() string {
	u, err := url.Parse(strings.ReplaceAll(c.url, portWord, "1"))
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// place is where a server listens, for a result's name.
func (c config) place() string {
	u, err := url.Parse(c.url)
	if err != nil {
		return "load"
	}
	return u.Host
}
