package main

import (
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// testFeltAtOnce has the operator work on the database of a server that runs.
//
// checklist: R6 R7
func testFeltAtOnce(t *testing.T, b binaries) {
	at := &engine{store: filepath.Join(t.TempDir(), "grpcauth.db")}
	l := &lost{T: t, b: b, at: at, key: keyFile(t), refresh: map[string]string{}, access: map[string]string{}}
	l.command(goodPassword, exitOK, "user", "add", "ada")
	l.serve()
	const changed = goodPassword + "!"
	for _, c := range []struct {
		stdin string
		args  []string
	}{
		{"", []string{"session", "revoke", "--user", "ada"}},
		{"", []string{"session", "revoke", "SESSION"}},
		{"", []string{"user", "disable", "ada"}},
		{changed, []string{"user", "password", "ada"}},
	} {
		l.login("ada", "tokens")
		info, err := l.conn.GetUserInfo(l.bearer("tokens"), &grpcauthv1.GetUserInfoRequest{})
		if err != nil {
			t.Fatal(err)
		}
		for i, arg := range c.args {
			c.args[i] = strings.Replace(arg, "SESSION", info.GetSessionId(), 1)
		}
		l.command(c.stdin, exitOK, c.args...)
		l.nobodySlipsIn()
		if c.args[1] == "disable" {
			l.mayNotLogIn(goodPassword)
			l.command("", exitOK, "user", "enable", "ada")
			l.nobodySlipsIn()
		}
	}
	l.mayNotLogIn(goodPassword)
	if _, err := l.conn.Login(t.Context(), &grpcauthv1.LoginRequest{Username: "ADA", Password: changed}); err != nil {
		t.Error(err)
	}
	l.command("", exitOK, "recover", "--yes")
	if code := l.auth.wait(); code != exitFailure || !strings.Contains(l.auth.stderr.String(), "grpcauth: the database was recovered while this server used it: start the server again\n") {
		t.Errorf("exit %d: %s", code, l.auth.stderr.String())
	}
	l.serve()
	l.auth.terminate()
}

func (l *lost) mayNotLogIn(password string) {
	l.Helper()
	_, err := l.conn.Login(l.Context(), &grpcauthv1.LoginRequest{Username: "ada", Password: password})
	if status.Code(err) != codes.Unauthenticated {
		l.Errorf("a login: %v", err)
	}
}
