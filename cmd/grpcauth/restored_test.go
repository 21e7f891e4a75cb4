package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

// engine takes a backup of a database by the engine's own means, and puts it in
// the database's place.
type engine struct {
	store   string
	backup  func(t *testing.T)
	restore func(t *testing.T) (store string)
}

func sqliteEngine(t *testing.T) *engine {
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "grpcauth.db"), filepath.Join(dir, "backup.db")
	sqlite := testkit.Require(t, "sqlite3")
	return &engine{
		store:  path,
		backup: func(t *testing.T) { t.Helper(); tool(t, sqlite, path, "VACUUM INTO '"+backup+"'") },
		restore: func(t *testing.T) string {
			t.Helper()
			for _, part := range []string{"-wal", "-shm"} {
				_ = os.Remove(path + part) // there is none after a clean end
			}
			data, err := os.ReadFile(backup)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		},
	}
}

func postgresEngine(t *testing.T) *engine {
	dump, restore := testkit.Require(t, "pg_dump"), testkit.Require(t, "pg_restore")
	file := filepath.Join(t.TempDir(), "backup.dump")
	url := testkit.Postgres(t)
	return &engine{
		store:  url,
		backup: func(t *testing.T) { t.Helper(); tool(t, dump, "--format=custom", "--no-owner", "--file", file, url) },
		restore: func(t *testing.T) string {
			t.Helper()
			restored := testkit.Postgres(t)
			tool(t, restore, "--no-owner", "--single-transaction", "--dbname", restored, file)
			return restored
		},
	}
}

func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(name), err, out)
	}
}

// lost is a life of a database that a restored backup takes back.
type lost struct {
	*testing.T
	b    binaries
	at   *engine
	key  string
	auth *authServer
	conn grpcauthv1.AuthServiceClient
	// refresh and access are the tokens of that life, by what became of them.
	refresh, access map[string]string
}

// testRestored serves, backs up, changes things, restores, and wants that
// nothing of the lost life is let in.
//
// checklist: R7
func testRestored(t *testing.T, b binaries, at *engine) {
	l := &lost{T: t, b: b, at: at, key: keyFile(t), refresh: map[string]string{}, access: map[string]string{}}
	for _, name := range []string{"ada", "bob"} {
		l.command(goodPassword, exitOK, "user", "add", name, "--scope", "notes.read")
	}
	l.serve()
	l.live()
	l.auth.terminate()
	for epoch := 2; epoch <= 3; epoch++ { // the same backup twice
		at.store = at.restore(t)
		l.refused()
		l.recover(epoch)
		l.serve()
		l.nobodySlipsIn()
		l.login("ada", strings.Repeat("again ", epoch))
		l.auth.terminate()
	}
}

// command runs a command on the database.
func (l *lost) command(stdin string, code int, args ...string) outcome {
	l.Helper()
	p := l.b.start(l.T, stdin, []string{"GRPCAUTH_STORE=" + l.at.store, "GRPCAUTH_KEY_FILE=" + l.key}, "grpcauth", args...)
	if got := p.wait(); got != code {
		l.Fatalf("%v: exit %d: %s", args, got, p.stderr.String())
	}
	return outcome{code, p.stdout.String(), p.stderr.String()}
}

func (l *lost) serve() {
	l.Helper()
	s := l.b.start(l.T, "", []string{"GRPCAUTH_STORE=" + l.at.store}, "grpcauth", identity(
		"--key-file", l.key, "--listen", "127.0.0.1:0", "--http-listen", "off", "--log-format", "json")...)
	l.auth = &authServer{program: s}
	if err := json.Unmarshal([]byte(s.line(&s.stderr, `"msg":"listening"`)), l.auth); err != nil {
		l.Fatal(err)
	}
	l.conn = grpcauthv1.NewAuthServiceClient(dial(l.T, l.auth.GRPC))
}

// live has a backup taken in the midst of it.
func (l *lost) live() {
	l.login("ada", "kept")
	l.login("ada", "logged out")
	l.login("bob", "disabled")
	l.refreshed("kept", "rotated before")
	l.at.backup(l.T)
	l.refreshed("rotated before", "rotated since")
	l.login("ada", "begun since")
	if _, err := l.conn.Logout(l.bearer("logged out"), &grpcauthv1.LogoutRequest{}); err != nil {
		l.Fatal(err)
	}
	l.command("", exitOK, "user", "disable", "bob")
}

func (l *lost) login(name, what string) {
	l.Helper()
	answer, err := l.conn.Login(l.Context(), &grpcauthv1.LoginRequest{Username: name, Password: goodPassword})
	if err != nil {
		l.Fatalf("%s: %v", what, err)
	}
	l.keep(what, answer.GetTokens())
}

func (l *lost) refreshed(from, what string) {
	l.Helper()
	answer, err := l.conn.Refresh(l.Context(), &grpcauthv1.RefreshRequest{RefreshToken: l.refresh[from]})
	if err != nil {
		l.Fatalf("%s: %v", what, err)
	}
	l.keep(what, answer.GetTokens())
}

func (l *lost) keep(what string, tokens *grpcauthv1.Tokens) {
	l.refresh[what], l.access[what] = tokens.GetRefreshToken(), tokens.GetAccessToken()
}

func (l *lost) bearer(what string) context.Context {
	return metadata.AppendToOutgoingContext(l.Context(), "authorization", "Bearer "+l.access[what])
}

// refused: a server sees that the database is not the one it served.
func (l *lost) refused() {
	l.Helper()
	got := l.command("", exitFailure, identity("--listen", "127.0.0.1:0", "--http-listen", "off")...)
	if !strings.Contains(got.stderr, "a backup was restored: stop every server that uses it and run grpcauth recover") {
		l.Errorf("the restored backup: %+v", got)
	}
}

func (l *lost) recover(epoch int) {
	l.Helper()
	if got := l.command("", exitFailure, "recover"); !strings.Contains(got.stderr, "no terminal to ask on: add --yes") {
		l.Errorf("unasked: %+v", got)
	}
	l.refused() // still
	var did struct {
		Epoch         int
		SessionsEnded int `json:"sessions_ended"`
	}
	got := l.command("", exitOK, "recover", "--yes", "--json")
	if err := json.Unmarshal([]byte(got.stdout), &did); err != nil || did.Epoch != epoch || did.SessionsEnded != 3 {
		l.Errorf("%v: %+v", err, got)
	}
	got = l.command("", exitOK, "audit", "list", "--kind", "recovered", "--json")
	if n := strings.Count(got.stdout, `"actor":"operator"`); n != epoch-1 {
		l.Errorf("the audit record says so %d times: %s", n, got.stdout)
	}
}

func (l *lost) nobodySlipsIn() {
	l.Helper()
	for what, refreshToken := range l.refresh {
		if _, err := l.conn.Refresh(l.Context(), &grpcauthv1.RefreshRequest{RefreshToken: refreshToken}); status.Code(err) != codes.Unauthenticated {
			l.Errorf("a refresh token, %s: %v", what, err)
		}
		if _, err := l.conn.GetUserInfo(l.bearer(what), &grpcauthv1.GetUserInfoRequest{}); status.Code(err) != codes.Unauthenticated {
			l.Errorf("an access token, %s: %v", what, err)
		}
	}
}
