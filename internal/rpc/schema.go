package rpc

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// A Schema is what services, methods and messages are declared as.
type Schema struct{ files *protoregistry.Files }

// A Method is one that can be called.
type Method struct {
	Name    string // pkg.Service/Method
	Streams bool   // its answer is a stream of messages
	takes   protoreflect.MessageDescriptor
	types   *dynamicpb.Types
}

// CheckName says what is wrong with the name of a method.
func CheckName(name string) error {
	service, method, ok := strings.Cut(name, "/")
	if !ok || !protoreflect.FullName(service).IsValid() || !protoreflect.Name(method).IsValid() {
		return fmt.Errorf("%q is no method of gRPC: write the service and the method, such as pkg.Service/Method", name)
	}
	return nil
}

// serviceOf is the service of a method's name.
func serviceOf(method string) string {
	service, _, _ := strings.Cut(method, "/")
	return service
}

// Find asks a server for what one method is declared as.
func (c *Caller) Find(ctx context.Context, method string) (*Method, error) {
	if m := Known(method); m != nil {
		return m, nil
	}
	s, err := c.Describe(ctx, serviceOf(method))
	if err != nil {
		return nil, err
	}
	return s.Method(method)
}

// schemaOf puts files together, each after those that it imports.
func schemaOf(files map[string]*descriptorpb.FileDescriptorProto) (*Schema, error) {
	set := &descriptorpb.FileDescriptorSet{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		set.File = append(set.File, files[name])
	}
	all, err := protodesc.FileOptions{AllowUnresolvable: true}.NewFiles(set)
	if err != nil {
		return nil, fmt.Errorf("the schema that the server sends: %w", err)
	}
	return &Schema{all}, nil
}

// parents is in how many folders above a file of a schema its imports are looked for.
const parents = 8

// ReadSchema reads a .proto file. What it imports is looked for in its folder and in those above it.
func ReadSchema(ctx context.Context, path string) (*Schema, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read the schema %s: it is no file", path)
	}
	var folders []string
	for dir := filepath.Dir(path); len(folders) < parents; dir = filepath.Join(dir, "..") {
		folders = append(folders, dir)
	}
	c := protocompile.Compiler{Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: folders})}
	linked, err := c.Compile(ctx, filepath.Base(path))
	if err != nil {
		return nil, fmt.Errorf("read the schema %s: %w", path, err)
	}
	s := &Schema{new(protoregistry.Files)}
	return s, s.add(linked[0])
}

// add takes a file and what it imports.
func (s *Schema) add(f protoreflect.FileDescriptor) error {
	if _, err := s.files.FindFileByPath(f.Path()); err == nil || f.IsPlaceholder() {
		return nil
	}
	imports := f.Imports()
	for i := range imports.Len() {
		if err := s.add(imports.Get(i).FileDescriptor); err != nil {
			return err
		}
	}
	if err := s.files.RegisterFile(f); err != nil {
		return fmt.Errorf("the schema of %s: %w", f.Path(), err)
	}
	return nil
}

// Method finds a method by its name. One that takes a stream is none that can be called.
func (s *Schema) Method(name string) (*Method, error) {
	service, method, _ := strings.Cut(name, "/")
	d, err := s.files.FindDescriptorByName(protoreflect.FullName(service))
	sd, ok := d.(protoreflect.ServiceDescriptor)
	if err != nil || !ok {
		return nil, fmt.Errorf("the schema has no service %s", service)
	}
	m := sd.Methods().ByName(protoreflect.Name(method))
	switch {
	case m == nil:
		return nil, fmt.Errorf("service %s has no method %s: it has %s", service, method, strings.Join(methodsOf(sd, ""), ", "))
	case m.IsStreamingClient():
		return nil, fmt.Errorf("%s takes a stream of messages: methods that take one can be called", name)
	}
	return &Method{Name: name, Streams: m.IsStreamingServer(), takes: m.Input(), types: dynamicpb.NewTypes(s.files)}, nil
}

func methodsOf(sd protoreflect.ServiceDescriptor, prefix string) []string {
	var names []string
	for i := range sd.Methods().Len() {
		names = append(names, prefix+string(sd.Methods().Get(i).Name()))
	}
	slices.Sort(names)
	return names
}

// Callable are the methods of a service that take one message, and which of them stream their answer.
func (s *Schema) Callable(service string) []*Method {
	var all []*Method
	d, err := s.files.FindDescriptorByName(protoreflect.FullName(service))
	if sd, ok := d.(protoreflect.ServiceDescriptor); err == nil && ok {
		for _, name := range methodsOf(sd, service+"/") {
			if m, err := s.Method(name); err == nil {
				all = append(all, m)
			}
		}
	}
	return all
}

// Message makes a message of JSON; an empty text is the empty message.
func (m *Method) Message(body string) ([]byte, error) {
	if strings.TrimSpace(body) == "" {
		return nil, nil
	}
	message := dynamicpb.NewMessage(m.takes)
	if err := (protojson.UnmarshalOptions{Resolver: m.types}).Unmarshal([]byte(body), message); err != nil {
		return nil, fmt.Errorf("the body is no %s in JSON: %s", m.takes.FullName(), plain(err))
	}
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("the body is no %s: %s", m.takes.FullName(), plain(err))
	}
	return raw, nil
}

// plain is an error of the protobuf library without its varying blanks.
func plain(err error) string {
	return strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\u00a0", " "), "proto: ")
}
