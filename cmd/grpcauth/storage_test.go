package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// checklist: B2
func TestAnAddressWithoutItsSchemeIsNoFile(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir) // where a file of that name would be made
	for _, text := range []string{
		"host=db user=u password=hunter2 dbname=x",
		"host=db user=u Password = 'hunter2' dbname=x",
		"password=hunter2",
		"Host=db;Username=u;Password=hunter2",
		"host=db password=hunter2 options=-c://x",
		"db.example/x?user=u&password=hunter2",
		"u:hunter2@db/x",
		"u:hunter2@db:5432/x",
		"u:hun/hunter2@db/x",
		"//u:hunter2@db/x",
		"postgres//u:hunter2@db/x",
		"u:hunter2@tcp(db:3306)/x",
		":hunter2@",
	} {
		for _, args := range [][]string{identity(), {"migrate", "status"}, {"migrate", "up"}, {"user", "list"}, {"user", "add", "ada"}, {"recover", "--yes"}} {
			for _, got := range []outcome{
				runWith(t, goodPassword, []string{"GRPCAUTH_STORE=" + text}, args...),
				runWith(t, goodPassword, nil, append(args, "--store", text)...),
			} {
				if got.code == exitOK || !strings.Contains(got.stderr, errBareAddress.Error()) || strings.Contains(got.stdout+got.stderr, "hunter2") {
					t.Errorf("%s with %s: got %+v", args[0], text, got)
				}
			}
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if shown := fmt.Sprintf(verb, serveCmd{Storage: storeFlag{Store: text}}); strings.Contains(shown, "hunter2") {
				t.Errorf("%s prints %s", verb, shown)
			}
		}
	}
	if made, err := os.ReadDir(dir); err != nil || len(made) != 0 {
		t.Errorf("made %v, %v", made, err)
	}
}

func TestPathsOfSQLiteFiles(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"grpcauth.db":                  "grpcauth.db",
		"/var/lib/ada@home/auth.db":    "/var/lib/ada@home/auth.db",
		"backup@2026-01-31T08:00.db":   "backup@2026-01-31T08:00.db",
		"passwords.db":                 "passwords.db",
		"sqlite:grpcauth.db":           "grpcauth.db",
		"sqlite:a:b@c.db":              "a:b@c.db",
		"sqlite:password=of-ada's.db":  "password=of-ada's.db",
		"":                             "",
		":memory:":                     "",
		"file:grpcauth.db?mode=memory": "",
		"mysql://h/d":                  "",
	} {
		if got, err := parseSQLite(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
}
