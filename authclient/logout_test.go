package authclient_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcauth/grpcauth/authclient"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

func TestLogout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		auth := &scripted{lifetime: time.Hour}
		session := login(t, serveAuth(t, auth))
		for range 2 {
			if err := session.Logout(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if len(auth.logouts) != 1 || auth.logouts[0] != "Bearer access-1" {
			t.Errorf("the server saw logouts %q", auth.logouts)
		}
		_, err := session.Token(context.Background())
		if !errors.Is(err, authclient.ErrSessionEnded) || authclient.Reason(err) != grpcauthv1.Reason_REASON_SESSION_REVOKED {
			t.Errorf("Token = %v, want ErrSessionEnded", err)
		}
		session.Close()
		if _, after := session.Token(context.Background()); after != err {
			t.Errorf("after Close, Token = %v, want what ended the session first", after)
		}
		time.Sleep(24 * time.Hour)
		if n := len(auth.refreshed()); n != 0 {
			t.Errorf("%d renewals after the logout", n)
		}
	})
}

func TestLogoutThatTheServerRefuses(t *testing.T) {
	t.Parallel()
	for reason, want := range map[grpcauthv1.Reason]struct {
		logouts int
		ended   bool
	}{
		grpcauthv1.Reason_REASON_TOKEN_EXPIRED:     {2, true}, // called again with a newer token
		grpcauthv1.Reason_REASON_TOKEN_REVOKED:     {1, true}, // there is nothing left to end
		grpcauthv1.Reason_REASON_SESSION_REVOKED:   {1, true},
		grpcauthv1.Reason_REASON_STORE_UNAVAILABLE: {1, false},
		grpcauthv1.Reason_REASON_TOKEN_AUDIENCE:    {1, false},
	} {
		t.Run(fault.Name(reason), func(t *testing.T) {
			t.Parallel()
			auth := &scripted{lifetime: time.Hour, onLogout: refuse("Bearer access-1", reason)}
			session := login(t, serveAuth(t, auth))
			err := session.Logout(context.Background())
			if want.ended != (err == nil) || (err != nil && authclient.Reason(err) != reason) {
				t.Errorf("Logout = %v", err)
			}
			if len(auth.logouts) != want.logouts {
				t.Errorf("the server saw %d logouts, want %d", len(auth.logouts), want.logouts)
			}
			if _, err := session.Token(context.Background()); want.ended != errors.Is(err, authclient.ErrSessionEnded) {
				t.Errorf("Token = %v", err)
			}
		})
	}
}

func TestFailedLogoutLeavesTheSessionStanding(t *testing.T) {
	t.Parallel()
	conn := serveAuth(t, &scripted{lifetime: time.Hour})
	session := login(t, conn)
	_ = conn.Close()
	if err := session.Logout(context.Background()); err == nil {
		t.Fatal("logged out without a connection")
	}
	if token := mustToken(t, session); token != "access-1" {
		t.Errorf("the token is %q, want access-1", token)
	}
}
