package interceptor_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

const internalError = grpcauthv1.Reason_REASON_INTERNAL

// within is a service whose handlers hold the call to a rule of their own.
type within struct {
	streams
	authenticate func(context.Context) (string, error)
}

func (w within) Unary(ctx context.Context, _ *testkitv1.UnaryRequest) (*testkitv1.UnaryResponse, error) {
	got, err := w.authenticate(ctx)
	return &testkitv1.UnaryResponse{Text: got}, err
}

func (w within) ServerStream(_ *testkitv1.ServerStreamRequest, stream grpc.ServerStreamingServer[testkitv1.ServerStreamResponse]) error {
	got, err := w.authenticate(stream.Context())
	if err != nil {
		return err
	}
	return stream.Send(&testkitv1.ServerStreamResponse{Payload: []byte(got)})
}

func (w within) ClientStream(stream grpc.ClientStreamingServer[testkitv1.ClientStreamRequest, testkitv1.ClientStreamResponse]) error {
	if _, err := w.authenticate(stream.Context()); err != nil {
		return err
	}
	return w.streams.ClientStream(stream)
}

func (w within) Bidi(stream grpc.BidiStreamingServer[testkitv1.BidiRequest, testkitv1.BidiResponse]) error {
	got, err := w.authenticate(stream.Context())
	if err != nil {
		return err
	}
	return stream.Send(&testkitv1.BidiResponse{Text: got})
}

// withinServer serves methods of that rule whose handlers authenticate by
// another one.
func withinServer(t *testing.T, issuer *authtest.Issuer, outer, inner *grpcauthv1.Rule, options ...interceptor.Option) *authtest.Server {
	t.Helper()
	var server *authtest.Server
	service := within{authenticate: func(ctx context.Context) (string, error) {
		ctx, err := server.Guard().Authenticate(ctx, inner)
		if err != nil {
			return "", err
		}
		return subject(ctx), nil
	}}
	options = append(options, interceptor.OverrideRule("/testkit.v1.StreamsService/*", outer))
	server = authtest.NewServer(t, issuer, func(r grpc.ServiceRegistrar) { testkitv1.RegisterStreamsServiceServer(r, service) }, options...)
	return server
}

func TestAuthenticateInAHandler(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	raw := func(spec token.Spec) string { spec.Subject = "ada"; return "Bearer " + issuer.Token(spec) }
	plain, scoped := raw(token.Spec{}), raw(token.Spec{Scopes: []string{"a"}})
	for name, tc := range map[string]struct {
		outer, inner *grpcauthv1.Rule
		values       []string
		want         outcome
		subject      string
	}{
		"public, and a good token":               {interceptor.Public(), interceptor.Authenticated(), []string{plain}, ok, "ada"},
		"public, and no token":                   {interceptor.Public(), interceptor.Authenticated(), nil, unauthenticated(missing), ""},
		"public, and a bad token":                {interceptor.Public(), interceptor.Authenticated(), []string{"Bearer junk"}, unauthenticated(malformed), ""},
		"public, and an expired token":           {interceptor.Public(), interceptor.Authenticated(), []string{"Bearer " + issuer.Expired(token.Spec{})}, unauthenticated(expired), ""},
		"public, optional within, and no token":  {interceptor.Public(), interceptor.Optional(), nil, ok, "nobody"},
		"public, optional within, and a token":   {interceptor.Public(), interceptor.Optional(), []string{plain}, ok, "ada"},
		"public, optional within, and a bad one": {interceptor.Public(), interceptor.Optional(), []string{"Bearer junk"}, unauthenticated(malformed), ""},
		"public, public within":                  {interceptor.Public(), interceptor.Public(), []string{plain}, ok, "nobody"},
		"a stricter rule is met":                 {interceptor.Authenticated(), interceptor.Scopes("a"), []string{scoped}, ok, "ada"},
		"a stricter rule is not met":             {interceptor.Authenticated(), interceptor.Scopes("a"), []string{plain}, denied(scopeMissing), ""},
		"a looser rule takes nothing back":       {interceptor.Authenticated(), interceptor.Public(), []string{plain}, ok, "ada"},
		"another kind":                           {interceptor.Public(), &grpcauthv1.Rule{Kinds: []string{"x+jwt"}}, []string{plain}, unauthenticated(wrongKind), ""},
		"a rule that is nil":                     {interceptor.Public(), nil, []string{plain}, outcome{codes.Internal, internalError}, ""},
		"a rule that can't be right":             {interceptor.Public(), &grpcauthv1.Rule{Public: true, Roles: []string{"x"}}, []string{plain}, outcome{codes.Internal, internalError}, ""},
		"a rule that names nothing":              {interceptor.Public(), interceptor.Roles(), []string{plain}, outcome{codes.Internal, internalError}, ""},
		"a rule that binds":                      {interceptor.Public(), &grpcauthv1.Rule{Bind: []*grpcauthv1.Binding{{Claim: "sub", Field: "text"}}}, []string{plain}, outcome{codes.Internal, internalError}, ""},
		"an issuer that is not trusted":          {interceptor.Public(), &grpcauthv1.Rule{Issuers: []string{"https://other.example"}}, []string{plain}, outcome{codes.Internal, internalError}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := withinServer(t, issuer, tc.outer, tc.inner).Anonymous()
			eachShape(t, conn, sending(t, tc.values...), func(t *testing.T, got string, err error) {
				tc.want.check(t, err)
				if got != tc.subject && got != "" {
					t.Errorf("the handler saw %q, want %q", got, tc.subject)
				}
			})
		})
	}
}

// It is the same decision: transport, users, checks, mapper and observer, and
// no challenge, because a handler ran.
func TestAuthenticateIsTheWholeDecision(t *testing.T) {
	t.Parallel()
	var j journal
	var seen []interceptor.Decision
	server := withinServer(t, authtest.NewIssuer(t), interceptor.Public(), interceptor.Scopes("a"),
		interceptor.WithUser(func(context.Context, *token.Claims) (*user, error) { j.note("user"); return &user{}, nil }),
		interceptor.WithCheck(func(context.Context, *token.Claims) error { j.note("check"); return nil }),
		interceptor.WithErrorMapper(func(_ context.Context, d *interceptor.Denial) error { j.note("mapper"); return d }),
		interceptor.WithObserver(func(_ context.Context, d interceptor.Decision) { seen = append(seen, d) }))
	for _, tc := range []struct {
		conn  *grpc.ClientConn
		want  outcome
		asked string
	}{
		{server.As("ada", "a"), ok, "check user"},
		{server.As("ada"), denied(scopeMissing), "mapper"},
	} {
		seen = nil
		var header metadata.MD
		_, err := testkitv1.NewStreamsServiceClient(tc.conn).Unary(t.Context(), &testkitv1.UnaryRequest{}, grpc.Header(&header))
		tc.want.check(t, err)
		if asked := strings.Join(j.read(), " "); asked != tc.asked {
			t.Errorf("asked %q, want %q", asked, tc.asked)
		}
		if len(header.Get("www-authenticate")) != 0 {
			t.Error("a handler ran, and the client is told that none did")
		}
		if len(seen) != 2 || seen[0].Denied() || seen[1].Reason != tc.want.reason || seen[1].Method != "/testkit.v1.StreamsService/Unary" || !seen[1].Registered {
			t.Errorf("the observer saw %+v", seen)
		}
	}
}

func TestAuthenticateTellsWhatIsWrongWithTheRule(t *testing.T) {
	t.Parallel()
	server := newServer(t, authtest.NewIssuer(t))
	for want, rule := range map[string]*grpcauthv1.Rule{
		"interceptor: Authenticate: the rule is nil: pass interceptor.Authenticated() or another one":                                                            nil,
		"interceptor: Authenticate: the rule can't be right: public stands beside roles: a public method reads no token, so remove one of the two":               {Public: true, Roles: []string{"x"}},
		"interceptor: Authenticate: the rule can't be right: scopes holds an empty name, or was given none: name what is required":                               interceptor.Scopes(),
		"interceptor: Authenticate: the rule can't be right: issuer \"https://other.example\" is not one that the verifier trusts (" + authtest.IssuerName + ")": {Issuers: []string{"https://other.example"}},
	} {
		_, err := server.Guard().Authenticate(t.Context(), rule)
		if cause := errors.Unwrap(err); cause == nil || cause.Error() != want {
			t.Errorf("got  %v\nwant %s", cause, want)
		}
	}
}

func TestAuthenticateRefusesUntilProtected(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]interceptor.Option{
		"as it is":        nil,
		"when it reports": {interceptor.InsecureReportOnly(), interceptor.WithObserver(func(context.Context, interceptor.Decision) {})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newGuard(t, options...).Authenticate(t.Context(), interceptor.Public())
			outcome{codes.Internal, grpcauthv1.Reason_REASON_NOT_PROTECTED}.check(t, err)
		})
	}
}
