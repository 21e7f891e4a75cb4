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
	"github.com/grpcauth/grpcauth/token"
)

// sourceName is where the call's token stood, or "nowhere".
func sourceName(ctx context.Context) string {
	source, ok := interceptor.TokenSourceFrom(ctx)
	if !ok {
		return "nowhere"
	}
	return source.String()
}

// checklist: B1
func TestTokenSources(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	good := issuer.Token(token.Spec{})
	bearer, apiToken, custom := interceptor.Metadata("authorization", "Bearer"), interceptor.Metadata("X-Api-Token", ""), interceptor.Metadata("x-auth", "Token")
	for name, tc := range map[string]struct {
		sources []interceptor.TokenSource // nil for the default
		md      metadata.MD
		want    outcome
		source  string
	}{
		"the default":                           {nil, metadata.Pairs("authorization", "Bearer "+good), ok, "authorization: Bearer"},
		"7 another key":                         {[]interceptor.TokenSource{custom}, metadata.Pairs("x-auth", "Token "+good), ok, "x-auth: Token"},
		"7 another key, any case":               {[]interceptor.TokenSource{custom}, metadata.Pairs("X-AUTH", "TOKEN "+good), ok, "x-auth: Token"},
		"7 another key, and the default's":      {[]interceptor.TokenSource{custom}, metadata.Pairs("authorization", "Bearer "+good), unauthenticated(missing), ""},
		"7 another scheme":                      {[]interceptor.TokenSource{interceptor.Metadata("authorization", "JWT")}, metadata.Pairs("authorization", "JWT "+good), ok, "authorization: JWT"},
		"7 another scheme, and the default's":   {[]interceptor.TokenSource{interceptor.Metadata("authorization", "JWT")}, metadata.Pairs("authorization", "Bearer "+good), unauthenticated(missing), ""},
		"8 no scheme":                           {[]interceptor.TokenSource{apiToken}, metadata.Pairs("x-api-token", good), ok, "x-api-token"},
		"8 no scheme, and one is sent":          {[]interceptor.TokenSource{apiToken}, metadata.Pairs("x-api-token", "Bearer "+good), unauthenticated(malformed), ""},
		"8 no scheme, and nothing is sent":      {[]interceptor.TokenSource{apiToken}, metadata.Pairs("x-api-token", ""), unauthenticated(malformed), ""},
		"8 no scheme, and a space before it":    {[]interceptor.TokenSource{apiToken}, metadata.Pairs("x-api-token", "x "+good), unauthenticated(malformed), ""},
		"8 no scheme, two values":               {[]interceptor.TokenSource{apiToken}, metadata.Pairs("x-api-token", good, "x-api-token", good), unauthenticated(multiple), ""},
		"8 no scheme, far too long":             {[]interceptor.TokenSource{apiToken}, metadata.Pairs("x-api-token", strings.Repeat("a", 9<<10)), unauthenticated(malformed), ""},
		"46 the first of two":                   {[]interceptor.TokenSource{bearer, apiToken}, metadata.Pairs("authorization", "Bearer "+good), ok, "authorization: Bearer"},
		"46 the second of two":                  {[]interceptor.TokenSource{bearer, apiToken}, metadata.Pairs("x-api-token", good), ok, "x-api-token"},
		"46 neither":                            {[]interceptor.TokenSource{bearer, apiToken}, metadata.Pairs("x-other", good), unauthenticated(missing), ""},
		"46 two schemes of one key":             {[]interceptor.TokenSource{bearer, interceptor.Metadata("authorization", "JWT")}, metadata.Pairs("authorization", "JWT "+good), ok, "authorization: JWT"},
		"47 both, and both are good":            {[]interceptor.TokenSource{apiToken, bearer}, metadata.Pairs("authorization", "Bearer "+good, "x-api-token", good), ok, "x-api-token"},
		"47 both, and the first is bad":         {[]interceptor.TokenSource{apiToken, bearer}, metadata.Pairs("authorization", "Bearer "+good, "x-api-token", "junk"), unauthenticated(malformed), ""},
		"47 both, and the first is empty":       {[]interceptor.TokenSource{apiToken, bearer}, metadata.Pairs("authorization", "Bearer "+good, "x-api-token", ""), unauthenticated(malformed), ""},
		"47 both, and the first was sent twice": {[]interceptor.TokenSource{bearer, apiToken}, metadata.Pairs("authorization", "Bearer "+good, "authorization", "Bearer "+good, "x-api-token", good), unauthenticated(multiple), ""},
		"47 both, and the first is expired":     {[]interceptor.TokenSource{bearer, apiToken}, metadata.Pairs("authorization", "Bearer "+issuer.Expired(token.Spec{}), "x-api-token", good), unauthenticated(expired), ""},
		"47 both, and the second is bad":        {[]interceptor.TokenSource{bearer, apiToken}, metadata.Pairs("authorization", "Bearer "+good, "x-api-token", "junk"), ok, "authorization: Bearer"},
		"another scheme is not present":         {[]interceptor.TokenSource{bearer, apiToken}, metadata.Pairs("authorization", "Basic eDp5", "x-api-token", good), ok, "x-api-token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var options []interceptor.Option
			if tc.sources != nil {
				options = append(options, interceptor.WithTokenSource(tc.sources...))
			}
			conn := askServer(t, issuer, sourceName, options...).Anonymous()
			ctx := metadata.NewOutgoingContext(t.Context(), tc.md)
			eachShape(t, conn, ctx, func(t *testing.T, got string, err error) {
				tc.want.check(t, err)
				if got != tc.source && got != "" {
					t.Errorf("the token stood in %q, want %q", got, tc.source)
				}
			})
		})
	}
}

func Test46WhereNoTokenWasRead(t *testing.T) {
	t.Parallel()
	apiToken := interceptor.Metadata("x-api-token", "")
	server := askServer(t, authtest.NewIssuer(t), sourceName, interceptor.WithTokenSource(interceptor.Metadata("authorization", "Bearer"), apiToken))
	for name, tc := range map[string]struct {
		method string
		conn   *grpc.ClientConn
		want   string
	}{
		"public, with a token":      {"Public", server.As("ada"), "nowhere"},
		"optional, without a token": {"Optional", server.Anonymous(), "nowhere"},
		"optional, with a token":    {"Optional", server.As("ada"), "authorization: Bearer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res := &testkitv1.PublicResponse{}
			if err := tc.conn.Invoke(t.Context(), "/testkit.v1.RulesService/"+tc.method, &testkitv1.PublicRequest{}, res); err != nil {
				t.Fatal(err)
			}
			if res.GetSubject() != tc.want {
				t.Errorf("the token stood in %q, want %q", res.GetSubject(), tc.want)
			}
		})
	}
}

func TestTokenSourcesAreEqualByPlace(t *testing.T) {
	t.Parallel()
	if interceptor.Metadata("X-Api-Token", "") != interceptor.Metadata("x-api-token", "") {
		t.Error("a key in another case is another place")
	}
	if interceptor.Metadata("x-api-token", "") == interceptor.Metadata("x-api-token", "Bearer") {
		t.Error("a scheme makes no difference")
	}
}
