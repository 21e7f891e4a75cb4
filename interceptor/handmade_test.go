package interceptor_test

import (
	"testing"

	"google.golang.org/grpc"

	"github.com/grpcauth/grpcauth/authtest"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

// Generated code of a unary method reports the name it was generated for,
// whatever name its service is registered under.
func TestServiceUnderASecondNameIsHeldToTheRuleOfThatName(t *testing.T) {
	t.Parallel()
	second := testkitv1.StreamsService_ServiceDesc
	second.ServiceName = "second.Name"
	server := authtest.NewServer(t, authtest.NewIssuer(t), func(r grpc.ServiceRegistrar) {
		testkitv1.RegisterStreamsServiceServer(r, streams{})
		r.RegisterService(&second, streams{})
	}, interceptor.WithRule("/second.Name/*", interceptor.Roles("admin")))
	ada, admin := server.As("ada"), server.With(token.Spec{Subject: "root", Roles: []string{"admin"}})
	for _, tc := range []struct {
		conn   *grpc.ClientConn
		method string
		want   outcome
	}{
		{ada, "/testkit.v1.StreamsService/Unary", ok},
		{ada, "/second.Name/Unary", denied(roleMissing)},
		{ada, "/second.Name/ServerStream", denied(roleMissing)},
		{admin, "/second.Name/Unary", ok},
		{admin, "/second.Name/ServerStream", ok},
	} {
		tc.want.check(t, tc.conn.Invoke(t.Context(), tc.method, &testkitv1.UnaryRequest{}, &testkitv1.UnaryResponse{}))
	}
}

// checklist: B4 (what nobody registered has no rule, whoever would serve it)
func TestUnknownNamesAreDenied(t *testing.T) {
	t.Parallel()
	guard := newGuard(t)
	srv := grpc.NewServer(append(guard.ServerOptions(), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		method, _ := grpc.MethodFromServerStream(stream)
		t.Errorf("%s was served", method)
		return nil
	}))...)
	testkitv1.RegisterStreamsServiceServer(srv, streams{})
	if err := guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	conn := startOwn(t, srv)
	for _, method := range []string{
		"/nobodys.Service/Do",
		"//testkit.v1.StreamsService/Unary",
		"/testkit.v1.StreamsService//Unary",
		"/testkit.v1.StreamsService/Unary/",
		"/testkit.v1.StreamsService/unary",
		"/testkit.v1.streamsservice/Unary",
		"/testkit.v1.StreamsService/",
		"/testkit.v1.StreamsService/*",
	} {
		denied(noRule).check(t, conn.Invoke(t.Context(), method, &testkitv1.UnaryRequest{}, &testkitv1.UnaryResponse{}))
	}
}

// Documented at Protect, and out of its sight: grpc calls a StreamDesc without
// flags past every interceptor. When this test fails, grpc has changed, and
// the documentation may promise more.
func TestStreamDescWithoutFlagsIsPastTheGuard(t *testing.T) {
	t.Parallel()
	flagless := grpc.ServiceDesc{ServiceName: "hand.made.Flagless", HandlerType: (*any)(nil), Streams: []grpc.StreamDesc{{
		StreamName: "Do",
		Handler: func(_ any, stream grpc.ServerStream) error {
			if err := stream.RecvMsg(&testkitv1.UnaryRequest{}); err != nil {
				return err
			}
			return stream.SendMsg(&testkitv1.UnaryResponse{Text: subject(stream.Context())})
		},
	}}}
	server := authtest.NewServer(t, authtest.NewIssuer(t), func(r grpc.ServiceRegistrar) { r.RegisterService(&flagless, nil) },
		interceptor.WithRule("/hand.made.Flagless/Do", interceptor.Authenticated()))
	res := &testkitv1.UnaryResponse{}
	err := server.As("ada").Invoke(t.Context(), "/hand.made.Flagless/Do", &testkitv1.UnaryRequest{}, res)
	ok.check(t, err)
	if res.GetText() != "nobody" {
		t.Errorf("the handler saw %q", res.GetText())
	}
}
