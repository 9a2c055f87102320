package rpc

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// reflections are the services by which servers describe themselves, the newer first.
var reflections = []string{
	"grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
}

// Numbers of the fields of reflection's messages, the same in both versions.
const (
	askFile     = 3 // of a name
	askSymbol   = 4 // the file that declares it
	askServices = 7
	saidFiles   = 4
	saidService = 6
	saidError   = 7
)

// mostFiles is how many files the schema of a method may have.
const mostFiles = 2000

// ErrNoReflection says that a server does not describe itself.
var ErrNoReflection = errors.New("the server has no reflection (grpc.reflection.v1 or v1alpha)")

// ask puts one question to whichever reflection the server has.
func (c *Caller) ask(ctx context.Context, field protowire.Number, value string) ([]byte, error) {
	question := protowire.AppendTag(nil, field, protowire.BytesType)
	question = protowire.AppendString(question, value)
	for _, method := range reflections {
		answers, err := c.call(ctx, method, question)
		if failure, ok := errors.AsType[*Failure](err); ok && failure.Code == Unimplemented {
			continue
		}
		if err == nil && len(answers) == 0 {
			err = fmt.Errorf("call %s: the answer is empty", method)
		}
		if err != nil {
			return nil, err
		}
		return answers[0], nil
	}
	return nil, ErrNoReflection
}

// parts are the values of a field of a message, which is of bytes.
func parts(message []byte, field protowire.Number) ([][]byte, error) {
	var all [][]byte
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		message = message[n:]
		size := protowire.ConsumeFieldValue(number, kind, message)
		if size < 0 {
			return nil, protowire.ParseError(size)
		}
		if number == field && kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(message)
			all = append(all, value)
		}
		message = message[size:]
	}
	return all, nil
}

// inside are the values of a field of the message that is in another.
func inside(message []byte, outer, inner protowire.Number) ([][]byte, error) {
	outers, err := parts(message, outer)
	if err != nil || len(outers) == 0 {
		return nil, err
	}
	return parts(outers[0], inner)
}

// Services are those that a server says it has, in the order of their names, but for those by which it does.
func (c *Caller) Services(ctx context.Context) ([]string, error) {
	answer, err := c.ask(ctx, askServices, "*")
	if err != nil {
		return nil, err
	}
	list, err := inside(answer, saidService, 1)
	var names []string
	for _, one := range list {
		name, err := parts(one, 1)
		if err != nil {
			return nil, fmt.Errorf("what the server says of its services: %w", err)
		}
		if len(name) > 0 && !slices.ContainsFunc(reflections, func(r string) bool { return serviceOf(r) == string(name[0]) }) {
			names = append(names, string(name[0]))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("what the server says of its services: %w", err)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Describe asks a server for the schema of a service.
func (c *Caller) Describe(ctx context.Context, service string) (*Schema, error) {
	files := map[string]*descriptorpb.FileDescriptorProto{}
	wanted, err := c.files(ctx, files, askSymbol, service)
	if err != nil {
		return nil, err
	}
	for len(wanted) > 0 { // what it did not send of its own accord
		if len(files) > mostFiles {
			return nil, fmt.Errorf("the schema of %s has more than %d files", service, mostFiles)
		}
		more, err := c.files(ctx, files, askFile, wanted[0])
		if err != nil {
			return nil, err
		}
		if files[wanted[0]] == nil {
			return nil, fmt.Errorf("the server has no file %s, which the schema of %s imports", wanted[0], service)
		}
		wanted = append(wanted, more...)
		wanted = slices.DeleteFunc(wanted, func(name string) bool { return files[name] != nil })
	}
	return schemaOf(files)
}

// files takes the files of one answer, and returns the names of those that they import and that are not there.
func (c *Caller) files(ctx context.Context, into map[string]*descriptorpb.FileDescriptorProto, field protowire.Number, value string) ([]string, error) {
	answer, err := c.ask(ctx, field, value)
	if err != nil {
		return nil, err
	}
	if why, err := inside(answer, saidError, 2); err != nil || len(why) > 0 {
		return nil, fmt.Errorf("the server does not know %s: %s", value, slices.Concat(why...))
	}
	sent, err := inside(answer, saidFiles, 1)
	if err != nil {
		return nil, fmt.Errorf("the schema that the server sends: %w", err)
	}
	if len(sent) == 0 {
		return nil, fmt.Errorf("the server does not know %s", value)
	}
	var imports []string
	for _, raw := range sent {
		file := &descriptorpb.FileDescriptorProto{}
		if err := proto.Unmarshal(raw, file); err != nil {
			return nil, fmt.Errorf("the schema that the server sends: %w", err)
		}
		into[file.GetName()] = file
		imports = append(imports, file.GetDependency()...)
	}
	return slices.DeleteFunc(imports, func(name string) bool { return into[name] != nil }), nil
}
