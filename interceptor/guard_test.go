package interceptor_test

import (
	"context"
	"io"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

const (
	missing      = grpcauthv1.Reason_REASON_TOKEN_MISSING
	malformed    = grpcauthv1.Reason_REASON_TOKEN_MALFORMED
	multiple     = grpcauthv1.Reason_REASON_TOKEN_MULTIPLE
	signature    = grpcauthv1.Reason_REASON_TOKEN_SIGNATURE
	keyUnknown   = grpcauthv1.Reason_REASON_TOKEN_KEY_UNKNOWN
	expired      = grpcauthv1.Reason_REASON_TOKEN_EXPIRED
	audience     = grpcauthv1.Reason_REASON_TOKEN_AUDIENCE
	wrongKind    = grpcauthv1.Reason_REASON_TOKEN_KIND
	scopeMissing = grpcauthv1.Reason_REASON_SCOPE_MISSING
	roleMissing  = grpcauthv1.Reason_REASON_ROLE_MISSING
	roleDenied   = grpcauthv1.Reason_REASON_ROLE_DENIED
	noRule       = grpcauthv1.Reason_REASON_NO_RULE
)

// newServer serves both test services. The rule for another issuer is
// overridden: tests of a single issuer can't meet it.
func newServer(t *testing.T, issuer *authtest.Issuer, options ...interceptor.Option) *authtest.Server {
	t.Helper()
	options = append(options, interceptor.OverrideRule("/testkit.v1.RulesService/Issuers", interceptor.Authenticated()))
	return authtest.NewServer(t, issuer, func(r grpc.ServiceRegistrar) {
		testkitv1.RegisterRulesServiceServer(r, rules{})
		testkitv1.RegisterStreamsServiceServer(r, streams{})
	}, options...)
}

// sending is a context that sends these authorization values.
func sending(t *testing.T, values ...string) context.Context {
	md := metadata.MD{}
	md.Append("authorization", values...)
	return metadata.NewOutgoingContext(t.Context(), md)
}

// eachShape calls one method of each shape and hands its outcome to check.
func eachShape(t *testing.T, conn grpc.ClientConnInterface, ctx context.Context, check func(t *testing.T, subject string, err error)) {
	t.Helper()
	client := testkitv1.NewStreamsServiceClient(conn)
	t.Run("unary", func(t *testing.T) {
		res, err := client.Unary(ctx, &testkitv1.UnaryRequest{})
		check(t, res.GetText(), err)
	})
	t.Run("server stream", func(t *testing.T) {
		stream, err := client.ServerStream(ctx, &testkitv1.ServerStreamRequest{})
		if err != nil {
			t.Fatal(err)
		}
		res, err := stream.Recv()
		check(t, string(res.GetPayload()), err)
	})
	t.Run("client stream", func(t *testing.T) {
		stream, err := client.ClientStream(ctx)
		if err != nil {
			t.Fatal(err)
		}
		_ = stream.Send(&testkitv1.ClientStreamRequest{}) // io.EOF once refused: the reason is in CloseAndRecv
		_, err = stream.CloseAndRecv()
		check(t, "", err)
	})
	t.Run("bidi", func(t *testing.T) {
		stream, err := client.Bidi(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.Send(&testkitv1.BidiRequest{}); err != nil && err != io.EOF {
			t.Fatal(err)
		}
		res, err := stream.Recv()
		check(t, res.GetText(), err)
	})
}

// checklist: B1, V3
func TestCredentialOverTheWire(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	good := issuer.Token(token.Spec{Subject: "ada"})
	conn := newServer(t, issuer).Anonymous()
	for name, tc := range map[string]struct {
		values []string
		want   outcome
	}{
		"1 no header":                 {nil, unauthenticated(missing)},
		"2 another scheme":            {[]string{"Basic x"}, unauthenticated(missing)},
		"3 empty token":               {[]string{"Bearer "}, unauthenticated(malformed)},
		"4 two words":                 {[]string{"Bearer a b"}, unauthenticated(malformed)},
		"4 two in one value":          {[]string{"Bearer " + good + ", Bearer " + good}, unauthenticated(malformed)},
		"5 two values":                {[]string{"Bearer " + good, "Bearer " + good}, unauthenticated(multiple)},
		"6 scheme in lower case":      {[]string{"bearer " + good}, ok},
		"6 scheme in upper case":      {[]string{"BEARER " + good}, ok},
		"10 one segment":              {[]string{"Bearer junk"}, unauthenticated(malformed)},
		"10 three junk segments":      {[]string{"Bearer a.b.c"}, unauthenticated(malformed)},
		"10 four segments":            {[]string{"Bearer " + good + ".x"}, unauthenticated(malformed)},
		"12 expired":                  {[]string{"Bearer " + issuer.Expired(token.Spec{})}, unauthenticated(expired)},
		"16 another audience":         {[]string{"Bearer " + issuer.WrongAudience(token.Spec{})}, unauthenticated(audience)},
		"25 another key's signature":  {[]string{"Bearer " + issuer.WrongKey(token.Spec{})}, unauthenticated(signature)},
		"28 a custom kind for access": {[]string{"Bearer " + issuer.Token(token.Spec{Kind: "password-reset+jwt"})}, unauthenticated(wrongKind)},
		"28 one of our refresh tokens": {
			[]string{"Bearer grt_AQAAAAB0aGlzIGlzIG5vdCBhIEpXVA"}, unauthenticated(malformed),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachShape(t, conn, sending(t, tc.values...), func(t *testing.T, subject string, err error) {
				tc.want.check(t, err)
				if err == nil && subject != "ada" && subject != "" {
					t.Errorf("subject = %q", subject)
				}
			})
		})
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	server := newServer(t, authtest.NewIssuer(t))
	call := func(method string) func(context.Context, grpc.ClientConnInterface) (string, error) {
		return func(ctx context.Context, conn grpc.ClientConnInterface) (string, error) {
			res := &testkitv1.PublicResponse{} // every response of the service has this one field
			err := conn.Invoke(ctx, "/testkit.v1.RulesService/"+method, &testkitv1.PublicRequest{}, res)
			return res.GetSubject(), err
		}
	}
	nobody := server.Anonymous()
	stranger := server.WithToken(authtest.NewIssuer(t).Token(token.Spec{})) // the same name, another key
	ada := func(spec token.Spec) *grpc.ClientConn {
		spec.Subject = "ada"
		return server.With(spec)
	}
	for name, tc := range map[string]struct {
		method  string
		conn    *grpc.ClientConn
		want    outcome
		subject string
	}{
		"6 public without a token":               {"Public", nobody, ok, "nobody"},
		"6 public does not read a good token":    {"Public", ada(token.Spec{}), ok, "nobody"},
		"6 public does not read a bad token":     {"Public", server.WithToken("junk"), ok, "nobody"},
		"30 optional without a token":            {"Optional", nobody, ok, "nobody"},
		"30 optional with a good token":          {"Optional", ada(token.Spec{}), ok, "ada"},
		"30 optional with a malformed token":     {"Optional", server.WithToken("junk"), unauthenticated(malformed), ""},
		"30 optional with a stranger's token":    {"Optional", stranger, unauthenticated(grpcauthv1.Reason_REASON_TOKEN_KEY_UNKNOWN), ""},
		"30 optional with the wrong kind":        {"Optional", ada(token.Spec{Kind: "password-reset+jwt"}), unauthenticated(wrongKind), ""},
		"authenticated without a token":          {"Authenticated", nobody, unauthenticated(missing), ""},
		"authenticated with any token":           {"Authenticated", ada(token.Spec{}), ok, "ada"},
		"the service's rule holds":               {"Inherited", ada(token.Spec{}), denied(scopeMissing), ""},
		"the service's rule is met":              {"Inherited", ada(token.Spec{Scopes: []string{"service.scope"}}), ok, "ada"},
		"a method's rule replaces the service's": {"Scopes", ada(token.Spec{Scopes: []string{"service.scope"}}), denied(scopeMissing), ""},
		"36 all scopes":                          {"Scopes", ada(token.Spec{Scopes: []string{"b", "x", "a"}}), ok, "ada"},
		"36 one of two scopes":                   {"Scopes", ada(token.Spec{Scopes: []string{"a"}}), denied(scopeMissing), ""},
		"36 a longer scope is another scope":     {"Scopes", ada(token.Spec{Scopes: []string{"ab", "ba"}}), denied(scopeMissing), ""},
		"36 any scope":                           {"AnyScopes", ada(token.Spec{Scopes: []string{"b"}}), ok, "ada"},
		"36 none of any scopes":                  {"AnyScopes", ada(token.Spec{Scopes: []string{"c"}}), denied(scopeMissing), ""},
		"40 a role that is allowed":              {"Roles", ada(token.Spec{Roles: []string{"owner"}}), ok, "ada"},
		"40 no role":                             {"Roles", ada(token.Spec{}), denied(roleMissing), ""},
		"40 a denied role beside an allowed one": {"Roles", ada(token.Spec{Roles: []string{"admin", "suspended"}}), denied(roleDenied), ""},
		"28 the kind the rule names":             {"Kinds", ada(token.Spec{Kind: "password-reset+jwt"}), ok, "ada"},
		"28 an access token for another kind":    {"Kinds", ada(token.Spec{}), unauthenticated(wrongKind), ""},
		"an overridden rule":                     {"Issuers", ada(token.Spec{}), ok, "ada"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := call(tc.method)(t.Context(), tc.conn)
			tc.want.check(t, err)
			if got != tc.subject {
				t.Errorf("the handler saw %q, want %q", got, tc.subject)
			}
		})
	}
}

func TestScopeMissingNamesTheScopes(t *testing.T) {
	t.Parallel()
	conn := newServer(t, authtest.NewIssuer(t)).As("ada", "a")
	var header metadata.MD
	_, err := testkitv1.NewRulesServiceClient(conn).Scopes(t.Context(), &testkitv1.ScopesRequest{}, grpc.Header(&header))
	denied(scopeMissing).check(t, err)
	if got := metadataOf(err)["scopes"]; got != "a b" {
		t.Errorf("metadata scopes = %q, want %q", got, "a b")
	}
	want := `Bearer error="insufficient_scope", error_description="the token lacks a scope", scope="a b"`
	if got := header.Get("www-authenticate"); len(got) != 1 || got[0] != want {
		t.Errorf("www-authenticate = %q\nwant %q", got, want)
	}
}

// checklist: B1
func TestChallengeHasNoErrorCodeWhenNoTokenWasSent(t *testing.T) {
	t.Parallel()
	conn := newServer(t, authtest.NewIssuer(t)).Anonymous()
	stream, err := testkitv1.NewStreamsServiceClient(conn).ServerStream(t.Context(), &testkitv1.ServerStreamRequest{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	unauthenticated(missing).check(t, err)
	header, err := stream.Header()
	if err != nil {
		t.Fatal(err)
	}
	if got := header.Get("www-authenticate"); len(got) != 1 || got[0] != "Bearer" {
		t.Errorf("www-authenticate = %q, want Bearer alone", got)
	}
}

// checklist: B5
func TestIdentityLikeMetadataChangesNothing(t *testing.T) {
	t.Parallel()
	server := newServer(t, authtest.NewIssuer(t))
	forged := metadata.Pairs("x-user", "root", "x-forwarded-user", "root", "grpcauth-subject", "root",
		"grpcauth-claims", `{"sub":"root"}`, "x-forwarded-client-cert", "x", "x-api-token", "x")
	ctx := metadata.NewOutgoingContext(t.Context(), forged)
	eachShape(t, server.Anonymous(), ctx, func(t *testing.T, _ string, err error) { unauthenticated(missing).check(t, err) })
	eachShape(t, server.As("ada"), ctx, func(t *testing.T, subject string, err error) {
		ok.check(t, err)
		if subject != "ada" && subject != "" {
			t.Errorf("the handler saw %q", subject)
		}
	})
}

func TestObserverSeesEveryDecision(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var seen []interceptor.Decision
	server := newServer(t, authtest.NewIssuer(t), interceptor.WithObserver(func(_ context.Context, d interceptor.Decision) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, d)
	}))
	client := testkitv1.NewRulesServiceClient(server.As("ada"))
	_, _ = client.Public(t.Context(), &testkitv1.PublicRequest{})
	_, _ = client.Authenticated(t.Context(), &testkitv1.AuthenticatedRequest{})
	_, _ = client.Scopes(t.Context(), &testkitv1.ScopesRequest{})

	mu.Lock()
	defer mu.Unlock()
	want := []struct {
		method, subject string
		reason          grpcauthv1.Reason
	}{
		{"/testkit.v1.RulesService/Public", "", 0},
		{"/testkit.v1.RulesService/Authenticated", "ada", 0},
		{"/testkit.v1.RulesService/Scopes", "ada", scopeMissing},
	}
	if len(seen) != len(want) {
		t.Fatalf("%d decisions, want %d", len(seen), len(want))
	}
	for i, w := range want {
		d := seen[i]
		var subject string
		if d.Claims != nil {
			subject = d.Claims.Subject()
		}
		if d.Method != w.method || d.Reason != w.reason || subject != w.subject || d.Denied() != (w.reason != 0) || d.Denied() != (d.Cause != nil) {
			t.Errorf("decision %d = %+v, want %+v", i, d, w)
		}
	}
}

func TestExpiryInsideTheLeeway(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	conn := newServer(t, issuer).With(token.Spec{Subject: "ada", Lifetime: time.Second})
	eachShape(t, conn, t.Context(), func(t *testing.T, _ string, err error) { ok.check(t, err) })
}
