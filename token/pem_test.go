package token_test

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

func block(typ string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: der}))
}

func certificate(key crypto.Signer) []byte {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, NotAfter: time.Unix(1, 0)}
	return must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
}

func TestParsePEM(t *testing.T) {
	t.Parallel()
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	ec := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	rs := hands()[2].private.(*rsa.PrivateKey)
	rsa1024 := must(rsa.GenerateKey(rand.Reader, 1024))
	x25519 := must(ecdh.X25519().GenerateKey(rand.Reader))
	pkcs8 := func(k any) string { return block("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(k))) }
	parameters := block("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7})
	for name, tc := range map[string]struct {
		pem  string
		alg  token.Algorithm
		want string // of the error; "" for none
	}{
		"PKCS#8 Ed25519":           {pkcs8(ed), token.EdDSA, ""},
		"PKCS#8 P-256":             {pkcs8(ec), token.ES256, ""},
		"PKCS#8 RSA":               {pkcs8(rs), token.RS256, ""},
		"PKCS#1":                   {block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rs)), token.RS256, ""},
		"SEC 1":                    {block("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(ec))), token.ES256, ""},
		"SEC 1 as openssl does":    {parameters + block("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(ec))), token.ES256, ""},
		"text around it":           {"# the key\n" + pkcs8(ed) + "\n\n", token.EdDSA, ""},
		"24 RSA 1024":              {pkcs8(rsa1024), "", "RSA key of 1024 bits"},
		"P-224":                    {pkcs8(must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))), "", "P-256"},
		"two keys":                 {pkcs8(ed) + pkcs8(ec), "", "more than one"},
		"a public key":             {block("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(ed.Public()))), "", "not a private key"},
		"encrypted PKCS#8":         {block("ENCRYPTED PRIVATE KEY", []byte{1}), "", "encrypted"},
		"encrypted, the old way":   {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", "", "encrypted"},
		"junk inside":              {block("PRIVATE KEY", []byte("junk")), "", `PEM block "PRIVATE KEY"`},
		"no PEM":                   {"hello", "", "no PEM block"},
		"empty":                    {"", "", "no PEM block"},
		"only parameters":          {parameters, "", "no PEM block"},
		"a key that can't sign":    {block("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(x25519))), "", "can't sign"},
		"a key of another purpose": {block("OPENSSH PRIVATE KEY", []byte{1}), "", "not a private key"},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := token.ParsePEM([]byte(tc.pem))
			if tc.want != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want) || k != nil {
					t.Errorf("error = %v, want one with %q", err, tc.want)
				}
				return
			}
			if err != nil || k.Algorithm() != tc.alg {
				t.Fatalf("%v, %v; want a key for %s", k, err, tc.alg)
			}
			again := must(token.ParsePEM(must(k.MarshalPKCS8())))
			if again.ID() != k.ID() {
				t.Error("exported and read again it is another key")
			}
		})
	}
}

func TestParsePublicPEM(t *testing.T) {
	t.Parallel()
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	ec := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	rs := hands()[2].private.(*rsa.PrivateKey)
	rsa1024 := must(rsa.GenerateKey(rand.Reader, 1024))
	x25519 := must(ecdh.X25519().GenerateKey(rand.Reader))
	spki := func(k crypto.Signer) string { return block("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(k.Public()))) }
	for name, tc := range map[string]struct {
		pem  string
		alg  token.Algorithm
		want string // of the error; "" for none
	}{
		"SPKI Ed25519":  {spki(ed), token.EdDSA, ""},
		"SPKI P-256":    {spki(ec), token.ES256, ""},
		"SPKI RSA":      {spki(rs), token.RS256, ""},
		"PKCS#1":        {block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rs.PublicKey)), token.RS256, ""},
		"a certificate": {block("CERTIFICATE", certificate(ec)), token.ES256, ""},
		"a private key": {block("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(ed))), "", "private key where a public one belongs"},
		"a request":     {block("CERTIFICATE REQUEST", []byte{1}), "", "not a public key"},
		"24 RSA 1024":   {spki(rsa1024), "", "RSA key of 1024 bits"},
		"X25519":        {block("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(x25519.PublicKey()))), "", "not supported"},
		"two":           {spki(ed) + spki(ec), "", "more than one"},
		"junk inside":   {block("CERTIFICATE", []byte("junk")), "", "CERTIFICATE"},
		"no PEM":        {"hello", "", "no PEM block"},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := token.ParsePublicPEM([]byte(tc.pem))
			if tc.want != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want) || k != nil {
					t.Errorf("error = %v, want one with %q", err, tc.want)
				}
				return
			}
			if err != nil || k.Algorithm() != tc.alg {
				t.Fatalf("%v, %v; want a key for %s", k, err, tc.alg)
			}
		})
	}
}

// Both halves of a key have one id, so that a key that is generated here and
// published elsewhere is found.
func TestHalvesShareAnID(t *testing.T) {
	t.Parallel()
	for _, h := range hands()[:3] {
		private := must(token.ParsePEM(must(h.key.MarshalPKCS8())))
		der := must(x509.MarshalPKIXPublicKey(h.private.(crypto.Signer).Public()))
		public := must(token.ParsePublicPEM([]byte(block("PUBLIC KEY", der))))
		if private.ID() != public.ID() || private.ID() != h.key.ID() {
			t.Errorf("%s: ids %s, %s, %s", h, private.ID(), public.ID(), h.key.ID())
		}
	}
	if _, err := hands()[3].key.MarshalPKCS8(); err == nil || !strings.Contains(err.Error(), "HMAC") {
		t.Errorf("an HMAC key is exported: %v", err)
	}
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	far := must(token.NewSigningKey(token.EdDSA, "", remoteSigner{Signer: ed}))
	if _, err := far.MarshalPKCS8(); err == nil || !strings.Contains(err.Error(), "can't be exported") {
		t.Errorf("a key that is elsewhere is exported: %v", err)
	}
}
