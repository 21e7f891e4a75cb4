package interceptor_test

import (
	"context"
	"net"
	"testing"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

// overriding is a service that opts out of go-grpc-middleware's AuthFunc, as
// any service can, also by an embedded struct.
type overriding struct{ rules }

func (overriding) AuthFuncOverride(ctx context.Context, _ string) (context.Context, error) {
	return ctx, nil
}

func serveByAuthFunc(t *testing.T, guard *interceptor.Guard, svc testkitv1.RulesServiceServer) *grpc.ClientConn {
	t.Helper()
	srv := grpc.NewServer(
		grpc.ChainUnaryInterceptor(auth.UnaryServerInterceptor(guard.AuthFunc())),
		grpc.ChainStreamInterceptor(auth.StreamServerInterceptor(guard.AuthFunc())),
	)
	guard.Stream() // taken, as Protect demands, so that the test reaches AuthFunc's own refusal
	testkitv1.RegisterRulesServiceServer(srv, svc)
	testkitv1.RegisterStreamsServiceServer(srv, streams{})
	if err := guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	listener := bufconn.Listen(1 << 16)
	go func() { _ = srv.Serve(listener) }()
	t.Cleanup(srv.Stop)
	conn, err := grpc.NewClient("passthrough:bufconn", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestAuthFunc(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	newConn := func(svc testkitv1.RulesServiceServer) *grpc.ClientConn {
		guard, err := interceptor.New(issuer.Verifier(), interceptor.OverrideRule("/testkit.v1.RulesService/Issuers", interceptor.Authenticated()))
		if err != nil {
			t.Fatal(err)
		}
		return serveByAuthFunc(t, guard, svc)
	}
	conn := newConn(rules{})
	client := testkitv1.NewRulesServiceClient(conn)
	ctx := sending(t, "Bearer "+issuer.Token(token.Spec{Subject: "ada"}))

	res, err := client.Authenticated(ctx, &testkitv1.AuthenticatedRequest{})
	ok.check(t, err)
	if res.GetSubject() != "ada" {
		t.Errorf("subject = %q", res.GetSubject())
	}
	_, err = client.Authenticated(t.Context(), &testkitv1.AuthenticatedRequest{})
	unauthenticated(missing).check(t, err)
	_, err = client.Scopes(ctx, &testkitv1.ScopesRequest{})
	denied(scopeMissing).check(t, err)
	_, err = client.Public(t.Context(), &testkitv1.PublicRequest{})
	ok.check(t, err)

	stream, err := testkitv1.NewStreamsServiceClient(conn).ServerStream(ctx, &testkitv1.ServerStreamRequest{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	outcome{codes.Internal, grpcauthv1.Reason_REASON_NOT_GUARDED}.check(t, err)

	// Documented, and the reason to prefer guard.Unary(): an override bypasses.
	res, err = testkitv1.NewRulesServiceClient(newConn(overriding{})).Authenticated(t.Context(), &testkitv1.AuthenticatedRequest{})
	ok.check(t, err)
	if res.GetSubject() != "nobody" {
		t.Errorf("subject = %q", res.GetSubject())
	}
}
