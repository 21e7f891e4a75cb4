package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/revocation"
	"github.com/grpcauth/grpcauth/token"
)

const (
	rejected         = grpcauthv1.Reason_REASON_CLAIMS_REJECTED
	checkUnavailable = grpcauthv1.Reason_REASON_CHECK_UNAVAILABLE
)

func Test34WhatACheckAnswers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err  error
		want outcome
	}{
		"nothing is wrong":            {nil, ok},
		"34 refused":                  {interceptor.ErrRejected, denied(rejected)},
		"34 refused, with more words": {fmt.Errorf("%w: tenant secret-7 is closed", interceptor.ErrRejected), denied(rejected)},
		"it can't know":               {errors.New("secret-7: connection refused"), unavailable(checkUnavailable)},
		"it finds no user":            {interceptor.ErrNoUser, unavailable(checkUnavailable)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := newServer(t, authtest.NewIssuer(t), interceptor.WithCheck(func(context.Context, *token.Claims) error { return tc.err })).As("ada")
			eachShape(t, conn, t.Context(), func(t *testing.T, _ string, err error) {
				tc.want.check(t, err)
				if err != nil && strings.Contains(status.Convert(err).Proto().String(), "secret-7") {
					t.Errorf("the client is told what the check said: %v", err)
				}
			})
		})
	}
}

// journal is who was asked, in order.
type journal struct {
	mu      sync.Mutex
	entries []string
}

func (j *journal) note(entry string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, entry)
}

// read is what was noted since it was last read.
func (j *journal) read() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	noted := j.entries
	j.entries = nil
	return noted
}

// What costs nothing is asked first; revocation is asked before the rule's own
// requirements, and the server's own checks and users after them. The first
// that refuses decides.
func TestTheOrderOfADecision(t *testing.T) {
	t.Parallel()
	all := []string{"revocation", "first check", "second check", "user"}
	for name, tc := range map[string]struct {
		method  string
		spec    token.Spec
		refuses string
		want    outcome
		asked   []string
	}{
		"everything holds":        {"Scopes", token.Spec{Scopes: []string{"a", "b"}}, "", ok, all},
		"a rule is not met":       {"Scopes", token.Spec{}, "", denied(scopeMissing), all[:1]},
		"the kind is another":     {"Authenticated", token.Spec{Kind: "x+jwt"}, "", unauthenticated(wrongKind), nil},
		"the token was revoked":   {"Scopes", token.Spec{}, "revocation", unauthenticated(grpcauthv1.Reason_REASON_TOKEN_REVOKED), all[:1]},
		"the first check says no": {"Authenticated", token.Spec{}, "first check", denied(rejected), all[:2]},
		"the other one says no":   {"Authenticated", token.Spec{}, "second check", denied(rejected), all[:3]},
		"there is no user":        {"Authenticated", token.Spec{}, "user", unauthenticated(userNotFound), all},
		"an optional method":      {"Optional", token.Spec{}, "", ok, all},
		"a public method":         {"Public", token.Spec{}, "", ok, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var j journal
			answer := func(who string, refusal error) error {
				j.note(who)
				if who == tc.refuses {
					return refusal
				}
				return nil
			}
			check := func(who string) interceptor.Option {
				return interceptor.WithCheck(func(ctx context.Context, claims *token.Claims) error {
					if method, _ := grpc.Method(ctx); method != "/testkit.v1.RulesService/"+tc.method {
						t.Errorf("the check was asked about %s", method)
					}
					if _, published := token.FromContext(ctx); published || claims.Subject() != "ada" {
						t.Errorf("the check was asked about %q, published %t", claims.Subject(), published)
					}
					return answer(who, interceptor.ErrRejected)
				})
			}
			tc.spec.Subject = "ada"
			conn := newServer(t, authtest.NewIssuer(t),
				interceptor.WithUser(func(context.Context, *token.Claims) (*user, error) {
					return &user{}, answer("user", interceptor.ErrNoUser)
				}),
				check("first check"), check("second check"),
				interceptor.WithRevocations(revocation.CheckerFunc(func(context.Context, *token.Claims) error { return answer("revocation", revocation.ErrRevoked) })),
			).With(tc.spec)
			for range 2 { // a token that is known is asked about as well
				err := conn.Invoke(t.Context(), "/testkit.v1.RulesService/"+tc.method, &testkitv1.PublicRequest{}, &testkitv1.PublicResponse{})
				tc.want.check(t, err)
				if asked := j.read(); !slices.Equal(asked, tc.asked) {
					t.Errorf("asked %q, want %q", asked, tc.asked)
				}
			}
		})
	}
}

// A stream is asked about once, when it begins.
func TestAStreamIsAskedAboutOnce(t *testing.T) {
	t.Parallel()
	var j journal
	conn := newServer(t, authtest.NewIssuer(t),
		interceptor.WithUser(func(context.Context, *token.Claims) (*user, error) { j.note("user"); return &user{}, nil }),
		interceptor.WithCheck(func(context.Context, *token.Claims) error { j.note("check"); return nil })).As("ada")
	stream, err := testkitv1.NewStreamsServiceClient(conn).Bidi(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := stream.Send(&testkitv1.BidiRequest{}); err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); err != nil {
			t.Fatal(err)
		}
	}
	if asked := j.read(); !slices.Equal(asked, []string{"check", "user"}) {
		t.Errorf("asked %q", asked)
	}
}
