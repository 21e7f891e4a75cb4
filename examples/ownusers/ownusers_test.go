package main

import (
	"encoding/base64"
	"encoding/json"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

const oldPassword = "correct horse"

// world is the server on a port of this machine, and both databases.
type world struct {
	grpcauthv1.AuthServiceClient

	t        *testing.T
	people   *users
	sessions store.Store
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	people, err := openUsers(t.Context(), filepath.Join(dir, "app.db"))
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := sqlstore.OpenSQLite(t.Context(), filepath.Join(dir, "auth.db"))
	if err != nil {
		t.Fatal(err)
	}
	srv, err := newServer(t.Context(), people, sessions)
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
	t.Cleanup(func() {
		_ = conn.Close()
		srv.Stop()
		_ = sessions.Close()
		_ = people.db.Close()
	})
	return &world{AuthServiceClient: grpcauthv1.NewAuthServiceClient(conn), t: t, people: people, sessions: sessions}
}

func (w *world) login(email, password string) (*grpcauthv1.Tokens, error) {
	resp, err := w.Login(w.t.Context(), &grpcauthv1.LoginRequest{Username: email, Password: password})
	return resp.GetTokens(), err
}

func (w *world) refresh(tokens *grpcauthv1.Tokens) (*grpcauthv1.Tokens, error) {
	resp, err := w.Refresh(w.t.Context(), &grpcauthv1.RefreshRequest{RefreshToken: tokens.GetRefreshToken()})
	return resp.GetTokens(), err
}

func (w *world) exec(statement string, args ...any) {
	w.t.Helper()
	if _, err := w.people.db.ExecContext(w.t.Context(), statement, args...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) wantCode(err error, want codes.Code) {
	w.t.Helper()
	if status.Code(err) != want {
		w.t.Errorf("%v, want %s", err, want)
	}
}

// plan is what the token says of it, which a server would verify first.
func (w *world) plan(tokens *grpcauthv1.Tokens) string {
	w.t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(tokens.GetAccessToken(), ".")[1])
	if err != nil {
		w.t.Fatal(err)
	}
	var claims struct {
		Plan string `json:"plan"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		w.t.Fatal(err)
	}
	return claims.Plan
}

func TestUsersOfTheTable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.login("ada@example.com", "wrong horse")
	w.wantCode(err, codes.Unauthenticated)
	_, err = w.login("nobody@example.com", oldPassword)
	w.wantCode(err, codes.Unauthenticated)
	tokens, err := w.login("Ada@Example.com", oldPassword)
	w.wantCode(err, codes.OK)
	if !slices.Equal(tokens.GetScopes(), []string{"notes.read", "notes.write"}) || w.plan(tokens) != "team" {
		t.Errorf("granted %q, plan %q", tokens.GetScopes(), w.plan(tokens))
	}
	r, err := w.people.row(t.Context(), `WHERE id = ?`, 1)
	if err != nil || !strings.HasPrefix(r.hash, "$argon2id$") {
		t.Errorf("the hash was not replaced: %v", err)
	}
	_, err = w.login("ada@example.com", oldPassword)
	w.wantCode(err, codes.OK)

	// Who is an editor no more is none from the next refresh on.
	w.exec(`UPDATE users SET is_editor = 0, plan = 'free'`)
	tokens, err = w.refresh(tokens)
	w.wantCode(err, codes.OK)
	if !slices.Equal(tokens.GetScopes(), []string{"notes.read"}) || w.plan(tokens) != "free" {
		t.Errorf("granted %q, plan %q", tokens.GetScopes(), w.plan(tokens))
	}
	w.exec(`UPDATE users SET is_active = 0`)
	_, err = w.refresh(tokens)
	w.wantCode(err, codes.Unauthenticated)
	_, err = w.login("ada@example.com", oldPassword)
	w.wantCode(err, codes.Unauthenticated)
	w.wantEvents("login_failed 1", "login_failed ", "login 1", "login 1", "session_revoked 1", "login_failed 1")
}

func (w *world) wantEvents(want ...string) {
	w.t.Helper()
	rows, err := w.people.db.QueryContext(w.t.Context(), `SELECT kind || ' ' || user_id FROM security_events ORDER BY rowid`)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var got []string
	for rows.Next() {
		var event string
		if err := rows.Scan(&event); err != nil {
			w.t.Fatal(err)
		}
		got = append(got, event)
	}
	if err := rows.Err(); err != nil || !slices.Equal(got, want) {
		w.t.Errorf("events %q, want %q (%v)", got, want, err)
	}
}

func TestAPasswordOfTheTableIsChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens, err := w.login("ada@example.com", oldPassword)
	w.wantCode(err, codes.OK)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+tokens.GetAccessToken())
	_, err = w.ChangePassword(ctx, &grpcauthv1.ChangePasswordRequest{OldPassword: oldPassword, NewPassword: "battery staple"})
	w.wantCode(err, codes.Unimplemented) // that is the application's to do:
	if err := w.people.SetPassword(t.Context(), w.sessions, 1, "battery staple"); err != nil {
		t.Fatal(err)
	}
	_, err = w.refresh(tokens)
	w.wantCode(err, codes.Unauthenticated)
	_, err = w.login("ada@example.com", oldPassword)
	w.wantCode(err, codes.Unauthenticated)
	_, err = w.login("ada@example.com", "battery staple")
	w.wantCode(err, codes.OK)
}
