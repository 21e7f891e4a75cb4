package authclient_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/grpcauth/grpcauth/authclient"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// challengeOf is the challenge that err is, which asks for method.
func challengeOf(t *testing.T, err error, method string) *authclient.ChallengeError {
	t.Helper()
	challenge, ok := errors.AsType[*authclient.ChallengeError](err)
	if !ok || challenge.Method != method {
		t.Fatalf("error = %v, want a challenge for %s", err, method)
	}
	if left := time.Until(challenge.Expires); left > 5*time.Minute || left < 4*time.Minute {
		t.Errorf("it expires in %s", left)
	}
	return challenge
}

// answered is the session that the last answer to a chain of challenges gives.
func answered(t *testing.T, err error, methods ...string) *authclient.Session {
	t.Helper()
	responses := map[string]string{"totp": "287082", "mail": "moth"}
	var session *authclient.Session
	for _, method := range methods {
		session, err = challengeOf(t, err, method).Answer(t.Context(), responses[method])
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(session.Close)
	return session
}

func wantWrong(t *testing.T, session *authclient.Session, err error) {
	t.Helper()
	if session != nil || authclient.Reason(err) != grpcauthv1.Reason_REASON_INVALID_CREDENTIALS {
		t.Errorf("%v, %v, want INVALID_CREDENTIALS", session, err)
	}
}

func TestALoginWithFurtherFactors(t *testing.T) {
	t.Parallel()
	everyIssuer(t, func(t *testing.T, i *issuer) {
		tokens, conn := &inMemory{}, i.connect(t)
		_, err := authclient.Login(t.Context(), conn, "grace", "nanosecond", authclient.WithStore(tokens), authclient.WithClientID("phone"),
			authclient.WithScopes("notes.read"), authclient.WithAudiences("https://api.test"), authclient.WithLabel("her phone"))
		first := challengeOf(t, err, "totp")
		session, err := first.Answer(t.Context(), "000000")
		wantWrong(t, session, err)
		_, err = first.Answer(t.Context(), "287082")
		second := challengeOf(t, err, "mail")
		if tokens.now() != (authclient.Saved{}) {
			t.Errorf("saved before the last answer: %v", tokens.now())
		}
		session, err = second.Answer(t.Context(), "moth")
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		kept, err := i.store.Session(t.Context(), tokens.now().SessionID)
		if err != nil || kept.Label != "her phone" || kept.ClientID != "phone" || kept.Subject != "u-1906" {
			t.Errorf("opened %+v, %v", kept, err)
		}
		if err := session.Refresh(t.Context()); err != nil || tokens.now().ClientID != "phone" {
			t.Errorf("a renewal: %v, and the store holds %v", err, tokens.now())
		}
		session, err = second.Answer(t.Context(), "moth") // once is enough
		wantWrong(t, session, err)
	})
}

// The session that was asked for more stands meanwhile, and renews itself.
func TestReauthenticateWithFurtherFactors(t *testing.T) {
	t.Parallel()
	everyIssuer(t, func(t *testing.T, i *issuer) {
		tokens, conn := &inMemory{}, i.connect(t)
		_, err := authclient.Login(t.Context(), conn, "grace", "nanosecond", authclient.WithStore(tokens))
		session := answered(t, err, "totp", "mail")
		bank := i.resource(t, &grpcauthv1.Rule{MaxAuthAge: durationpb.New(5 * time.Minute)}, session.DialOptions())
		i.advance(6 * time.Minute)
		before := tokens.now().SessionID
		first := challengeOf(t, session.Reauthenticate(t.Context(), "nanosecond"), "totp")
		if again, err := first.Answer(t.Context(), "000000"); again != nil || authclient.Reason(err) != grpcauthv1.Reason_REASON_INVALID_CREDENTIALS {
			t.Errorf("a wrong code: %v, %v", again, err)
		}
		if err := session.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := call(bank); authclient.Reason(err) != grpcauthv1.Reason_REASON_REAUTHENTICATION_REQUIRED {
			t.Errorf("before the last answer: %v", err)
		}
		_, err = first.Answer(t.Context(), "287082")
		again, err := challengeOf(t, err, "mail").Answer(t.Context(), "moth")
		if err != nil || again != session {
			t.Fatalf("another session, or %v", err)
		}
		if err := call(bank); err != nil {
			t.Errorf("after the last answer: %v", err)
		}
		if after := resumed(t, conn, tokens); after == before {
			t.Error("the store holds the session that was replaced")
		}
	})
}

func TestAnswersForASessionThatIsNoMore(t *testing.T) {
	t.Parallel()
	everyIssuer(t, func(t *testing.T, i *issuer) {
		for name, tc := range map[string]struct {
			end  func(*authclient.Session) error
			want error
		}{
			"closed":     {func(s *authclient.Session) error { s.Close(); return nil }, authclient.ErrClosed},
			"logged out": {func(s *authclient.Session) error { return s.Logout(t.Context()) }, authclient.ErrSessionEnded},
		} {
			_, err := authclient.Login(t.Context(), i.connect(t), "grace", "nanosecond")
			session := answered(t, err, "totp", "mail")
			challenge := challengeOf(t, session.Reauthenticate(t.Context(), "nanosecond"), "totp")
			if err := tc.end(session); err != nil {
				t.Fatal(err)
			}
			if _, err := challenge.Answer(t.Context(), "287082"); !errors.Is(err, tc.want) {
				t.Errorf("%s: %v, want %v", name, err, tc.want)
			}
		}
	})
}

func TestAnswersAtTheSameTimeOpenOneSession(t *testing.T) {
	t.Parallel()
	everyIssuer(t, func(t *testing.T, i *issuer) {
		_, err := authclient.Login(t.Context(), i.connect(t), "grace", "nanosecond")
		_, err = challengeOf(t, err, "totp").Answer(t.Context(), "287082")
		challenge := challengeOf(t, err, "mail")
		var opened atomic.Int32
		var callers sync.WaitGroup
		for range 4 {
			callers.Go(func() {
				if session, err := challenge.Answer(t.Context(), "moth"); err == nil {
					opened.Add(1)
					session.Close()
				} else if authclient.Reason(err) != grpcauthv1.Reason_REASON_INVALID_CREDENTIALS {
					t.Error(err)
				}
			})
		}
		callers.Wait()
		sessions, err := i.store.SessionsOf(t.Context(), "u-1906", "", 10)
		if err != nil || len(sessions) != 1 || opened.Load() != 1 {
			t.Errorf("%d sessions stand and %d were opened, %v", len(sessions), opened.Load(), err)
		}
	})
}
