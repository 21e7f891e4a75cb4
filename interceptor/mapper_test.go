package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/authtest"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

// mapTo is a mapper that answers everything with err.
func mapTo(err error) interceptor.Option {
	return interceptor.WithErrorMapper(func(context.Context, *interceptor.Denial) error { return err })
}

func TestErrorMapper(t *testing.T) {
	t.Parallel()
	hidden := status.Error(codes.NotFound, "no such thing")
	refused := denied(scopeMissing)
	for name, tc := range map[string]struct {
		mapped error
		code   codes.Code
		text   string
	}{
		"another status":          {hidden, codes.NotFound, "no such thing"},
		"another status, wrapped": {fmt.Errorf("look: %w", hidden), codes.NotFound, "look: rpc error: code = NotFound desc = no such thing"},
		"an error that is none":   {errors.New("plain"), codes.Unknown, "plain"},
		"nothing":                 {nil, refused.code, "the token lacks a scope"},
		"a status that is OK":     {okStatus{}, refused.code, "the token lacks a scope"},
		"that status, wrapped":    {fmt.Errorf("fine: %w", okStatus{}), refused.code, "the token lacks a scope"},
		"the end of a file":       {io.EOF, codes.Unknown, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d interceptor.Decision
			server := newServer(t, authtest.NewIssuer(t), mapTo(tc.mapped),
				interceptor.OverrideRule("/testkit.v1.StreamsService/*", interceptor.Scopes("a")),
				interceptor.WithObserver(func(_ context.Context, seen interceptor.Decision) { d = seen }))
			eachShape(t, server.As("ada"), t.Context(), func(t *testing.T, _ string, err error) {
				if st := status.Convert(err); st.Code() != tc.code || st.Message() != tc.text {
					t.Errorf("got %s %q, want %s %q", st.Code(), st.Message(), tc.code, tc.text)
				}
				if d.Reason != scopeMissing {
					t.Errorf("the observer was told %s", d.Reason)
				}
			})
		})
	}
}

// okStatus is an error that says that nothing is wrong.
type okStatus struct{}

func (okStatus) Error() string              { return "OK" }
func (okStatus) GRPCStatus() *status.Status { return status.New(codes.OK, "") }

func TestErrorMapperIsToldEverything(t *testing.T) {
	t.Parallel()
	var got *interceptor.Denial
	var header metadata.MD
	server := newServer(t, authtest.NewIssuer(t), interceptor.WithErrorMapper(func(ctx context.Context, d *interceptor.Denial) error {
		got = d
		if method, _ := grpc.Method(ctx); method != d.Method {
			t.Errorf("the context is that of %s", method)
		}
		return d
	}))
	issuer := authtest.NewIssuer(t)
	for name, tc := range map[string]struct {
		conn      *grpc.ClientConn
		want      outcome
		cause     error
		challenge int
	}{
		"a stranger's token": {server.WithToken(issuer.Token(token.Spec{})), unauthenticated(keyUnknown), token.ErrUnknownKey, 1},
		"another kind":       {server.With(token.Spec{Kind: "x+jwt"}), unauthenticated(wrongKind), token.ErrKind, 1},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := testkitv1.NewRulesServiceClient(tc.conn).Authenticated(t.Context(), &testkitv1.AuthenticatedRequest{}, grpc.Header(&header))
			tc.want.check(t, err)
			if got.Method != "/testkit.v1.RulesService/Authenticated" || got.Reason != tc.want.reason || !errors.Is(got, tc.cause) {
				t.Errorf("the mapper was told %+v", got)
			}
			if n := len(header.Get("www-authenticate")); n != tc.challenge {
				t.Errorf("%d challenges", n)
			}
		})
	}
}

func TestErrorMapperMapsTheEndOfAStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := streamServer(t, streams{}, interceptor.WithErrorMapper(func(_ context.Context, d *interceptor.Denial) error {
			return status.Error(codes.Aborted, d.Reason.String())
		}))
		stream, err := client.Bidi(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = stream.Recv()
		if st := status.Convert(err); st.Code() != codes.Aborted || st.Message() != "REASON_TOKEN_EXPIRED" {
			t.Errorf("the stream ended with %v", err)
		}
	})
}

// A stream that has to end does, whatever the mapper says.
func TestErrorMapperKeepsNoStreamOpen(t *testing.T) {
	t.Parallel()
	for name, mapped := range map[string]error{"nothing": nil, "a status that is OK": okStatus{}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := streamServer(t, streams{}, mapTo(mapped))
				stream, err := client.Bidi(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				_, err = stream.Recv()
				unauthenticated(expired).check(t, err)
			})
		})
	}
}

// A Denial that a mapper's own test makes of a reason is one that it can be
// asked about.
func TestADenialMadeOfAReason(t *testing.T) {
	t.Parallel()
	d := &interceptor.Denial{Reason: expired, Method: "/a.B/C"}
	unauthenticated(expired).check(t, d)
	if d.Error() != "the token has expired" || errors.Unwrap(d) != nil {
		t.Errorf("%v, cause %v", d, errors.Unwrap(d))
	}
}
