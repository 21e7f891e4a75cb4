package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

// Whatever is wrong with a URL, its password is not shown.
//
// checklist: B2
func TestPostgresURLsShowNoPassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"postgres://u:hunter2@127.0.0.1:1/d",
		"postgres://u:hunter2@127.0.0.1:1/d?sslmode=disable",
		"postgresql://u:hunter2@h.test/d",
		"postgres://u:hunter2@127.0.0.1:port/d",
		"postgres://u:hunter2@127.0.0.1/d?sslmode=hunter",
		"postgres://u:hunter2@127.0.0.1/d?sslmode=verify-full&sslrootcert=/no/file",
		"postgres://u:hunter2@127.0.0.1/d?connect_timeout=soon",
		"postgres://u:hunter2%@127.0.0.1/d",
		"postgres://u:%zzhunter2@127.0.0.1/d",
		"postgres://u:hun/hunter2@127.0.0.1/d",
		"postgres://u:1/hunter2@127.0.0.1/d",
		"postgres://u:1?hunter2@127.0.0.1/d",
		"postgres://u:1#hunter2@127.0.0.1/d",
		"postgres://u:1#hunter2",
		"postgres://u:[hunter2@127.0.0.1/d",
		"postgres://u:hunter2 @127.0.0.1/d",
		"postgres://u:hunter2@hunter2@127.0.0.1:1/d?sslmode=nonsense",
		"postgres://u@127.0.0.1/d?password=hunter2",
		"postgres://u@127.0.0.1/d?sslpassword=hunter2",
		"postgres://u@127.0.0.1/d?pass%77ord=hunter2",
		"postgres://u:hunter2",
		"postgres://:hunter2@/d/e",
		"postgres:u:hunter2@127.0.0.1/d/none",
		"Postgres://u:hunter2@127.0.0.1/d",
		"mysql://u:hunter2@127.0.0.1/d",
	} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			for _, args := range [][]string{
				identity("--key-file", keyFile(t)),
				{"migrate", "status"},
				append(identity("--key-file", keyFile(t)), "--store", url),
			} {
				got := runWith(t, "", []string{"GRPCAUTH_STORE=" + url}, args...)
				if got.code == exitOK || got.stderr == "" || strings.Contains(got.stdout+got.stderr, "hunter2") {
					t.Errorf("%s: got %+v", args[0], got)
				}
			}
			for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
				if text := fmt.Sprintf(verb, serveCmd{Storage: storeFlag{Store: url}}); isPostgres(url) && strings.Contains(text, "hunter2") {
					t.Errorf("%s prints %s", verb, text)
				}
			}
		})
	}
}

func TestPostgresPassword(t *testing.T) {
	t.Parallel()
	file := write(t, "password", "p@ss/word#1?\n", 0o600)
	for name, c := range map[string]struct {
		flag storeFlag
		want string
	}{
		"in the URL": {storeFlag{Store: "postgres://u:p%40ss%2Fword%231%3F@localhost/d"}, "p@ss/word#1?"},
		"in a file":  {storeFlag{Store: "postgres://u@localhost/d", StorePasswordFile: file}, "p@ss/word#1?"},
		"a socket":   {storeFlag{Store: "postgres:///d?host=/run/postgresql", StorePasswordFile: file}, "p@ss/word#1?"},
		"remote":     {storeFlag{Store: "postgres://u@h.test/d?sslmode=disable", StorePasswordFile: file}, "p@ss/word#1?"},
	} {
		config, err := c.flag.postgres()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if config.Password != c.want || config.RuntimeParams["application_name"] != "grpcauth" {
			t.Errorf("%s: the password is another one", name)
		}
	}
	for want, flag := range map[string]storeFlag{
		"others can read it":  {Store: "postgres://u@localhost/d", StorePasswordFile: write(t, "open", "p", 0o644)},
		"is empty":            {Store: "postgres://u@localhost/d", StorePasswordFile: write(t, "empty", "\n", 0o600)},
		"give one of them":    {Store: "postgres://u:p@localhost/d", StorePasswordFile: file},
		"is protected":        {Store: "postgres://u@h.test,localhost/d"},
		"is for PostgreSQL":   {Store: "grpcauth.db", StorePasswordFile: file},
		"sslmode is invalid":  {Store: "postgres://u@localhost/d?sslmode=maybe"},
		"percent-encode what": {Store: "postgres://u@localhost/d/e"},
	} {
		if err := flag.check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", flag, err, want)
		}
	}
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	for name, stores := range map[string]struct{ store, empty string }{
		"SQLite":     {filepath.Join(t.TempDir(), "grpcauth.db"), "no such file or directory"},
		"PostgreSQL": {testkit.Postgres(t), "the schema is not up to date: run grpcauth migrate up"},
	} {
		environ := []string{"GRPCAUTH_STORE=" + stores.store}
		if got := runWith(t, "", environ, "migrate", "status"); got.code != exitFailure || !strings.Contains(got.stderr, stores.empty) {
			t.Errorf("%s, empty: got %+v", name, got)
		}
		for range 2 {
			if got := runWith(t, "", environ, "migrate", "up"); got.code != exitOK || !strings.Contains(got.stdout, " has schema version ") {
				t.Errorf("%s: got %+v", name, got)
			}
		}
		if got := runWith(t, "", environ, "migrate", "status"); got.code != exitOK || got.stderr != "" {
			t.Errorf("%s, migrated: got %+v", name, got)
		}
		makeNewer(t, storeFlag{Store: stores.store})
		for _, command := range []string{"status", "up"} {
			if got := runWith(t, "", environ, "migrate", command); got.code != exitFailure || !strings.Contains(got.stderr, "newer schema than this program knows") {
				t.Errorf("%s, newer: got %+v", name, got)
			}
		}
	}
}

func makeNewer(t *testing.T, f storeFlag) {
	t.Helper()
	db, _, err := f.database()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), "INSERT INTO grpcauth_schema_version (version_id, is_applied) VALUES (9999, true)"); err != nil {
		t.Fatal(err)
	}
}

// testPostgres starts two servers at once on an empty database: they make it
// together, and who logs in at the one is known to the other.
//
// checklist: R3 K5
func testPostgres(t *testing.T, b binaries) {
	environ := []string{"GRPCAUTH_STORE=" + testkit.Postgres(t)}
	key := keyFile(t)
	var servers [2]*authServer
	for i := range servers {
		servers[i] = &authServer{program: b.start(t, "", environ, "grpcauth", identity(
			"--key-file", key, "--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0", "--log-format", "json")...)}
	}
	for _, s := range servers {
		if err := json.Unmarshal([]byte(s.line(&s.stderr, `"msg":"listening"`)), s); err != nil {
			t.Fatal(err)
		}
	}
	if servers[0].KID != servers[1].KID {
		t.Errorf("they sign with two keys, %s and %s", servers[0].KID, servers[1].KID)
	}
	added := b.start(t, goodPassword, environ, "grpcauth", "user", "add", "ada", "--scope", "notes.read")
	if code := added.wait(); code != exitOK {
		t.Fatalf("exit %d: %s", code, added.stderr.String())
	}
	get(t, nil, "http://"+servers[1].HTTP+"/readyz")
	refreshInTurn(t, servers)
	for _, s := range servers {
		if code := s.terminate(); code != exitOK {
			t.Errorf("exit %d", code)
		}
	}
}

// refreshInTurn logs in at the first server and refreshes at each in turn.
func refreshInTurn(t *testing.T, servers [2]*authServer) {
	t.Helper()
	var clients [2]grpcauthv1.AuthServiceClient
	for i, s := range servers {
		clients[i] = grpcauthv1.NewAuthServiceClient(dial(t, s.GRPC))
	}
	answer, err := clients[0].Login(t.Context(), &grpcauthv1.LoginRequest{Username: "ada", Password: goodPassword})
	if err != nil {
		t.Fatal(err)
	}
	tokens := answer.GetTokens()
	first := tokens.GetRefreshToken()
	for i := range 4 {
		next, err := clients[(i+1)%2].Refresh(t.Context(), &grpcauthv1.RefreshRequest{RefreshToken: tokens.GetRefreshToken()})
		if err != nil {
			t.Fatalf("refresh %d: %v", i, err)
		}
		tokens = next.GetTokens()
	}
	if _, err := clients[0].Refresh(t.Context(), &grpcauthv1.RefreshRequest{RefreshToken: first}); fault.FromStatus(err) != grpcauthv1.Reason_REASON_REFRESH_REUSED {
		t.Errorf("an old token: %v", err)
	}
	if _, err := clients[1].Refresh(t.Context(), &grpcauthv1.RefreshRequest{RefreshToken: tokens.GetRefreshToken()}); fault.FromStatus(err) != grpcauthv1.Reason_REASON_SESSION_REVOKED {
		t.Errorf("the newest token after a reuse at the other server: %v", err)
	}
}
