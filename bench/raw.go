package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"math/big"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/grpcauth/grpcauth/token"
)

// newSubjects are the algorithms that are measured, each with the least that its
// cryptography alone needs: the text and the signature are decoded already,
// in the form that the standard library wants them.
func newSubjects() ([]subject, error) {
	var subjects []subject
	for _, newOne := range []func() (subject, error){newEdDSA, newES256, newRS256, newPS256, newHS256} {
		s, err := newOne()
		if err != nil {
			return nil, err
		}
		subjects = append(subjects, s)
	}
	return subjects, nil
}

func newEdDSA() (subject, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return subject{}, err
	}
	return newSubject(jwt.SigningMethodEdDSA, private, func(signed, signature []byte) bool {
		return ed25519.Verify(public, signed, signature)
	})
}

func newES256() (subject, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return subject{}, err
	}
	var der []byte // the signature as ASN.1, made at the first call
	return newSubject(jwt.SigningMethodES256, private, func(signed, signature []byte) bool {
		if der == nil {
			half := len(signature) / 2
			der, _ = asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])})
		}
		digest := sha256.Sum256(signed)
		return ecdsa.VerifyASN1(&private.PublicKey, digest[:], der)
	})
}

func newRS256() (subject, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return subject{}, err
	}
	return newSubject(jwt.SigningMethodRS256, private, func(signed, signature []byte) bool {
		digest := sha256.Sum256(signed)
		return rsa.VerifyPKCS1v15(&private.PublicKey, crypto.SHA256, digest[:], signature) == nil
	})
}

func newPS256() (subject, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return subject{}, err
	}
	return newSubject(jwt.SigningMethodPS256, private, func(signed, signature []byte) bool {
		digest := sha256.Sum256(signed)
		return rsa.VerifyPSS(&private.PublicKey, crypto.SHA256, digest[:], signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
	})
}

func newHS256() (subject, error) {
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return subject{}, err
	}
	key, err := token.NewHMACKey(keyID, secret)
	if err != nil {
		return subject{}, err
	}
	return finish(subject{method: jwt.SigningMethodHS256, public: secret}, key, func(signed, signature []byte) bool {
		mac := hmac.New(sha256.New, secret)
		mac.Write(signed)
		return hmac.Equal(mac.Sum(nil), signature)
	})
}

// apart is a token's signed text and its signature.
func apart(text string) (signed, signature []byte, err error) {
	last := strings.LastIndexByte(text, '.')
	if last < 0 {
		return nil, nil, errors.New("not a token")
	}
	signature, err = base64.RawURLEncoding.DecodeString(text[last+1:])
	return []byte(text[:last]), signature, err
}
