package learn

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// between is a proxy before a server.
func between(t *testing.T, h http.Handler) (*Proxy, *httptest.Server) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	p, err := Listen(Program{Address: s.Listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p, s
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

// TestBodiesPassWhole has bodies that are far longer than what is kept, with and without a length, by both versions of HTTP.
func TestBodiesPassWhole(t *testing.T) {
	p, _ := between(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.Header().Set("X-Version", r.Proto)
		_, _ = io.Copy(w, r.Body)
	}))
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<18)
	for _, version := range []string{"HTTP/1.1", "HTTP/2.0"} {
		transport := &http.Transport{Protocols: new(http.Protocols)}
		transport.Protocols.SetHTTP1(version == "HTTP/1.1")
		transport.Protocols.SetUnencryptedHTTP2(version == "HTTP/2.0")
		for _, body := range []io.Reader{bytes.NewReader(sent), io.MultiReader(bytes.NewReader(sent))} {
			r, err := (&http.Client{Transport: transport}).Post(p.URL()+"/echo", "text/plain", body)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r.Body)
			_ = r.Body.Close()
			if err != nil || !bytes.Equal(got, sent) || r.Header.Get("X-Version") != version {
				t.Errorf("%s: %d of %d bytes by %s came back, error %v", version, len(got), len(sent), r.Header.Get("X-Version"), err)
			}
		}
		transport.CloseIdleConnections()
	}
	p.Close()
	for _, x := range p.all {
		if x.body.Cap() > 4*BodyLimit || !x.body.more || x.answer.Cap() > 4*BodyLimit {
			t.Errorf("%d bytes of a request's body are held, %d of the answer's", x.body.Cap(), x.answer.Cap())
		}
	}
	if routes := p.Routes(true); len(routes) != 1 || routes[0].Ways != nil || routes[0].Why != "its body is longer than 64 KiB" {
		t.Errorf("asked again: %+v", routes)
	}
}

// TestPiecesPassAtOnce has a stream of events whose server waits until its first was read.
func TestPiecesPassAtOnce(t *testing.T) {
	read := make(chan struct{})
	p, _ := between(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: one\n\n")
		_ = http.NewResponseController(w).Flush()
		<-read
		_, _ = io.WriteString(w, "data: two\n\n")
	}))
	r, err := http.Get(p.URL() + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	lines := bufio.NewReader(r.Body)
	if line, err := lines.ReadString('\n'); line != "data: one\n" {
		t.Fatal(line, err)
	}
	close(read)
	if rest, err := io.ReadAll(lines); err != nil || string(rest) != "\ndata: two\n\n" {
		t.Fatalf("%q, %v", rest, err)
	}
	p.Close()
	if routes := p.Routes(false); len(routes) != 1 || routes[0].Ways[0].As != "events" {
		t.Errorf("asked again: %+v", routes)
	}
}

// TestSocketsPass upgrades to a protocol in which the server echoes a line.
func TestSocketsPass(t *testing.T) {
	p, _ := between(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		line, _ := rw.ReadString('\n')
		_, _ = io.WriteString(conn, line)
	}))
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	fmt.Fprint(conn, "GET /live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n")
	r := bufio.NewReader(conn)
	a, err := http.ReadResponse(r, nil)
	if err != nil || a.StatusCode != 101 {
		t.Fatal(a, err)
	}
	fmt.Fprint(conn, "hello\n")
	if line, err := r.ReadString('\n'); line != "hello\n" {
		t.Fatal(line, err)
	}
	p.Close()
	routes := p.Routes(false)
	if len(routes) != 1 || routes[0].Ways[0].As != "websocket" || len(routes[0].Ways[0].Headers) != 1 || routes[0].Ways[0].Headers[0] != [2]string{"Host", "x"} {
		t.Errorf("asked again: %+v", routes)
	}
}

// TestRedirectsLeadBack has addresses of the program, of the proxy and of somebody else.
func TestRedirectsLeadBack(t *testing.T) {
	var there string
	p, s := between(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", strings.ReplaceAll(r.URL.Query().Get("to"), "HOST", r.Host))
		w.WriteHeader(302)
	}))
	there = s.URL
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for to, want := range map[string]string{
		there + "/a?b=1": p.URL() + "/a?b=1", "http://localhost:" + port + "/a": p.URL() + "/a", "https://HOST/a": p.URL() + "/a",
		"/a": "/a", "https://example.com/a": "https://example.com/a", "http://127.0.0.1:1/a": "http://127.0.0.1:1/a",
	} {
		r, err := client.Get(p.URL() + "/?to=" + to)
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close()
		if got := r.Header.Get("Location"); got != want {
			t.Errorf("%s leads to %s, want %s", to, got, want)
		}
	}
}

// TestNowhereElse asks the proxy for another host, and for a program that has gone.
func TestNowhereElse(t *testing.T) {
	asked := false
	p, s := between(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	fmt.Fprint(conn, "GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n")
	if a, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || a.StatusCode != http.StatusMisdirectedRequest || asked || p.Asked() != 0 {
		t.Errorf("%v, %v: another host was asked for, and the program was asked: %t", a, err, asked)
	}
	s.Close()
	if status, body := get(t, p.URL()+"/a"); status != http.StatusBadGateway {
		t.Error(status, body)
	}
	p.Close()
	if routes := p.Routes(false); len(routes) != 1 || routes[0].Why != "it got no answer" {
		t.Errorf("asked again: %+v", routes)
	}
}

// TestManyAtOnce asks more than is looked at, by many clients at once.
func TestManyAtOnce(t *testing.T) {
	p, _ := between(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) }))
	var clients sync.WaitGroup
	transport := &http.Transport{MaxIdleConnsPerHost: 8}
	defer transport.CloseIdleConnections()
	const each = mostKept/8 + 50
	for n := range 8 {
		clients.Go(func() {
			for range each {
				r, err := (&http.Client{Transport: transport}).Get(fmt.Sprint(p.URL(), "/page/", n))
				if err != nil {
					t.Error(err)
					return
				}
				b, err := io.ReadAll(r.Body)
				_ = r.Body.Close()
				if err != nil || string(b) != fmt.Sprint("/page/", n) {
					t.Errorf("%q, %v", b, err)
				}
			}
		})
	}
	clients.Wait()
	p.Close()
	if p.Asked() != 8*each || len(p.all) != mostKept {
		t.Errorf("%d asked, %d kept", p.Asked(), len(p.all))
	}
	if routes := p.Routes(false); len(routes) != 1 || routes[0].Name != "GET /page/{id}" || len(routes[0].Ways) != mostWays {
		t.Errorf("asked again: %+v", routes)
	}
}

// TestCloseEndsWhatIsOpen closes a proxy in the middle of an answer.
func TestCloseEndsWhatIsOpen(t *testing.T) {
	over, end := context.WithCancel(t.Context())
	defer end()
	p, _ := between(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "begin")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-r.Context().Done():
		case <-over.Done():
		}
	}))
	r, err := http.Get(p.URL() + "/endless")
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
	if _, err := io.ReadAll(r.Body); err == nil {
		t.Error("the answer came whole")
	}
	_ = r.Body.Close()
}
