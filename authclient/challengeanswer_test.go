package authclient_test

import (
	"context"
	"encoding/json"
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

// checklist: B7
func TestReauthenticateIsNotSentInPlaintext(t *testing.T) {
	t.Parallel()
	auth := &scripted{lifetime: time.Hour}
	n, w := newNetwork(t, "tcp", "127.0.0.1:0"), new(wire)
	session := login(t, &movedConn{serveAuth(t, auth), n.connect(t, w, insecure.NewCredentials())})
	wantPlaintextRefused(t, session.Reauthenticate(t.Context(), "nanosecond"))
	if text := w.text(); strings.Contains(text, "nanosecond") || strings.Contains(text, "access-1") {
		t.Errorf("the wire saw the password or the token: %q", text)
	}
	if token := mustToken(t, session); token != "access-1" {
		t.Errorf("the token is %q, want the one from before", token)
	}
}
