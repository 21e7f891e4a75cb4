package token_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"

	"github.com/grpcauth/grpcauth/token"
)

// attackKey reads a private key of testdata/attacks/keys.
func attackKey(name string) crypto.Signer {
	block, _ := pem.Decode(must(os.ReadFile("testdata/attacks/keys/" + name + ".pem")))
	return must(x509.ParsePKCS8PrivateKey(block.Bytes)).(crypto.Signer)
}

// publicAs is a public key in one of the forms that a confused verifier could
// take for a secret (RFC 8725 §2.1).
func publicAs(name, form string) string {
	public := attackKey(name).Public()
	der := must(x509.MarshalPKIXPublicKey(public))
	switch form {
	case "pem":
		return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	case "pem-trimmed":
		return string(bytes.TrimSpace([]byte(publicAs(name, "pem"))))
	case "pem-crlf":
		return string(bytes.ReplaceAll([]byte(publicAs(name, "pem")), []byte("\n"), []byte("\r\n")))
	case "der":
		return string(der)
	case "pkcs1":
		return string(x509.MarshalPKCS1PublicKey(public.(*rsa.PublicKey)))
	case "pkcs1-pem":
		return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: []byte(publicAs(name, "pkcs1"))}))
	case "jwk":
		return string(jwkOf(public, members{"kid": name}))
	case "jwks":
		return string(must(token.MarshalJWKS(attackHands()[name].key.Public())))
	}
	return rawPublic(public, form)
}

// rawPublic is a public key without any wrapping.
func rawPublic(public crypto.PublicKey, form string) string {
	switch public := public.(type) {
	case ed25519.PublicKey:
		return string(public)
	case *rsa.PublicKey:
		return string(public.N.Bytes())
	case *ecdsa.PublicKey:
		point := must(public.Bytes())
		switch form {
		case "x":
			return string(point[1:33])
		case "compressed":
			return string(append([]byte{2 + point[64]&1}, point[1:33]...))
		case "point":
			return string(point)
		}
	}
	panic("no such form: " + form)
}

// asASN1 is an ECDSA signature in the form that X.509 has it in.
func asASN1(signature string) string {
	r, s := new(big.Int).SetBytes([]byte(signature[:32])), new(big.Int).SetBytes([]byte(signature[32:]))
	return string(must(asn1.Marshal(struct{ R, S *big.Int }{r, s})))
}

// orderP256 is the order of the curve's group, which r and s stay below.
func orderP256() string { return string(elliptic.P256().Params().N.Bytes()) }
