package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
	"github.com/grpcauth/grpcauth/token"
)

// server is flags of serve whose files are in the test's folder.
func server(t *testing.T) *serveCmd {
	t.Helper()
	c := &serveCmd{Issuer: "https://auth.test", Audience: []string{"n"}}
	c.Storage.Store = filepath.Join(t.TempDir(), "grpcauth.db")
	return c
}

func (c *serveCmd) mustLoad(t *testing.T, st store.Store) *keys {
	t.Helper()
	k, err := c.loadKeys(t.Context(), st, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestTheFirstStartMakesTheKeysAndLaterOnesFindThem(t *testing.T) {
	t.Parallel()
	c, st := server(t), memory.New()
	first := c.mustLoad(t, st)
	if first.signing.Algorithm() != token.EdDSA {
		t.Errorf("the default algorithm is %s", first.signing.Algorithm())
	}
	second := c.mustLoad(t, st)
	if first.signing.ID() != second.signing.ID() || !bytes.Equal(first.refresh, second.refresh) {
		t.Error("the second start has other keys")
	}
	if sealed, err := st.SigningKeys(t.Context()); err != nil || len(sealed) != 1 {
		t.Errorf("%d keys are kept, %v", len(sealed), err)
	}
}

// checklist: K5
func TestThePrivateKeyIsKeptSealed(t *testing.T) {
	t.Parallel()
	c, st := server(t), memory.New()
	k := c.mustLoad(t, st)
	plain, err := k.signing.MarshalPKCS8()
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(plain)
	sealed, err := st.SigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed[0].Sealed, plain) || bytes.Contains(sealed[0].Sealed, block.Bytes[len(block.Bytes)-32:]) {
		t.Error("the database holds the private key in the clear")
	}
}

func TestEachAlgorithmCanBeMade(t *testing.T) {
	t.Parallel()
	for _, alg := range []token.Algorithm{token.EdDSA, token.ES256, token.ES384, token.ES512, token.RS256, token.RS512, token.PS256} {
		c, st := server(t), memory.New()
		c.Algorithm = string(alg)
		if made := c.mustLoad(t, st).signing; made.Algorithm() != alg {
			t.Errorf("asked for %s, got %s", alg, made.Algorithm())
		}
		c.Algorithm = ""
		if found := c.mustLoad(t, st).signing; found.Algorithm() != alg {
			t.Errorf("kept %s, found %s", alg, found.Algorithm())
		}
	}
}

func TestAKeyOfOnesOwnIsForTheAlgorithmAskedFor(t *testing.T) {
	t.Parallel()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	c := server(t)
	c.PrivateKeyFile = write(t, "rsa.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), 0o600)
	for asked, want := range map[string]token.Algorithm{"": token.RS256, "PS384": token.PS384} {
		c.Algorithm = asked
		if got := c.mustLoad(t, memory.New()).signing; got.Algorithm() != want {
			t.Errorf("asked for %q, got %s", asked, got.Algorithm())
		}
	}
	c.Algorithm = "ES256"
	if _, err := c.loadKeys(t.Context(), memory.New(), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "--algorithm is ES256, but") {
		t.Errorf("an RSA key for ES256: %v", err)
	}
}

func TestASecretIsAsLongAsItsHash(t *testing.T) {
	t.Parallel()
	for alg, size := range map[token.Algorithm]int{token.HS256: 32, token.HS384: 48, token.HS512: 64} {
		c := server(t)
		c.Algorithm, c.SecretFile = string(alg), write(t, string(alg), strings.Repeat("s", size), 0o600)
		if got := c.mustLoad(t, memory.New()).signing; got.Algorithm() != alg {
			t.Errorf("asked for %s, got %s", alg, got.Algorithm())
		}
		c.SecretFile = write(t, "short", strings.Repeat("s", size-1), 0o600)
		if _, err := c.loadKeys(t.Context(), memory.New(), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "random ones, make them with") {
			t.Errorf("%s with a byte too few: %v", alg, err)
		}
	}
}

func TestKeysOfOnesOwn(t *testing.T) {
	t.Parallel()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	c, st := server(t), memory.New()
	c.PrivateKeyFile = write(t, "private.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), 0o600)
	if got := c.mustLoad(t, st).signing; got.Algorithm() != token.ES256 {
		t.Errorf("the key of the file is for %s", got.Algorithm())
	}
	if sealed, err := st.SigningKeys(t.Context()); err != nil || len(sealed) != 1 {
		t.Errorf("%d keys are kept to know the key file by, %v", len(sealed), err)
	}

	c = server(t)
	c.Algorithm, c.SecretFile = "HS256", write(t, "secret", strings.Repeat("s", 32)+"\r\n", 0o600)
	got := c.mustLoad(t, memory.New()).signing
	want, err := token.NewHMACKey("", []byte(strings.Repeat("s", 32)))
	if err != nil {
		t.Fatal(err)
	}
	if got.ID() != want.ID() {
		t.Error("the line break at the end of the secret was taken for a part of it")
	}
}

func TestKeysThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*testing.T, *serveCmd, store.Store) // after a first start
		want   string                                   // DB and KEY are paths
	}{
		{
			name: "another issuer",
			change: func(_ *testing.T, c *serveCmd, _ store.Store) {
				c.Issuer = "https://other.test"
			},
			want: "DB was set up with another key file than --key-file KEY, or for another issuer than --issuer https://other.test: start with those that it was set up with",
		},
		{
			name: "another key file",
			change: func(t *testing.T, c *serveCmd, _ store.Store) {
				c.KeyFile = write(t, "other.key", newMasterKey().encode(), 0o600)
			},
			want: "DB was set up with another key file than --key-file KEY, or for another issuer than --issuer https://auth.test: start with",
		},
		{
			name: "no key file any more",
			change: func(t *testing.T, c *serveCmd, _ store.Store) {
				c.KeyFile = filepath.Join(t.TempDir(), "lost.key")
			},
			want: "--key-file KEY is missing, and DB was set up with it: restore it from a backup, or name where it is",
		},
		{
			name: "another algorithm",
			change: func(_ *testing.T, c *serveCmd, _ store.Store) {
				c.Algorithm = "RS256"
			},
			want: "--algorithm is RS256, but DB was set up with a key for EdDSA: leave --algorithm out, or give another key with --private-key-file",
		},
		{
			name: "a short secret",
			change: func(t *testing.T, c *serveCmd, _ store.Store) {
				c.Algorithm, c.SecretFile = "HS256", write(t, "secret", strings.Repeat("s", 31)+"\n", 0o600)
			},
			want: "--secret-file ",
		},
		{
			name: "a secret that others can read",
			change: func(t *testing.T, c *serveCmd, _ store.Store) {
				c.Algorithm, c.SecretFile = "HS256", write(t, "secret", strings.Repeat("s", 64), 0o644)
			},
			want: "--secret-file ",
		},
		{
			name: "a private key that is none",
			change: func(t *testing.T, c *serveCmd, _ store.Store) {
				c.PrivateKeyFile = write(t, "private.pem", "hello", 0o600)
			},
			want: "--private-key-file ",
		},
		{
			name: "a private key that others can read",
			change: func(t *testing.T, c *serveCmd, _ store.Store) {
				c.PrivateKeyFile = write(t, "private.pem", "hello", 0o644)
			},
			want: "--private-key-file ",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			flags, st := server(t), memory.New()
			flags.mustLoad(t, st)
			c.change(t, flags, st)
			_, err := flags.loadKeys(t.Context(), st, slog.New(slog.DiscardHandler))
			want := strings.NewReplacer("DB", flags.Storage.Store, "KEY", flags.keyPath()).Replace(c.want)
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got %v\nwant %s", err, want)
			}
		})
	}
}

// checklist: K5
func TestAKeyThatIsNotTheOneOfItsRecordIsNotPublished(t *testing.T) {
	t.Parallel()
	c, st := server(t), memory.New()
	master, err := createMasterKey(c.keyPath())
	if err != nil {
		t.Fatal(err)
	}
	key, err := token.GenerateKey(token.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := key.MarshalPKCS8()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := master.seal(plain, c.binding("somebody-else's"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.AddFirstKey(t.Context(), store.SigningKey{ID: "somebody-else's", Algorithm: "EdDSA", Sealed: sealed}); err != nil {
		t.Fatal(err)
	}
	_, err = c.loadKeys(t.Context(), st, slog.New(slog.DiscardHandler))
	if err == nil || !strings.HasSuffix(err.Error(), "is damaged: restore a backup") {
		t.Errorf("got %v", err)
	}
}
