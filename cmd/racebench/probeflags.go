package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/racebench/racebench/internal/discover"
	"github.com/racebench/racebench/internal/learn"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
)

// probeFlags are the flags that take the place of a scenario file.
type probeFlags struct {
	paths, streams, events, uploads, sockets, reqs, headers, http2, calls []string
	requests, openapi, data, status, hello, proto                         string
	url, ready, signal, signalTo, at, exit, preset                        string
	before, beforeEach, check, attach, readyPath                          string
	services                                                              []string
	grace, servesFor                                                      time.Duration
	preStop                                                               string        // run before the signal
	twice                                                                 time.Duration // a second signal comes so long after the first; 0: none
	worker, silent, noLook, dryRun                                        bool
	found                                                                 []discover.Offer // by a look around
	learn                                                                 string
	learnWrites                                                           bool
	learned                                                               []learn.Route  // nil: nothing yet
	owners                                                                map[string]int // which of those a load group is of
	files                                                                 *namedFiles
	jobs, done                                                            string
	probeWrites
}

func newProbeFlags(files *namedFiles) *probeFlags {
	return &probeFlags{signalTo: signalReceivers[0], files: files}
}

// groups are the flags of probe, by what they are for.
func (w *probeFlags) groups(f *runFlags) []flagGroup {
	groups := []flagGroup{{title: "Program"}, {title: "Load"}, {title: "Signal"}, {title: "Verdict"}, {title: "Output"}}
	for i := range groups {
		groups[i].flags = pflag.NewFlagSet("", pflag.ContinueOnError)
	}
	w.registerProgram(groups[0].flags)
	w.registerLoad(groups[1].flags)
	f.registerRemote(groups[1].flags)
	w.registerSignal(groups[2].flags)
	verdict := groups[3].flags
	verdict.StringVar(&w.exit, "exit", "", "a `LIST` of clean exit statuses and signals (default 0,143)")
	verdict.StringVar(&w.readyPath, "ready-path", "", "the `PATH` of its readiness, polled from the signal on: it must say no before the port refuses (default: /ready, /readyz and /health/ready are tried, for a warning)")
	verdict.DurationVar(&w.servesFor, "serves-for", 0, "the `TIME` after the signal in which new and kept connections must be answered: what a balancer needs to stop sending some")
	f.registerFailOn(verdict)
	f.registerTrials(verdict)
	verdict.Lookup("trials").Usage = "`N` trials"
	verdict.Lookup("timeout").Usage = "a `TIME` for the whole probe: stop then, judge and write what ran (default: no new trial starts after 1 min)"
	f.registerSeed(verdict)
	output := groups[4].flags
	output.BoolVar(&w.dryRun, "dry-run", false, "print what would be run, and end: nothing is started, so that nothing is looked for, either")
	f.registerReport(output)
	f.registerDir(output)
	f.registerKeep(output)
	f.registerProgress(output)
	return groups
}

func (w *probeFlags) registerProgram(fs *pflag.FlagSet) {
	fs.StringVar(&w.url, "url", "", "where it listens, as `URL` (default: what its processes listen on); https: means TLS, without a look at the certificate")
	fs.StringVar(&w.ready, "ready", "", "when it is ready (default: when it listens)")
	show(fs, "ready", "http:PATH|port:N|log:TEXT|grpc:SERVICE")
	fs.StringVar(&w.preset, "preset", "", "a known server: `NAME` such as nginx")
	fs.BoolVar(&w.worker, "worker", false, "it listens on nothing: needs --ready log:TEXT; drain, exit and orphans are judged")
	fs.StringVar(&w.attach, "attach", "", "instead of a command: a running program, by its `PID` or its pid file; once, and only with --signal")
	fs.StringVar(&w.before, "before", "", "a shell `COMMAND` that is run once, first; what it starts is there until the end")
	fs.StringArrayVar(&w.services, "service", nil, "what stands beside it, as `NAME=COMMAND` (may be repeated): {NAME} is a free port, which the program has as NAME_PORT, too; it is ready when it listens there, and ends last")
	fs.StringVar(&w.check, "check", "", "a `COMMAND` that is run when the program has ended; status 1 and a line on its standard output are a breach")
	fs.StringVar(&w.beforeEach, "before-each", "", "a `COMMAND` that is run before every trial")
}

func (w *probeFlags) registerLoad(fs *pflag.FlagSet) {
	fs.StringArrayVar(&w.paths, "path", nil, "a `PATH` to request (default: / and what a look around finds; may be repeated); one that takes a while shows more")
	fs.StringArrayVar(&w.reqs, "req", nil, "a `REQUEST` such as 'POST /orders' (may be repeated)")
	fs.StringVar(&w.requests, "requests", "", "a `FILE` with a method and a URL or path on each line")
	fs.StringVar(&w.openapi, "openapi", "", "an OpenAPI `FILE` in JSON: its GET operations without required parameters are requested")
	fs.StringVar(&w.learn, "learn", "", "a `COMMAND` of your own, such as tests: what it asks at {url}, or $BASE_URL, is asked again around the signal")
	fs.BoolVar(&w.learnWrites, "learn-writes", false, "with --learn: also ask again what may change something; what a later GET gave back must be there after a restart")
	w.probeWrites.register(fs)
	fs.BoolVar(&w.noLook, "no-look", false, "ask for / alone, and do not look around for other paths first")
	fs.StringArrayVarP(&w.headers, "header", "H", nil, "a header `NAME: VALUE` of every request (may be repeated)")
	fs.StringVarP(&w.data, "data", "d", "", "the body of --req and --write, the message of --grpc, as `TEXT` or @FILE")
	fs.StringVar(&w.status, "status", "", "what a good answer has, as a `LIST` such as 200 or 2xx,503 (default: a status below 400)")
	fs.StringArrayVar(&w.streams, "stream", nil, "a `PATH` whose answer comes in pieces (may be repeated)")
	fs.StringArrayVar(&w.events, "sse", nil, "a `PATH` of a stream of events that stays open (may be repeated)")
	fs.StringArrayVar(&w.uploads, "upload", nil, "a `PATH` that takes a POST, sent slowly (may be repeated)")
	fs.StringArrayVar(&w.http2, "http2", nil, "a `PATH` to request by HTTP/2, in streams of one connection (may be repeated); over TLS where --url is https:")
	fs.StringArrayVar(&w.calls, "grpc", nil, "a method `SERVICE/METHOD` to call by gRPC, such as pkg.Service/Method, with -d as JSON (may be repeated)")
	fs.StringVar(&w.proto, "proto", "", "the .proto `FILE` that declares the methods of --grpc (default: the server is asked, by reflection)")
	fs.StringArrayVar(&w.sockets, "ws", nil, "a `PATH` of WebSockets that are held open (may be repeated)")
	fs.StringVar(&w.hello, "hello", "", "the first message on a WebSocket, as `TEXT`")
	fs.StringVar(&w.jobs, "jobs", "", "jobs for a --worker, as `'URL KIND NAME'` such as 'redis://127.0.0.1:{redis}/0 list jobs': each that was accepted must be done, or still queued, after the stop and a restart")
	fs.StringVar(&w.done, "done", "", "where a job of --jobs is found that is done, as `'KIND NAME'` such as 'set done' or 'key done:{id}'")
	fs.BoolVar(&w.silent, "silent", false, "also open an idle TCP connection that never sends")
	// Certificates are never verified: the program is on this machine. Scripts may say so, as they do to curl.
	fs.BoolP("insecure", "k", false, "do not verify certificates")
	_ = fs.MarkHidden("insecure")
}

func (w *probeFlags) registerSignal(fs *pflag.FlagSet) {
	fs.StringVar(&w.signal, "signal", "SIGTERM", "the `SIGNAL` to send")
	fs.StringVar(&w.at, "at", probeMoment, "when it is sent, as `MOMENT`: a range of the load, or startup: while the program starts")
	fs.DurationVar(&w.twice, "twice", 0, "send the signal once more, this `TIME` after the first, and judge what comes of it (default: one trial beside the planned ones looks whether it stops)")
	fs.Var(choice{&w.signalTo, signalReceivers}, "signal-to", "who gets the signal: the program, or its whole process group")
	fs.StringVar(&w.preStop, "pre-stop", "", "a `COMMAND` that is run before the signal, and takes of the grace, as an orchestrator's hook does")
	fs.DurationVar(&w.grace, "grace", scenario.DefaultExternalDrainLimit, "the `TIME` it has to stop; then it would be killed")
}

// probeMoment is when the signal is sent unless something else is said: clients are at work then.
const probeMoment = "20%..80%"

// signalReceivers are who may get the signal.
var signalReceivers = []string{"leader", "group"}

// A mapping makes a map of fields, in order.
type mapping struct{ spec.Value }

func (m *mapping) put(key string, v spec.Value) {
	m.Kind = spec.Map
	m.Fields = append(m.Fields, spec.Field{Key: spec.Text(key), Value: v})
}

func (m *mapping) text(key, s string) {
	if s != "" {
		v := spec.Text(s)
		v.Quoted = !plainValue().MatchString(s)
		m.put(key, v)
	}
}

// plainValue is a text that YAML reads as that text without quotes.
var plainValue = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([A-Za-z/][A-Za-z0-9_./-]*|[0-9]+[a-zA-Z]*|[0-9]{3})$`)
})

func words(all []string) spec.Value {
	v := spec.Value{Kind: spec.List}
	for _, s := range all {
		item := spec.Text(s)
		item.Quoted = !plainValue().MatchString(s)
		v.Items = append(v.Items, item)
	}
	return v
}

// scenario turns the flags and the command into a scenario, as a file would hold it.
func (w *probeFlags) scenario(command []string, trials int) (scenario.Scenario, error) {
	s := scenario.Scenario{
		Name: w.name(command), Target: spec.Text(scenario.External), Engine: scenario.Real, Trials: trials,
		Duration: probeDuration, DrainLimit: w.grace,
	}
	if w.grace <= 0 {
		return s, usagef("--grace %s: it must be above 0", w.grace)
	}
	var e mapping
	if w.attach == "" {
		e.put("command", words(command))
	} else {
		pid, err := attachedPID(w.attach, w.files)
		if err != nil {
			return s, err
		}
		e.put("attach", spec.Text(strconv.Itoa(pid)))
		s.Trials = 1
	}
	e.text("url", w.url)
	if err := w.putReady(&e); err != nil {
		return s, err
	}
	if w.exit != "" {
		e.put("exit", words(strings.Split(strings.ReplaceAll(w.exit, " ", ""), ",")))
	}
	if w.signalTo != signalReceivers[0] {
		e.text("signal_to", w.signalTo)
	}
	e.text("preset", w.preset)
	e.text("before_each", w.beforeEach)
	e.text("check", w.check)
	e.text("pre_stop", w.preStop)
	e.text("ready_path", cmp.Or(w.readyPath, w.readyPlace()))
	if w.servesFor != 0 {
		e.text("serves_for", w.servesFor.String())
	}
	if w.worker {
		e.put("worker", spec.Text("true"))
	}
	s.External = &e.Value
	services, err := w.servicesOf()
	if err != nil {
		return s, err
	}
	s.Services = services
	var strike mapping
	strike.text("signal", w.signal)
	strike.text("at", w.at)
	s.Inject = []spec.Value{strike.Value}
	if w.twice < 0 {
		return s, usagef("--twice %s: it must be above 0", w.twice)
	}
	if w.twice > 0 {
		s.Inject = append(s.Inject, at(strike.Value, "after "+w.twice.String()))
	}
	load, err := w.load()
	s.Load = load
	return s, err
}

// readyPlace is auto where the readiness of a program that speaks HTTP/1.1 is worth looking for.
func (w *probeFlags) readyPlace() string {
	if requests, err := w.allRequests(); w.worker || w.attach != "" || err != nil || len(requests) == 0 {
		return ""
	}
	return "auto"
}

func (w *probeFlags) putReady(e *mapping) error {
	if w.ready == "" {
		if w.asksHealth() {
			var r mapping
			r.text("grpc", "health")
			e.put("ready", r.Value)
		}
		return nil
	}
	kind, value, ok := strings.Cut(w.ready, ":")
	if !ok || value == "" {
		return usagef("--ready %s: it is http:/healthz, port:N, log:TEXT or grpc:health", w.ready)
	}
	var r mapping
	r.text(kind, value)
	e.put("ready", r.Value)
	return nil
}

// load is a mixed load: requests on kept-alive connections and on connections of their own, and idle connections that
// are open when the signal comes.
func (w *probeFlags) load() ([]spec.Value, error) {
	if w.worker {
		return w.jobLoad()
	}
	if w.learned != nil {
		return w.learnedLoad(), nil
	}
	var groups []spec.Value
	add := func(client string, clients int, more func(m *mapping)) {
		var m mapping
		m.text("client", client)
		m.put("clients", spec.Text(strconv.Itoa(clients)))
		more(&m)
		w.putCommon(&m, client)
		same := 0
		for _, g := range groups {
			if c, _ := g.Get("client"); c.Text == client {
				same++
			}
		}
		if same > 0 {
			m.text("as", client+"-"+strconv.Itoa(same+1))
		}
		groups = append(groups, m.Value)
	}
	requests, err := w.allRequests()
	if err != nil {
		return nil, err
	}
	body, err := w.body()
	if err != nil {
		return nil, err
	}
	for i, r := range requests {
		if i > 0 && r.found {
			add("http-keepalive", 2, func(m *mapping) { r.beside(m, len(requests)) })
			continue
		}
		add("http-keepalive", 4, func(m *mapping) { paced(m); r.put(m, body) })
		add("http-oneshot", 2, func(m *mapping) { paced(m); r.put(m, body) })
	}
	w.addFound(add)
	w.each(body, add)
	for _, p := range w.http2 {
		add("http2", 4, func(m *mapping) { paced(m); m.text("path", p) })
	}
	for _, call := range w.calls {
		add(grpcOp, 4, func(m *mapping) { paced(m); m.text("call", call); m.text("proto", w.proto); m.text("body", body) })
	}
	for _, p := range w.streams {
		add("http-stream", 2, func(m *mapping) { m.text("path", p) })
	}
	for _, p := range w.events {
		add("sse", 2, func(m *mapping) { m.text("path", p) })
	}
	for _, p := range w.uploads {
		add("http-upload", 2, func(m *mapping) { m.text("path", p) })
	}
	if len(requests) > 0 {
		add("http-preopened", 2, func(m *mapping) { requests[0].put(m, body) })
	}
	for _, p := range w.sockets {
		add("websocket", 3, func(m *mapping) { m.text("path", p); m.text("hello", w.hello) })
	}
	if w.silent {
		add("tcp-silent", 1, func(*mapping) {})
	}
	return groups, nil
}

// paced lets a client breathe between two requests: a probe looks for losses, not for speed.
func paced(m *mapping) {
	m.text("shape", "slow")
	m.put("delay", spec.Text("1ms..5ms"))
}

func (w *probeFlags) putCommon(m *mapping, client string) {
	if client == "tcp-silent" {
		return
	}
	if client != "websocket" {
		w.putStatus(m)
	}
	if len(w.headers) == 0 {
		return
	}
	var h mapping
	for _, line := range w.headers {
		name, value, _ := strings.Cut(line, ":")
		h.text(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	m.put("headers", h.Value)
}

// putStatus says what a good answer has: one status, or several.
func (w *probeFlags) putStatus(m *mapping) {
	if all := strings.Split(strings.ReplaceAll(w.status, " ", ""), ","); len(all) > 1 {
		m.put("status", words(all))
		return
	}
	m.text("status", w.status)
}

var notInNames = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^a-z0-9]+`) })

// name is the scenario's name.
func (w *probeFlags) name(command []string) string {
	if w.attach != "" {
		command = []string{"attached"}
	}
	return nameFor(command, w.signal)
}

// attachedPID reads the id of a process that is there, or a file that begins with one.
func attachedPID(text string, files *namedFiles) (int, error) {
	pid, err := strconv.Atoi(text)
	if err == nil && pid < 2 {
		return 0, usagef("--attach %s: this is not the id of a process that may be signalled", text)
	}
	if err != nil {
		raw, err := files.file(text)
		if err != nil {
			return 0, usagef("--attach %s: neither the id of a process nor a file that holds one", text)
		}
		first, _, _ := strings.Cut(strings.TrimSpace(string(raw)), "\n")
		if pid, err = strconv.Atoi(strings.TrimSpace(first)); err != nil || pid < 2 {
			return 0, usagef("--attach %s: the file holds no id of a process", text)
		}
	}
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); runtime.GOOS == "linux" && errors.Is(err, fs.ErrNotExist) {
		return 0, usagef("--attach %s: there is no process %d", text, pid)
	}
	return pid, nil
}

// nameFor makes a scenario's name of a command and the signal that it gets.
func nameFor(command []string, signal string) string {
	base := filepath.Base(command[0])
	if len(command) > 1 && !strings.HasPrefix(command[1], "-") && filepath.Ext(command[1]) != "" {
		base = strings.TrimSuffix(filepath.Base(command[1]), filepath.Ext(command[1]))
	}
	name := strings.Trim(notInNames().ReplaceAllString(strings.ToLower(base+"-"+signal), "-"), "-")
	return name[:min(len(name), 100)]
}
