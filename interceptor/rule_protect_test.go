package interceptor_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

// asStream is a unary method that somebody registers as a stream.
func asStream(name string) grpc.StreamDesc {
	return grpc.StreamDesc{StreamName: name, ServerStreams: true, Handler: func(_ any, stream grpc.ServerStream) error {
		for stream.RecvMsg(&bindRequest{}) == nil {
		}
		return stream.SendMsg(&bindResponse{User: "all is well"})
	}}
}

func guardBy(t *testing.T, issuer *authtest.Issuer, options ...interceptor.Option) *interceptor.Guard {
	t.Helper()
	guard, err := interceptor.New(issuer.Verifier(), options...)
	if err != nil {
		t.Fatal(err)
	}
	return guard
}

// flagless is the streams of a service without what says that they are ones.
func flagless(streams []grpc.StreamDesc) []grpc.StreamDesc {
	streams = slices.Clone(streams)
	for i := range streams {
		streams[i].ServerStreams, streams[i].ClientStreams = false, false
	}
	return streams
}

// PARITY 45: what is registered must be what the .proto has.
func TestProtectRefusesOtherShapes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		service grpc.ServiceDesc
		change  func(*grpc.ServiceDesc)
		options []interceptor.Option
		want    string
	}{
		"45 streams without flags": {
			testkitv1.StreamsService_ServiceDesc,
			func(d *grpc.ServiceDesc) { d.Streams = flagless(d.Streams) }, nil,
			`interceptor: the server is not protected, 3 problems:
    /testkit.v1.StreamsService/Bidi (service option): it is registered as a unary method, but testkit/v1/testkit.proto has it as a bidirectional stream: set ServerStreams and ClientStreams in its grpc.StreamDesc, without which gRPC calls the handler past every interceptor
    /testkit.v1.StreamsService/ClientStream (service option): it is registered as a unary method, but testkit/v1/testkit.proto has it as a client stream: set ServerStreams and ClientStreams in its grpc.StreamDesc, without which gRPC calls the handler past every interceptor
    /testkit.v1.StreamsService/ServerStream (service option): it is registered as a unary method, but testkit/v1/testkit.proto has it as a server stream: set ServerStreams and ClientStreams in its grpc.StreamDesc, without which gRPC calls the handler past every interceptor`,
		},
		"45 a unary method as a stream, with bind": {
			testkitv1.BindService_ServiceDesc,
			func(d *grpc.ServiceDesc) { d.Methods, d.Streams = nil, []grpc.StreamDesc{asStream("Unary")} }, nil,
			`interceptor: the server is not protected, 1 problem:
    /testkit.v1.BindService/Unary (service option): it is registered as a server stream, but testkit/v1/testkit.proto has it as a unary method, so that bind would look at other messages: register the generated service`,
		},
		"45 another stream, with bind": {
			testkitv1.BindService_ServiceDesc,
			func(d *grpc.ServiceDesc) { d.Methods, d.Streams = nil, []grpc.StreamDesc{asStream("Bidi")} }, nil,
			`interceptor: the server is not protected, 1 problem:
    /testkit.v1.BindService/Bidi (service option): it is registered as a server stream, but testkit/v1/testkit.proto has it as a bidirectional stream, so that bind would look at other messages: register the generated service`,
		},
		"45 a service of no .proto, with bind": {
			handMade, func(*grpc.ServiceDesc) {},
			[]interceptor.Option{interceptor.WithRule("/hand.made.Service/Do", &grpcauthv1.Rule{Bind: []*grpcauthv1.Binding{{Claim: "sub", Field: "user"}}})},
			`interceptor: the server is not protected, 1 problem:
    /hand.made.Service/Do (WithRule): bind needs the method's request, and no descriptor of the method is known: generate the service from its .proto, or compare in the handler`,
		},
		"45 a service under another name, with bind": {
			testkitv1.BindService_ServiceDesc,
			func(d *grpc.ServiceDesc) { d.ServiceName, d.Streams = "second.Name", nil },
			[]interceptor.Option{interceptor.WithRule("/second.Name/*", &grpcauthv1.Rule{Bind: []*grpcauthv1.Binding{{Claim: "sub", Field: "user"}}})},
			`interceptor: the server is not protected, 1 problem:
    /second.Name/Unary (WithRule): bind needs the method's request, and no descriptor of the method is known: generate the service from its .proto, or compare in the handler`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.change(&tc.service)
			tc.service.HandlerType = nil
			guard := newGuard(t, tc.options...)
			srv := grpc.NewServer(guard.ServerOptions()...)
			srv.RegisterService(&tc.service, nil)
			if err := guard.Protect(srv); err == nil || err.Error() != tc.want {
				t.Errorf("Protect = %v\nwant %s", err, tc.want)
			}
			if guard.Rules() != nil {
				t.Error("the server is protected all the same")
			}
		})
	}
}

// A shape that no rule depends on may be another.
func TestProtectAllowsAnotherShapeWithoutBind(t *testing.T) {
	t.Parallel()
	service := grpc.ServiceDesc{ServiceName: "testkit.v1.BindService", Streams: []grpc.StreamDesc{asStream("Unary")}}
	issuer := authtest.NewIssuer(t)
	guard := guardBy(t, issuer, interceptor.OverrideRule("/testkit.v1.BindService/Unary", interceptor.Roles("admin")))
	srv := grpc.NewServer(guard.ServerOptions()...)
	srv.RegisterService(&service, nil)
	if err := guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	conn := startOwn(t, srv)
	for want, spec := range map[outcome]token.Spec{ok: {Roles: []string{"admin"}}, denied(roleMissing): {}} {
		err := conn.Invoke(sending(t, "Bearer "+issuer.Token(spec)), "/testkit.v1.BindService/Unary", &bindRequest{}, &bindResponse{})
		want.check(t, err)
	}
}

// PARITY 45: every rule that can't be right, and every gap, in one error; and
// a server that is served in spite of it lets nobody in.
func TestProtectTellsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	bind := func(claim, field string) *grpcauthv1.Rule {
		return &grpcauthv1.Rule{Bind: []*grpcauthv1.Binding{{Claim: claim, Field: field}}}
	}
	two := bind("sub", "nome")
	two.MaxAuthAge, two.Roles, two.DenyRoles = durationpb.New(time.Millisecond), []string{"r"}, []string{"r"}
	guard := guardBy(t, issuer,
		interceptor.OverrideRule("/testkit.v1.BindService/Unary", two),
		interceptor.OverrideRule("/testkit.v1.BindService/Bidi", bind("", "data")),
		interceptor.OverrideRule("/testkit.v1.StreamsService/Unary", &grpcauthv1.Rule{Public: true, Issuers: []string{"https://x.test"}}),
		interceptor.OverrideRule("/testkit.v1.StreamsService/Bidi", &grpcauthv1.Rule{StreamLifetime: 77}),
		interceptor.WithRule("/hand.made.Service/Do", bind("sub", "user")),
		interceptor.WithRule("/nobodys.Service/Do", interceptor.Public()))
	srv := grpc.NewServer(guard.ServerOptions()...)
	testkitv1.RegisterBindServiceServer(srv, binds{})
	streamsService := testkitv1.StreamsService_ServiceDesc
	streamsService.Streams = append(flagless(streamsService.Streams[:1]), streamsService.Streams[1:]...)
	srv.RegisterService(&streamsService, streams{})
	testkitv1.RegisterUnruledServiceServer(srv, testkitv1.UnimplementedUnruledServiceServer{})
	srv.RegisterService(&handMade, nil)
	want := `interceptor: the server is not protected, 9 problems:
    /hand.made.Service/Do (WithRule): bind needs the method's request, and no descriptor of the method is known: generate the service from its .proto, or compare in the handler
    /testkit.v1.BindService/Bidi (OverrideRule): bind[0].claim is empty: name the claim, such as "tier" or "realm.tier"; bind[0].field "data": testkit.v1.BindRequest.data is a bytes, to which no claim can be bound: bind a string, an integer or an enum
    /testkit.v1.BindService/Unary (OverrideRule): role "r" is both in roles and in deny_roles: remove one of the two; max_auth_age must be one second or more, in whole seconds: write max_auth_age: {seconds: 300}; bind[0].field "nome": testkit.v1.BindRequest has no field "nome", but user, tenant, number, big, unsigned, level, wrapped, wrapped_number, parent, items, names, numbers, maybe, choice, ratio, data, flag, labels
    /testkit.v1.StreamsService/Bidi (OverrideRule): stream_lifetime has the value 77, which this version of grpcauth does not know: upgrade the server's grpcauth module
    /testkit.v1.StreamsService/ServerStream (service option): it is registered as a unary method, but testkit/v1/testkit.proto has it as a server stream: set ServerStreams and ClientStreams in its grpc.StreamDesc, without which gRPC calls the handler past every interceptor
    /testkit.v1.StreamsService/Unary (OverrideRule): public stands beside issuers: a public method reads no token, so remove one of the two; issuer "https://x.test" is not one that the verifier trusts (https://issuer.test)
    /testkit.v1.UnruledService/AlsoForgotten: no rule: add this inside rpc AlsoForgotten in testkit/v1/testkit.proto, or a stricter one:
        option (grpcauth.v1.rule) = {};  // any caller with a valid access token
    /testkit.v1.UnruledService/Forgotten: no rule: add this inside rpc Forgotten in testkit/v1/testkit.proto, or a stricter one:
        option (grpcauth.v1.rule) = {};  // any caller with a valid access token
    WithRule("/nobodys.Service/Do"): no such method is registered: correct the name, or register the service before Protect`
	if err := guard.Protect(srv); err == nil || err.Error() != want {
		t.Errorf("Protect = %v\nwant %s", err, want)
	}
	conn := startOwn(t, srv)
	notProtected := outcome{codes.Internal, grpcauthv1.Reason_REASON_NOT_PROTECTED}
	for _, method := range []string{"/testkit.v1.BindService/Unary", "/testkit.v1.BindService/ServerStream", "/testkit.v1.UnruledService/Forgotten"} {
		err := conn.Invoke(sending(t, "Bearer "+issuer.Token(token.Spec{Subject: "ada"})), method, &bindRequest{User: "ada"}, &bindResponse{})
		notProtected.check(t, err)
	}
}

// A handler written by hand hands any message to the interceptor, and then to
// what it calls.
func TestBindRefusesWhatIsNotTheRequest(t *testing.T) {
	t.Parallel()
	for name, message := range map[string]any{
		"another message":    &bindResponse{User: "ada"},
		"no message at all":  "ada",
		"nothing":            nil,
		"the field of a map": map[string]string{"user": "ada"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issuer := authtest.NewIssuer(t)
			guard := guardBy(t, issuer)
			srv := grpc.NewServer(guard.ServerOptions()...)
			srv.RegisterService(&grpc.ServiceDesc{ServiceName: "testkit.v1.BindService", Methods: []grpc.MethodDesc{{
				MethodName: "Unary",
				Handler: func(_ any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
					if err := decode(&bindRequest{}); err != nil {
						return nil, err
					}
					return intercept(ctx, message, &grpc.UnaryServerInfo{FullMethod: "/testkit.v1.BindService/Unary"}, func(context.Context, any) (any, error) {
						t.Error("the handler ran")
						return &bindResponse{}, nil
					})
				},
			}}}, nil)
			if err := guard.Protect(srv); err != nil {
				t.Fatal(err)
			}
			_, err := testkitv1.NewBindServiceClient(startOwn(t, srv)).Unary(sending(t, "Bearer "+issuer.Token(token.Spec{Subject: "ada"})), &bindRequest{User: "ada"})
			outcome{codes.Internal, internalError}.check(t, err)
			if strings.Contains(err.Error(), "bind") {
				t.Errorf("the client is told: %v", err)
			}
		})
	}
}
