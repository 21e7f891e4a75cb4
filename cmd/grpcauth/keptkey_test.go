package main

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

// onEachEngine runs a test with flags of serve for an empty database of each
// kind and for each kind of key that signs.
func onEachEngine(t *testing.T, test func(*testing.T, *serveCmd)) {
	t.Helper()
	_, private, _ := selfSigned(t)
	secret := write(t, "secret", strings.Repeat("s", 32), 0o600)
	for name, sign := range map[string]func(*serveCmd){
		"a key of the database": func(*serveCmd) {},
		"a private key":         func(c *serveCmd) { c.PrivateKeyFile = private },
		"a secret":              func(c *serveCmd) { c.Algorithm, c.SecretFile = "HS256", secret },
	} {
		for engine, at := range map[string]func(*testing.T, *serveCmd){
			"SQLite":     func(*testing.T, *serveCmd) {},
			"PostgreSQL": func(t *testing.T, c *serveCmd) { c.Storage.Store, c.KeyFile = testkit.Postgres(t), keyFile(t) },
		} {
			t.Run(name+", "+engine, func(t *testing.T) {
				t.Parallel()
				c := server(t)
				sign(c)
				at(t, c)
				test(t, c)
			})
		}
	}
}

// opened opens the database of a server.
func (c *serveCmd) opened(t *testing.T) store.Store {
	t.Helper()
	st, err := c.Storage.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return st
}

// with is the same flags with another key file.
func (c *serveCmd) with(keyFile string) *serveCmd {
	other := *c
	other.KeyFile = keyFile
	return &other
}

// mustRefuse starts a server, which must not start.
func (c *serveCmd) mustRefuse(t *testing.T, st store.Store, want string) {
	t.Helper()
	if _, err := c.loadKeys(t.Context(), st, slog.New(slog.DiscardHandler)); err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// refused is what a server with another key file says.
func (c *serveCmd) refused() string {
	return c.Storage.name() + " was set up with another key file than --key-file " + c.keyPath() +
		", or for another issuer than --issuer " + c.Issuer + ": start with those that it was set up with"
}

// checklist: K5
func TestAnotherKeyFileIsRefusedWhateverSigns(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, c *serveCmd) {
		st := c.opened(t)
		first := c.mustLoad(t, st)
		other := c.with(keyFile(t))
		other.mustRefuse(t, st, other.refused())

		lost := c.with(filepath.Join(t.TempDir(), "lost.key"))
		lost.mustRefuse(t, st, "--key-file "+lost.KeyFile+" is missing, and "+c.Storage.name()+" was set up with it: restore it from a backup, or name where it is")
		if _, err := os.Stat(lost.KeyFile); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("another key file was made: %v", err)
		}

		again := c.mustLoad(t, st)
		if !bytes.Equal(first.refresh, again.refresh) || first.signing.ID() != again.signing.ID() {
			t.Error("the right key file gives other keys than before")
		}
	})
}

// Such a database was made by a server that signed with a key of its own and
// kept none beside it.
//
// checklist: K5
func TestADatabaseWithoutAKeptKeyIsGivenOne(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, c *serveCmd) {
		master, err := createMasterKey(filepath.Join(t.TempDir(), "before.key"))
		if err != nil {
			t.Fatal(err)
		}
		before, err := master.derive(labelRefresh)
		if err != nil {
			t.Fatal(err)
		}
		c = c.with(write(t, "grpcauth.key", master.encode(), 0o600))
		st := c.opened(t)
		if got := c.mustLoad(t, st); !bytes.Equal(got.refresh, before) {
			t.Error("the refresh tokens from before are refused")
		}
		if kept, err := st.SigningKeys(t.Context()); err != nil || len(kept) != 1 {
			t.Errorf("%d keys are kept, %v", len(kept), err)
		}
		other := c.with(keyFile(t))
		other.mustRefuse(t, st, other.refused())
	})
}

// checklist: K5
func TestOfServersWithDifferentKeyFilesOneStarts(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, c *serveCmd) {
		var servers [4]*serveCmd
		var errs [len(servers)]error
		var wg sync.WaitGroup
		for i := range servers {
			servers[i] = c.with(keyFile(t))
			st := servers[i].opened(t)
			wg.Go(func() { _, errs[i] = servers[i].loadKeys(t.Context(), st, slog.New(slog.DiscardHandler)) })
		}
		wg.Wait()
		started := 0
		for i, err := range errs {
			switch {
			case err == nil:
				started++
			case err.Error() != servers[i].refused():
				t.Errorf("got %v", err)
			}
		}
		if started != 1 {
			t.Errorf("%d servers start", started)
		}
	})
}

// What docs/operating.md says to do when the key file is lost.
func TestANewKeyFileForADatabaseWhoseOwnIsLost(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, c *serveCmd) {
		first := c.mustLoad(t, c.opened(t))
		db, _, err := c.Storage.database()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		if _, err := db.ExecContext(t.Context(), "DELETE FROM signing_key"); err != nil {
			t.Fatal(err)
		}
		if got := c.with(keyFile(t)).mustLoad(t, c.opened(t)); bytes.Equal(got.refresh, first.refresh) {
			t.Error("the refresh tokens of the lost key file are still good")
		}
	})
}
