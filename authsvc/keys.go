package authsvc

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"

	"github.com/grpcauth/grpcauth/token"
)

// Every use of a secret has a key of its own, derived under one of these
// labels (HKDF-SHA256, RFC 5869), so that no two uses can be played against
// each other. A label never changes: it would be another key.
const (
	labelSigning    = "grpcauth/1 access token HS256"
	labelRefreshMAC = "grpcauth/1 refresh token MAC"
	labelRefreshKID = "grpcauth/1 refresh token MAC key id"
	labelSuccessor  = "grpcauth/1 sealed successor AES-256-GCM"
	labelPage       = "grpcauth/1 page token AES-256-GCM"
	labelChallenge  = "grpcauth/1 challenge AES-256-GCM"
	labelAttempt    = "grpcauth/1 attempt HMAC-SHA256"
)

const keyLen = 32

func derive(secret []byte, label string, length int) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, label, length)
	if err != nil {
		return nil, fmt.Errorf("authsvc: deriving the key %q: %w", label, err)
	}
	return key, nil
}

// signingKey is the key of the access tokens.
func signingKey(cfg Config) (*token.SigningKey, error) {
	if cfg.SigningKey != nil {
		return cfg.SigningKey, nil
	}
	secret, err := derive(cfg.Secret, labelSigning, keyLen)
	if err != nil {
		return nil, err
	}
	return token.NewHMACKey("", secret)
}
