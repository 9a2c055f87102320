// Package rpctest is a server of the released gRPC library that stops well, or in one of the ways in which such
// servers stop badly. It is for tests, and in no binary.
package rpctest

import (
	"context"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

var (
	mode     string // its first argument
	stopping = make(chan struct{})
	calls    atomic.Int64
	slowly   time.Duration // what the library's own methods take
	dropped  sync.Once
	stuck    = make(chan struct{}) // closed when a client has hung up, in a mode that minds
)

// text is what every method takes and gives.
const text = "google/protobuf/wrappers.proto"

// method describes one; the file is shop.proto.
func method(name string, stream bool) *descriptorpb.MethodDescriptorProto {
	of := proto.String(".google.protobuf.StringValue")
	return &descriptorpb.MethodDescriptorProto{Name: proto.String(name), InputType: of, OutputType: of, ServerStreaming: proto.Bool(stream)}
}

func describe() {
	file := &descriptorpb.FileDescriptorProto{
		Name: proto.String("shop.proto"), Package: proto.String("shop.v1"), Syntax: proto.String("proto3"), Dependency: []string{text},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("Orders"), Method: []*descriptorpb.MethodDescriptorProto{
			method("Get", false), method("Long", false), method("Blob", false), method("Secret", false), method("All", true), method("Tail", true),
		}}},
	}
	d, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
	must(err)
	must(protoregistry.GlobalFiles.RegisterFile(d))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// unary is a method with one answer.
func unary(name string, answer func(ctx context.Context, asked string) (string, error)) grpc.MethodDesc {
	return grpc.MethodDesc{MethodName: name, Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		var in wrapperspb.StringValue
		if err := decode(&in); err != nil {
			return nil, err
		}
		said, err := answer(ctx, in.GetValue())
		return wrapperspb.String(said), err
	}}
}

func stream(name string, answer func(s grpc.ServerStream) error) grpc.StreamDesc {
	return grpc.StreamDesc{StreamName: name, ServerStreams: true, Handler: func(_ any, s grpc.ServerStream) error {
		var in wrapperspb.StringValue
		if err := s.RecvMsg(&in); err != nil {
			return err
		}
		return answer(s)
	}}
}

// get takes a while, and fails in the mode's way.
func get(ctx context.Context, asked string) (string, error) {
	took := time.After(60 * time.Millisecond)
	n := calls.Add(1)
	told := map[string]error{
		"cancels": status.Error(codes.Internal, "get: context canceled"),
		"refuses": status.Error(codes.Unavailable, "going away"),
		"hurries": status.Error(codes.DeadlineExceeded, "no time left"),
	}[mode]
	var stops chan struct{}
	if told != nil {
		stops = stopping
	}
	select {
	case <-took:
	case <-stops:
		return "", told
	}
	if mode == "late" && n%25 == 0 {
		return "", status.Error(codes.DeadlineExceeded, "out of luck")
	}
	return "got " + asked, ctx.Err()
}

// all sends some messages, and in one mode fewer when it is told to stop.
func all(s grpc.ServerStream) error {
	for i := range 15 {
		if err := s.SendMsg(wrapperspb.String(fmt.Sprint("piece ", i))); err != nil {
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-stopping:
			switch mode {
			case "shortens":
				return nil
			case "cancels":
				return status.Error(codes.Internal, "all: context canceled")
			}
			time.Sleep(20 * time.Millisecond)
		case <-s.Context().Done():
			dropped.Do(func() { close(stuck) })
			return s.Context().Err()
		}
	}
	return nil
}

// tail sends messages until its client or the stop ends it; in one mode the stop does not.
func tail(s grpc.ServerStream) error {
	told := stopping
	if mode == "holds" {
		told = nil
	}
	for {
		if err := s.SendMsg(wrapperspb.String("beat")); err != nil {
			return err
		}
		select {
		case <-told:
			return status.Error(codes.Unavailable, "going away")
		case <-s.Context().Done():
			return s.Context().Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func secret(ctx context.Context, _ string) (string, error) {
	if md, _ := metadata.FromIncomingContext(ctx); strings.Join(md.Get("token"), "") != "open" {
		return "", status.Error(codes.Unauthenticated, "no token")
	}
	time.Sleep(20 * time.Millisecond)
	return "", nil
}

// Main is the server, as a program: it listens at PORT.
func Main() {
	mode = "graceful"
	if len(os.Args) > 1 {
		mode = os.Args[1]
	}
	if os.Getenv("SLOWLY") != "" {
		slowly = 60 * time.Millisecond
	}
	describe()
	l, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	must(err)
	options := []grpc.ServerOption{grpc.UnaryInterceptor(func(ctx context.Context, in any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		time.Sleep(slowly)
		return handle(ctx, in)
	}), grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error {
		time.Sleep(slowly)
		return status.Error(codes.Unimplemented, "no such method")
	})}
	if os.Getenv("TLS") != "" {
		certificate := httptest.NewUnstartedServer(nil)
		certificate.StartTLS()
		options = append(options, grpc.Creds(credentials.NewServerTLSFromCert(&certificate.TLS.Certificates[0])))
		certificate.Listener.Close()
	}
	srv := grpc.NewServer(options...)
	srv.RegisterService(&grpc.ServiceDesc{
		ServiceName: "shop.v1.Orders", HandlerType: (*any)(nil), Metadata: "shop.proto",
		Methods: []grpc.MethodDesc{
			unary("Get", get), unary("Secret", secret),
			unary("Long", func(context.Context, string) (string, error) { time.Sleep(1500 * time.Millisecond); return "", nil }),
			unary("Blob", func(context.Context, string) (string, error) {
				time.Sleep(60 * time.Millisecond)
				return strings.Repeat("x", 3<<20), nil
			}),
		},
		Streams: []grpc.StreamDesc{stream("All", all), stream("Tail", tail)},
	}, nil)
	own := health.NewServer()
	if mode != "bare" {
		healthpb.RegisterHealthServer(srv, own)
	}
	switch reflects := os.Getenv("REFLECTION"); {
	case reflects == "v1":
		reflection.RegisterV1(srv)
	case reflects == "none", mode == "bare":
	default:
		reflection.Register(srv)
	}
	run(srv, own, l)
}

// run serves until the signal, and stops in the mode's way.
func run(srv *grpc.Server, own *health.Server, l net.Listener) {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	if os.Getenv("STARTS_SLOWLY") != "" {
		own.SetServingStatus("", healthpb.HealthCheckResponse_NOT_SERVING)
		time.AfterFunc(400*time.Millisecond, func() { own.SetServingStatus("", healthpb.HealthCheckResponse_SERVING) })
	}
	go func() { must(srv.Serve(l)) }()
	<-stop
	close(stopping)
	if mode == "stops" {
		srv.Stop()
		return
	}
	own.Shutdown()
	if mode == "minds" {
		select {
		case <-stuck: // a client hung up, and what served it is not done
			select {}
		default:
		}
	}
	srv.GracefulStop()
}
