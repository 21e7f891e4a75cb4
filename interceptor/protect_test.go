package interceptor_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

func newGuard(t *testing.T, options ...interceptor.Option) *interceptor.Guard {
	t.Helper()
	guard, err := interceptor.New(authtest.NewIssuer(t).Verifier(), options...)
	if err != nil {
		t.Fatal(err)
	}
	return guard
}

// handMade is a service that no .proto describes.
var handMade = grpc.ServiceDesc{
	ServiceName: "hand.made.Service",
	HandlerType: (*any)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Do"}},
}

// checklist: B4; PARITY 41, 45
func TestProtectListsEveryGap(t *testing.T) {
	t.Parallel()
	guard := newGuard(t,
		interceptor.WithRule("/testkit.v1.StreamsService/Unary", interceptor.Public()),
		interceptor.WithRule("/testkit.v1.Nowhere/Typo", interceptor.Public()),
		interceptor.OverrideRule("/testkit.v1.RulesService/Issuers", &grpcauthv1.Rule{Public: true, Roles: []string{"a"}}))
	guard.Unary()
	srv := grpc.NewServer()
	testkitv1.RegisterRulesServiceServer(srv, rules{})
	testkitv1.RegisterStreamsServiceServer(srv, streams{})
	testkitv1.RegisterUnruledServiceServer(srv, testkitv1.UnimplementedUnruledServiceServer{})
	healthv1.RegisterHealthServer(srv, health.NewServer())
	srv.RegisterService(&handMade, nil)

	err := guard.Protect(srv)
	if err == nil {
		t.Fatal("a server with gaps is protected")
	}
	for _, want := range []string{
		"the server is not protected, ",
		"streams pass unguarded: give grpc.NewServer the option grpc.StreamInterceptor(guard.Stream()), or guard.ServerOptions()...",
		"/testkit.v1.UnruledService/Forgotten: no rule: add this inside rpc Forgotten in testkit/v1/testkit.proto, or a stricter one:\n        option (grpcauth.v1.rule) = {};",
		"/testkit.v1.UnruledService/AlsoForgotten: no rule",
		"/grpc.health.v1.Health/Check: no rule: add the option interceptor.WithPublicInfrastructure()",
		`/hand.made.Service/Do: no rule, and no descriptor of it is linked: add the option interceptor.WithRule("/hand.made.Service/Do", interceptor.Authenticated())`,
		`/testkit.v1.StreamsService/Unary: WithRule("/testkit.v1.StreamsService/Unary"), but it has a rule in its .proto (service option): remove one of the two, or use OverrideRule`,
		`WithRule("/testkit.v1.Nowhere/Typo"): no such method is registered`,
		"/testkit.v1.RulesService/Issuers (OverrideRule): public stands beside roles",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say: %s", want)
		}
	}
	if strings.Contains(err.Error(), "unary calls pass unguarded") {
		t.Error("the unary half was taken")
	}
	if guard.Rules() != nil {
		t.Error("an unprotected guard has rules")
	}
	if t.Failed() {
		t.Log(err)
	}
}

func TestProtectRefusesAServerWithoutServices(t *testing.T) {
	t.Parallel()
	guard := newGuard(t)
	err := guard.Protect(grpc.NewServer(guard.ServerOptions()...))
	if err == nil || !strings.Contains(err.Error(), "no service is registered: register the services before Protect") {
		t.Errorf("Protect = %v", err)
	}
}

// A list that came out empty must not become a rule without a requirement.
func TestProtectRefusesRulesThatNameNothing(t *testing.T) {
	t.Parallel()
	for field, rule := range map[string]*grpcauthv1.Rule{
		"scopes": interceptor.Scopes(), "any_scopes": interceptor.AnyScopes(), "roles": interceptor.Roles(),
	} {
		guard := newGuard(t, interceptor.WithRule("/hand.made.Service/Do", rule))
		srv := grpc.NewServer(guard.ServerOptions()...)
		srv.RegisterService(&handMade, nil)
		if err := guard.Protect(srv); err == nil || !strings.Contains(err.Error(), field+" holds an empty name, or was given none") {
			t.Errorf("%s: Protect = %v", field, err)
		}
	}
}

func TestProtectNamesTheOneLineToAdd(t *testing.T) {
	t.Parallel()
	guard := newGuard(t, interceptor.WithRule("/testkit.v1.UnruledService/AlsoForgotten", interceptor.Authenticated()))
	srv := grpc.NewServer(guard.ServerOptions()...)
	testkitv1.RegisterUnruledServiceServer(srv, testkitv1.UnimplementedUnruledServiceServer{})
	want := `interceptor: the server is not protected, 1 problem:
    /testkit.v1.UnruledService/Forgotten: no rule: add this inside rpc Forgotten in testkit/v1/testkit.proto, or a stricter one:
        option (grpcauth.v1.rule) = {};  // any caller with a valid access token`
	if err := guard.Protect(srv); err == nil || err.Error() != want {
		t.Errorf("Protect = %v\nwant %s", err, want)
	}
}

// checklist: B4
func TestGuardRefusesEverythingUntilProtected(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	guard, err := interceptor.New(issuer.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"/testkit.v1.RulesService/Public", "/testkit.v1.RulesService/Authenticated"} {
		_, err := guard.Unary()(t.Context(), nil, &grpc.UnaryServerInfo{FullMethod: method},
			func(context.Context, any) (any, error) { t.Error("the handler ran"); return nil, nil })
		outcome{codes.Internal, grpcauthv1.Reason_REASON_NOT_PROTECTED}.check(t, err)
	}
}

func TestRegisteredAfterProtectIsDenied(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	server := authtest.NewServer(t, issuer, func(r grpc.ServiceRegistrar) { testkitv1.RegisterStreamsServiceServer(r, streams{}) })
	_, err := server.Guard().Unary()(t.Context(), nil, &grpc.UnaryServerInfo{FullMethod: "/testkit.v1.RulesService/Public"},
		func(context.Context, any) (any, error) { t.Error("the handler ran"); return nil, nil })
	denied(noRule).check(t, err)
}

func TestRulesListsWhereEachRuleIsFrom(t *testing.T) {
	t.Parallel()
	guard := newGuard(t, interceptor.WithPublicInfrastructure(),
		interceptor.WithRule("/hand.made.Service/*", interceptor.Scopes("x")),
		interceptor.OverrideRule("/testkit.v1.StreamsService/Unary", interceptor.Roles("admin")))
	srv := grpc.NewServer(guard.ServerOptions()...)
	testkitv1.RegisterStreamsServiceServer(srv, streams{})
	srv.RegisterService(&handMade, nil)
	healthv1.RegisterHealthServer(srv, health.NewServer())
	reflection.Register(srv)
	if err := guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	got := map[string]interceptor.Source{}
	for _, r := range guard.Rules() {
		got[r.Method] = r.Source
	}
	for method, want := range map[string]interceptor.Source{
		"/hand.made.Service/Do":                                          interceptor.FromWithRule,
		"/testkit.v1.StreamsService/Unary":                               interceptor.FromOverrideRule,
		"/testkit.v1.StreamsService/Bidi":                                interceptor.FromService,
		"/grpc.health.v1.Health/Watch":                                   interceptor.FromInfrastructure,
		"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo":      interceptor.FromInfrastructure,
		"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": interceptor.FromInfrastructure,
	} {
		if got[method] != want {
			t.Errorf("%s: %q, want %q", method, got[method], want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	verifier := authtest.NewIssuer(t).Verifier()
	for name, tc := range map[string]struct {
		verifier *token.Verifier
		options  []interceptor.Option
		want     string
	}{
		"no verifier":       {nil, nil, "New needs a verifier"},
		"a malformed name":  {verifier, []interceptor.Option{interceptor.WithRule("pkg.Svc/Method", interceptor.Public())}, `want "/package.Service/Method"`},
		"no method":         {verifier, []interceptor.Option{interceptor.WithRule("/pkg.Svc/", interceptor.Public())}, `want "/package.Service/Method"`},
		"a nil rule":        {verifier, []interceptor.Option{interceptor.WithRule("/pkg.Svc/Method", nil)}, "the rule is nil"},
		"one pattern twice": {verifier, []interceptor.Option{interceptor.WithRule("/a.B/C", interceptor.Public()), interceptor.OverrideRule("/a.B/C", interceptor.Public())}, "was given a rule before"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := interceptor.New(tc.verifier, tc.options...)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("New = %v, want an error with %q", err, tc.want)
			}
		})
	}
}
