package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/token"
)

// keys is what the AuthService works with. It prints as nothing.
type keys struct {
	signing *token.SigningKey
	refresh []byte // the Secret of the AuthService
	kept    string // the id of the database's own key, which a copy of it shares
}

// Format keeps the keys out of whatever is printed.
func (keys) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "keys{redacted}") }

// loadKeys reads the keys, making at the first start those that are not given.
// What is wrong with a given one is found before anything is made. The database
// keeps a key also where another one signs, because it opens with the right key
// file only: with another, every refresh token in use would be refused.
func (c *serveCmd) loadKeys(ctx context.Context, st store.Store, log *slog.Logger) (*keys, error) {
	given, err := c.givenKey()
	if err != nil {
		return nil, err
	}
	sealed, err := st.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	master, err := c.masterKey(len(sealed) == 0, log)
	if err != nil {
		return nil, err
	}
	refresh, err := master.derive(labelRefresh)
	if err != nil {
		return nil, err
	}
	kept, err := c.keptKey(ctx, st, sealed, master)
	if err != nil {
		return nil, err
	}
	signing := given
	if signing == nil {
		signing, err = c.fits(kept, c.Storage.name()+" was set up with")
	}
	return &keys{signing: signing, refresh: refresh, kept: kept.ID()}, err
}

// masterKey reads the key file. It makes one only while nothing is sealed
// under the one that is missing.
func (c *serveCmd) masterKey(fresh bool, log *slog.Logger) (masterKey, error) {
	path := c.keyPath()
	key, err := readMasterKey(path)
	switch {
	case err == nil || !errors.Is(err, fs.ErrNotExist):
		return key, err
	case !fresh:
		return masterKey{}, fmt.Errorf("--key-file %s is missing, and %s was set up with it: restore it from a backup, or name where it is", path, c.Storage.name())
	case isPostgres(c.Storage.Store):
		return masterKey{}, fmt.Errorf("--key-file %s is missing: name the one of the other servers, or %s", path, makeKeyFile(path))
	}
	if key, err = createMasterKey(path); err == nil {
		log.Info("key file made: back it up", "path", path)
	}
	return key, err
}

// givenKey is the key of the access tokens where a file holds it, else nil.
func (c *serveCmd) givenKey() (*token.SigningKey, error) {
	switch {
	case c.SecretFile != "":
		return secretKey(c.SecretFile, token.Algorithm(c.Algorithm))
	case c.PrivateKeyFile == "":
		return nil, nil
	}
	key, err := privateKey(c.PrivateKeyFile, token.Algorithm(c.Algorithm))
	if err != nil {
		return nil, err
	}
	return c.fits(key, c.PrivateKeyFile+" holds")
}

// keptKey is the key that the database keeps sealed. The first start makes it,
// and so does that of a database which was served without one.
func (c *serveCmd) keptKey(ctx context.Context, st store.Store, sealed []store.SigningKey, master masterKey) (*token.SigningKey, error) {
	if len(sealed) == 0 {
		first, err := c.addKey(ctx, st, master)
		if err != nil {
			return nil, err
		}
		sealed = append(sealed, first)
	}
	return c.openKey(sealed[0], master)
}

// fits refuses a key that is not of the algorithm asked for.
func (c *serveCmd) fits(key *token.SigningKey, whose string) (*token.SigningKey, error) {
	if c.Algorithm == "" || c.Algorithm == string(key.Algorithm()) {
		return key, nil
	}
	return nil, fmt.Errorf("--algorithm is %s, but %s a key for %s: leave --algorithm out, or give another key with --private-key-file", c.Algorithm, whose, key.Algorithm())
}

func secretKey(path string, alg token.Algorithm) (*token.SigningKey, error) {
	data, err := readPrivate("secret-file", path)
	if err != nil {
		return nil, err
	}
	secret := trimLine(data)
	if want := secretBytes(alg); len(secret) < want {
		return nil, fmt.Errorf("--secret-file %s has %d bytes: %s needs at least %d random ones, make them with (umask 077; openssl rand -base64 %[4]d > %[1]s)", path, len(secret), alg, want)
	}
	return token.NewHMACKey("", secret, alg)
}

// privateKey reads a key for the algorithm asked for, or for another one if it
// can't be for that.
func privateKey(path string, alg token.Algorithm) (*token.SigningKey, error) {
	data, err := readPrivate("private-key-file", path)
	if err != nil {
		return nil, err
	}
	if key, err := token.ParsePEM(data, alg); alg != "" && err == nil {
		return key, nil
	}
	key, err := token.ParsePEM(data)
	if err != nil {
		return nil, fmt.Errorf("--private-key-file %s: %w", path, err)
	}
	return key, nil
}

// addKey makes a key and keeps it sealed, unless another process was first:
// then that one's key is returned.
func (c *serveCmd) addKey(ctx context.Context, st store.Store, master masterKey) (store.SigningKey, error) {
	alg := token.Algorithm(cmp.Or(c.Algorithm, string(token.EdDSA)))
	if secretBytes(alg) > 0 { // that secret stays in its file
		alg = token.EdDSA
	}
	key, err := token.GenerateKey(alg)
	if err != nil {
		return store.SigningKey{}, err
	}
	plain, err := key.MarshalPKCS8()
	if err != nil {
		return store.SigningKey{}, err
	}
	sealed, err := master.seal(plain, c.binding(key.ID()))
	if err != nil {
		return store.SigningKey{}, err
	}
	return st.AddFirstKey(ctx, store.SigningKey{ID: key.ID(), Algorithm: string(key.Algorithm()), Sealed: sealed, CreatedAt: time.Now()})
}

// openKey opens a sealed key. It must be the one its record says, because its
// public half will be published under that id.
func (c *serveCmd) openKey(record store.SigningKey, master masterKey) (*token.SigningKey, error) {
	plain, err := master.open(record.Sealed, c.binding(record.ID))
	if err != nil {
		return nil, fmt.Errorf("%s was set up with another key file than --key-file %s, or for another issuer than --issuer %s: start with those that it was set up with", c.Storage.name(), c.keyPath(), c.Issuer)
	}
	key, err := token.ParsePEM(plain, token.Algorithm(record.Algorithm))
	if err != nil || key.ID() != record.ID || string(key.Algorithm()) != record.Algorithm {
		return nil, fmt.Errorf("the signing key %s in %s is damaged: restore a backup", record.ID, c.Storage.name())
	}
	return key, nil
}

func (c *serveCmd) binding(kid string) binding {
	return binding{issuer: c.Issuer, purpose: purposeAccess, kid: kid}
}
