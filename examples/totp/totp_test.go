package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpcauth/grpcauth/authclient"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// The vectors of RFC 6238, appendix B, for SHA-1.
func TestCodesOfTheRFC(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471",
		1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := codeAt([]byte(secret), counterAt(time.Unix(seconds, 0)), 8); got != want {
			t.Errorf("%d: %s, want %s", seconds, got, want)
		}
	}
}

func TestCodesOfNeighbouringSteps(t *testing.T) {
	t.Parallel()
	now := time.Unix(1234567890, 0)
	for steps, want := range map[int]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		code := codeAt([]byte(secret), counterAt(now.Add(time.Duration(steps)*step)), 6)
		if _, ok := counterOf([]byte(secret), code, now); ok != want {
			t.Errorf("%d steps away: %v", steps, ok)
		}
	}
	if _, ok := counterOf([]byte(secret), "", now); ok {
		t.Error("no code is one")
	}
}

// world is the server on a port of this machine, and a clock.
type world struct {
	address string
	now     atomic.Int64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{}
	w.now.Store(1234567890)
	people, err := newUsers(t.Context(), func() time.Time { return time.Unix(w.now.Load(), 0) })
	if err != nil {
		t.Fatal(err)
	}
	srv, err := newServer(people)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(listener) }()
	t.Cleanup(srv.Stop)
	w.address = listener.Addr().String()
	return w
}

func (w *world) dial(t *testing.T, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(w.address, append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// code is what the phone shows.
func (w *world) code() string {
	return codeAt([]byte(secret), counterAt(time.Unix(w.now.Load(), 0)), 6)
}

func wantChallenge(t *testing.T, err error) *authclient.ChallengeError {
	t.Helper()
	challenge, ok := errors.AsType[*authclient.ChallengeError](err)
	if !ok || challenge.Method != "totp" {
		t.Fatalf("%v, want a challenge", err)
	}
	return challenge
}

func wantWrong(t *testing.T, err error) {
	t.Helper()
	if authclient.Reason(err) != grpcauthv1.Reason_REASON_INVALID_CREDENTIALS {
		t.Errorf("%v, want INVALID_CREDENTIALS", err)
	}
}

// amrOf is how the user has proven who they are, as a session's token tells.
// What the token is worth is not its question.
func amrOf(t *testing.T, session *authclient.Session) []string {
	t.Helper()
	raw, err := session.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		AMR []string `json:"amr"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims.AMR
}

func TestLoginWithAPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := w.dial(t)
	for _, name := range []string{"ada", "eve"} {
		_, err := authclient.Login(t.Context(), conn, name, "wrong")
		wantWrong(t, err)
	}

	_, err := authclient.Login(t.Context(), conn, "Ada", "correct horse battery staple")
	challenge := wantChallenge(t, err)
	_, err = challenge.Answer(t.Context(), "000000")
	wantWrong(t, err)
	code := w.code()
	session, err := challenge.Answer(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	_, err = authclient.Login(t.Context(), conn, "ada", "correct horse battery staple")
	_, err = wantChallenge(t, err).Answer(t.Context(), code) // somebody has seen it
	wantWrong(t, err)

	w.now.Add(60)
	err = session.Reauthenticate(t.Context(), "correct horse battery staple") // asks for both factors once more
	if _, err := wantChallenge(t, err).Answer(t.Context(), w.code()); err != nil {
		t.Error(err)
	}
	if amr := amrOf(t, session); !slices.Equal(amr, []string{"pwd", "otp"}) {
		t.Errorf("amr %q", amr)
	}
	me := grpcauthv1.NewAuthServiceClient(w.dial(t, session.DialOptions()...))
	info, err := me.GetUserInfo(t.Context(), &grpcauthv1.GetUserInfoRequest{})
	if err != nil || info.GetUsername() != "ada" {
		t.Errorf("%v, %v", info, err)
	}
}
