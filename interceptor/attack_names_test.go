package interceptor_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcauth/grpcauth/authtest"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
)

// outerCall is the transport stream of a call that another one is made within.
type outerCall struct{ method string }

func (o outerCall) Method() string             { return o.method }
func (outerCall) SetHeader(metadata.MD) error  { return nil }
func (outerCall) SendHeader(metadata.MD) error { return nil }
func (outerCall) SetTrailer(metadata.MD) error { return nil }

// A handler that calls another service in its own process, and hands its own
// context on, must not open that service with its own method's rule.
func TestACallWithinAnotherMeetsBothRules(t *testing.T) {
	t.Parallel()
	server := newServer(t, authtest.NewIssuer(t))
	call := func(outer, inner string) error {
		ctx := grpc.NewContextWithServerTransportStream(t.Context(), outerCall{"/testkit.v1.RulesService/" + outer})
		_, err := server.Guard().Unary()(ctx, &testkitv1.PublicRequest{}, &grpc.UnaryServerInfo{FullMethod: "/testkit.v1.RulesService/" + inner},
			func(context.Context, any) (any, error) { return nil, nil })
		return err
	}
	unauthenticated(missing).check(t, call("Public", "Roles"))
	unauthenticated(missing).check(t, call("Roles", "Public"))
	ok.check(t, call("Public", "Public"))
	ok.check(t, call("Public", "Optional"))
}

// What is written beside a method is replaced by its name only.
func TestWildcardsReplaceNoMethodsOwnRule(t *testing.T) {
	t.Parallel()
	guard := newGuard(t, interceptor.OverrideRule("/testkit.v1.RulesService/*", interceptor.Public()))
	srv := grpc.NewServer(guard.ServerOptions()...)
	testkitv1.RegisterRulesServiceServer(srv, rules{})
	want := `/testkit.v1.RulesService/Roles: OverrideRule("/testkit.v1.RulesService/*"), but it has a rule of its own in its .proto: name the method to replace that one knowingly`
	err := guard.Protect(srv)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Protect = %v\nwant an error with %s", err, want)
	}
	if err != nil && strings.Contains(err.Error(), "/testkit.v1.RulesService/Inherited") {
		t.Error("the service's own rule may be replaced")
	}
}

func TestNewRefusesAnOptionThatIsNil(t *testing.T) {
	t.Parallel()
	_, err := interceptor.New(authtest.NewIssuer(t).Verifier(), interceptor.WithCacheBytes(0), nil)
	if err == nil || err.Error() != "interceptor: New: option 2 is nil" {
		t.Errorf("New = %v", err)
	}
}
