package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/internal/testkit"
)

// testAnotherKeyFile starts servers that sign with a secret of their own, so
// that nothing else of the key file is needed to start.
//
// checklist: K5
func testAnotherKeyFile(t *testing.T, b binaries) {
	secret := []string{"--algorithm", "HS256", "--secret-file", write(t, "secret", strings.Repeat("s", 32), 0o600)}
	t.Run("two servers on one PostgreSQL", func(t *testing.T) {
		t.Parallel()
		url := testkit.Postgres(t)
		auth := b.servePostgres(t, url, keyFile(t), secret...)
		b.addTo(t, url, "ada")
		h := logIn(t, auth.client(), true)
		other := b.start(t, "", []string{"GRPCAUTH_STORE=" + url}, "grpcauth", identity(
			append(secret, "--key-file", keyFile(t), "--listen", "127.0.0.1:0", "--http-listen", "off")...)...)
		if code := other.wait(); code != exitFailure || !strings.Contains(other.stderr.String(), "was set up with another key file than --key-file ") {
			t.Errorf("the second server: exit %d, %s", code, other.stderr.String())
		}
		h.mustRefresh(auth.client())
	})
	t.Run("lost beside a SQLite file", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		b.addUser(t, dir, "ada", "notes.read")
		auth := b.serve(t, dir, secret...)
		h := logIn(t, auth.client(), true)
		auth.terminate()
		key, backup := filepath.Join(dir, "grpcauth.key"), filepath.Join(t.TempDir(), "backup")
		if err := os.Rename(key, backup); err != nil {
			t.Fatal(err)
		}
		without := b.run(t, "", "grpcauth", identity(append(secret, "--store", filepath.Join(dir, "grpcauth.db"), "--listen", "127.0.0.1:0", "--http-listen", "off")...)...)
		if without.code != exitFailure || !strings.Contains(without.stderr, "--key-file "+key+" is missing") {
			t.Errorf("without its key file: got %+v", without)
		}
		if err := os.Link(backup, key); err != nil { // fails where another was made
			t.Fatal(err)
		}
		h.mustRefresh(b.serve(t, dir, secret...).client())
	})
}
