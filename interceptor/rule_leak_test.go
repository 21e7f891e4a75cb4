package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/revocation"
	"github.com/grpcauth/grpcauth/token"
)

// s3cret is in every claim, every rule's value, every request and every inner
// error, and in nothing that a client may see.
const s3cret = "s3cret"

var errInner = errors.New("dial tcp 10.0.0.7:5432: password " + s3cret + " is wrong")

// refusals is each way to be refused by a rule, or by what the server asks.
func refusals(issuer *authtest.Issuer) map[grpcauthv1.Reason]struct {
	rule    *grpcauthv1.Rule
	raw     string
	options []interceptor.Option
} {
	type refusal = struct {
		rule    *grpcauthv1.Rule
		raw     string
		options []interceptor.Option
	}
	good := issuer.Token(token.Spec{
		Subject: s3cret, ClientID: s3cret, SessionID: s3cret, Roles: []string{s3cret, "suspended"}, Scopes: []string{s3cret},
		Claims: map[string]any{"c": s3cret, "list": []string{s3cret}},
	})
	match := func(path string) *grpcauthv1.Rule {
		return &grpcauthv1.Rule{Claims: []*grpcauthv1.ClaimMatch{{Path: path, Value: &grpcauthv1.ClaimMatch_StringValue{StringValue: "not " + s3cret}}}}
	}
	bind := func(claim string) *grpcauthv1.Rule {
		return &grpcauthv1.Rule{Bind: []*grpcauthv1.Binding{{Claim: claim, Field: "user"}}}
	}
	asked := func(o interceptor.Option) refusal {
		return refusal{&grpcauthv1.Rule{}, good, []interceptor.Option{o}}
	}
	check := func(err error) refusal {
		return asked(interceptor.WithCheck(func(context.Context, *token.Claims) error { return err }))
	}
	load := func(err error) refusal {
		return asked(interceptor.WithUser(func(context.Context, *token.Claims) (*user, error) { return nil, err }))
	}
	revoke := func(err error) refusal {
		return asked(interceptor.WithRevocations(revocation.CheckerFunc(func(context.Context, *token.Claims) error { return err })))
	}
	wrapped := func(sentinel error) error { return fmt.Errorf("%w: %s: %w", sentinel, s3cret, errInner) }
	return map[grpcauthv1.Reason]refusal{
		missing:      {&grpcauthv1.Rule{}, "", nil},
		malformed:    {&grpcauthv1.Rule{}, s3cret, nil},
		expired:      {&grpcauthv1.Rule{}, issuer.Expired(token.Spec{Subject: s3cret}), nil},
		audience:     {&grpcauthv1.Rule{}, issuer.WrongAudience(token.Spec{Subject: s3cret}), nil},
		signature:    {&grpcauthv1.Rule{}, issuer.WrongKey(token.Spec{Subject: s3cret}), nil},
		wrongKind:    {&grpcauthv1.Rule{}, issuer.Token(token.Spec{Subject: s3cret, Kind: s3cret + "+jwt"}), nil},
		scopeMissing: {interceptor.Scopes("a"), good, nil},
		roleMissing:  {interceptor.Roles("not-" + s3cret), good, nil},
		roleDenied:   {&grpcauthv1.Rule{DenyRoles: []string{"suspended", s3cret}}, good, nil},
		claimMissing: {match(s3cret), good, nil}, claimMismatch: {match("c"), good, nil}, bindingMismatch: {bind("c"), good, nil},
		reauthenticate:                             {&grpcauthv1.Rule{MaxAuthAge: durationpb.New(time.Minute)}, good, nil},
		grpcauthv1.Reason_REASON_TOKEN_UNBOUND:     {&grpcauthv1.Rule{SenderConstrained: true}, good, nil},
		grpcauthv1.Reason_REASON_CLAIMS_REJECTED:   check(wrapped(interceptor.ErrRejected)),
		grpcauthv1.Reason_REASON_CHECK_UNAVAILABLE: check(errInner),
		userNotFound:          load(wrapped(interceptor.ErrNoUser)),
		userUnavailable:       load(errInner),
		revoked:               revoke(wrapped(revocation.ErrRevoked)),
		outdated:              revoke(wrapped(revocation.ErrOutdated)),
		revocationUnavailable: revoke(errInner),
	}
}

// checklist: B2
func TestRefusalsTellClientsNoSecret(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	for reason, tc := range refusals(issuer) {
		t.Run(reason.String(), func(t *testing.T) {
			t.Parallel()
			var told decisions
			server := authtest.NewServer(t, issuer, func(r grpc.ServiceRegistrar) { testkitv1.RegisterBindServiceServer(r, binds{}) },
				append(tc.options, told.option(), interceptor.OverrideRule("/testkit.v1.BindService/*", tc.rule))...)
			conn := server.Anonymous()
			if tc.raw != "" {
				conn = server.WithToken(tc.raw)
			}
			client := testkitv1.NewBindServiceClient(conn)
			req := &bindRequest{User: s3cret + " of another"}

			var header, trailer metadata.MD
			_, err := client.Unary(t.Context(), req, grpc.Header(&header), grpc.Trailer(&trailer))
			wantNoSecret(t, reason, err, header, trailer, tc.raw)

			stream, err := client.Bidi(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_ = stream.Send(req)
			_, err = stream.Recv()
			header, _ = stream.Header()
			wantNoSecret(t, reason, err, header, stream.Trailer(), tc.raw)

			for _, d := range told.read() { // tokens are for nobody
				if tc.raw != "" && tc.raw != s3cret && strings.Contains(fmt.Sprintf("%+v %#v %v", d, d, d.Cause), tc.raw) {
					t.Errorf("the observer was told the token: %+v", d)
				}
			}
		})
	}
}

// wantNoSecret checks all that reaches a client.
func wantNoSecret(t *testing.T, reason grpcauthv1.Reason, err error, header, trailer metadata.MD, raw string) {
	t.Helper()
	if got := outcomeOf(err); got.reason != reason {
		t.Fatalf("the call was refused with %v, want %v", got, reason)
	}
	all := fmt.Sprint(err, header, trailer, prototext.Format(status.Convert(err).Proto()))
	for _, detail := range status.Convert(err).Details() {
		all += fmt.Sprint(detail)
	}
	for _, secret := range []string{s3cret, "10.0.0.7", "policy:", "interceptor:", "token:", "revocation:"} {
		if strings.Contains(all, secret) {
			t.Errorf("%v tells the client %q: %s", reason, secret, all)
		}
	}
	if raw != "" && strings.Contains(all, raw) {
		t.Errorf("%v sends the token back", reason)
	}
}

// A handler that passes the Guard's error on, or wraps it, sends no more.
func TestRefusalsPassedOnTellClientsNoSecret(t *testing.T) {
	t.Parallel()
	server := bindServer(t, binds{bidi: func(stream bindBidi) error {
		_, err := stream.Recv()
		var denial *interceptor.Denial
		if !errors.As(err, &denial) || denial.Reason != bindingMismatch || denial.Unwrap() == nil {
			t.Errorf("the handler is told %v", err)
		}
		return fmt.Errorf("receive: %w", err)
	}})
	stream, err := testkitv1.NewBindServiceClient(server.As(s3cret)).Bidi(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&bindRequest{User: "bob"}); err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	wantNoSecret(t, bindingMismatch, err, nil, stream.Trailer(), "")
	if got := status.Convert(err).Message(); got != "the request is about somebody else" {
		t.Errorf("message = %q", got)
	}
}

// A stream written by hand may receive anything.
func TestBoundStreamRefusesAnotherMessage(t *testing.T) {
	t.Parallel()
	for name, into := range map[string]any{"another message": &testkitv1.BidiRequest{}, "no message at all": new(string)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issuer := authtest.NewIssuer(t)
			guard := guardBy(t, issuer)
			srv := grpc.NewServer(append(guard.ServerOptions(), grpc.ForceServerCodecV2(anyCodec{}))...)
			got := make(chan error, 1)
			srv.RegisterService(&grpc.ServiceDesc{ServiceName: "testkit.v1.BindService", Streams: []grpc.StreamDesc{{
				StreamName: "Bidi", ServerStreams: true, ClientStreams: true,
				Handler: func(_ any, stream grpc.ServerStream) error {
					got <- stream.RecvMsg(into)
					return nil
				},
			}}}, nil)
			if err := guard.Protect(srv); err != nil {
				t.Fatal(err)
			}
			stream, err := testkitv1.NewBindServiceClient(startOwn(t, srv)).Bidi(sending(t, "Bearer "+issuer.Token(token.Spec{Subject: "ada"})))
			if err != nil {
				t.Fatal(err)
			}
			if err := stream.Send(&bindRequest{User: "ada"}); err != nil {
				t.Fatal(err)
			}
			_, err = stream.Recv()
			if outcomeOf(err).reason != internalError {
				t.Errorf("the stream ended with %v", err)
			}
			if err := <-got; err == nil {
				t.Error("the handler got a message that nothing is bound to")
			}
		})
	}
}

// anyCodec decodes into anything, by leaving it as it is.
type anyCodec struct{}

func (anyCodec) Marshal(any) (mem.BufferSlice, error) { return nil, nil }
func (anyCodec) Unmarshal(mem.BufferSlice, any) error { return nil }
func (anyCodec) Name() string                         { return "proto" }
