package sqlstore_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

// A backup by the engine's own means, taken while everybody refreshes, opens
// and has what stood when it was taken.

func TestSQLiteBackup(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	s := open(t, path)
	kept := stand(t, s)
	l := begin(t, s, 4)
	l.after(20)
	backup := filepath.Join(t.TempDir(), "backup.db")
	if _, err := openDB(t, path).ExecContext(t.Context(), "VACUUM INTO $1", backup); err != nil {
		t.Fatal(err)
	}
	l.after(20)
	l.end()
	wantRestored(t, open(t, backup), kept)
}

func TestPostgresBackup(t *testing.T) {
	t.Parallel()
	dump, psql := testkit.Require(t, "pg_dump"), testkit.Require(t, "psql")
	url := testkit.Postgres(t)
	s := openPostgres(t, url)
	kept := stand(t, s)
	l := begin(t, s, 4)
	l.after(20)
	var backup, problems bytes.Buffer
	cmd := exec.CommandContext(t.Context(), dump, "--no-owner", url)
	cmd.Stdout, cmd.Stderr = &backup, &problems
	if err := cmd.Run(); err != nil {
		t.Fatalf("pg_dump: %v\n%s", err, &problems)
	}
	l.after(20)
	l.end()
	restored := testkit.Postgres(t)
	cmd = exec.CommandContext(t.Context(), psql, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", restored)
	cmd.Stdin = &backup
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("psql: %v\n%s", err, out)
	}
	wantRestored(t, openPostgres(t, restored), kept)
}

// wantRestored wants a store that goes on where the backup was taken.
func wantRestored(t *testing.T, s store.Store, kept store.Rotation) {
	t.Helper()
	if err := s.RotateSession(t.Context(), kept); err != nil {
		t.Errorf("the session is not what it was: %v", err)
	}
	if _, err := s.SigningKeys(t.Context()); err != nil {
		t.Error(err)
	}
}
