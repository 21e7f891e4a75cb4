package authclient_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/authclient"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// reauthenticatedWith is a session that reauthenticates while the step of that
// name fails, and the error of that.
func (i *issuer) reauthenticatedWith(t *testing.T, step string) (*authclient.Session, *inMemory, error) {
	t.Helper()
	tokens, armed := &inMemory{}, new(atomic.Bool)
	w := &watched{TokenStore: tokens, step: func(name string) error {
		if name == step && armed.CompareAndSwap(true, false) { // once
			return errStep
		}
		return nil
	}}
	session := login(t, w.way(i.connect(t)), authclient.WithStore(w))
	armed.Store(true)
	return session, tokens, session.Reauthenticate(t.Context(), "correct horse")
}

// Here a lost answer does log the user out, who is there to log in. Nothing
// takes it for theft.
func TestALostAnswerToReauthenticate(t *testing.T) {
	t.Parallel()
	everyIssuer(t, func(t *testing.T, i *issuer) {
		session, tokens, err := i.reauthenticatedWith(t, "after Reauthenticate")
		if !errors.Is(err, authclient.ErrSessionEnded) || !errors.Is(err, errStep) || authclient.Reason(err) != grpcauthv1.Reason_REASON_SESSION_REVOKED {
			t.Errorf("Reauthenticate = %v, want ErrSessionEnded and why", err)
		}
		if _, err := session.Token(t.Context()); !errors.Is(err, authclient.ErrSessionEnded) {
			t.Errorf("Token = %v, want ErrSessionEnded", err)
		}
		if _, err := authclient.Resume(t.Context(), i.connect(t), tokens); !errors.Is(err, authclient.ErrNoSession) {
			t.Errorf("Resume = %v, want ErrNoSession", err)
		}
	})
}

func TestAReauthenticateThatNeverArrived(t *testing.T) {
	t.Parallel()
	everyIssuer(t, func(t *testing.T, i *issuer) {
		session, tokens, err := i.reauthenticatedWith(t, "before Reauthenticate")
		if !errors.Is(err, errStep) || errors.Is(err, authclient.ErrSessionEnded) {
			t.Errorf("Reauthenticate = %v", err)
		}
		before := tokens.now().SessionID
		if err := session.Reauthenticate(t.Context(), "correct horse"); err != nil {
			t.Errorf("once more: %v", err)
		}
		if after := resumed(t, i.connect(t), tokens); after == before {
			t.Error("the session was not replaced")
		}
	})
}

// The old session has ended at the server, and the new one can't be kept.
func TestAReauthenticateThatCantBeSaved(t *testing.T) {
	t.Parallel()
	everyIssuer(t, func(t *testing.T, i *issuer) {
		session, tokens, err := i.reauthenticatedWith(t, "before Save")
		if !errors.Is(err, authclient.ErrSessionEnded) || !errors.Is(err, errStep) {
			t.Errorf("Reauthenticate = %v, want ErrSessionEnded and why", err)
		}
		if _, err := session.Token(t.Context()); !errors.Is(err, authclient.ErrSessionEnded) {
			t.Errorf("Token = %v, want ErrSessionEnded", err)
		}
		sessions, err := i.store.SessionsOf(t.Context(), "u-1815", "", 10)
		if err != nil || len(sessions) != 0 || tokens.now() != (authclient.Saved{}) {
			t.Errorf("%d sessions stand, %v, and the store holds %v", len(sessions), err, tokens.now())
		}
	})
}

func TestReauthenticateOfASessionThatWasEndedElsewhere(t *testing.T) {
	t.Parallel()
	everyIssuer(t, func(t *testing.T, i *issuer) {
		tokens, conn := &inMemory{}, i.connect(t)
		session := login(t, conn, authclient.WithStore(tokens))
		other := login(t, conn)
		owner := grpcauthv1.NewAuthServiceClient(i.connect(t))
		_, err := owner.RevokeSession(bearing(t, other), &grpcauthv1.RevokeSessionRequest{SessionId: tokens.now().SessionID})
		if err != nil {
			t.Fatal(err)
		}
		if err := session.Reauthenticate(t.Context(), "correct horse"); !errors.Is(err, authclient.ErrSessionEnded) {
			t.Errorf("Reauthenticate = %v, want ErrSessionEnded", err)
		}
		if tokens.now() != (authclient.Saved{}) {
			t.Errorf("the store holds %v", tokens.now())
		}
	})
}

// Whoever can't wait for the truth is told of it later; until then the token
// in use may be good.
func TestADoubtIsSettledInTheBackground(t *testing.T) {
	t.Parallel()
	for name, ended := range map[string]bool{"the session stands": false, "the session was replaced": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var up atomic.Bool
				auth := &reauthenticating{scripted: scripted{lifetime: time.Hour}}
				auth.answer = func(int, string) error {
					time.Sleep(time.Hour)
					return nil
				}
				auth.onRefresh = func(int, *grpcauthv1.RefreshRequest) error {
					switch {
					case !up.Load():
						return status.Error(codes.Unavailable, "down")
					case ended:
						return fault.Because(grpcauthv1.Reason_REASON_SESSION_REVOKED, nil)
					}
					return nil
				}
				session := login(t, serveAuth(t, auth))
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				err := session.Reauthenticate(ctx, "again")
				if status.Code(err) != codes.DeadlineExceeded || errors.Is(err, authclient.ErrSessionEnded) {
					t.Errorf("Reauthenticate = %v", err)
				}
				synctest.Wait()
				if token := mustToken(t, session); token != "access-1" {
					t.Errorf("while the server is down the token is %q", token)
				}
				up.Store(true)
				time.Sleep(10 * time.Second)
				synctest.Wait()
				if _, err := session.Token(t.Context()); errors.Is(err, authclient.ErrSessionEnded) != ended {
					t.Errorf("Token = %v", err)
				}
			})
		})
	}
}

// bearing is the context of a call with the session's token.
func bearing(t *testing.T, session *authclient.Session) context.Context {
	t.Helper()
	return metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+mustToken(t, session))
}
