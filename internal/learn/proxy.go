// Package learn records what a user's own tests ask a program, and makes requests of it that can be asked again. A proxy
// on this machine's loopback stands between the two.
package learn

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/racebench/racebench/engine/reach"
)

// Limits of a recording. What is beyond them goes through all the same.
const (
	// BodyLimit is how long a request's body may be that is asked again, and how much is kept of an answer's.
	BodyLimit = 64 << 10
	// mostKept is how many requests are looked at, and mostHeld how much their bodies may be together.
	mostKept = 5000
	mostHeld = 64 << 20
)

// A Program is where the program listens, and the way there.
type Program struct {
	Address string // host and port
	TLS     bool
	Way     reach.Way
}

// A Proxy passes requests on to a program and records them.
type Proxy struct {
	to      Program
	own     string // its address
	ours    []string
	theirs  []string
	server  *http.Server
	forward *httputil.ReverseProxy
	served  chan struct{}

	mu    sync.Mutex
	all   []*exchange
	asked int // also beyond mostKept
	held  int
}

// An exchange is one request and what came of it.
type exchange struct {
	method, target string // target is the path with its query
	host           string // that it names, where that is not the proxy's own
	header         http.Header
	body           cut
	http2          bool
	status         int
	answered       http.Header
	answer         cut
	done           bool // the answer came whole, or the connection was handed over
	over           bool // it is recorded no more
}

// A cut is the beginning of a body.
type cut struct {
	bytes.Buffer
	more bool
}

// take keeps up to BodyLimit in all.
func (c *cut) take(b []byte) {
	room := BodyLimit - c.Len()
	if len(b) > room {
		b, c.more = b[:room], true
	}
	c.Write(b)
}

// Listen starts a proxy in front of a program. Close ends it.
func Listen(to Program) (*Proxy, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for what is asked: %w", err)
	}
	_, port, _ := net.SplitHostPort(to.Address)
	p := &Proxy{to: to, own: l.Addr().String(), served: make(chan struct{})}
	_, ownPort, _ := net.SplitHostPort(p.own)
	p.ours = []string{p.own, "localhost:" + ownPort}
	p.theirs = []string{to.Address, "localhost:" + port, "127.0.0.1:" + port, "[::1]:" + port, "0.0.0.0:" + port}
	quiet := log.New(io.Discard, "", 0) // who hangs up is no news
	p.forward = &httputil.ReverseProxy{
		Rewrite: p.rewrite, ModifyResponse: p.answers, ErrorHandler: fails, FlushInterval: -1, ErrorLog: quiet,
		Transport: versions{transport(to, false), transport(to, true)},
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	p.server = &http.Server{Handler: p, Protocols: protocols, ErrorLog: quiet, ReadHeaderTimeout: time.Minute}
	go func() {
		defer close(p.served)
		_ = p.server.Serve(l)
	}()
	return p, nil
}

// URL is what a client asks in place of the program.
func (p *Proxy) URL() string { return "http://" + p.own }

// Close ends the proxy. Connections that are still there end with it.
func (p *Proxy) Close() {
	_ = p.server.Close()
	<-p.served
	for _, t := range p.forward.Transport.(versions) {
		t.CloseIdleConnections()
	}
}

// versions asks the program in the version of HTTP in which the proxy was asked: 1.1 or 2.
type versions [2]asker

// An asker sends requests, and keeps connections for the next ones.
type asker interface {
	http.RoundTripper
	CloseIdleConnections()
}

// RoundTrip implements http.RoundTripper.
func (v versions) RoundTrip(r *http.Request) (*http.Response, error) {
	if exchangeOf(r.Context()).http2 {
		return v[1].RoundTrip(r)
	}
	return v[0].RoundTrip(r)
}

// transport connects to one address only.
func transport(to Program, http2 bool) asker {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!http2)
	protocols.SetHTTP2(http2)
	protocols.SetUnencryptedHTTP2(http2)
	return &http.Transport{
		DialContext:        func(ctx context.Context, _, _ string) (net.Conn, error) { return to.Way.Dial(ctx, to.Address) },
		TLSClientConfig:    &tls.Config{InsecureSkipVerify: true}, // the listener was seen to be the program's
		DisableCompression: true, MaxIdleConnsPerHost: 1000, Protocols: protocols,
	}
}

// exchangeKey is where a request's context holds its exchange.
type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange { return ctx.Value(exchangeKey{}).(*exchange) }

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect || r.URL.Host != "" && !slices.Contains(p.ours, r.URL.Host) {
		http.Error(w, "racebench records what is asked of "+p.own+" and leads nowhere else", http.StatusMisdirectedRequest)
		return
	}
	x := &exchange{method: r.Method, target: r.URL.RequestURI(), header: r.Header.Clone(), http2: r.ProtoMajor == 2}
	if !slices.Contains(p.ours, r.Host) {
		x.host = r.Host
	}
	p.begin(x)
	defer p.end(x)
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = &tee{ReadCloser: r.Body, p: p, x: x, into: &x.body}
	}
	_ = http.NewResponseController(w).EnableFullDuplex() // an answer may begin before the request has ended; HTTP/2 is so
	p.forward.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x)))
}

func (p *Proxy) begin(x *exchange) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	if len(p.all) < mostKept && p.held < mostHeld {
		p.all = append(p.all, x)
		return
	}
	x.over = true
}

// end takes what came later than the answer as not recorded: whoever reads the recording does so alone.
func (p *Proxy) end(x *exchange) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x.over = true
}

// A tee records a body as it is read.
type tee struct {
	io.ReadCloser
	p     *Proxy
	x     *exchange
	into  *cut
	whole bool // its end is the end of the exchange
}

// Read implements io.Reader.
func (t *tee) Read(b []byte) (int, error) {
	n, err := t.ReadCloser.Read(b)
	t.p.mu.Lock()
	defer t.p.mu.Unlock()
	if !t.x.over {
		before := t.into.Len()
		t.into.take(b[:n])
		t.p.held += t.into.Len() - before
		t.x.done = t.x.done || t.whole && err == io.EOF
	}
	return n, err
}

// forwarded are headers that a reverse proxy leaves out, and that a test may well set.
var forwarded = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"}

// rewrite passes a request on as it came. The host that it names stays, so that the links that a program makes of it lead
// here.
func (p *Proxy) rewrite(r *httputil.ProxyRequest) {
	r.Out.URL.Scheme, r.Out.URL.Host = "http", p.to.Address
	if p.to.TLS {
		r.Out.URL.Scheme = "https"
	}
	r.Out.URL.RawQuery, r.Out.Host = r.In.URL.RawQuery, r.In.Host
	for _, name := range forwarded {
		if values, ok := r.In.Header[name]; ok {
			r.Out.Header[name] = values
		}
	}
}

var secureCookie = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i);\s*secure\s*(;|$)`) })

// answers records an answer's head, has it lead back here, and has its body recorded.
func (p *Proxy) answers(r *http.Response) error {
	x := exchangeOf(r.Request.Context())
	for _, name := range []string{"Location", "Content-Location"} {
		if to := r.Header.Get(name); to != "" {
			r.Header.Set(name, p.leadingHere(to))
		}
	}
	if p.to.TLS { // a client that speaks plain HTTP here would not send them
		for i, cookie := range r.Header["Set-Cookie"] {
			r.Header["Set-Cookie"][i] = secureCookie().ReplaceAllString(cookie, "$1")
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	x.status, x.answered = r.StatusCode, r.Header.Clone()
	switch {
	case r.StatusCode == http.StatusSwitchingProtocols: // its body is the connection, both ways
		x.done = true
	case r.Body == http.NoBody || r.Request.Method == http.MethodHead:
		x.done = true
	default:
		r.Body = &tee{ReadCloser: r.Body, p: p, x: x, into: &x.answer, whole: true}
	}
	return nil
}

// leadingHere makes an address of the program's one of the proxy's.
func (p *Proxy) leadingHere(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Host == "" || !slices.Contains(p.theirs, u.Host) && !slices.Contains(p.ours, u.Host) {
		return to
	}
	if u.Host = p.own; strings.HasPrefix(u.Scheme, "http") {
		u.Scheme = "http"
	}
	return u.String()
}

// fails answers for a program that did not.
func fails(w http.ResponseWriter, r *http.Request, err error) {
	http.Error(w, "racebench passed the request on, and no answer came: "+err.Error(), http.StatusBadGateway)
}
