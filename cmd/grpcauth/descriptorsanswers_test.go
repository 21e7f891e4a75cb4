package main

import (
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// answers is a reflection server that says what it is told to.
type answers struct {
	reflectionv1.UnimplementedServerReflectionServer

	list, symbol, file func(name string) *reflectionv1.ServerReflectionResponse // nil: the stream ends
	fail               error
}

func reflecting(set func(*answers)) func(*grpc.Server) {
	a := &answers{list: func(string) *reflectionv1.ServerReflectionResponse { return listing("testkit.v1.StreamsService") }}
	set(a)
	return func(srv *grpc.Server) { reflectionv1.RegisterServerReflectionServer(srv, a) }
}

func (a *answers) ServerReflectionInfo(stream grpc.BidiStreamingServer[reflectionv1.ServerReflectionRequest, reflectionv1.ServerReflectionResponse]) error {
	if a.fail != nil {
		return a.fail
	}
	for {
		question, err := stream.Recv()
		if err != nil {
			return err
		}
		answer, name := a.list, question.GetListServices()
		switch question.GetMessageRequest().(type) {
		case *reflectionv1.ServerReflectionRequest_FileContainingSymbol:
			answer, name = a.symbol, question.GetFileContainingSymbol()
		case *reflectionv1.ServerReflectionRequest_FileByFilename:
			answer, name = a.file, question.GetFileByFilename()
		}
		if answer == nil {
			return nil
		}
		if err := stream.Send(answer(name)); err != nil {
			return err
		}
	}
}

func listing(names ...string) *reflectionv1.ServerReflectionResponse {
	list := &reflectionv1.ListServiceResponse{}
	for _, name := range names {
		list.Service = append(list.Service, &reflectionv1.ServiceResponse{Name: name})
	}
	return &reflectionv1.ServerReflectionResponse{MessageResponse: &reflectionv1.ServerReflectionResponse_ListServicesResponse{ListServicesResponse: list}}
}

func fileAnswer(raw ...[]byte) *reflectionv1.ServerReflectionResponse {
	return &reflectionv1.ServerReflectionResponse{MessageResponse: &reflectionv1.ServerReflectionResponse_FileDescriptorResponse{
		FileDescriptorResponse: &reflectionv1.FileDescriptorResponse{FileDescriptorProto: raw},
	}}
}

func errorAnswer(text string) *reflectionv1.ServerReflectionResponse {
	return &reflectionv1.ServerReflectionResponse{MessageResponse: &reflectionv1.ServerReflectionResponse_ErrorResponse{
		ErrorResponse: &reflectionv1.ErrorResponse{ErrorCode: int32(codes.NotFound), ErrorMessage: text},
	}}
}

// registerFileByFile answers each question with one file.
func registerFileByFile(t *testing.T, a *answers) {
	t.Helper()
	raw := func(fd protoreflect.FileDescriptor, err error) *reflectionv1.ServerReflectionResponse {
		if err != nil {
			return errorAnswer(err.Error())
		}
		data, err := proto.Marshal(protodesc.ToFileDescriptorProto(fd))
		if err != nil {
			return errorAnswer(err.Error())
		}
		return fileAnswer(data)
	}
	a.symbol = func(name string) *reflectionv1.ServerReflectionResponse {
		found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
		if err != nil {
			return errorAnswer(err.Error())
		}
		return raw(found.ParentFile(), nil)
	}
	a.file = func(name string) *reflectionv1.ServerReflectionResponse {
		return raw(protoregistry.GlobalFiles.FindFileByPath(name))
	}
}
