package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"github.com/racebench/racebench/engine/loadgen"
	"github.com/racebench/racebench/engine/result"
)

// offered runs racebench load against a server and returns what it stored, what it printed and its exit status.
func offered(t *testing.T, args ...string) (*result.Report, string, int) {
	t.Helper()
	dir := t.TempDir()
	stored := filepath.Join(dir, "result.json")
	var out bytes.Buffer
	args = append([]string{"load", "--dir", filepath.Join(dir, "runs"), "--progress", "none", "-o", "json=" + stored, "-o", "text"}, args...)
	status := run(context.Background(), args, &out, &out)
	raw, err := os.ReadFile(stored)
	if err != nil {
		return nil, out.String(), status
	}
	rep, err := result.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	return rep, out.String(), status
}

// listen serves until the end of the test.
func listen(t *testing.T, h http.HandlerFunc) string {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestLoadHasAVerdict(t *testing.T) {
	var posts atomic.Int64
	url := listen(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/gone":
			w.WriteHeader(http.StatusNotFound)
		case r.Method == "POST" && r.Header.Get("X-Key") == "1" && r.ContentLength == 2:
			posts.Add(1)
		}
	})
	for _, c := range []struct {
		name    string
		args    []string
		verdict result.Verdict
		status  int
		says    string
	}{
		{"passes", []string{"--clients", "2", url}, result.Passed, 0, "PASSED"},
		{"misses a threshold", []string{"--clients", "2", "--threshold", "p99 < 1ns", url}, result.Missed, 1, "p99(requests) < 1ns"},
		{"fails nothing by errors alone", []string{"--clients", "2", url, url + "/gone"}, result.Passed, 0, "404: "},
		{"is asked about errors", []string{"--clients", "2", "--threshold", "errors < 1%", url, url + "/gone"}, result.Missed, 1, "errors(requests) < 1%"},
		{"has nothing accepted", []string{"--clients", "2", url + "/gone"}, result.Untested, 3, "accepted none of"},
		{"takes the status that is asked for", []string{"--clients", "2", "--status", "404", url + "/gone"}, result.Passed, 0, "PASSED"},
		{"posts", []string{"--clients", "2", "-H", "X-Key: 1", "-d", "ab", url}, result.Passed, 0, "PASSED"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rep, out, status := offered(t, append([]string{"--for", "300ms"}, c.args...)...)
			if status != c.status || rep == nil || rep.Verdict != c.verdict || !strings.Contains(out, c.says) {
				t.Errorf("status %d, want %d and %s, with %q:\n%s", status, c.status, c.verdict, c.says, out)
			}
		})
	}
	if posts.Load() == 0 {
		t.Error("no POST came with its header and body")
	}
}

// A WebSocket's messages are counted like requests.
func TestLoadOfMessages(t *testing.T) {
	up := websocket.Upgrader{}
	url := listen(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		for {
			kind, b, err := c.ReadMessage()
			if err != nil || string(b) != "ping" || c.WriteMessage(kind, b) != nil {
				return
			}
		}
	})
	rep, out, status := offered(t, "--for", "300ms", "--clients", "2", "-d", "ping", "ws"+strings.TrimPrefix(url, "http"))
	if status != 0 || rep == nil || rep.Results[0].Throughput[0].Op != "websocket" || len(rep.Results[0].Failures) > 0 {
		t.Errorf("status %d:\n%s", status, out)
	}
}

// An open load says what it sent, its latency and beside it the service time; both can be read again.
func TestOpenLoadIsStored(t *testing.T) {
	url := listen(t, func(http.ResponseWriter, *http.Request) {})
	rep, out, status := offered(t, "--rate", "200/s", "--for", "500ms", "--clients", "4", url)
	if status != 0 || rep == nil {
		t.Fatalf("status %d:\n%s", status, out)
	}
	row := rep.Results[0]
	th := row.Throughput[0]
	if th.Sent+th.Unsent != 100 || th.Accepted != th.Sent || th.Sent == 0 || !row.Plain {
		t.Errorf("%+v", th)
	}
	if len(row.Latency) != 1 || len(row.Service) != 1 || row.Latency[0].Count != th.Sent || row.Service[0].Count != th.Sent {
		t.Errorf("%d latencies and %d service times", len(row.Latency), len(row.Service))
	}
	if len(row.Answers) != 1 || row.Answers[0].Count != th.Sent {
		t.Errorf("answers: %v", row.Answers)
	}
	var sum result.Merger
	if err := errors.Join(sum.Add(rep), sum.Add(&result.Report{Schema: rep.Schema, Results: rep.Results})); err != nil {
		t.Fatal(err)
	}
	merged, err := sum.Report()
	if err != nil {
		t.Fatal(err)
	}
	if sum := merged.Results[0]; sum.Answers[0].Count != 2*th.Sent || sum.Service[0].Count != 2*th.Sent || sum.Verdict != result.Passed {
		t.Errorf("merged: %v, %d service times, %s", sum.Answers, sum.Service[0].Count, sum.Verdict)
	}
}

func TestLoadIsRefused(t *testing.T) {
	for says, args := range map[string][]string{
		"needs a URL":               {},
		"is not this machine":       {"http://192.0.2.1/"},
		"has no address that could": {"http://no-such-host.invalid/"},
		"are different servers":     {"http://127.0.0.1:1/", "http://127.0.0.1:2/"},
		"are of HTTP":               {"-X", "POST", "ws://127.0.0.1:1/"},
		"has no WebSocket":          {"--engine-io", "epoll", "ws://127.0.0.1:1/"},
		"is no method of gRPC":      {"grpc://127.0.0.1:1/a"},
		"--http2 is of http":        {"--http2", "grpc://127.0.0.1:1/a.B/C"},
		"--streams is of HTTP/2":    {"--streams", "2", "http://127.0.0.1:1/"},
		"must be 1 or more":         {"--streams", "0", "--http2", "http://127.0.0.1:1/"},
		"--proto declares":          {"--proto", "x.proto", "http://127.0.0.1:1/"},
		"--proto: read the schema":  {"--proto", "no-such.proto", "grpc://127.0.0.1:1/a.B/C"},
		"are of HTTP: a call":       {"-X", "POST", "grpc://127.0.0.1:1/a.B/C"},
		"begins with http":          {"ftp://127.0.0.1/"},
		"write such as 5000/s":      {"--rate", "fast", "http://127.0.0.1:1/"},
		"a stage is a time":         {"--stages", "10s", "http://127.0.0.1:1/"},
		"a rate is such as":         {"--stages", "10s@x", "http://127.0.0.1:1/"},
		"leave --rate":              {"--stages", "1s@1/s", "--rate", "1/s", "http://127.0.0.1:1/"},
		"--think is of a closed":    {"--rate", "1/s", "--think", "1ms", "http://127.0.0.1:1/"},
		"is of an open load":        {"--arrivals", "poisson", "http://127.0.0.1:1/"},
		"must be from 1 to":         {"--clients", "0", "http://127.0.0.1:1/"},
		"plain load has no max(dra": {"--threshold", "max(drain) < 1s", "http://127.0.0.1:1/"},
		"leave the name out":        {"--threshold", "p99(other) < 1s", "http://127.0.0.1:1/"},
		"a threshold is METRIC":     {"--until", "soon", "http://127.0.0.1:1/"},
		"exclude each other":        {"--until", "p99 > 1s", "--find-max", "p99 < 1s", "http://127.0.0.1:1/"},
		"has no TLS":                {"--engine-io", "epoll", "https://127.0.0.1:1/"},
		"the length of a request":   {"-H", "Content-Length: 5", "http://127.0.0.1:1/"},
		"a header is NAME: VALUE":   {"-H", "x", "http://127.0.0.1:1/"},
		"write statuses such as":    {"--status", "abc", "http://127.0.0.1:1/"},
	} {
		if (says == "has no TLS" || says == "has no WebSocket") && loadgenEngines() < 2 {
			continue
		}
		if _, out, status := offered(t, args...); status != 2 || !strings.Contains(out, says) {
			t.Errorf("%v: status %d, want 2 and %q:\n%s", args, status, says, out)
		}
	}
}

// loadgenEngines is how many ways to drive connections there are here.
func loadgenEngines() int {
	c := loadgen.Config{Engine: loadgen.Epoll}
	if _, err := c.EngineFor(); err != nil {
		return 1
	}
	return 2
}

// A remote host that is named is loaded; that nobody answers there is a class.
func TestNamedRemoteIsLoaded(t *testing.T) {
	rep, out, status := offered(t, "--for", "200ms", "--clients", "2", "--allow-remote", "no-such-host.invalid", "http://no-such-host.invalid/")
	if status != 3 || rep == nil || len(rep.Results[0].Failures) != 1 || rep.Results[0].Failures[0].Class != "unreachable" {
		t.Errorf("status %d:\n%s", status, out)
	}
}

// A load ends once a second of it fulfils --until: status 0, and the rest is not sent.
func TestUntil(t *testing.T) {
	url := listen(t, func(http.ResponseWriter, *http.Request) {})
	rep, out, status := offered(t, "--for", "1h", "--rate", "50/s", "--clients", "2", "--until", "p50 > 1ns", url)
	if status != 0 || rep == nil || !strings.Contains(out, "ended by --until p50 > 1ns") {
		t.Errorf("status %d:\n%s", status, out)
	}
}

// The highest rate is looked for in steps, and the curve is kept.
func TestFindMax(t *testing.T) {
	// It answers one request at a time, each in 10 ms: 100 a second, however fast the machine is.
	var one = make(chan struct{}, 1)
	url := listen(t, func(http.ResponseWriter, *http.Request) {
		one <- struct{}{}
		time.Sleep(10 * time.Millisecond)
		<-one
	})
	rep, out, status := offered(t, "--find-max", "p50 < 2s", "--for", "500ms", "--rate", "300/s", "--clients", "4", url)
	if status != 0 || rep == nil || rep.Results[0].Load == nil {
		t.Fatalf("status %d:\n%s", status, out)
	}
	l := rep.Results[0].Load
	if l.Rate > 110 || len(l.Curve) < 2 || l.Curve[len(l.Curve)-1].Holds {
		t.Errorf("%+v", l)
	}
}

func TestHighest(t *testing.T) {
	for _, c := range []struct{ first, limit, low float64 }{{100, 3000, 2850}, {100, 30, 28.5}, {1000, 0.5, 0}, {100, 100, 95}} {
		got, err := loadgen.Highest(c.first, maxTries, func(rate float64) (bool, error) { return rate <= c.limit, nil })
		if err != nil || got > c.limit || got < c.low {
			t.Errorf("from %v, with a limit of %v: %v, %v", c.first, c.limit, got, err)
		}
	}
}

// What is watched of a tick is what --until is about.
func TestBoundsOfATick(t *testing.T) {
	h := result.NewHistogram()
	for i := range int64(100) {
		_ = h.RecordValue((i + 1) * int64(time.Millisecond))
	}
	now := loadgen.Tick{At: time.Second, Took: time.Second, Done: 100, Failed: 25, Latency: h}
	for bound, want := range map[string]bool{
		"p50 > 49ms": true, "p50 > 51ms": false, "max >= 100ms": true, "rate < 101/s": true, "rate < 100/s": false,
		"errors > 19%": true, "errors > 21%": false, "errors > 24": true, "errors > 25": false,
	} {
		b, err := parseBound("--until", bound)
		if err != nil {
			t.Fatal(err)
		}
		o := offering{until: &b}
		if v, ok := o.valueOf(now); !ok || b.Holds(v) != want {
			t.Errorf("%s: %v, %v, want %v", bound, v, ok, want)
		}
	}
}

func TestStages(t *testing.T) {
	got, err := parseStages("10s@100/s, 1m@100/s..1000/s,5s@0")
	want := []loadgen.Stage{{For: 10 * time.Second, From: 100, To: 100}, {For: time.Minute, From: 100, To: 1000}, {For: 5 * time.Second}}
	if err != nil || len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("%v, %v", got, err)
	}
}

// written puts a scenario into a file.
func written(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plain.yaml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// A scenario with url alone is plain load: nothing is started, no signal is sent, and its thresholds are the verdict.
func TestScenarioOfPlainLoad(t *testing.T) {
	url := listen(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/kept" && r.Header.Get("Connection") == "close" {
			w.WriteHeader(http.StatusTeapot)
		}
	})
	head := "name: plain\ntarget: external\nexternal: {url: \"" + url + "/kept\"}\nduration: 400ms\n"
	for _, c := range []struct {
		name, text, says string
		status           int
	}{
		{"passes", "load:\n- {client: http-keepalive, clients: 2, as: a}\n- {client: http-keepalive, shape: rate, rate: 50/s, path: /, as: b}\nthresholds: [p99(a) < 10s, errors(b) < 1%]\n", "PASSED", 0},
		{"has a load of its own", "", "PASSED", 0},
		{"misses", "thresholds: [p99(http-keepalive) < 1ns]\n", "MISSED", 1},
		{"has nothing accepted", "load: [{client: http-oneshot}]\n", "UNTESTED", 3},
		{"pauses", "load: [{client: http-keepalive, shape: slow, delay: 1ms..5ms, status: 2xx}]\n", "PASSED", 0},
		{"has no signal", "inject: [{signal: SIGTERM, at: 100ms}]\n", "nothing strikes it", 2},
		{"looks at no end", "load: [{client: http-keepalive, ends: x}]\n", "plain load does not look at how an answer ends", 2},
		{"has no such client", "load: [{client: websocket}]\n", "plain load has no client websocket yet", 2},
		{"has no such shape", "load: [{client: http-keepalive, shape: burst, burst: 5, every: 10ms}]\n", "plain load has no shape burst", 2},
		{"expects nothing", "expect: [drain-ends]\n", "only thresholds are judged", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			status := run(context.Background(), []string{"run", "--dir", t.TempDir(), "--progress", "none", written(t, head+c.text)}, &out, &out)
			if status != c.status || !strings.Contains(out.String(), c.says) {
				t.Errorf("status %d, want %d with %q:\n%s", status, c.status, c.says, out.String())
			}
		})
	}
}

func TestScenarioOfPlainLoadIsRefused(t *testing.T) {
	const head = "name: plain\ntarget: external\nexternal: "
	for text, c := range map[string]struct {
		command, says string
	}{
		"{url: \"http://192.0.2.1/\"}":                         {"run", "is not this machine"},
		"{url: \"http://127.0.0.1:1/\", cwd: .}":               {"run", "cwd is of a program that racebench starts"},
		"{url: \"ws://127.0.0.1:1/\"}":                         {"run", "plain load by ws is not built yet"},
		"{url: \"http://127.0.0.1:{port}/\"}":                  {"run", "external has no command"},
		"{url: \"http://127.0.0.1:1/\"} # searched":            {"fuzz", "there is nothing to search in it"},
		"{url: \"http://no-such-host.invalid/\"} # no address": {"run", "has no address"},
	} {
		var out bytes.Buffer
		status := run(context.Background(), []string{c.command, "--dir", t.TempDir(), "--progress", "none", written(t, head+text+"\n")}, &out, &out)
		if status != 2 || !strings.Contains(out.String(), c.says) {
			t.Errorf("%s: status %d, want 2 with %q:\n%s", text, status, c.says, out.String())
		}
	}
}

// A server that repeats a secret of the command line in what is no answer has it kept nowhere, not even a part.
func TestLoadKeepsNoSecretThatIsRepeated(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 4096))
			_, _ = c.Write([]byte("you said: Bearer Zx81-kfPw0-Vb72x-Tt93m-Lr55c-Hh20a-Qe64z\r\n"))
			_ = c.Close()
		}
	}()
	rep, out, status := offered(t, "--for", "50ms", "--clients", "1", "-H", "Authorization: Bearer Zx81-kfPw0-Vb72x-Tt93m-Lr55c-Hh20a-Qe64z", "http://"+ln.Addr().String())
	raw, err := rep.Encode()
	if err != nil || status != 3 || !strings.Contains(out, "{secret:AUTHORIZATION}") {
		t.Errorf("status %d, %v:\n%s", status, err, out)
	}
	if strings.Contains(out+string(raw), "Zx81-") {
		t.Errorf("a part of the secret is kept:\n%s\n%s", out, raw)
	}
}

// TestCallsAreLoaded offers calls by reflection and by a file to a server of the released library.
func TestCallsAreLoaded(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	healthpb.RegisterHealthServer(s, health.NewServer())
	reflection.Register(s)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	at := "grpc://" + l.Addr().String()
	proto := filepath.Join(t.TempDir(), "own.proto")
	const text = "syntax = \"proto3\"; package grpc.reflection.v1; message Q { string host = 1; } service ServerReflection { rpc None(Q) returns (Q); }"
	if err := os.WriteFile(proto, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		status int
		want   int // of the answers
	}{
		{[]string{"-d", `{"service": ""}`, at + "/grpc.health.v1.Health/Check"}, 0, 200},
		{[]string{"-d", `{"service": "none"}`, at + "/grpc.health.v1.Health/Check"}, 3, 1005},
		{[]string{"--proto", proto, at + "/grpc.reflection.v1.ServerReflection/None"}, 3, 1012},
	} {
		rep, out, status := offered(t, append([]string{"--for", "200ms", "--clients", "4", "--streams", "2"}, c.args...)...)
		if status != c.status || rep == nil || len(rep.Results[0].Answers) != 1 || rep.Results[0].Answers[0].Status != c.want || rep.Results[0].Answers[0].Op != "grpc" {
			t.Errorf("%v: status %d:\n%s", c.args, status, out)
		}
	}
	if _, out, status := offered(t, at+"/a.B/C"); status != 3 || !strings.Contains(out, "the server does not know a.B") {
		t.Errorf("status %d:\n%s", status, out)
	}
	if _, out, status := offered(t, "-d", "{", at+"/grpc.health.v1.Health/Check"); status != 2 || !strings.Contains(out, "in JSON") {
		t.Errorf("status %d:\n%s", status, out)
	}
}
