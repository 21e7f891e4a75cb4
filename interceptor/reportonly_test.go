package interceptor_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/revocation"
	"github.com/grpcauth/grpcauth/token"
)

// decisions is what an observer was told.
type decisions struct {
	mu   sync.Mutex
	seen []interceptor.Decision
}

func (d *decisions) option() interceptor.Option {
	return interceptor.WithObserver(func(_ context.Context, seen interceptor.Decision) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.seen = append(d.seen, seen)
	})
}

// read is what was seen since it was last read.
func (d *decisions) read() []interceptor.Decision {
	d.mu.Lock()
	defer d.mu.Unlock()
	seen := d.seen
	d.seen = nil
	return seen
}

func TestReportOnlyLetsThroughAsNobody(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	good := "Bearer " + issuer.Token(token.Spec{Subject: "ada", Scopes: []string{"a"}})
	refuse := func(err error) func(context.Context, *token.Claims) error {
		return func(context.Context, *token.Claims) error { return err }
	}
	for name, tc := range map[string]struct {
		values  []string
		options []interceptor.Option
		reason  grpcauthv1.Reason
		subject string
	}{
		"what is let in anyway":         {[]string{good}, nil, 0, "ada"},
		"no token":                      {nil, nil, missing, "nobody"},
		"two tokens":                    {[]string{good, good}, nil, multiple, "nobody"},
		"an expired token":              {[]string{"Bearer " + issuer.Expired(token.Spec{})}, nil, expired, "nobody"},
		"a scope is missing":            {[]string{"Bearer " + issuer.Token(token.Spec{})}, nil, scopeMissing, "nobody"},
		"a token that was revoked":      {[]string{good}, []interceptor.Option{interceptor.WithRevocations(revocation.CheckerFunc(refuse(revocation.ErrRevoked)))}, grpcauthv1.Reason_REASON_TOKEN_REVOKED, "nobody"},
		"revocations that can't be had": {[]string{good}, []interceptor.Option{interceptor.WithRevocations(revocation.CheckerFunc(refuse(errors.New("down"))))}, grpcauthv1.Reason_REASON_REVOCATION_UNAVAILABLE, "nobody"},
		"a check that refuses":          {[]string{good}, []interceptor.Option{interceptor.WithCheck(refuse(interceptor.ErrRejected))}, rejected, "nobody"},
		"a user that is not there":      {[]string{good}, []interceptor.Option{loads[*user](nil)}, userNotFound, "nobody"},
		"a mapper that maps":            {nil, []interceptor.Option{mapTo(errors.New("mapped"))}, missing, "nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d decisions
			conn := newServer(t, issuer, append(tc.options, d.option(), interceptor.InsecureReportOnly(),
				interceptor.OverrideRule("/testkit.v1.StreamsService/*", interceptor.Scopes("a")))...).Anonymous()
			eachShape(t, conn, sending(t, tc.values...), func(t *testing.T, got string, err error) {
				ok.check(t, err)
				if got != tc.subject && got != "" {
					t.Errorf("the handler saw %q, want %q", got, tc.subject)
				}
				seen := d.read()
				if len(seen) != 1 || seen[0].Reason != tc.reason || seen[0].ReportOnly != (tc.reason != 0) || !seen[0].Registered || seen[0].StreamEnd {
					t.Errorf("the observer saw %+v", seen)
				}
			})
		})
	}
}

func TestReportOnlySendsNoChallenge(t *testing.T) {
	t.Parallel()
	var d decisions
	conn := newServer(t, authtest.NewIssuer(t), interceptor.InsecureReportOnly(), d.option()).Anonymous()
	var header metadata.MD
	_, err := testkitv1.NewRulesServiceClient(conn).Scopes(t.Context(), &testkitv1.ScopesRequest{}, grpc.Header(&header))
	ok.check(t, err)
	if len(header.Get("www-authenticate")) != 0 {
		t.Error("a call that was let through is told that it was refused")
	}
}

func TestReportOnlyEndsNoStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var d decisions
		client := streamServer(t, streams{}, d.option(), interceptor.InsecureReportOnly())
		stream, err := client.Bidi(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range 3 { // before the token expires, and twice after
			if err := stream.Send(&testkitv1.BidiRequest{}); err != nil {
				t.Fatal(err)
			}
			if res, err := stream.Recv(); err != nil || res.GetText() != "ada" {
				t.Fatalf("%v, %v", res, err)
			}
			time.Sleep(lifetime + leeway + time.Minute)
		}
		if err := stream.CloseSend(); err != nil {
			t.Fatal(err)
		}
		_, _ = stream.Recv()
		synctest.Wait()
		seen := d.read()
		if len(seen) != 2 || seen[0].Denied() || !seen[1].StreamEnd || !seen[1].ReportOnly || seen[1].Reason != expired || seen[1].Elapsed != 0 {
			t.Errorf("the observer saw %+v", seen)
		}
	})
}

// Methods without a rule are the reason to report first: they are told apart
// from those that nobody registered.
func TestReportOnlyServesMethodsWithoutARule(t *testing.T) {
	t.Parallel()
	var d decisions
	guard := newGuard(t, d.option(), interceptor.InsecureReportOnly(),
		interceptor.OverrideRule("/testkit.v1.StreamsService/Unary", &grpcauthv1.Rule{Public: true, Roles: []string{"x"}}))
	srv := grpc.NewServer(append(guard.ServerOptions(), grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return nil }))...)
	testkitv1.RegisterUnruledServiceServer(srv, testkitv1.UnimplementedUnruledServiceServer{})
	testkitv1.RegisterStreamsServiceServer(srv, streams{})
	err := guard.Protect(srv)
	if err == nil || !strings.Contains(err.Error(), "/testkit.v1.UnruledService/Forgotten: no rule") || !strings.Contains(err.Error(), "public stands beside roles") {
		t.Fatalf("Protect = %v", err)
	}
	for _, r := range guard.Rules() {
		if strings.Contains(r.Method, "Forgotten") || strings.HasSuffix(r.Method, "/Unary") {
			t.Errorf("%s is listed with the rule %v", r.Method, r.Rule)
		}
	}
	conn := startOwn(t, srv)
	for method, want := range map[string]struct {
		code       codes.Code // of the handler
		reason     grpcauthv1.Reason
		registered bool
	}{
		"/testkit.v1.UnruledService/Forgotten":     {codes.Unimplemented, noRule, true},
		"/testkit.v1.UnruledService/AlsoForgotten": {codes.Unimplemented, noRule, true},
		"/testkit.v1.StreamsService/Unary":         {codes.OK, noRule, true},
		"/testkit.v1.StreamsService/ServerStream":  {codes.OK, missing, true},
		"/nobody.knows.It/Method":                  {codes.OK, noRule, false},
	} {
		stream, err := conn.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.SendMsg(&testkitv1.UnaryRequest{}); err != nil {
			t.Fatal(err)
		}
		_ = stream.CloseSend()
		err = stream.RecvMsg(&testkitv1.UnaryResponse{})
		if want.code != codes.OK || err != nil && err.Error() != "EOF" {
			outcome{want.code, 0}.check(t, err)
		}
		seen := d.read()
		if len(seen) != 1 || seen[0].Method != method || seen[0].Reason != want.reason || seen[0].Registered != want.registered || !seen[0].ReportOnly {
			t.Errorf("%s: the observer saw %+v", method, seen)
		}
	}
}

func TestReportOnlyWithoutProtect(t *testing.T) {
	t.Parallel()
	var d decisions
	guard := newGuard(t, d.option(), interceptor.InsecureReportOnly())
	srv := grpc.NewServer(guard.ServerOptions()...)
	testkitv1.RegisterStreamsServiceServer(srv, streams{})
	eachShape(t, startOwn(t, srv), t.Context(), func(t *testing.T, got string, err error) {
		ok.check(t, err)
		seen := d.read()
		if len(seen) != 1 || seen[0].Reason != grpcauthv1.Reason_REASON_NOT_PROTECTED || seen[0].Registered || !seen[0].ReportOnly || got == "ada" {
			t.Errorf("the handler saw %q, the observer %+v", got, seen)
		}
	})
}

func TestReportOnlyDoesNotLoosenAuthenticate(t *testing.T) {
	t.Parallel()
	var d decisions
	conn := withinServer(t, authtest.NewIssuer(t), interceptor.Scopes("x"), interceptor.Scopes("a"), d.option(), interceptor.InsecureReportOnly()).As("ada")
	eachShape(t, conn, t.Context(), func(t *testing.T, _ string, err error) {
		denied(scopeMissing).check(t, err)
		seen := d.read()
		if len(seen) != 2 || !seen[0].ReportOnly || seen[1].ReportOnly || seen[1].Reason != scopeMissing {
			t.Errorf("the observer saw %+v", seen)
		}
	})
}

// What AuthFunc can't guard is a refusal like any other.
func TestWhatAuthFuncRefusesIsObservedAndMapped(t *testing.T) {
	t.Parallel()
	notGuarded := grpcauthv1.Reason_REASON_NOT_GUARDED
	for name, tc := range map[string]struct {
		options []interceptor.Option
		want    outcome
		report  bool
	}{
		"refused":  {nil, outcome{codes.Internal, notGuarded}, false},
		"mapped":   {[]interceptor.Option{mapTo(&interceptor.Denial{Reason: noRule})}, denied(noRule), false},
		"reported": {[]interceptor.Option{interceptor.InsecureReportOnly()}, ok, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d decisions
			guard := newGuard(t, append(tc.options, d.option())...)
			guard.Stream() // taken, as Protect demands
			srv := grpc.NewServer(
				grpc.ChainUnaryInterceptor(auth.UnaryServerInterceptor(guard.AuthFunc())),
				grpc.ChainStreamInterceptor(auth.StreamServerInterceptor(guard.AuthFunc())))
			testkitv1.RegisterStreamsServiceServer(srv, streams{})
			if err := guard.Protect(srv); err != nil {
				t.Fatal(err)
			}
			stream, err := testkitv1.NewStreamsServiceClient(startOwn(t, srv)).ServerStream(t.Context(), &testkitv1.ServerStreamRequest{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = stream.Recv()
			tc.want.check(t, err)
			seen := d.read()
			if len(seen) != 1 || seen[0].Reason != notGuarded || seen[0].ReportOnly != tc.report || !seen[0].Registered {
				t.Errorf("the observer saw %+v", seen)
			}
		})
	}
}
