package token

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// ParsePEM reads a private key: PKCS#8, PKCS#1 or SEC 1, unencrypted, one key
// in the file. The key's type decides the algorithm: Ed25519 is [EdDSA],
// P-256, P-384 and P-521 are [ES256], [ES384] and [ES512], RSA is [RS256]. Name
// algorithms to have it otherwise: the key is for the first that it fits, and
// refused when it fits none.
//
//	key, err := token.ParsePEM(data, token.PS256)
//
// The id is the key's RFC 7638 thumbprint.
func ParsePEM(data []byte, algs ...Algorithm) (*SigningKey, error) {
	block, err := onlyBlock(data)
	if err != nil {
		return nil, err
	}
	private, err := parsePrivate(block)
	if err != nil {
		return nil, err
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("token: %T can't sign: want an Ed25519, P-256, P-384, P-521 or RSA key", private)
	}
	alg, err := algorithmFor(signer.Public(), algs)
	if err != nil {
		return nil, err
	}
	return NewSigningKey(alg, "", signer)
}

// ParsePublicPEM reads a public key: SPKI ("PUBLIC KEY"), PKCS#1, or the key
// of a certificate, whose dates and issuer are not looked at. Algorithm and
// id are as in [ParsePEM]. A private key is refused.
func ParsePublicPEM(data []byte, algs ...Algorithm) (*Key, error) {
	block, err := onlyBlock(data)
	if err != nil {
		return nil, err
	}
	return publicKeyOf(block, algs)
}

func publicKeyOf(block *pem.Block, algs []Algorithm) (*Key, error) {
	public, err := parsePublic(block)
	if err != nil {
		return nil, err
	}
	alg, err := algorithmFor(public, algs)
	if err != nil {
		return nil, err
	}
	return NewKey(alg, "", public)
}

// onlyBlock is the one PEM block of data. openssl writes the parameters of an
// EC key in a block of their own before it; the key repeats them.
func onlyBlock(data []byte) (*pem.Block, error) {
	block, rest := pem.Decode(data)
	if block != nil && block.Type == "EC PARAMETERS" {
		block, rest = pem.Decode(rest)
	}
	if block == nil {
		return nil, errors.New(`token: no PEM block: want a file that begins with "-----BEGIN"`)
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("token: more than one PEM block: give one key alone")
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
		return nil, errors.New("token: the PEM key is encrypted: decrypt it first")
	}
	return block, nil
}

func parsePrivate(block *pem.Block) (private any, err error) {
	switch block.Type {
	case "PRIVATE KEY":
		private, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		private, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		private, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("token: PEM block %.40q is not a private key", block.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("token: PEM block %q: %w", block.Type, err)
	}
	return private, nil
}

func parsePublic(block *pem.Block) (public any, err error) {
	switch block.Type {
	case "PUBLIC KEY":
		public, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		public, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		var cert *x509.Certificate
		if cert, err = x509.ParseCertificate(block.Bytes); err == nil {
			public = cert.PublicKey
		}
	default:
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			return nil, fmt.Errorf("token: PEM block %.40q is a private key where a public one belongs", block.Type)
		}
		return nil, fmt.Errorf("token: PEM block %.40q is not a public key", block.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("token: PEM block %q: %w", block.Type, err)
	}
	return public, nil
}
