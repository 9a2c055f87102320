package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/loadgen"
	"github.com/racebench/racebench/engine/reach"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rpc"
	"github.com/racebench/racebench/scenario/spec"
)

// A place is where a load goes.
type place struct {
	url  *url.URL
	host string // without its port
	port string
}

// secure says whether it is reached by TLS.
func (p place) secure() bool {
	return slices.Contains([]string{"https", "wss", "grpcs"}, p.url.Scheme)
}

// calls says whether what is asked are calls of gRPC; call is the method.
func (p place) calls() bool { return p.url.Scheme == "grpc" || p.url.Scheme == "grpcs" }

func (p place) call() string { return strings.TrimPrefix(p.url.Path, "/") }

// framed says whether its connections become WebSockets.
func (p place) framed() bool { return p.url.Scheme == "ws" || p.url.Scheme == "wss" }

// placeOf reads a URL.
func placeOf(text string) (place, error) {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return place{}, usagef("%s is no URL such as http://127.0.0.1:8080/", text)
	}
	p := place{url: u, host: u.Hostname(), port: u.Port()}
	switch u.Scheme {
	case "http":
		p.port = cmp.Or(p.port, "80")
	case "https":
		p.port = cmp.Or(p.port, "443")
	case "ws":
		p.port = cmp.Or(p.port, "80")
	case "wss":
		p.port = cmp.Or(p.port, "443")
	case "grpc", "grpcs":
		p.port = cmp.Or(p.port, map[bool]string{true: "443", false: "80"}[p.secure()])
		if err := rpc.CheckName(p.call()); err != nil {
			return p, usagef("%s: %w", text, err)
		}
	default:
		return p, usagef("%s: a load's URL begins with http://, https://, ws://, wss://, grpc:// or grpcs://", text)
	}
	return p, nil
}

// places reads the URLs, which must be of one server.
func (w *loadFlags) places(args []string) ([]place, error) {
	if len(args) == 0 {
		return nil, usagef("load needs a URL, such as racebench load http://127.0.0.1:8080/")
	}
	var all []place
	for _, text := range args {
		p, err := placeOf(text)
		if err != nil {
			return nil, err
		}
		if len(all) > 0 && (p.host != all[0].host || p.port != all[0].port || p.url.Scheme != all[0].url.Scheme) {
			return nil, usagef("%s and %s are different servers: load them in runs of their own", all[0].url, p.url)
		}
		all = append(all, p)
	}
	return all, nil
}

// parseStages reads 10s@100/s,1m@100/s..1000/s.
func parseStages(list string) ([]loadgen.Stage, error) {
	var all []loadgen.Stage
	for part := range strings.SplitSeq(list, ",") {
		lasts, rates, ok := strings.Cut(strings.TrimSpace(part), "@")
		d, err := spec.Duration(spec.Text(lasts))
		if !ok || err != nil || d <= 0 {
			return nil, usagef("--stages %s: a stage is a time and a rate, such as 10s@100/s", part)
		}
		from, to, ramps := strings.Cut(rates, "..")
		if !ramps {
			to = from
		}
		low, err := stageRate(from)
		high, err2 := stageRate(to)
		if err != nil || err2 != nil {
			return nil, usagef("--stages %s: a rate is such as 100/s, or 100/s..1000/s where it changes", part)
		}
		all = append(all, loadgen.Stage{For: d, From: low, To: high})
	}
	return all, nil
}

// stageRate reads a rate of a stage, which may be none.
func stageRate(text string) (float64, error) {
	if text == "0" || text == "0/s" {
		return 0, nil
	}
	rate, err := spec.Rate(spec.Text(text))
	if err == nil && rate > maxLoadRate {
		return 0, fmt.Errorf("%s is too fast", text)
	}
	return rate, err
}

// checkPlaces refuses programs whose clients would connect to another machine that is not allowed, or lack a file, and scenarios of
// plain load with more clients than descriptors. It notes the machine where there is one.
func checkPlaces(ctx context.Context, programs []trial.Program, rule reach.Rule) error {
	for i := range programs {
		p := &programs[i]
		var err error
		if p.Remote, err = remoteOf(ctx, p.Target.Traits.Host, rule); err != nil {
			return fmt.Errorf("%s: %w", p.Scenario.Name, err)
		}
		for _, g := range p.Groups {
			if c, ok := g.Client.(interface{ Check() error }); ok {
				if err := c.Check(); err != nil {
					return usagef("%s: load group %s: %w", p.Scenario.Name, g.As, err)
				}
			}
		}
		if !p.Plain() {
			continue
		}
		clients := 0
		for _, g := range p.Groups {
			clients += g.Clients
		}
		if err := checkConnections(clients); err != nil {
			return err
		}
	}
	return nil
}

// noPlain refuses plain load where a command has no use for it.
func noPlain(programs []trial.Program, why string) error {
	for _, p := range programs {
		if p.Plain() {
			return usagef("%s is plain load: %s", p.Scenario.Name, why)
		}
	}
	return nil
}

// remoteOf returns a host that is not this machine and may be loaded, or "" for this machine. A host that is neither is
// refused: a typing error must not load somebody's server.
func remoteOf(ctx context.Context, host string, rule reach.Rule) (string, error) {
	if host == "" {
		return "", nil
	}
	remote, err := rule.Check(ctx, host)
	if _, refused := errors.AsType[*reach.Refusal](err); refused {
		return "", usageError{err}
	}
	if err != nil || !remote {
		return "", err
	}
	return host, nil
}
