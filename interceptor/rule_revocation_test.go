package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"google.golang.org/grpc"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/revocation"
	"github.com/grpcauth/grpcauth/token"
)

const (
	revoked               = grpcauthv1.Reason_REASON_TOKEN_REVOKED
	outdated              = grpcauthv1.Reason_REASON_TOKEN_OUTDATED
	revocationUnavailable = grpcauthv1.Reason_REASON_REVOCATION_UNAVAILABLE
)

// stubChecker answers with what it was told last, and remembers whom it was
// asked about.
type stubChecker struct {
	mu     sync.Mutex
	answer error
	asked  []string
}

func (c *stubChecker) Check(_ context.Context, claims *token.Claims) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, claims.Subject())
	return c.answer
}

func (c *stubChecker) set(answer error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = answer
}

func (c *stubChecker) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.asked)
}

// PARITY 32 and 33: the first call of a token and the second, which finds it
// proven, on each shape, for each of a checker's answers.
func TestRuleRevocation(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	lost := errors.New("dial tcp 10.0.0.7:6379: connection refused")
	allow := &grpcauthv1.Rule{WhenStale: grpcauthv1.WhenStale_WHEN_STALE_ALLOW}
	deny := &grpcauthv1.Rule{WhenStale: grpcauthv1.WhenStale_WHEN_STALE_DENY}
	skip := &grpcauthv1.Rule{SkipRevocation: true}
	for name, tc := range map[string]struct {
		rule   *grpcauthv1.Rule
		answer error
		want   outcome
	}{
		"32 it stands":                             {&grpcauthv1.Rule{}, nil, ok},
		"32 it was revoked":                        {&grpcauthv1.Rule{}, revocation.ErrRevoked, unauthenticated(revoked)},
		"32 it was revoked, with more to say":      {&grpcauthv1.Rule{}, fmt.Errorf("%w: session s-1 of ada", revocation.ErrRevoked), unauthenticated(revoked)},
		"32 it is outdated":                        {&grpcauthv1.Rule{}, revocation.ErrOutdated, unauthenticated(outdated)},
		"32 it is outdated, with more to say":      {&grpcauthv1.Rule{}, fmt.Errorf("%w: rv 3 < 4", revocation.ErrOutdated), unauthenticated(outdated)},
		"32 skipped though revoked":                {skip, revocation.ErrRevoked, ok},
		"32 skipped though nobody knows":           {skip, lost, ok},
		"32 an optional method, revoked":           {&grpcauthv1.Rule{Optional: true}, revocation.ErrRevoked, unauthenticated(revoked)},
		"32 revoked comes before what is asked":    {interceptor.Scopes("a"), revocation.ErrRevoked, unauthenticated(revoked)},
		"32 stands, and more is asked":             {interceptor.Scopes("a"), nil, denied(scopeMissing)},
		"39 an override does not lift":             {&grpcauthv1.Rule{Scopes: []string{"a"}, Override: &grpcauthv1.Override{Roles: []string{"admin"}}}, revocation.ErrRevoked, unauthenticated(revoked)},
		"33 nobody knows":                          {&grpcauthv1.Rule{}, lost, unavailable(revocationUnavailable)},
		"33 nobody knows, on an optional method":   {&grpcauthv1.Rule{Optional: true}, lost, unavailable(revocationUnavailable)},
		"33 out of date":                           {&grpcauthv1.Rule{}, revocation.ErrStale, unavailable(revocationUnavailable)},
		"33 out of date, denied":                   {deny, revocation.ErrStale, unavailable(revocationUnavailable)},
		"33 out of date, allowed":                  {allow, revocation.ErrStale, ok},
		"33 out of date, allowed, more to say":     {allow, fmt.Errorf("%w: 40 s", revocation.ErrStale), ok},
		"33 when_stale allows nothing else":        {allow, lost, unavailable(revocationUnavailable)},
		"33 when_stale does not allow revoked":     {allow, revocation.ErrRevoked, unauthenticated(revoked)},
		"33 when_stale does not allow outdated":    {allow, revocation.ErrOutdated, unauthenticated(outdated)},
		"33 out of date, and revoked all the same": {allow, errors.Join(revocation.ErrStale, revocation.ErrRevoked), unauthenticated(revoked)},
		"33 somebody else's refusal is no answer":  {&grpcauthv1.Rule{}, interceptor.ErrRejected, unavailable(revocationUnavailable)},
		"33 a time-out of the checker's own":       {&grpcauthv1.Rule{}, context.DeadlineExceeded, unavailable(revocationUnavailable)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checker := &stubChecker{answer: tc.answer}
			conn := ruled(t, issuer, tc.rule, interceptor.WithRevocations(checker)).With(token.Spec{Subject: "ada", Roles: []string{"admin"}})
			wantsEachShape(t, conn, tc.want, "ada")
			want := 8 // four shapes, twice
			if tc.rule.GetSkipRevocation() {
				want = 0
			}
			if got := checker.count(); got != want {
				t.Errorf("the checker was asked %d times, want %d", got, want)
			}
		})
	}
}

// PARITY 32: a token that was proven and stood is asked about all the same.
func TestRevocationReachesATokenThatIsKnown(t *testing.T) {
	t.Parallel()
	checker := &stubChecker{}
	server := ruled(t, authtest.NewIssuer(t), &grpcauthv1.Rule{}, interceptor.WithRevocations(checker))
	client := testkitv1.NewStreamsServiceClient(server.As("ada"))
	for _, tc := range []struct {
		answer error
		want   outcome
	}{
		{nil, ok},
		{revocation.ErrOutdated, unauthenticated(outdated)},
		{nil, ok},
		{revocation.ErrStale, unavailable(revocationUnavailable)},
		{nil, ok},
		{revocation.ErrRevoked, unauthenticated(revoked)},
	} {
		checker.set(tc.answer)
		_, err := client.Unary(t.Context(), &testkitv1.UnaryRequest{})
		tc.want.check(t, err)
	}
	if stats := server.Guard().CacheStats(); stats.Hits != 5 || stats.Misses != 1 {
		t.Errorf("%+v, want one miss and five hits", stats)
	}
}

// PARITY 30 and 32: nobody is asked about who sends no token, and a public
// method reads none.
func TestRevocationIsNotAskedAboutNobody(t *testing.T) {
	t.Parallel()
	checker := &stubChecker{answer: revocation.ErrRevoked}
	issuer := authtest.NewIssuer(t)
	optional := ruled(t, issuer, interceptor.Optional(), interceptor.WithRevocations(checker))
	public := ruled(t, issuer, interceptor.Public(), interceptor.WithRevocations(checker))
	for _, conn := range []*grpc.ClientConn{optional.Anonymous(), public.Anonymous(), public.As("ada")} {
		wantsEachShape(t, conn, ok, "nobody")
	}
	if n := checker.count(); n != 0 {
		t.Errorf("the checker was asked %d times", n)
	}
	wantsEachShape(t, optional.As("ada"), unauthenticated(revoked), "")
}

// A token that no rule would accept is not worth asking about.
func TestRevocationIsAskedAfterIssuerAndKind(t *testing.T) {
	t.Parallel()
	checker := &stubChecker{}
	server := ruled(t, authtest.NewIssuer(t), &grpcauthv1.Rule{Kinds: []string{"password-reset+jwt"}}, interceptor.WithRevocations(checker))
	wantsEachShape(t, server.As("ada"), unauthenticated(wrongKind), "")
	if n := checker.count(); n != 0 {
		t.Errorf("the checker was asked %d times", n)
	}
}
