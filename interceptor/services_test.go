package interceptor_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

// rules answers every method of RulesService with the caller's subject.
type rules struct {
	testkitv1.UnimplementedRulesServiceServer
}

// subject is the caller's, or "nobody".
func subject(ctx context.Context) string {
	claims, ok := token.FromContext(ctx)
	if !ok {
		return "nobody"
	}
	return claims.Subject()
}

func (rules) Public(ctx context.Context, _ *testkitv1.PublicRequest) (*testkitv1.PublicResponse, error) {
	return &testkitv1.PublicResponse{Subject: subject(ctx)}, nil
}

func (rules) Optional(ctx context.Context, _ *testkitv1.OptionalRequest) (*testkitv1.OptionalResponse, error) {
	return &testkitv1.OptionalResponse{Subject: subject(ctx)}, nil
}

func (rules) Authenticated(ctx context.Context, _ *testkitv1.AuthenticatedRequest) (*testkitv1.AuthenticatedResponse, error) {
	return &testkitv1.AuthenticatedResponse{Subject: subject(ctx)}, nil
}

func (rules) Inherited(ctx context.Context, _ *testkitv1.InheritedRequest) (*testkitv1.InheritedResponse, error) {
	return &testkitv1.InheritedResponse{Subject: subject(ctx)}, nil
}

func (rules) Scopes(ctx context.Context, _ *testkitv1.ScopesRequest) (*testkitv1.ScopesResponse, error) {
	return &testkitv1.ScopesResponse{Subject: subject(ctx)}, nil
}

func (rules) AnyScopes(ctx context.Context, _ *testkitv1.AnyScopesRequest) (*testkitv1.AnyScopesResponse, error) {
	return &testkitv1.AnyScopesResponse{Subject: subject(ctx)}, nil
}

func (rules) Roles(ctx context.Context, _ *testkitv1.RolesRequest) (*testkitv1.RolesResponse, error) {
	return &testkitv1.RolesResponse{Subject: subject(ctx)}, nil
}

func (rules) Kinds(ctx context.Context, _ *testkitv1.KindsRequest) (*testkitv1.KindsResponse, error) {
	return &testkitv1.KindsResponse{Subject: subject(ctx)}, nil
}

func (rules) Issuers(ctx context.Context, _ *testkitv1.IssuersRequest) (*testkitv1.IssuersResponse, error) {
	return &testkitv1.IssuersResponse{Subject: subject(ctx)}, nil
}

// streams echoes. A handler can be replaced by the test that needs another.
type streams struct {
	testkitv1.UnimplementedStreamsServiceServer
	serverStream func(grpc.ServerStreamingServer[testkitv1.ServerStreamResponse]) error
	bidi         func(grpc.BidiStreamingServer[testkitv1.BidiRequest, testkitv1.BidiResponse]) error
}

func (s streams) Unary(ctx context.Context, _ *testkitv1.UnaryRequest) (*testkitv1.UnaryResponse, error) {
	return &testkitv1.UnaryResponse{Text: subject(ctx)}, nil
}

func (s streams) ServerStream(_ *testkitv1.ServerStreamRequest, stream grpc.ServerStreamingServer[testkitv1.ServerStreamResponse]) error {
	if s.serverStream != nil {
		return s.serverStream(stream)
	}
	return stream.Send(&testkitv1.ServerStreamResponse{Payload: []byte(subject(stream.Context()))})
}

func (s streams) ClientStream(stream grpc.ClientStreamingServer[testkitv1.ClientStreamRequest, testkitv1.ClientStreamResponse]) error {
	var received int32
	for {
		_, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(&testkitv1.ClientStreamResponse{Received: received})
		}
		if err != nil {
			return err
		}
		received++
	}
}

func (s streams) Bidi(stream grpc.BidiStreamingServer[testkitv1.BidiRequest, testkitv1.BidiResponse]) error {
	if s.bidi != nil {
		return s.bidi(stream)
	}
	for {
		if _, err := stream.Recv(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := stream.Send(&testkitv1.BidiResponse{Text: subject(stream.Context())}); err != nil {
			return err
		}
	}
}

// outcome is what a test expects of a call.
type outcome struct {
	code   codes.Code
	reason grpcauthv1.Reason
}

var ok = outcome{codes.OK, grpcauthv1.Reason_REASON_UNSPECIFIED}

func unauthenticated(reason grpcauthv1.Reason) outcome {
	return outcome{codes.Unauthenticated, reason}
}
func denied(reason grpcauthv1.Reason) outcome { return outcome{codes.PermissionDenied, reason} }

func outcomeOf(err error) outcome { return outcome{status.Code(err), fault.FromStatus(err)} }

func (want outcome) check(t *testing.T, err error) {
	t.Helper()
	got := outcomeOf(err)
	if got != want {
		t.Errorf("got %s %s (%v)\nwant %s %s", got.code, got.reason, err, want.code, want.reason)
	}
}

func metadataOf(err error) map[string]string {
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			return info.GetMetadata()
		}
	}
	return nil
}
