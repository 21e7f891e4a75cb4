package authclient_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/grpcauth/grpcauth/authclient"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

func TestLoginAsksForWhatTheOptionsSay(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		opts []authclient.Option
		want *grpcauthv1.LoginRequest
	}{
		"nothing": {nil, &grpcauthv1.LoginRequest{Username: "ada", Password: "correct horse"}},
		"everything": {
			[]authclient.Option{
				authclient.WithClientID("phone"), authclient.WithScopes("notes.read", "notes.write"),
				authclient.WithAudiences("https://notes.example"), authclient.WithLabel("Ada's phone"),
			},
			&grpcauthv1.LoginRequest{
				Username: "ada", Password: "correct horse", ClientId: "phone", Label: "Ada's phone",
				Scopes: []string{"notes.read", "notes.write"}, Audiences: []string{"https://notes.example"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got *grpcauthv1.LoginRequest
			auth := &scripted{lifetime: time.Hour}
			auth.onLogin = func(req *grpcauthv1.LoginRequest) (*grpcauthv1.LoginResponse, error) {
				got = req
				return &grpcauthv1.LoginResponse{Result: &grpcauthv1.LoginResponse_Tokens{Tokens: auth.tokens()}}, nil
			}
			login(t, serveAuth(t, auth), tc.opts...)
			if !proto.Equal(got, tc.want) {
				t.Errorf("the server was asked %v, want %v", got, tc.want)
			}
		})
	}
}

func TestRenewalNamesTheClientOfTheLogin(t *testing.T) {
	t.Parallel()
	var got *grpcauthv1.RefreshRequest
	auth := &scripted{lifetime: time.Hour, onRefresh: func(_ int, req *grpcauthv1.RefreshRequest) error {
		got = req
		return nil
	}}
	session := login(t, serveAuth(t, auth), authclient.WithClientID("phone"), authclient.WithScopes("notes.read"))
	if err := session.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	// Scopes left out: the new token has all that the session was granted.
	want := &grpcauthv1.RefreshRequest{RefreshToken: "refresh-1", ClientId: "phone", IdempotencyKey: got.GetIdempotencyKey()}
	if !proto.Equal(got, want) {
		t.Errorf("the server was asked %v, want %v", got, want)
	}
	if token := mustToken(t, session); token != "access-2" {
		t.Errorf("the token is %q, want access-2", token)
	}
}

func TestLoginRefused(t *testing.T) {
	t.Parallel()
	auth := &scripted{onLogin: func(*grpcauthv1.LoginRequest) (*grpcauthv1.LoginResponse, error) {
		return nil, fault.Because(grpcauthv1.Reason_REASON_INVALID_CREDENTIALS, nil)
	}}
	_, err := authclient.Login(context.Background(), serveAuth(t, auth), "ada", "wrong-secret")
	if got := authclient.Reason(err); got != grpcauthv1.Reason_REASON_INVALID_CREDENTIALS {
		t.Errorf("reason = %s", got)
	}
	if got := status.Code(err); got != codes.Unauthenticated {
		t.Errorf("code = %s", got)
	}
	if strings.Contains(err.Error(), "wrong-secret") {
		t.Errorf("the error shows the password: %v", err)
	}
}

func TestAnswersThatNoSessionCanLiveOn(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*grpcauthv1.Tokens){
		"no access token":       func(t *grpcauthv1.Tokens) { t.AccessToken = "" },
		"no refresh token":      func(t *grpcauthv1.Tokens) { t.RefreshToken = "" },
		"another type of token": func(t *grpcauthv1.Tokens) { t.TokenType = "DPoP" },
		"no lifetime":           func(t *grpcauthv1.Tokens) { t.ExpiresIn = nil },
		"a negative lifetime":   func(t *grpcauthv1.Tokens) { t.ExpiresIn = durationpb.New(-time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			auth := &scripted{lifetime: time.Hour}
			auth.onLogin = func(*grpcauthv1.LoginRequest) (*grpcauthv1.LoginResponse, error) {
				tokens := auth.tokens()
				spoil(tokens)
				return &grpcauthv1.LoginResponse{Result: &grpcauthv1.LoginResponse_Tokens{Tokens: tokens}}, nil
			}
			session, err := authclient.Login(context.Background(), serveAuth(t, auth), "ada", "correct horse")
			if err == nil {
				session.Close()
				t.Fatal("the answer was accepted")
			}
			if !strings.Contains(err.Error(), "the server's answer") {
				t.Errorf("the error does not say whose fault it is: %v", err)
			}
		})
	}
}

// checklist: B2
func TestSessionShowsNoSecret(t *testing.T) {
	t.Parallel()
	session := login(t, serveAuth(t, &scripted{lifetime: time.Hour}))
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("logged in", "session", session)
	texts := map[string]string{"slog": log.String(), "String": session.String(), "GoString": session.GoString()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		texts[verb] = fmt.Sprintf(verb, session)
	}
	for how, text := range texts {
		for _, secret := range []string{"access-1", "refresh-1", "correct horse", "Bearer"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows %q: %s", how, secret, text)
			}
		}
		if !strings.Contains(text, "authclient.Session") {
			t.Errorf("%s does not say what it is: %q", how, text)
		}
	}
}

func TestReasonOfWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"nil": nil, "plain": errors.New("boom"), "a status without details": status.Error(codes.Unauthenticated, "no"),
	} {
		if got := authclient.Reason(err); got != grpcauthv1.Reason_REASON_UNSPECIFIED {
			t.Errorf("%s: reason = %s", name, got)
		}
	}
}
