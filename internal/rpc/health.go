package rpc

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// The health service, which is compiled in: servers have it that have no reflection.
const (
	HealthService = "grpc.health.v1.Health"
	Check         = HealthService + "/Check"
	Watch         = HealthService + "/Watch"
)

// healthSchema is what grpc/health/v1/health.proto declares.
var healthSchema = sync.OnceValue(func() *Schema {
	text, enum := descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(), descriptorpb.FieldDescriptorProto_TYPE_ENUM.Enum()
	one := descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum()
	request, response := ".grpc.health.v1.HealthCheckRequest", ".grpc.health.v1.HealthCheckResponse"
	var values []*descriptorpb.EnumValueDescriptorProto
	for i, name := range []string{"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"} {
		values = append(values, &descriptorpb.EnumValueDescriptorProto{Name: proto.String(name), Number: proto.Int32(int32(i))})
	}
	file := &descriptorpb.FileDescriptorProto{
		Name: proto.String("grpc/health/v1/health.proto"), Package: proto.String("grpc.health.v1"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{
			{Name: proto.String("HealthCheckRequest"), Field: []*descriptorpb.FieldDescriptorProto{
				{Name: proto.String("service"), JsonName: proto.String("service"), Number: proto.Int32(1), Type: text, Label: one},
			}},
			{Name: proto.String("HealthCheckResponse"), Field: []*descriptorpb.FieldDescriptorProto{
				{Name: proto.String("status"), JsonName: proto.String("status"), Number: proto.Int32(1), Type: enum, Label: one, TypeName: proto.String(response + ".ServingStatus")},
			}, EnumType: []*descriptorpb.EnumDescriptorProto{{Name: proto.String("ServingStatus"), Value: values}}},
		},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("Health"), Method: []*descriptorpb.MethodDescriptorProto{
			{Name: proto.String("Check"), InputType: proto.String(request), OutputType: proto.String(response)},
			{Name: proto.String("Watch"), InputType: proto.String(request), OutputType: proto.String(response), ServerStreaming: proto.Bool(true)},
		}}},
	}
	s, err := schemaOf(map[string]*descriptorpb.FileDescriptorProto{file.GetName(): file})
	if err != nil {
		panic(err) // it is made above
	}
	return s
})

// Known is a method whose schema is compiled in; nil is one that must be asked for.
func Known(method string) *Method {
	if serviceOf(method) != HealthService {
		return nil
	}
	m, err := healthSchema().Method(method)
	if err != nil {
		return nil
	}
	return m
}

// Health is what a server says of itself.
type Health int

// What it may say. NoHealth: it has no health service.
const (
	NoHealth Health = iota
	Serving
	NotServing
)

// Health asks a server whether a service of it serves; "" is all of it. An error is a server that does not speak gRPC, or
// cannot be reached.
func (c *Caller) Health(ctx context.Context, service string) (Health, error) {
	var question []byte
	if service != "" {
		question = protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), service)
	}
	answers, err := c.call(ctx, Check, question)
	if failure, ok := errors.AsType[*Failure](err); ok {
		if failure.Code == Unimplemented || failure.Code == codeNotFound {
			return NoHealth, nil
		}
		return NotServing, nil
	}
	if err != nil {
		return NoHealth, err
	}
	if len(answers) == 0 {
		return NoHealth, fmt.Errorf("call %s: the answer is empty", Check)
	}
	for b := answers[0]; len(b) > 0; {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return NoHealth, fmt.Errorf("call %s: %w", Check, protowire.ParseError(n))
		}
		b = b[n:]
		if number == 1 && kind == protowire.VarintType {
			if value, _ := protowire.ConsumeVarint(b); value == 1 {
				return Serving, nil
			}
		}
		size := protowire.ConsumeFieldValue(number, kind, b)
		if size < 0 {
			return NoHealth, fmt.Errorf("call %s: %w", Check, protowire.ParseError(size))
		}
		b = b[size:]
	}
	return NotServing, nil
}
