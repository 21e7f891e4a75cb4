package main

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

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
	grpcauthv1.AuthServiceClient

	now atomic.Int64
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
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(); srv.Stop() })
	w.AuthServiceClient = grpcauthv1.NewAuthServiceClient(conn)
	return w
}

// code is what the phone shows.
func (w *world) code() string {
	return codeAt([]byte(secret), counterAt(time.Unix(w.now.Load(), 0)), 6)
}

func (w *world) challenge(t *testing.T) *grpcauthv1.Challenge {
	t.Helper()
	resp, err := w.Login(t.Context(), &grpcauthv1.LoginRequest{Username: "Ada", Password: "correct horse battery staple"})
	if err != nil || resp.GetChallenge().GetMethod() != "totp" {
		t.Fatalf("%v, %v", resp, err)
	}
	return resp.GetChallenge()
}

func (w *world) answer(t *testing.T, c *grpcauthv1.Challenge, code string) (*grpcauthv1.Tokens, error) {
	resp, err := w.Login(t.Context(), &grpcauthv1.LoginRequest{ChallengeAnswer: &grpcauthv1.ChallengeAnswer{Token: c.GetToken(), Response: code}})
	return resp.GetTokens(), err
}

func wantCode(t *testing.T, err error, want codes.Code) {
	t.Helper()
	if status.Code(err) != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestLoginWithAPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Login(t.Context(), &grpcauthv1.LoginRequest{Username: "ada", Password: "wrong"})
	wantCode(t, err, codes.Unauthenticated)
	_, err = w.Login(t.Context(), &grpcauthv1.LoginRequest{Username: "eve", Password: "wrong"})
	wantCode(t, err, codes.Unauthenticated)

	first := w.challenge(t)
	_, err = w.answer(t, first, "000000")
	wantCode(t, err, codes.Unauthenticated)
	code := w.code()
	tokens, err := w.answer(t, first, code)
	wantCode(t, err, codes.OK)
	_, err = w.answer(t, w.challenge(t), code) // somebody has seen it
	wantCode(t, err, codes.Unauthenticated)

	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+tokens.GetAccessToken())
	info, err := w.GetUserInfo(ctx, &grpcauthv1.GetUserInfoRequest{})
	if err != nil || info.GetUsername() != "ada" {
		t.Errorf("%v, %v", info, err)
	}
	w.reauthenticate(ctx, t)
}

// reauthenticate asks for both factors once more.
func (w *world) reauthenticate(ctx context.Context, t *testing.T) {
	t.Helper()
	w.now.Add(60)
	asked, err := w.Reauthenticate(ctx, &grpcauthv1.ReauthenticateRequest{Password: "correct horse battery staple"})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := w.Reauthenticate(ctx, &grpcauthv1.ReauthenticateRequest{
		ChallengeAnswer: &grpcauthv1.ChallengeAnswer{Token: asked.GetChallenge().GetToken(), Response: w.code()},
	})
	if err != nil || resp.GetTokens().GetAccessToken() == "" {
		t.Errorf("%v, %v", resp, err)
	}
}
