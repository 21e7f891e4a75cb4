package authclient_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
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

// asking is an AuthService that asks for a code.
func asking(got *[]*grpcauthv1.LoginRequest) *scripted {
	auth := &scripted{lifetime: time.Hour}
	auth.onLogin = func(req *grpcauthv1.LoginRequest) (*grpcauthv1.LoginResponse, error) {
		*got = append(*got, req)
		if req.GetChallengeAnswer() != nil {
			return &grpcauthv1.LoginResponse{Result: &grpcauthv1.LoginResponse_Tokens{Tokens: auth.tokens()}}, nil
		}
		return &grpcauthv1.LoginResponse{Result: &grpcauthv1.LoginResponse_Challenge{Challenge: &grpcauthv1.Challenge{
			Token: "challenge-secret", Method: "totp", ExpiresIn: durationpb.New(5 * time.Minute),
		}}}, nil
	}
	return auth
}

func TestAnAnswerAsksForWhatTheLoginAskedFor(t *testing.T) {
	t.Parallel()
	var got []*grpcauthv1.LoginRequest
	scopes := []string{"notes.read", "notes.write"}
	_, err := authclient.Login(t.Context(), serveAuth(t, asking(&got)), "grace", "nanosecond", authclient.WithClientID("phone"),
		authclient.WithScopes(scopes...), authclient.WithAudiences("https://notes.example"), authclient.WithLabel("her phone"))
	answered(t, err, "totp")
	want := &grpcauthv1.LoginRequest{
		ClientId: "phone", Label: "her phone", Scopes: scopes, Audiences: []string{"https://notes.example"},
		ChallengeAnswer: &grpcauthv1.ChallengeAnswer{Token: "challenge-secret", Response: "287082"},
	}
	if len(got) != 2 || !proto.Equal(got[1], want) {
		t.Errorf("the server was asked %v, want %v", got, want)
	}
}

// checklist: B2
func TestAChallengeShowsNoSecret(t *testing.T) {
	t.Parallel()
	_, err := authclient.Login(t.Context(), serveAuth(t, asking(new([]*grpcauthv1.LoginRequest))), "grace", "nanosecond")
	challenge := challengeOf(t, err, "totp")
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("asked", "challenge", challenge, "err", err)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("asked", "challenge", challenge, "err", err)
	encoded, jsonErr := json.Marshal(challenge)
	if jsonErr != nil {
		t.Fatal(jsonErr)
	}
	texts := []string{log.String(), string(encoded), challenge.Error(), err.Error()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		texts = append(texts, fmt.Sprintf(verb, challenge), fmt.Sprintf(verb, err), fmt.Sprintf(verb, *challenge))
	}
	for _, secret := range []string{"challenge-secret", fmt.Sprintf("%x", "challenge-secret"), "nanosecond"} {
		if i := slices.IndexFunc(texts, func(text string) bool { return strings.Contains(text, secret) }); i >= 0 {
			t.Errorf("text %d shows %q: %s", i, secret, texts[i])
		}
	}
	if !strings.Contains(err.Error(), `"totp"`) {
		t.Errorf("the error does not say what is asked for: %v", err)
	}
}

func TestAChallengeThatNoServerSent(t *testing.T) {
	t.Parallel()
	session, err := (&authclient.ChallengeError{Method: "totp"}).Answer(t.Context(), "287082")
	if session != nil || err == nil {
		t.Errorf("%v, %v", session, err)
	}
}

// movedConn leads elsewhere after the first call.
type movedConn struct {
	grpc.ClientConnInterface

	next grpc.ClientConnInterface
}

func (c *movedConn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	now := c.ClientConnInterface
	c.ClientConnInterface = c.next
	return now.Invoke(ctx, method, args, reply, opts...)
}

// The connection is looked at anew: it may have been made anew.
//
// checklist: B7
func TestAnAnswerIsNotSentInPlaintext(t *testing.T) {
	t.Parallel()
	var got []*grpcauthv1.LoginRequest
	n, w := newNetwork(t, "tcp", "127.0.0.1:0"), new(wire)
	conn := &movedConn{serveAuth(t, asking(&got)), n.connect(t, w, insecure.NewCredentials())}
	_, err := authclient.Login(t.Context(), conn, "grace", "nanosecond")
	_, err = challengeOf(t, err, "totp").Answer(t.Context(), "287082")
	wantPlaintextRefused(t, err)
	if text := w.text(); strings.Contains(text, "287082") || strings.Contains(text, "challenge-secret") {
		t.Errorf("the wire saw the answer: %q", text)
	}
}
