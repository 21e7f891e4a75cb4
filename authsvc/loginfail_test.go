package authsvc_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
)

// checklist: B7
func TestSecretsOverPlaintextAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) {
		s.config.AllowPlaintextFrom = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	})
	refreshToken := w.signIn().GetRefreshToken()
	for from, want := range map[string]string{
		"203.0.113.9": "Unauthenticated PLAINTEXT", "198.51.101.4": "Unauthenticated PLAINTEXT", "198.51.100.4": "OK", "127.0.0.1": "OK",
	} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "test-peer", from)
		_, err := w.Login(ctx, &grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
		wantRefusal(t, err, want)
		resp, err := w.Refresh(ctx, &grpcauthv1.RefreshRequest{RefreshToken: refreshToken})
		wantRefusal(t, err, want)
		if err == nil {
			refreshToken = resp.GetTokens().GetRefreshToken()
		}
	}
}

// A guard may take tokens from a proxy that the service takes no secrets from.
//
// checklist: B7
func TestPasswordsOverPlaintextAreRefusedBehindAGuardThatIsNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, builtIn, func(s *setup) {
		s.guard = []interceptor.Option{interceptor.AllowPlaintextFrom(netip.MustParsePrefix("198.51.100.0/24"))}
	})
	w.addAda(nil)
	tokens := w.signIn()
	ctx := metadata.AppendToOutgoingContext(w.as(tokens), "test-peer", "198.51.100.4")
	wantRefusal(t, errorOf(w.GetUserInfo(ctx, &grpcauthv1.GetUserInfoRequest{})), "OK")
	wantRefusal(t, errorOf(w.Reauthenticate(ctx, &grpcauthv1.ReauthenticateRequest{Password: adaPassword})), "Unauthenticated PLAINTEXT")
	wantRefusal(t, errorOf(w.ChangePassword(ctx, &grpcauthv1.ChangePasswordRequest{OldPassword: adaPassword, NewPassword: newPassword})), "Unauthenticated PLAINTEXT")
	w.must(w.refresh(tokens.GetRefreshToken()))
}

func TestAuthenticateFails(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"an outage":           {errors.New("dial tcp: database is down"), "Unavailable USER_UNAVAILABLE"},
		"its own deadline":    {context.DeadlineExceeded, "Unavailable USER_UNAVAILABLE"},
		"gone is for Load":    {authsvc.ErrGone, "Unavailable USER_UNAVAILABLE"},
		"wrapped refusal":     {errors.Join(errors.New("ldap 49"), authsvc.ErrInvalidCredentials), "Unauthenticated INVALID_CREDENTIALS"},
		"a status of its own": {status.Error(16, "who are you"), "Unavailable USER_UNAVAILABLE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.people.fail(tc.err)
			_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
			wantRefusal(t, err, tc.want)
			if strings.Contains(status.Convert(err).Message(), "database") {
				t.Errorf("the cause is told: %v", err)
			}
		})
	}
}

func TestAuthenticateWithoutASubject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people.change(func(p *person) { p.Subject = "" })
	_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
	wantRefusal(t, err, "Internal INTERNAL")
}

func TestAVersionFromOneFunctionOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) {
		load := s.config.Load
		s.config.Load = func(ctx context.Context, subject string) (authsvc.Identity, error) {
			id, err := load(ctx, subject)
			id.Version = ""
			return id, err
		}
	})
	_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
	wantRefusal(t, err, "Internal INTERNAL")
	if !strings.Contains(w.log.String(), "set it in both or in neither") {
		t.Error("the log does not say what to do")
	}
}

func TestLoadOfAnotherSubject(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) {
		load := s.config.Load
		s.config.Load = func(ctx context.Context, subject string) (authsvc.Identity, error) {
			id, err := load(ctx, subject)
			id.Subject = "somebody-else"
			return id, err
		}
	})
	_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
	wantRefusal(t, err, "Internal INTERNAL")
}

// TestPanicsAreNotSwallowed: what to do about a panic is the server's choice.
func TestPanicsAreNotSwallowed(t *testing.T) {
	t.Parallel()
	var recovered any
	w := newWorld(t, func(s *setup) {
		s.outermost = func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
			defer func() {
				if recovered = recover(); recovered != nil {
					err = status.Error(13, "recovered")
				}
			}()
			return handler(ctx, req)
		}
	})
	w.people.checked = func() { panic("a bug in Authenticate") }
	if _, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword}); err == nil {
		t.Fatal("no error")
	}
	if recovered != "a bug in Authenticate" {
		t.Errorf("recovered %v", recovered)
	}
}

func TestDisabledUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, builtIn)
	w.addAda(func(u *store.User) { u.DisabledAt = w.clock.Now() })
	_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
	wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
}

func TestLoginWhileTheStoreIsClosed(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*setup){"caller's own users": func(*setup) {}, "built-in users": builtIn} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, change)
			if err := w.store.Close(); err != nil {
				t.Fatal(err)
			}
			_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
			wantRefusal(t, err, "Unavailable STORE_UNAVAILABLE")
		})
	}
}
