package rpc_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"github.com/racebench/racebench/internal/rpc"
)

// serve starts a server of the released library and returns a caller of it.
func serve(t *testing.T, register func(s *grpc.Server)) *rpc.Caller {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	register(s)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c, err := rpc.NewCaller(conn, l.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestReflection asks servers of either version what they have.
func TestReflection(t *testing.T) {
	for version, register := range map[string]func(s *grpc.Server){
		"v1 and v1alpha": func(s *grpc.Server) { reflection.Register(s) },
		"v1":             func(s *grpc.Server) { reflection.RegisterV1(s) },
	} {
		t.Run(version, func(t *testing.T) {
			c := serve(t, func(s *grpc.Server) {
				healthpb.RegisterHealthServer(s, health.NewServer())
				register(s)
			})
			services, err := c.Services(t.Context())
			if err != nil || len(services) != 1 || services[0] != rpc.HealthService {
				t.Errorf("services %v, %v", services, err)
			}
			schema, err := c.Describe(t.Context(), rpc.HealthService)
			if err != nil {
				t.Fatal(err)
			}
			m, err := schema.Method(rpc.Check)
			if err != nil || m.Streams {
				t.Fatal(m, err)
			}
			raw, err := m.Message(`{"service": "a"}`)
			if string(raw) != "\x0a\x01a" || err != nil {
				t.Errorf("%q, %v", raw, err)
			}
			if m, err = schema.Method(rpc.Watch); err != nil || !m.Streams {
				t.Error(m, err)
			}
			for name, want := range map[string]string{
				"grpc.health.v1.Health/Nothing": "has no method Nothing: it has Check",
				"grpc.health.v1.Other/Check":    "has no service grpc.health.v1.Other",
			} {
				if _, err := schema.Method(name); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s: %v", name, err)
				}
			}
			if _, err := c.Find(t.Context(), "a.B/C"); err == nil || !strings.Contains(err.Error(), "the server does not know a.B") {
				t.Error(err)
			}
		})
	}
}

// TestNoReflection says so, and asks for health all the same.
func TestNoReflection(t *testing.T) {
	c := serve(t, func(*grpc.Server) {})
	if _, err := c.Find(t.Context(), "a.B/C"); !errors.Is(err, rpc.ErrNoReflection) {
		t.Error(err)
	}
	if m, err := c.Find(t.Context(), rpc.Check); err != nil || m.Name != rpc.Check {
		t.Error(m, err) // compiled in
	}
	if h, err := c.Health(t.Context(), ""); h != rpc.NoHealth || err != nil {
		t.Error(h, err)
	}
}

// TestHealth reads what a server says of itself.
func TestHealth(t *testing.T) {
	own := health.NewServer()
	c := serve(t, func(s *grpc.Server) { healthpb.RegisterHealthServer(s, own) })
	for status, want := range map[healthpb.HealthCheckResponse_ServingStatus]rpc.Health{
		healthpb.HealthCheckResponse_SERVING: rpc.Serving, healthpb.HealthCheckResponse_NOT_SERVING: rpc.NotServing,
	} {
		own.SetServingStatus("", status)
		if h, err := c.Health(t.Context(), ""); h != want || err != nil {
			t.Errorf("%s: %v, %v", status, h, err)
		}
	}
}

// TestOtherServers are not taken for gRPC.
func TestOtherServers(t *testing.T) {
	there, here := net.Pipe()
	go func() {
		_, _ = there.Read(make([]byte, 1))
		_ = there.Close()
	}()
	c, err := rpc.NewCaller(here, "x", nil)
	if err == nil {
		_, err = c.Health(t.Context(), "")
	}
	if err == nil {
		t.Error("a server that says nothing is well")
	}
}

const shop = `syntax = "proto3";
package shop.v1;
import "google/protobuf/timestamp.proto";
import "more/item.proto";
message Order { string id = 1; google.protobuf.Timestamp at = 2; repeated Item items = 3; }
message Empty {}
service Orders {
  rpc Add(Order) returns (Empty);
  rpc All(Empty) returns (stream Order);
  rpc Send(stream Order) returns (Empty);
}
`

const item = `syntax = "proto3";
package shop.v1;
message Item { int64 count = 1; }
`

// TestSchemaOfAFile reads .proto files, with imports beside them and the usual ones.
func TestSchemaOfAFile(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"api/shop.proto": shop, "more/item.proto": item, "bad.proto": "syntax = \"proto3\"; message {"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := rpc.ReadSchema(t.Context(), filepath.Join(dir, "api/shop.proto"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := schema.Method("shop.v1.Orders/Add")
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]string{
		"":           "",
		`{}`:         "",
		`{"id":"7"}`: "\x0a\x017",
		`{"at":"1970-01-01T00:00:01Z","items":[{"count":"2"}]}`: "\x12\x02\x08\x01\x1a\x02\x08\x02",
	} {
		if raw, err := m.Message(body); string(raw) != want || err != nil {
			t.Errorf("%s: %q, %v", body, raw, err)
		}
	}
	for _, body := range []string{`{"nothing":1}`, `{"id":1`, `[]`, `{"items":[{"count":"x"}]}`} {
		if raw, err := m.Message(body); err == nil || !strings.Contains(err.Error(), "is no shop.v1.Order in JSON") {
			t.Errorf("%s: %q, %v", body, raw, err)
		}
	}
	if _, err := schema.Method("shop.v1.Orders/Send"); err == nil || !strings.Contains(err.Error(), "takes a stream") {
		t.Error(err)
	}
	var names []string
	for _, m := range schema.Callable("shop.v1.Orders") {
		names = append(names, m.Name)
	}
	if got := strings.Join(names, " "); got != "shop.v1.Orders/Add shop.v1.Orders/All" {
		t.Error(got)
	}
	for _, name := range []string{"bad.proto", "none.proto"} {
		if _, err := rpc.ReadSchema(context.Background(), filepath.Join(dir, name)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNames reads the names of methods.
func TestNames(t *testing.T) {
	for name, good := range map[string]bool{"a.B/C": true, "B/C": true, "": false, "a.B": false, "/a.B/C": false, "a.B/C/D": false, "a..B/C": false, "a b/C": false} {
		if err := rpc.CheckName(name); (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// FuzzUnframer cuts a stream of messages anywhere: the same ones come out.
func FuzzUnframer(f *testing.F) {
	f.Add([]byte("hello"), uint8(3))
	f.Add([]byte{}, uint8(1))
	f.Fuzz(func(t *testing.T, message []byte, step uint8) {
		stream := append(append(rpc.Frame(message), rpc.Frame(nil)...), rpc.Frame(message)...)
		var u rpc.Unframer
		var got []byte
		for len(stream) > 0 {
			n := min(len(stream), max(1, int(step)))
			for b := stream[:n]; len(b) > 0; {
				var part []byte
				part, _, b = u.Next(b)
				got = append(got, part...)
			}
			stream = stream[n:]
		}
		if string(got) != string(message)+string(message) || u.Whole != 3 || u.Within() {
			t.Errorf("%q, %d whole, within %t", got, u.Whole, u.Within())
		}
	})
}
