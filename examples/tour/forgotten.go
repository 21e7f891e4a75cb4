package main

import (
	"context"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/examples/notesvc"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/token"
)

// forgottenRule shows what becomes of a server whose author forgot a rule.
func (t *tour) forgottenRule() {
	const want = "Protect names option (grpcauth.v1.rule)"
	t.step("a server with one rule deleted", want, func(context.Context) string {
		err := protectWithoutRule()
		if err == nil {
			return "a server that would serve"
		}
		if strings.Contains(err.Error(), "/tour.v1.NotesService/ListNotes: no rule") && strings.Contains(err.Error(), "option (grpcauth.v1.rule) = {};") {
			return want
		}
		return err.Error()
	})
}

// protectWithoutRule registers a copy of NotesService, tour.v1, from whose
// .proto the rule that covered ListNotes and WatchNotes was deleted.
func protectWithoutRule() error {
	if err := registerCopy(); err != nil {
		return err
	}
	key, err := token.GenerateKey(token.EdDSA)
	if err != nil {
		return err
	}
	keys, err := token.NewStaticKeys(key.Public())
	if err != nil {
		return err
	}
	verifier, err := token.NewVerifier(token.VerifierConfig{Issuers: []token.TrustedIssuer{{
		Issuer: "https://notes.example", Audiences: []string{"https://notes.example"}, Keys: keys,
	}}})
	if err != nil {
		return err
	}
	guard, err := interceptor.New(verifier)
	if err != nil {
		return err
	}
	srv := grpc.NewServer(guard.ServerOptions()...)
	service := notesv1.NotesService_ServiceDesc
	service.ServiceName = "tour.v1.NotesService"
	srv.RegisterService(&service, notesvc.New())
	return guard.Protect(srv)
}

func registerCopy() error {
	file := protodesc.ToFileDescriptorProto(notesv1.File_notes_v1_notes_proto)
	file.Name, file.Package = proto.String("tour/v1/notes.proto"), proto.String("tour.v1")
	for _, service := range file.GetService() {
		service.Options = nil // the rule of every method without one of its own
		for _, method := range service.GetMethod() {
			retype(method)
		}
	}
	for _, message := range file.GetMessageType() {
		for _, field := range message.GetField() {
			if field.GetTypeName() != "" {
				field.TypeName = proto.String(moved(field.GetTypeName()))
			}
		}
	}
	copied, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
	if err != nil {
		return err
	}
	return protoregistry.GlobalFiles.RegisterFile(copied)
}

func retype(method *descriptorpb.MethodDescriptorProto) {
	method.InputType = proto.String(moved(method.GetInputType()))
	method.OutputType = proto.String(moved(method.GetOutputType()))
}

func moved(name string) string { return strings.Replace(name, ".notes.v1.", ".tour.v1.", 1) }
