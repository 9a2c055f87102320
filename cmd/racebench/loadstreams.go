package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/racebench/racebench/engine/loadgen"
	"github.com/racebench/racebench/engine/reach"
	"github.com/racebench/racebench/internal/rpc"
)

// checkStreams refuses flags of HTTP/2 where there is none.
func (w *loadFlags) checkStreams(at place, f *runFlags) error {
	switch {
	case w.http2 && (at.framed() || at.calls()):
		return usagef("--http2 is of http:// and https:// URLs: leave it out")
	case f.given("streams") && !w.http2 && !at.calls():
		return usagef("--streams is of HTTP/2 and gRPC: say --http2, or write a grpc:// URL")
	case w.streams < 1:
		return usagef("--streams %d: it must be 1 or more", w.streams)
	case w.proto != "" && !at.calls():
		return usagef("--proto declares the methods of grpc:// URLs: write one, such as grpc://127.0.0.1:50051/pkg.Service/Method")
	case at.calls() && (w.method != "" || w.requests != "" || w.status != ""):
		return usagef("-X, --requests and --status are of HTTP: a call sends -d as JSON, and OK is a good answer")
	}
	return nil
}

// base is where the requests of HTTP/2 go.
func (p place) base() string {
	if p.secure() {
		return "https://" + p.url.Host
	}
	return "http://" + p.url.Host
}

// stream makes a group's clients speak HTTP/2.
func (w *loadFlags) stream(g *loadgen.Group, places []place) (err error) {
	g.Op, g.Streams = "http2", &loadgen.Streams{Each: w.streams}
	g.Requests, err = w.each(places, func(r probed, headers [][2]string, body []byte) (loadgen.Request, error) {
		return loadgen.NewStream(r.method, places[0].base()+r.path, headers, body)
	})
	return err
}

// describeLimit is how long a server may take to say what its methods are declared as.
const describeLimit = 10 * time.Second

// call makes a group's clients call by gRPC.
func (w *loadFlags) call(ctx context.Context, g *loadgen.Group, places []place, way reach.Way, address string) error {
	shared := probeFlags{data: w.data, files: w.files}
	body, err := shared.body()
	if err != nil {
		return err
	}
	headers, err := w.heads()
	if err != nil {
		return err
	}
	g.Op, g.Streams = "grpc", &loadgen.Streams{Each: w.streams, Calls: true}
	for _, p := range places {
		m, err := w.declared(ctx, p, way, address, headers)
		if err != nil {
			return err
		}
		message, err := m.Message(body)
		if err != nil {
			return usagef("-d: %s: %w", p.call(), err)
		}
		own := append([][2]string{{"Content-Type", "application/grpc"}, {"Te", "trailers"}}, headers...)
		q, err := loadgen.NewStream(http.MethodPost, p.base()+"/"+p.call(), own, rpc.Frame(message))
		if err != nil {
			return usageError{err}
		}
		g.Requests = append(g.Requests, q)
	}
	return nil
}

// declared finds out what a method is declared as: from --proto, or from the server.
func (w *loadFlags) declared(ctx context.Context, p place, way reach.Way, address string, headers [][2]string) (*rpc.Method, error) {
	if w.proto != "" {
		s, err := rpc.ReadSchema(ctx, w.proto)
		if err != nil {
			return nil, usagef("--proto: %w", err)
		}
		m, err := s.Method(p.call())
		if err != nil {
			return nil, usagef("--proto: %w", err)
		}
		return m, nil
	}
	if m := rpc.Known(p.call()); m != nil {
		return m, nil
	}
	ctx, cancel := context.WithTimeout(ctx, describeLimit)
	defer cancel()
	m, err := ask(ctx, p, way, address, headers)
	if err != nil {
		return nil, notTestedError{fmt.Errorf("%s: %w", p.url, err)}
	}
	return m, nil
}

// ask asks the server for a method, by reflection.
func ask(ctx context.Context, p place, way reach.Way, address string, headers [][2]string) (*rpc.Method, error) {
	conn, err := way.Dial(ctx, address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	var over net.Conn = conn
	if p.secure() {
		config := loadgen.Insecure(p.host)
		config.NextProtos = []string{"h2"}
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, fmt.Errorf("TLS: %w", err)
		}
		over = secure
	}
	c, err := rpc.NewCaller(over, p.url.Host, headers)
	if err != nil {
		return nil, err
	}
	return c.Find(ctx, p.call())
}
