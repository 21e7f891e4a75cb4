package main

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/examples/notesvc"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/token"
)

// forgottenRule shows what becomes of a server whose author forgot a rule: it
// does not get to serve, and is told the line to add.
func (t *tour) forgottenRule() {
	var err error
	t.step("start a server that lacks one rule", "refused, shown the line to add", func(context.Context) string {
		if err = protectWithoutRule(); err == nil {
			return "a server that would serve"
		}
		_, line, _ := strings.Cut(err.Error(), "/tour.v1.NotesService/ListNotes: no rule: ")
		_, line, _ = strings.Cut(line, "\n")
		if !strings.HasPrefix(strings.TrimSpace(line), "option (grpcauth.v1.rule) = ") {
			return "refused, not shown the line to add"
		}
		return "refused, shown the line to add"
	})
	fmt.Printf("\n      %s\n\n", strings.ReplaceAll(fmt.Sprint(err), "\n", "\n      "))
}

// protectWithoutRule registers a copy of NotesService, tour.v1, from whose
// .proto one rule was deleted: that of ListNotes.
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
	file.Name, file.Package = new("tour/v1/notes.proto"), new("tour.v1")
	for _, service := range file.GetService() {
		inherited := proto.GetExtension(service.GetOptions(), grpcauthv1.E_ServiceRule)
		service.Options = nil
		for _, method := range service.GetMethod() {
			retype(method)
			if method.GetOptions() == nil && method.GetName() != "ListNotes" {
				method.Options = &descriptorpb.MethodOptions{}
				proto.SetExtension(method.GetOptions(), grpcauthv1.E_Rule, inherited)
			}
		}
	}
	for _, message := range file.GetMessageType() {
		for _, field := range message.GetField() {
			if field.GetTypeName() != "" {
				field.TypeName = new(moved(field.GetTypeName()))
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
	method.InputType = new(moved(method.GetInputType()))
	method.OutputType = new(moved(method.GetOutputType()))
}

func moved(name string) string { return strings.Replace(name, ".notes.v1.", ".tour.v1.", 1) }
