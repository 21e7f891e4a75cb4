package token_test

import (
	"bytes"
	"crypto"
	"crypto/dsa"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"math/big"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/token"
)

// bigRSA is a modulus of so many bits that nobody has factors of. It verifies
// nothing, but has a size.
func bigRSA(bits int) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	return &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}
}

func rsaWith(change func(*rsa.PublicKey)) *rsa.PublicKey {
	k := bigRSA(2048)
	change(k)
	return k
}

// checklist: V1 V10 I7
func TestNewKey(t *testing.T) {
	t.Parallel()
	ed, _, _ := ed25519.GenerateKey(rand.Reader)
	ec := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)).Public().(*ecdsa.PublicKey)
	p384 := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)).Public()
	offCurve := &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}
	for name, tc := range map[string]struct {
		alg    token.Algorithm
		public any
		want   string // of the error; "" for none
	}{
		"Ed25519":                      {token.EdDSA, ed, ""},
		"P-256":                        {token.ES256, ec, ""},
		"RSA 2048":                     {token.RS256, bigRSA(2048), ""},
		"RSA 8192":                     {token.RS256, bigRSA(8192), ""},
		"24 RSA 2047":                  {token.RS256, bigRSA(2047), "want 2048 to 8192"},
		"24 RSA 1024":                  {token.RS256, bigRSA(1024), "RSA key of 1024 bits"},
		"RSA 8193":                     {token.RS256, bigRSA(8193), "want 2048 to 8192"},
		"RSA without a modulus":        {token.RS256, &rsa.PublicKey{E: 3}, "*rsa.PublicKey"},
		"RSA even modulus":             {token.RS256, rsaWith(func(k *rsa.PublicKey) { k.N.SetBit(k.N, 0, 0) }), "modulus is even"},
		"RSA negative modulus":         {token.RS256, rsaWith(func(k *rsa.PublicKey) { k.N.Neg(k.N) }), "or negative"},
		"RSA exponent 3":               {token.RS256, rsaWith(func(k *rsa.PublicKey) { k.E = 3 }), ""},
		"RSA exponent 1":               {token.RS256, rsaWith(func(k *rsa.PublicKey) { k.E = 1 }), "exponent"},
		"RSA exponent 0":               {token.RS256, rsaWith(func(k *rsa.PublicKey) { k.E = 0 }), "exponent"},
		"RSA exponent below zero":      {token.RS256, rsaWith(func(k *rsa.PublicKey) { k.E = -3 }), "exponent"},
		"RSA exponent even":            {token.RS256, rsaWith(func(k *rsa.PublicKey) { k.E = 65536 }), "exponent"},
		"RSA exponent too large":       {token.RS256, rsaWith(func(k *rsa.PublicKey) { k.E = 1<<31 + 1 }), "exponent"},
		"P-384 for ES256":              {token.ES256, p384, "want one on P-256"},
		"a point off the curve":        {token.ES256, offCurve, "not a point on P-256"},
		"no point at all":              {token.ES256, &ecdsa.PublicKey{Curve: elliptic.P256()}, "not a point on P-256"},
		"Ed25519 cut":                  {token.EdDSA, ed[:31], "Ed25519 key of 31 bytes"},
		"Ed25519 of low order":         {token.EdDSA, ed25519.PublicKey(make([]byte, 32)), "not sound"},
		"nil":                          {token.EdDSA, nil, "want ed25519.PublicKey"},
		"a nil *rsa.PublicKey":         {token.RS256, (*rsa.PublicKey)(nil), "*rsa.PublicKey"},
		"a nil *ecdsa.PublicKey":       {token.ES256, (*ecdsa.PublicKey)(nil), "*ecdsa.PublicKey"},
		"a value, not a pointer":       {token.ES256, *ec, "want *ecdsa.PublicKey"},
		"DSA":                          {token.RS256, &dsa.PublicKey{}, "*dsa.PublicKey"},
		"45 Ed25519 for RS256":         {token.RS256, ed, "want *rsa.PublicKey"},
		"45 RSA for ES256":             {token.ES256, bigRSA(2048), "want *ecdsa.PublicKey"},
		"45 RSA for HS256":             {token.HS256, bigRSA(2048), "NewHMACKey"},
		"45 a secret for HS256":        {token.HS256, make([]byte, 32), "NewHMACKey"},
		"45 a secret for RS256":        {token.RS256, make([]byte, 32), "want *rsa.PublicKey"},
		"45 a secret for EdDSA":        {token.EdDSA, make([]byte, 32), "want ed25519.PublicKey"},
		"an algorithm nobody has":      {"XX", ed, "not supported"},
		"an algorithm that is nothing": {"none", ed, "not supported"},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := token.NewKey(tc.alg, "", tc.public)
			if tc.want != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want) || k != nil {
					t.Errorf("error = %v, want one with %q", err, tc.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if k.Algorithm() != tc.alg || len(k.ID()) != 43 {
				t.Errorf("algorithm %s, id %q", k.Algorithm(), k.ID())
			}
		})
	}
}

func TestKeyIDs(t *testing.T) {
	t.Parallel()
	ed, _, _ := ed25519.GenerateKey(rand.Reader)
	for id, ok := range map[string]bool{
		"2026-01": true, "schlüssel 1": true, strings.Repeat("k", 256): true, strings.Repeat("k", 257): false, "a\nb": false, "\xff": false, "a\u202eb": false,
	} {
		k, err := token.NewKey(token.EdDSA, id, ed)
		if (err == nil) != ok || ok && k.ID() != id {
			t.Errorf("id %q: %v", id, err)
		}
	}
}

// checklist: I7
func Test24HMACSecrets(t *testing.T) {
	t.Parallel()
	for n := range 32 {
		if _, err := token.NewHMACKey("", make([]byte, n)); err == nil || !strings.Contains(err.Error(), "at least 32") {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	secret := []byte("0123456789abcdef0123456789abcdef")
	k := must(token.NewHMACKey("", secret))
	if len(k.ID()) != 22 || k.ID() == must(token.NewHMACKey("", bytes.Repeat([]byte("x"), 32))).ID() {
		t.Errorf("derived id %q", k.ID())
	}
	if k.ID() != must(token.NewHMACKey("", secret)).ID() {
		t.Error("the same secret has two ids")
	}
	// The key must not change with the caller's slice.
	before, _, err := issue(must(token.NewIssuer(token.IssuerConfig{Issuer: issuerName, Audience: []string{audience}, Key: k, Now: clock})), token.Spec{Subject: "u", ClientID: "c"})
	if err != nil {
		t.Fatal(err)
	}
	clear(secret)
	if _, err := verify(verifierOf(must(token.NewStaticKeys(k.Public()))), before); err != nil {
		t.Errorf("the key is not a copy: %v", err)
	}
}

// checklist: I7
func TestGenerateKey(t *testing.T) {
	t.Parallel()
	for _, alg := range []token.Algorithm{token.EdDSA, token.ES256, token.RS256, token.HS256} {
		t.Run(string(alg), func(t *testing.T) {
			t.Parallel()
			a, b := must(token.GenerateKey(alg)), must(token.GenerateKey(alg))
			if a.Algorithm() != alg || a.ID() == "" || a.ID() == b.ID() || a.Public().ID() != a.ID() || a.Public().Algorithm() != alg {
				t.Errorf("%v, %v", a, b)
			}
			issuer := must(token.NewIssuer(token.IssuerConfig{Issuer: issuerName, Audience: []string{audience}, Key: a, Now: clock}))
			raw, _, err := issue(issuer, token.Spec{Subject: "u", ClientID: "c"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := verify(verifierOf(must(token.NewStaticKeys(a.Public()))), raw); err != nil {
				t.Error(err)
			}
			_, err = verify(verifierOf(must(token.NewStaticKeys(b.Public()))), raw)
			wantErr(t, err, token.ErrUnknownKey)
		})
	}
	if _, err := token.GenerateKey("none"); err == nil {
		t.Error("made a key for none")
	}
}

// remoteSigner is a private key that is somewhere else, as in a key service.
type remoteSigner struct {
	crypto.Signer
	public crypto.PublicKey
	err    error
	spoil  func([]byte) []byte
}

func (s remoteSigner) Public() crypto.PublicKey {
	if s.public != nil {
		return s.public
	}
	return s.Signer.Public()
}

func (s remoteSigner) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	signature, err := s.Signer.Sign(r, digest, opts)
	if s.spoil != nil {
		signature = s.spoil(signature)
	}
	return signature, err
}

func TestNewSigningKey(t *testing.T) {
	t.Parallel()
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	_, otherEd, _ := ed25519.GenerateKey(rand.Reader)
	ec := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	p384 := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	rs := hands()[2].private.(*rsa.PrivateKey)
	down := errors.New("key service is down")
	for name, tc := range map[string]struct {
		alg    token.Algorithm
		signer crypto.Signer
		want   string // of the error; "" for none
	}{
		"Ed25519 elsewhere":               {token.EdDSA, remoteSigner{Signer: ed}, ""},
		"P-256 elsewhere":                 {token.ES256, remoteSigner{Signer: ec}, ""},
		"RSA elsewhere":                   {token.RS256, remoteSigner{Signer: rs}, ""},
		"nil":                             {token.EdDSA, nil, "nil"},
		"Ed25519 cut":                     {token.EdDSA, ed[:40], "want 64"},
		"P-384 for ES256":                 {token.ES256, p384, "P-256"},
		"45 RSA for HS256":                {token.HS256, rs, "NewHMACKey"},
		"45 RSA for ES256":                {token.ES256, rs, "want *ecdsa.PublicKey"},
		"halves that don't belong":        {token.EdDSA, remoteSigner{Signer: ed, public: otherEd.Public()}, "does not belong"},
		"a service that is down":          {token.EdDSA, remoteSigner{Signer: ed, err: down}, "key service is down"},
		"an ECDSA signature cut":          {token.ES256, remoteSigner{Signer: ec, spoil: func(b []byte) []byte { return b[:8] }}, "not ASN.1"},
		"an ECDSA signature with a tail":  {token.ES256, remoteSigner{Signer: ec, spoil: func(b []byte) []byte { return append(b, 0) }}, "not ASN.1"},
		"an ECDSA signature out of range": {token.ES256, remoteSigner{Signer: ec, spoil: func([]byte) []byte { return []byte{0x30, 6, 2, 1, 0, 2, 1, 1} }}, "out of range"},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := token.NewSigningKey(tc.alg, "", tc.signer)
			if tc.want == "" {
				if err != nil || k.ID() != k.Public().ID() {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) || k != nil {
				t.Errorf("error = %v, want one with %q", err, tc.want)
			}
		})
	}
}

func TestZeroKeysDoNothing(t *testing.T) {
	t.Parallel()
	if _, err := token.NewStaticKeys(new(token.Key)); err == nil {
		t.Error("the zero key is in a set")
	}
	if _, err := token.MarshalJWKS(new(token.Key)); err == nil {
		t.Error("the zero key is published")
	}
	if _, err := new(token.SigningKey).MarshalPKCS8(); err == nil {
		t.Error("the zero key is exported")
	}
}
