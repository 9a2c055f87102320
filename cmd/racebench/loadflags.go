package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/loadgen"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
)

// What a load is when nothing else is said.
const (
	loadTime    = 10 * time.Second
	loadClients = 64
	loadRate    = 100  // where the search for the highest rate begins
	maxLoadRate = 10e6 // a second
)

// Names that results have for plain load.
const (
	loadTarget = "external"
	loadOp     = "http-keepalive"
	loadGroup  = "requests"
)

// loadFlags are what a load is told.
type loadFlags struct {
	method, data, requests, name, status string
	headers, thresholds                  []string
	rate, stages, think, until, findMax  string
	arrivals, engineIO, record           string
	clients                              int
	ramp, answerLimit                    time.Duration
	http2                                bool
	streams                              int
	proto                                string
	files                                *namedFiles
}

func newLoadFlags(files *namedFiles) *loadFlags {
	return &loadFlags{files: files, arrivals: arrivals[0], engineIO: loadgen.Auto, record: loadgen.RecordFailures, answerLimit: loadgen.DefaultAnswerLimit, name: "load"}
}

// arrivals are how the starts of an open load follow each other.
var arrivals = []string{"constant", "poisson"}

// groups are the flags of load, by what they are for.
func (w *loadFlags) groups(f *runFlags) []flagGroup {
	groups := []flagGroup{{title: "Request"}, {title: "Load"}, {title: "Verdict"}, {title: "Output"}}
	for i := range groups {
		groups[i].flags = pflag.NewFlagSet("", pflag.ContinueOnError)
	}
	w.registerRequest(groups[0].flags)
	f.registerRemote(groups[0].flags)
	w.registerLoad(groups[1].flags, f)
	verdict := groups[2].flags
	verdict.StringArrayVar(&w.thresholds, "threshold", nil, "a `BOUND` that must hold, such as 'p99 < 25ms', 'errors < 1%' or 'rate > 4000/s' (may be repeated)")
	verdict.StringVar(&w.until, "until", "", "end the load once a second of it fulfils a `BOUND`, such as 'p99 > 50ms'")
	verdict.StringVar(&w.findMax, "find-max", "", "look for the highest rate that holds a `BOUND`, such as 'p99 < 25ms': each rate is tried for --for (default 5s)")
	f.registerSeed(verdict)
	output := groups[3].flags
	output.StringVar(&w.name, "name", w.name, "what the load is called in results: a `NAME`")
	output.Var(choice{&w.record, loadgen.Recordings()}, "record", "which single requests requests.jsonl of the run's folder has: none, the first 1000 failed ones of each class and status, or all, up to 1 GiB")
	f.registerReport(output)
	f.registerDir(output)
	f.registerProgress(output)
	return groups
}

func (w *loadFlags) registerRequest(fs *pflag.FlagSet) {
	fs.StringVarP(&w.method, "request", "X", "", "the `METHOD` (default GET, and POST with -d)")
	fs.StringArrayVarP(&w.headers, "header", "H", nil, "a header `NAME: VALUE` of every request (may be repeated)")
	fs.StringVarP(&w.data, "data", "d", "", "the body, the message of a WebSocket, or that of a call as JSON: `TEXT` or @FILE")
	fs.StringVar(&w.requests, "requests", "", "a `FILE` with a method and a URL or path on each line")
	fs.StringVar(&w.status, "status", "", "the `LIST` of statuses that are well, such as 200 or 2xx,404 (default: below 400)")
	fs.DurationVar(&w.answerLimit, "answer-limit", w.answerLimit, "the `TIME` that an answer may take: then it is a timeout")
	fs.BoolVar(&w.http2, "http2", false, "speak HTTP/2, with or without TLS as the URL says")
	fs.StringVar(&w.proto, "proto", "", "of grpc:// URLs: the .proto `FILE` that declares the methods (default: the server is asked, by reflection)")
}

func (w *loadFlags) registerLoad(fs *pflag.FlagSet, f *runFlags) {
	fs.StringVar(&w.rate, "rate", "", "an open load of so many requests a second: `N/s`")
	fs.IntVar(&w.clients, "clients", 0, "`N` clients, each with a connection: a closed load, or the pool of an open one (default 64)")
	fs.IntVar(&w.streams, "streams", loadgen.DefaultStreams, "of HTTP/2 and gRPC: `N` clients share a connection, each with one stream at a time")
	fs.DurationVar(&f.forTime, "for", 0, "how long load is offered: a `TIME` (default 10s)")
	fs.DurationVar(&w.ramp, "ramp", 0, "a `TIME` in which the rate grows from nothing, or the clients begin one after another")
	fs.StringVar(&w.stages, "stages", "", "an open load in stages, such as 10s@100/s,1m@100/s..1000/s: a `LIST`")
	fs.Var(choice{&w.arrivals, arrivals}, "arrivals", "how the starts of an open load follow each other: evenly, or as many clients that know nothing of each other")
	fs.StringVar(&w.think, "think", "", "a pause of each client after an answer: a `TIME` or a range, such as 10ms..50ms")
	fs.Var(choice{&w.engineIO, loadgen.Engines()}, "engine-io", "how connections are driven")
}

// all are the requests that each client sends in turns.
func (w *loadFlags) all(places []place) ([]loadgen.Request, error) {
	return w.each(places, func(r probed, headers [][2]string, body []byte) (loadgen.Request, error) {
		return loadgen.NewRequest(r.method, r.path, places[0].url.Host, headers, body)
	})
}

// each makes the requests of the URLs, or of --requests.
func (w *loadFlags) each(places []place, make func(r probed, headers [][2]string, body []byte) (loadgen.Request, error)) ([]loadgen.Request, error) {
	shared := probeFlags{requests: w.requests, data: w.data, files: w.files}
	body, err := shared.body()
	if err != nil {
		return nil, err
	}
	headers, err := w.heads()
	if err != nil {
		return nil, err
	}
	method := cmp.Or(w.method, map[bool]string{true: "POST", false: "GET"}[body != ""])
	var asked []probed
	if w.requests != "" {
		if asked, err = shared.allRequests(); err != nil {
			return nil, err
		}
	} else {
		for _, p := range places {
			asked = append(asked, probed{method: method, path: p.url.RequestURI()})
		}
	}
	var all []loadgen.Request
	for _, r := range asked {
		r.path = cmp.Or(r.path, "/")
		with := []byte(body)
		if w.requests != "" && (r.method == "GET" || r.method == "HEAD") {
			with = nil
		}
		q, err := make(r, headers, with)
		if err != nil {
			return nil, usageError{err}
		}
		all = append(all, q)
	}
	return all, nil
}

// heads reads the headers.
func (w *loadFlags) heads() ([][2]string, error) {
	var headers [][2]string
	for _, line := range w.headers {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, usagef("-H %q: a header is NAME: VALUE", line)
		}
		headers = append(headers, [2]string{strings.TrimSpace(name), strings.TrimSpace(value)})
	}
	return headers, nil
}

// talk makes a group's clients WebSockets that send one message again and again.
func (w *loadFlags) talk(g *loadgen.Group, at place) error {
	if w.method != "" || w.requests != "" || w.status != "" {
		return usagef("-X, --requests and --status are of HTTP: a WebSocket sends -d TEXT, and the next message is its answer")
	}
	shared := probeFlags{data: cmp.Or(w.data, defaultMessage), files: w.files}
	text, err := shared.body()
	if err != nil {
		return err
	}
	headers, err := w.heads()
	if err != nil {
		return err
	}
	up, err := loadgen.NewUpgrade(at.url.RequestURI(), at.url.Host, headers)
	if err != nil {
		return usageError{err}
	}
	g.Op, g.Upgrade, g.Requests = "websocket", &up, []loadgen.Request{loadgen.NewMessage(text)}
	return nil
}

// defaultMessage is what a WebSocket sends when nothing else is said.
const defaultMessage = "hello"

// good reads --status.
func (w *loadFlags) good() (func(status int) bool, error) {
	if w.status == "" {
		return func(status int) bool { return status < 400 }, nil
	}
	var wanted [600]bool
	for part := range strings.SplitSeq(w.status, ",") {
		part = strings.TrimSpace(part)
		low, err := strconv.Atoi(strings.ReplaceAll(part, "x", "0"))
		if err != nil || len(part) != 3 || low < 100 || low > 599 || strings.Contains(strings.TrimRight(part, "x"), "x") {
			return nil, usagef("--status %s: write statuses such as 200 or 2xx, with commas between them", w.status)
		}
		high, _ := strconv.Atoi(strings.ReplaceAll(part, "x", "9"))
		for s := low; s <= high; s++ {
			wanted[s] = true
		}
	}
	return func(status int) bool { return wanted[status] }, nil
}

// schedule is that of an open load, or nil.
func (w *loadFlags) schedule(f *runFlags) (*loadgen.Schedule, error) {
	poisson := w.arrivals == arrivals[1]
	switch {
	case w.stages != "" && (w.rate != "" || f.forTime > 0 || w.ramp > 0 || w.findMax != ""):
		return nil, usagef("--stages says how long and how fast: leave --rate, --for, --ramp and --find-max out")
	case w.stages != "":
		stages, err := parseStages(w.stages)
		return &loadgen.Schedule{Stages: stages, Poisson: poisson}, err
	case w.rate == "" && w.findMax == "":
		if poisson {
			return nil, usagef("--arrivals poisson is of an open load: give it a --rate or --stages")
		}
		return nil, nil
	}
	rate := float64(loadRate)
	if w.rate != "" {
		var err error
		if rate, err = spec.Rate(spec.Text(w.rate)); err != nil || rate > maxLoadRate {
			return nil, usagef("--rate %s: write such as 5000/s, up to 10000000/s", w.rate)
		}
	}
	return w.even(rate, f.forTime, poisson), nil
}

// even is a schedule of one rate, after its ramp.
func (w *loadFlags) even(rate float64, d time.Duration, poisson bool) *loadgen.Schedule {
	s := &loadgen.Schedule{Poisson: poisson}
	if w.ramp > 0 {
		s.Stages = append(s.Stages, loadgen.Stage{For: w.ramp, From: 0, To: rate})
	}
	if rest := d - w.ramp; rest > 0 {
		s.Stages = append(s.Stages, loadgen.Stage{For: rest, From: rate, To: rate})
	}
	return s
}

// plain makes the load of the flags and the URLs.
func (w *loadFlags) plain(ctx context.Context, args []string, f *runFlags, seed scenario.Seed) (engine.Plain, error) {
	var p engine.Plain
	places, err := w.places(args)
	if err != nil {
		return p, err
	}
	at := places[0]
	remote, err := remoteOf(ctx, at.host, f.reach())
	if err != nil {
		return p, err
	}
	if f.forTime == 0 && w.stages == "" {
		f.forTime = loadTime
		if w.findMax != "" {
			f.forTime /= 2
		}
	}
	g := loadgen.Group{Op: loadOp, Name: loadGroup, Clients: cmp.Or(w.clients, loadClients)}
	if g.Schedule, err = w.schedule(f); err != nil {
		return p, err
	}
	if g.Schedule == nil {
		g.Ramp = w.ramp
	} else if w.stages != "" {
		f.forTime = g.Schedule.Duration()
	}
	way := f.reach().To(at.host)
	address := way.Pick(ctx, at.host, at.port)
	if err := w.checkStreams(at, f); err != nil {
		return p, err
	}
	switch {
	case at.framed():
		err = w.talk(&g, at)
	case at.calls():
		err = w.call(ctx, &g, places, way, address)
	case w.http2:
		err = w.stream(&g, places)
	default:
		g.Requests, err = w.all(places)
	}
	if err != nil {
		return p, err
	}
	if g.Good, err = w.good(); err != nil {
		return p, err
	}
	if err := w.checkRhythm(&g, f); err != nil {
		return p, err
	}
	c := loadgen.Config{
		Address: address, Way: way, Groups: []loadgen.Group{g}, For: f.forTime, AnswerLimit: w.answerLimit,
		Engine: w.engineIO, Stream: func(name string) *rand.Rand { return seed.Stream("load/" + name) },
	}
	if at.secure() {
		c.TLS = loadgen.Insecure(at.host)
	}
	if _, err := c.EngineFor(); err != nil {
		return p, usagef("--engine-io: %w", err)
	}
	p = engine.Plain{Header: w.header(args, f, seed, at), Load: c}
	p.Header.Remote = remote
	p.Rules.Thresholds, err = w.bounds()
	return p, err
}

// checkRhythm reads the pause of clients and refuses what cannot be.
func (w *loadFlags) checkRhythm(g *loadgen.Group, f *runFlags) error {
	if w.think != "" {
		pause, err := spec.Durations(spec.Text(w.think))
		if err != nil {
			return usagef("--think %s: write a time or a range, such as 10ms or 10ms..50ms", w.think)
		}
		if g.Schedule != nil {
			return usagef("--think is of a closed load: an open one starts when its schedule says so")
		}
		g.ThinkMin, g.ThinkMax = pause.Min, pause.Max
	}
	switch {
	case w.clients < 0 || f.given("clients") && w.clients == 0 || w.clients > maxLoadClients:
		return usagef("--clients %d: it must be from 1 to %d", w.clients, maxLoadClients)
	case w.ramp < 0 || w.ramp > f.forTime:
		return usagef("--ramp %s: it is a part of the load's time, which is %s", w.ramp, f.forTime)
	case w.answerLimit <= 0:
		return usagef("--answer-limit %s: it must be above 0", w.answerLimit)
	case f.forTime <= 0:
		return usagef("--for %s: it must be above 0", f.forTime)
	}
	return checkConnections(g.Clients)
}

// maxLoadClients is the most clients of a load.
const maxLoadClients = 100_000

// header says what the result is about. Its hash is that of all that shapes the load.
func (w *loadFlags) header(args []string, f *runFlags, seed scenario.Seed, at place) result.Header {
	sum := sha256.New()
	for _, part := range slices.Concat(args, w.headers, []string{
		w.method, w.data, w.requests, w.status, w.rate, w.stages, w.think, w.until, w.findMax, w.arrivals,
		w.proto, strconv.FormatBool(w.http2), strconv.Itoa(w.streams), strconv.Itoa(w.clients), w.ramp.String(), f.forTime.String(), w.answerLimit.String(),
	}) {
		fmt.Fprintf(sum, "%q\n", part)
	}
	return result.Header{
		Scenario: w.name, ScenarioHash: hex.EncodeToString(sum.Sum(nil))[:16], Target: loadTarget,
		Variant: net.JoinHostPort(at.host, at.port), Engine: string(scenario.Real), Seed: seed.String(), Plain: true,
	}
}

// bounds are the thresholds. One that names no group is about all requests.
func (w *loadFlags) bounds() ([]result.Threshold, error) {
	var all []result.Threshold
	for _, text := range w.thresholds {
		t, err := parseBound("--threshold", text)
		if err != nil {
			return nil, err
		}
		all = append(all, batch.ThresholdOf(t))
	}
	return all, nil
}

// parseBound reads a bound of a flag.
func parseBound(flag, text string) (scenario.Threshold, error) {
	t, err := scenario.ParseThreshold(named(text))
	switch {
	case err != nil:
		return t, usagef("%s %s: %w", flag, text, err)
	case t.Metric.Func == "breach_rate" || t.Metric.Func == "memory" || t.Metric.Func == "count" || t.Metric.Phase == "drain" || t.Metric.Name == "drain":
		return t, usagef("%s %s: plain load has no %s: it has mean, p50, p90, p99, p999, max, rate, errors and late", flag, text, t.Metric)
	case t.Metric.Name != loadGroup:
		return t, usagef("%s %s: leave the name out: there is one group of requests", flag, text)
	}
	return t, nil
}

// named puts the name of the only group where a bound has none.
func named(text string) string {
	at := strings.IndexAny(text, "<>")
	if at < 0 || strings.Contains(text[:at], "(") {
		return text
	}
	return strings.TrimSpace(text[:at]) + "(" + loadGroup + ") " + text[at:]
}
