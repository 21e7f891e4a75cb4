package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// honest is a client that refreshes as authclient does: with an idempotency
// key that it keeps before it is sent, and with the same token and key again
// until there is an answer.
type honest struct {
	t     *testing.T
	past  []string // the refresh tokens that were answered, the newest last
	sent  string   // with the newest, and not answered yet
	keyed bool
	// access is the newest access token, session its session.
	access, session string
	name, password  string
}

type authClient = grpcauthv1.AuthServiceClient

func logIn(t *testing.T, at authClient, keyed bool) *honest {
	t.Helper()
	return logInAs(t, at, keyed, "ada", goodPassword)
}

func logInAs(t *testing.T, at authClient, keyed bool, name, password string) *honest {
	t.Helper()
	h := &honest{t: t, keyed: keyed, name: name, password: password}
	if err := h.logIn(at); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *honest) logIn(at authClient) error {
	answer, err := at.Login(h.t.Context(), &grpcauthv1.LoginRequest{Username: h.name, Password: h.password})
	if err == nil {
		h.keep(answer.GetTokens())
	}
	return err
}

func (h *honest) keep(tokens *grpcauthv1.Tokens) {
	h.past, h.sent = append(h.past, tokens.GetRefreshToken()), ""
	h.access, h.session = tokens.GetAccessToken(), tokens.GetSessionId()
}

func (h *honest) newest() string { return h.past[len(h.past)-1] }

// refresh asks once. An error that is not Unavailable is the end for an honest
// client.
func (h *honest) refresh(at authClient) error {
	if h.sent == "" && h.keyed {
		h.sent = rand.Text()
	}
	answer, err := present(h.t, at, h.newest(), h.sent)
	if err == nil {
		h.keep(answer)
	}
	return err
}

func (h *honest) mustRefresh(at authClient) {
	h.t.Helper()
	if err := h.refresh(at); err != nil {
		h.t.Fatalf("an honest client is refused: %v", err)
	}
}

func (h *honest) context() context.Context {
	return metadata.AppendToOutgoingContext(h.t.Context(), "authorization", "Bearer "+h.access)
}

func (h *honest) logOut(at authClient) error {
	_, err := at.Logout(h.context(), &grpcauthv1.LogoutRequest{})
	return err
}

// present is one Refresh by anybody.
func present(t *testing.T, at authClient, token, key string) (*grpcauthv1.Tokens, error) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	answer, err := at.Refresh(ctx, &grpcauthv1.RefreshRequest{RefreshToken: token, IdempotencyKey: key})
	return answer.GetTokens(), err
}

func isUnavailable(err error) bool { return status.Code(err) == codes.Unavailable }

func wantReason(t *testing.T, what string, err error, want grpcauthv1.Reason) {
	t.Helper()
	if err != nil && fault.FromStatus(err) == want {
		return
	}
	t.Errorf("%s: got %v, want %v", what, err, want)
}

const (
	isReused  = grpcauthv1.Reason_REASON_REFRESH_REUSED
	isRevoked = grpcauthv1.Reason_REASON_SESSION_REVOKED
)

// generation is which of its session's refresh tokens that one is.
func generation(t *testing.T, token string) uint64 {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, "grt_"))
	if err != nil {
		t.Fatal(err)
	}
	return binary.BigEndian.Uint64(raw[21:])
}
