package interceptor_test

import (
	"runtime"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcauth/grpcauth/authtest"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/revocation"
)

type pointerChecker struct{ revocation.Checker }

// A nil function in a Checker is found at the start, and not by the first call.
func TestACheckerThatIsNilInsideIsRefused(t *testing.T) {
	t.Parallel()
	for name, checker := range map[string]revocation.Checker{
		"nothing":       nil,
		"a function":    revocation.CheckerFunc(nil),
		"a nil pointer": (*pointerChecker)(nil),
	} {
		if _, err := interceptor.New(authtest.NewIssuer(t).Verifier(), interceptor.WithRevocations(checker)); err == nil {
			t.Errorf("%s is taken for a checker", name)
		}
	}
}

// Patterns that look as if they covered everything cover nothing: each is an
// error at the start, and none opens a method.
func TestPatternsThatCoverTooMuch(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{
		"", "*", "/", "/*", "//", "//*", "/*/*", "/**", "*/*", "/testkit.v1.*/*", "/testkit.v1.UnruledService", "/testkit.v1.UnruledService/",
		"testkit.v1.UnruledService/*", "//testkit.v1.UnruledService/*", "/testkit.v1.UnruledService/*/", "/testkit.v1.UnruledService/For*",
		"/testkit.v1.UnruledService/**", "/testkit.v1.unruledservice/*", "/testkit.v1.UnruledService /*", ".testkit.v1.UnruledService/*",
	} {
		guard, err := interceptor.New(authtest.NewIssuer(t).Verifier(), interceptor.WithRule(pattern, interceptor.Public()))
		if err != nil {
			continue
		}
		srv := grpc.NewServer(guard.ServerOptions()...)
		testkitv1.RegisterUnruledServiceServer(srv, testkitv1.UnimplementedUnruledServiceServer{})
		if err := guard.Protect(srv); err == nil || guard.Rules() != nil {
			t.Errorf("%q opens %v", pattern, guard.Rules())
		}
	}
}

// A failed Protect after one that succeeded takes nothing back and opens
// nothing.
func TestProtectThatFailsLaterOpensNothing(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	guard, err := interceptor.New(issuer.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	srv := grpc.NewServer(guard.ServerOptions()...)
	testkitv1.RegisterStreamsServiceServer(srv, streams{})
	if err := guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	testkitv1.RegisterUnruledServiceServer(srv, testkitv1.UnimplementedUnruledServiceServer{})
	if err := guard.Protect(srv); err == nil {
		t.Fatal("a service without rules is protected")
	}
	conn := startOwn(t, srv)
	_, err = testkitv1.NewUnruledServiceClient(conn).Forgotten(t.Context(), &testkitv1.ForgottenRequest{})
	denied(noRule).check(t, err)
	_, err = testkitv1.NewStreamsServiceClient(conn).Unary(t.Context(), &testkitv1.UnaryRequest{})
	unauthenticated(missing).check(t, err)
}

// A Guard has no goroutine of its own while no stream is open.
func TestGuardsThatAreDroppedLeaveNothingRunning(t *testing.T) {
	issuer := authtest.NewIssuer(t)
	before := runtime.NumGoroutine()
	for range 200 {
		if _, err := interceptor.New(issuer.Verifier()); err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before+20; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines are left of 200 guards", runtime.NumGoroutine()-before)
		}
	}
}
