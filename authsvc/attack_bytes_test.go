package authsvc_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// Whatever text a field holds, also what no database keeps, it is the caller's
// mistake and no failure of ours.
func TestNoTextOfACallerIsAFailureOfOurs(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use, builtIn)
		w.addAda(nil)
		w.addClient()
		tokens := w.signIn()
		for _, text := range []string{"\x00", "a\x00b", "client:crawler\x00", "\u0085", "\u202e", "\ufffe", "\U0010ffff", "%00", "'; --", strings.Repeat("\x00", 20), "default\x00", "grt_\x00", "gch_\x00", "a.b\x00.c"} {
			for _, req := range w.requests(tokens) {
				for _, changed := range withText(req, text) {
					err := w.call(changed, tokens)
					switch status.Code(err) {
					case codes.Internal, codes.Unavailable, codes.Unknown, codes.Unimplemented, codes.DeadlineExceeded:
						t.Errorf("%T with %q: %s", changed, text, refusal(err))
					}
				}
			}
		}
	})
}

func (w *world) call(req proto.Message, tokens *grpcauthv1.Tokens) (err error) {
	ctx := w.as(tokens)
	switch req := req.(type) {
	case *grpcauthv1.LoginRequest:
		_, err = w.Login(ctx, req)
	case *grpcauthv1.RefreshRequest:
		_, err = w.Refresh(ctx, req)
	case *grpcauthv1.ReauthenticateRequest:
		_, err = w.Reauthenticate(ctx, req)
	case *grpcauthv1.ListSessionsRequest:
		_, err = w.ListSessions(ctx, req)
	case *grpcauthv1.RevokeSessionRequest:
		_, err = w.RevokeSession(ctx, req)
	case *grpcauthv1.ChangePasswordRequest:
		_, err = w.ChangePassword(ctx, req)
	case *grpcauthv1.IssueClientTokenRequest:
		_, err = w.IssueClientToken(ctx, req)
	case *grpcauthv1.RevokeTokenRequest:
		_, err = w.RevokeToken(ctx, req)
	}
	return err
}

func (w *world) requests(tokens *grpcauthv1.Tokens) []proto.Message {
	return []proto.Message{
		&grpcauthv1.LoginRequest{Username: "ada", Password: "wrong password"},
		&grpcauthv1.RefreshRequest{RefreshToken: tokens.GetRefreshToken(), ClientId: "nobody"},
		&grpcauthv1.ReauthenticateRequest{Password: "wrong password"},
		&grpcauthv1.ListSessionsRequest{},
		&grpcauthv1.RevokeSessionRequest{SessionId: "x"},
		&grpcauthv1.ChangePasswordRequest{OldPassword: "wrong password", NewPassword: "a new long password"},
		&grpcauthv1.IssueClientTokenRequest{ClientId: "crawler", Proof: &grpcauthv1.IssueClientTokenRequest_ClientSecret{ClientSecret: "x"}},
		&grpcauthv1.RevokeTokenRequest{Token: "x"},
	}
}

// withText is req once for each field that holds text, with text in it.
func withText(req proto.Message, text string) (all []proto.Message) {
	fields := req.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		changed := proto.Clone(req)
		m, f := changed.ProtoReflect(), fields.Get(i)
		switch {
		case f.Kind() == protoreflect.StringKind && f.IsList():
			m.Mutable(f).List().Append(protoreflect.ValueOfString(text))
		case f.Kind() == protoreflect.StringKind:
			m.Set(f, protoreflect.ValueOfString(text))
		case f.Message() != nil && f.Message().Name() == "ChallengeAnswer":
			m.Set(f, protoreflect.ValueOfMessage((&grpcauthv1.ChallengeAnswer{Token: text, Response: text}).ProtoReflect()))
		default:
			continue
		}
		all = append(all, changed)
	}
	return all
}
