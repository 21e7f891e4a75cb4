package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/internal/testkit"
)

// testBadInput starts the server on what it must refuse: each time it exits 1
// with one line that says what to do.
func testBadInput(t *testing.T, b binaries) {
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, db string) (args []string)
		want    string
	}{
		{"a database of a newer version", newerDatabase, "the database has a newer schema than this program knows: version 9999"},
		{"a file that is no database", corruptDatabase, "the file is not a SQLite database, give another path or restore a backup"},
		{"a folder that is not there", missingFolder, "no such file or directory"},
		{"a key file that others can read", openKeyFile, "others can read it (mode 0644): run chmod 600 "},
		{"a secret of 31 bytes", shortSecret, "has 31 bytes: HS256 needs at least 32 random ones"},
		{"a port in use", portInUse, "the port is in use: stop what uses it, or choose another with --listen"},
		{"another machine without TLS", noTLS, "--listen 0.0.0.0:0: others could read and change what is sent there: give --tls-cert and --tls-key"},
		{"a certificate without its key", wrongPair, "private key does not match public key"},
		{"a PostgreSQL that is not there", postgres, "the database can't be reached, check its address and that it runs"},
		{"a PostgreSQL and no key file", lostKeyFile, "is missing: name the one of the other servers, or make one with (umask 077; "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db := filepath.Join(t.TempDir(), "grpcauth.db")
			args := append(identity("--store", db, "--listen", "127.0.0.1:0", "--http-listen", "off"), c.prepare(t, db)...)
			got := b.run(t, "", "grpcauth", args...)
			if got.code != exitFailure || got.stdout != "" || strings.Count(got.stderr, "\n") != 1 ||
				!strings.HasPrefix(got.stderr, "grpcauth: ") || !strings.Contains(got.stderr, c.want) {
				t.Errorf("got %+v", got)
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(db), "grpcauth.key")); err == nil {
				t.Error("it made a key file")
			}
		})
	}
}

func newerDatabase(t *testing.T, path string) []string {
	if got := runWith(t, goodPassword, nil, "user", "add", "ada", "--store", path); got.code != exitOK {
		t.Fatalf("got %+v", got)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("INSERT INTO grpcauth_schema_version (version_id, is_applied) VALUES (9999, 1)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return nil
}

func corruptDatabase(t *testing.T, path string) []string {
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	return nil
}

func missingFolder(_ *testing.T, path string) []string {
	return []string{"--store", filepath.Join(filepath.Dir(path), "none", "grpcauth.db")}
}

func openKeyFile(t *testing.T, _ string) []string {
	return []string{"--key-file", write(t, "key", newMasterKey().encode(), 0o644)}
}

func shortSecret(t *testing.T, _ string) []string {
	return []string{"--algorithm", "HS256", "--secret-file", write(t, "secret", strings.Repeat("s", 31), 0o600)}
}

func portInUse(t *testing.T, _ string) []string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return []string{"--listen", l.Addr().String()}
}

func noTLS(*testing.T, string) []string { return []string{"--listen", "0.0.0.0:0"} }

func wrongPair(t *testing.T, _ string) []string {
	cert, _, _ := selfSigned(t)
	_, key, _ := selfSigned(t)
	return []string{"--tls-cert", cert, "--tls-key", key}
}

func postgres(t *testing.T, _ string) []string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return []string{"--key-file", keyFile(t), "--store", "postgres://grpcauth@" + l.Addr().String() + "/grpcauth"}
}

func lostKeyFile(t *testing.T, path string) []string {
	return []string{"--key-file", path + ".key", "--store", testkit.Postgres(t)}
}

// keyFile makes a key file.
func keyFile(t *testing.T) string {
	t.Helper()
	return write(t, "grpcauth.key", newMasterKey().encode(), 0o600)
}

// selfSigned makes a certificate for 127.0.0.1 that vouches for itself.
func selfSigned(t *testing.T) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "auth.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	return write(t, "cert.pem", string(cert), 0o644), write(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})), 0o600), pool
}
