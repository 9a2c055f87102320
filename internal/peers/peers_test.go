//go:build peers

// Package peers holds one test: it measures what a request of plain load costs, beside other load generators on the same
// machine, in the same minute. It is for make bench-load.
package peers

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// What is measured when nothing else is said: RACEBENCH_ROUNDS and RACEBENCH_ROUND_TIME change it.
const (
	defaultRounds = 5
	defaultTime   = 3
	connections   = 64
	openRate      = 5000
)

// A tool is one load generator: its command for a load, with {url}, {c}, {d} (seconds) and {rate} to fill in.
type tool struct {
	name, needs string // needs is the program to look for
	closed      string
	open        string
}

// own is racebench in each of its engines.
func own(program string) []tool {
	const flags = " load --progress none --dir {dir} --clients {c} --for {d}s"
	return []tool{
		{"racebench", program, program + flags + " {url}", program + flags + " --rate {rate}/s {url}"},
		{"racebench, goroutines", program, program + flags + " --engine-io goroutine {url}", program + flags + " --engine-io goroutine --rate {rate}/s {url}"},
	}
}

// others are the peers. The first that is there is what the others are compared with.
var others = []tool{
	{"wrk", "wrk", "wrk -t1 -c{c} -d{d}s --latency {url}", ""},
	{"h2load", "h2load", "h2load --h1 -t1 -c{c} -D{d} {url}", "h2load --h1 -t1 -c{c} -D{d} --rps={each} {url}"},
	{"ab", "ab", "ab -q -k -c{c} -t{d} -n2000000 {url}", ""},
	{"hey", "hey", "hey -z {d}s -c {c} {url}", "hey -z {d}s -c {c} -q {each} {url}"},
	{"bombardier", "bombardier", "bombardier -c {c} -d {d}s -l -p r {url}", "bombardier -c {c} -d {d}s -r {rate} -l -p r {url}"},
	{"fortio", "fortio", "fortio load -quiet -qps 0 -c {c} -t {d}s {url}", "fortio load -quiet -qps {rate} -c {c} -t {d}s {url}"},
	{"vegeta", "vegeta", "echo GET {url} | vegeta attack -rate=0 -workers={c} -max-workers={c} -connections={c} -duration={d}s | vegeta report",
		"echo GET {url} | vegeta attack -rate={rate} -duration={d}s | vegeta report"},
	{"k6", "k6", "URL={url} VUS={c} k6 run --quiet --no-usage-report --duration {d}s --vus {c} {dir}/http.js", ""},
	{"autocannon", "autocannon", "autocannon -c {c} -d {d} --json {url}", "autocannon -c {c} -d {d} -R {rate} --json {url}"},
}

// A sample is one run of one tool.
type sample struct {
	requests int64
	cpu      time.Duration // the tool's own, and its children's
	memory   int64         // bytes, at its highest; 0 is not known
}

func (s sample) each() float64 {
	return float64(s.cpu.Nanoseconds()) / 1e3 / float64(max(1, s.requests))
}

// TestPeers prints a table for the closed and one for the open model.
func TestPeers(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "racebench")
	build := exec.Command("go", "build", "-o", program, "github.com/racebench/racebench/cmd/racebench")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build racebench: %v\n%s", err, out)
	}
	var found []tool
	for _, p := range others {
		if _, err := exec.LookPath(p.needs); err == nil {
			found = append(found, p)
		}
	}
	if !slices.ContainsFunc(found, func(p tool) bool { return p.name == "wrk" || p.name == "h2load" }) {
		t.Fatal("neither wrk nor h2load is here, and there is nothing to compare with: apt-get install wrk nghttp2-client")
	}
	const script = "import http from 'k6/http'; export const options = {discardResponseBodies: true}; export default function () { http.get(__ENV.URL) }\n"
	if err := os.WriteFile(filepath.Join(dir, "http.js"), []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	srv := startServer(t, dir)
	bench := &bench{dir: dir, server: srv, rounds: number("RACEBENCH_ROUNDS", defaultRounds), seconds: number("RACEBENCH_ROUND_TIME", defaultTime)}
	tools := slices.Concat(found, own(program))
	t.Logf("%s", machine(srv))
	t.Logf("\n%s", bench.table(t, fmt.Sprintf("closed, %d connections", connections), "wrk", tools, func(p tool) string { return p.closed }))
	t.Logf("\n%s", bench.table(t, fmt.Sprintf("open, %d/s", openRate), "h2load", tools, func(p tool) string { return p.open }))
}

func machine(s *server) string {
	load, _ := os.ReadFile("/proc/loadavg")
	return fmt.Sprintf("%d cores, load average %s; server: %s", runtime.NumCPU(), strings.Join(strings.Fields(string(load))[:min(3, len(strings.Fields(string(load))))], " "), s.name)
}

func number(variable string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(variable)); err == nil && n > 0 {
		return n
	}
	return otherwise
}

// A bench runs tools in turns, all of a round before the next.
type bench struct {
	dir             string
	server          *server
	rounds, seconds int
}

func (b *bench) table(t *testing.T, head, base string, tools []tool, command func(tool) string) string {
	all := map[string][]sample{}
	for range b.rounds {
		for _, p := range tools {
			if command(p) != "" {
				all[p.name] = append(all[p.name], b.run(t, p, command(p)))
			}
		}
	}
	if all[base] == nil { // the other of the two is there
		base = map[string]string{"wrk": "h2load", "h2load": "racebench"}[base]
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%-24s %12s %18s %22s %10s\n", head, "requests/s", "CPU µs a request", "against "+base, "memory")
	for _, p := range tools {
		samples := all[p.name]
		if samples == nil {
			continue
		}
		var each, rates, ratios []float64
		var memory int64
		for i, s := range samples {
			each, rates = append(each, s.each()), append(rates, float64(s.requests)/float64(b.seconds))
			ratios = append(ratios, s.each()/all[base][i].each())
			memory = max(memory, s.memory)
		}
		fmt.Fprintf(&out, "%-24s %12.0f %18.2f %8.2f (%.2f to %.2f) %6.1f MiB\n", p.name, median(rates), median(each), median(ratios),
			slices.Min(ratios), slices.Max(ratios), float64(memory)/(1<<20))
	}
	return out.String()
}

func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// run runs a tool once, on a processor of its own where there are two. Requests are counted by the server.
func (b *bench) run(t *testing.T, p tool, command string) sample {
	t.Helper()
	command = strings.NewReplacer("{url}", b.server.url, "{c}", strconv.Itoa(connections), "{d}", strconv.Itoa(b.seconds), "{dir}", b.dir,
		"{rate}", strconv.Itoa(openRate), "{each}", fmt.Sprintf("%.3f", float64(openRate)/connections)).Replace(command)
	if !strings.Contains(command, "|") && !strings.Contains(command, "URL=") {
		command = "exec " + command
	}
	before := b.server.count(t)
	cmd := pinned(1, "sh", "-c", command)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	ended := make(chan struct{})
	highest := make(chan int64)
	go func() { highest <- watchMemory(cmd.Process.Pid, ended) }()
	err := cmd.Wait()
	close(ended)
	s := sample{memory: <-highest, cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), requests: b.server.count(t) - before}
	if err != nil || s.requests == 0 {
		t.Fatalf("%s: %v, %d requests\n%s", command, err, s.requests, out.String())
	}
	return s
}

// pinned is a command on one processor; on its own where that cannot be said.
func pinned(cpu int, name string, args ...string) *exec.Cmd {
	if _, err := exec.LookPath("taskset"); err == nil && runtime.NumCPU() > 1 {
		return exec.Command("taskset", slices.Concat([]string{"-c", strconv.Itoa(cpu), name}, args)...)
	}
	return exec.Command(name, args...)
}

// watchMemory reads the highest resident size of a process until it has ended.
func watchMemory(pid int, ended <-chan struct{}) int64 {
	var highest int64
	for {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err == nil {
			for line := range strings.Lines(string(raw)) {
				if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
					kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
					highest = kib << 10
				}
			}
		}
		select {
		case <-ended:
			return highest
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// A server answers with a line, and counts.
type server struct{ name, url string }

func (s *server) count(t *testing.T) int64 {
	t.Helper()
	res, err := http.Get(s.url + "count")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(raw))
	at := 0
	if s.name == "nginx" {
		at = 9 // "server accepts handled requests A H R"
	}
	n, err := strconv.ParseInt(fields[at], 10, 64)
	if err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	return n
}

const nginxConf = `daemon off; master_process off; worker_processes 1; pid n.pid; error_log e.log crit;
events { worker_connections 8192; }
http { access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; tcp_nodelay on;
  client_body_temp_path a; proxy_temp_path b; fastcgi_temp_path c; uwsgi_temp_path d; scgi_temp_path f;
  server { listen 127.0.0.1:%d backlog=4096;
    location / { default_type text/plain; return 200 "hello, bench!\n"; }
    location /count { stub_status; } } }
`

// startServer starts nginx, or where it is not here a server of our own, on the first processor.
func startServer(t *testing.T, dir string) *server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := ln.Addr().(*net.TCPAddr).Port
	_ = ln.Close()
	s := &server{name: "nginx", url: fmt.Sprintf("http://127.0.0.1:%d/", port)}
	cmd := pinned(0, "nginx", "-p", dir, "-c", "nginx.conf")
	if _, err := exec.LookPath("nginx"); err != nil {
		s.name = "a server of our own"
		cmd = pinned(0, os.Args[0], "-test.run", "^TestMain$")
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", serveAt, port))
	} else if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), fmt.Appendf(nil, nginxConf, port), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for limit := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		res, err := http.Get(s.url + "count")
		if err == nil {
			_ = res.Body.Close()
			return s
		}
		if time.Now().After(limit) {
			t.Fatalf("%s does not listen: %v", s.name, err)
		}
	}
}

// serveAt names the port of the child that is the server.
const serveAt = "RACEBENCH_PEERS_SERVE_AT"

// TestMain lets the test binary be the server.
func TestMain(m *testing.M) {
	port := os.Getenv(serveAt)
	if port == "" {
		os.Exit(m.Run())
	}
	var n atomic.Int64
	err := http.ListenAndServe("127.0.0.1:"+port, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		served := n.Add(1)
		_, _ = io.WriteString(w, cmp.Or(map[string]string{"/count": strconv.FormatInt(served, 10)}[r.URL.Path], "hello, bench!\n"))
	}))
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
