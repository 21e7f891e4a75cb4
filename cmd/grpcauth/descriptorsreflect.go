package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

const (
	// reflectTimeout is how long a server may take to describe itself.
	reflectTimeout = 20 * time.Second
	// reflectMaxBytes is the most that one file may have.
	reflectMaxBytes = 64 << 20
)

// ask has a server describe the services that are registered on it.
func (o *origin) ask(ctx context.Context) (services []protoreflect.ServiceDescriptor, err error) {
	transport, err := o.credentials()
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(o.Reflect, grpc.WithTransportCredentials(transport))
	if err != nil {
		return nil, fmt.Errorf("want host:port: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	ctx, cancel := context.WithTimeout(ctx, reflectTimeout)
	defer cancel()
	services, err = reflectVersion(ctx, conn, "v1")
	if status.Code(err) == codes.Unimplemented {
		services, err = reflectVersion(ctx, conn, "v1alpha")
	}
	if err != nil {
		return nil, o.advise(err)
	}
	return services, nil
}

func (o *origin) credentials() (credentials.TransportCredentials, error) {
	if o.Plaintext {
		return insecure.NewCredentials(), nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("--ca-file %s: %w", o.CAFile, cause(err))
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--ca-file %s: it holds no certificate in PEM", o.CAFile)
		}
	}
	return credentials.NewTLS(config), nil
}

// advise says in words what a status of the reflection service means.
func (o *origin) advise(err error) error {
	st, ok := status.FromError(err)
	if !ok {
		return err
	}
	message := visible(st.Message())
	switch st.Code() {
	case codes.Unimplemented:
		return errors.New("the server has no reflection service: register it (reflection.Register), or use --descriptor-set FILE")
	case codes.Unauthenticated, codes.PermissionDenied:
		return fmt.Errorf("the server keeps its reflection service to itself (%s): open it with interceptor.WithPublicInfrastructure, or use --descriptor-set FILE", message)
	case codes.DeadlineExceeded:
		return fmt.Errorf("no answer within %s: is it the address of a gRPC server?", reflectTimeout)
	case codes.Unavailable:
		return errors.New(message + o.hint(message))
	}
	return fmt.Errorf("reflection failed: %s: %s", st.Code(), message)
}

// hint is what to try when a connection can't be had.
func (o *origin) hint(message string) string {
	switch {
	case o.Plaintext && strings.Contains(message, "server preface"):
		return ": if the server wants TLS, leave out --plaintext"
	case strings.Contains(message, "not look like a TLS handshake"):
		return ": the server speaks no TLS there, add --plaintext"
	case strings.Contains(message, "x509:"):
		return ": name the file of the CA that vouches for it with --ca-file"
	}
	return ""
}

// describer is a stream of questions and answers. Versions v1 and v1alpha of
// the service differ by name only.
type describer struct {
	stream grpc.BidiStreamingClient[reflectionv1.ServerReflectionRequest, reflectionv1.ServerReflectionResponse]
	files  map[string]*descriptorpb.FileDescriptorProto
}

func reflectVersion(ctx context.Context, conn *grpc.ClientConn, version string) ([]protoreflect.ServiceDescriptor, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the stream
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true},
		"/grpc.reflection."+version+".ServerReflection/ServerReflectionInfo", grpc.MaxCallRecvMsgSize(reflectMaxBytes))
	if err != nil {
		return nil, err
	}
	r := &describer{
		stream: &grpc.GenericClientStream[reflectionv1.ServerReflectionRequest, reflectionv1.ServerReflectionResponse]{ClientStream: stream},
		files:  map[string]*descriptorpb.FileDescriptorProto{},
	}
	return r.services()
}

// services are those that the server lists, sorted by name.
func (r *describer) services() ([]protoreflect.ServiceDescriptor, error) {
	answer, err := r.answer(&reflectionv1.ServerReflectionRequest{
		MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{},
	})
	if err != nil {
		return nil, err
	}
	if e := answer.GetErrorResponse(); e != nil {
		return nil, fmt.Errorf("the server can't list its services (%s): use --descriptor-set FILE", visible(e.GetErrorMessage()))
	}
	listed := answer.GetListServicesResponse().GetService()
	for _, service := range listed {
		if err := r.add(service.GetName(), &reflectionv1.ServerReflectionRequest{
			MessageRequest: &reflectionv1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: service.GetName()},
		}); err != nil {
			return nil, err
		}
	}
	if err := r.imports(); err != nil {
		return nil, err
	}
	return r.resolve(listed)
}

// answer asks one question.
func (r *describer) answer(question *reflectionv1.ServerReflectionRequest) (*reflectionv1.ServerReflectionResponse, error) {
	if err := r.stream.Send(question); err != nil && !errors.Is(err, io.EOF) {
		return nil, err // io.EOF means that Recv knows why
	}
	answer, err := r.stream.Recv()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the reflection service ended without an answer: use --descriptor-set FILE")
	}
	return answer, err
}

// add keeps the files of an answer.
func (r *describer) add(name string, question *reflectionv1.ServerReflectionRequest) error {
	answer, err := r.answer(question)
	if err != nil {
		return err
	}
	if e := answer.GetErrorResponse(); e != nil {
		return fmt.Errorf("the server can't describe %q (%s): use --descriptor-set FILE", name, visible(e.GetErrorMessage()))
	}
	for _, raw := range answer.GetFileDescriptorResponse().GetFileDescriptorProto() {
		var file descriptorpb.FileDescriptorProto
		if err := unmarshalBare(raw, &file); err != nil {
			return fmt.Errorf("what the server sent to describe %q is no file descriptor: use --descriptor-set FILE", name)
		}
		r.files[file.GetName()] = &file
	}
	return nil
}

// imports asks for every file that another one imports and that has not come
// yet: some servers send them along, some don't.
func (r *describer) imports() error {
	for {
		missing := r.missing()
		if len(missing) == 0 {
			return nil
		}
		for _, name := range missing {
			if err := r.add(name, &reflectionv1.ServerReflectionRequest{
				MessageRequest: &reflectionv1.ServerReflectionRequest_FileByFilename{FileByFilename: name},
			}); err != nil {
				return err
			}
			if r.files[name] == nil {
				return fmt.Errorf("the server sent another file than %q: use --descriptor-set FILE", name)
			}
		}
	}
}

func (r *describer) missing() []string {
	var missing []string
	for _, file := range r.files {
		for _, name := range file.GetDependency() {
			if r.files[name] == nil {
				missing = append(missing, name)
			}
		}
	}
	return missing
}

// resolve finds the listed services in the files.
func (r *describer) resolve(listed []*reflectionv1.ServiceResponse) ([]protoreflect.ServiceDescriptor, error) {
	var set descriptorpb.FileDescriptorSet
	for _, file := range r.files {
		set.File = append(set.File, file)
	}
	files, err := link(&set)
	if err != nil {
		return nil, err
	}
	var services []protoreflect.ServiceDescriptor
	for _, service := range listed {
		found, err := files.FindDescriptorByName(protoreflect.FullName(service.GetName()))
		sd, ok := found.(protoreflect.ServiceDescriptor)
		if err != nil || !ok {
			return nil, fmt.Errorf("the server lists %q, but describes no such service: use --descriptor-set FILE", service.GetName())
		}
		services = append(services, sd)
	}
	return slices.Compact(sortServices(services)), nil // one may be listed twice
}
