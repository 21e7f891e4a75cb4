package authsvc

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/token"
)

const (
	// MaxClientSecrets is how many secrets of a client may stand at once: the
	// one in use and the one that takes its place.
	MaxClientSecrets = 2

	// secretPrefix lets people, and programs that look for leaked secrets,
	// see what it is.
	secretPrefix = "gcs_"
)

// NewClientSecret makes a secret of 256 random bits for a client of the Store,
// and the record of it, of which only the SHA-256 is kept: the secret can't be
// shown again. It stops working at expires, or never when that is zero.
func NewClientSecret(now, expires time.Time) (secret string, kept store.ClientSecret) {
	random := make([]byte, secretLen)
	_, _ = rand.Read(random) // never fails
	secret = secretPrefix + b64.EncodeToString(random)
	return secret, store.ClientSecret{ID: rand.Text()[:8], Hash: hashSecret(secret), CreatedAt: now, Expires: expires}
}

func hashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// StandingSecrets are the secrets of a client that work at a time.
func StandingSecrets(c store.Client, now time.Time) []store.ClientSecret {
	return slices.DeleteFunc(slices.Clone(c.Secrets), func(s store.ClientSecret) bool { return !standsAt(s, now) })
}

func standsAt(s store.ClientSecret, now time.Time) bool {
	return s.Expires.IsZero() || now.Before(s.Expires)
}

// CheckClient refuses a record that can't be meant, before it goes into the
// Store. The error says what to do.
//
// A client either logs people in, and then it is public: Login takes no proof
// of it. Or it is a service, which proves itself by a secret or by its keys. An
// app that does both is two clients.
func CheckClient(c store.Client, now time.Time) error {
	client := Client{ID: c.ID, Scopes: c.Scopes, AllScopes: c.AllScopes}
	switch confidential := len(c.Secrets) > 0 || len(c.JWKS) > 0; {
	case strings.ContainsFunc(c.ID+c.Name, unicode.IsControl):
		return errors.New("the id or the name holds a control character: leave it out")
	case c.Users == c.Service:
		return errors.New("a client either logs users in or gets tokens for itself: choose one, and register a second client for the other")
	case c.Users && confidential:
		return errors.New("a client that logs users in is public, as a login takes no proof of the client: leave out its secrets and keys")
	case c.Users && len(c.Serves) > 0:
		return errors.New("a client that logs users in can't introspect tokens: serve audiences by a client that gets tokens for itself")
	case c.Service && c.AllScopes:
		return errors.New("all scopes of the user are nothing to a client without users: list its scopes")
	case len(StandingSecrets(c, now)) > MaxClientSecrets:
		return fmt.Errorf("the client has more than %d secrets that stand: remove one", MaxClientSecrets)
	}
	if err := client.check(nil); err != nil {
		return err
	}
	if slices.Contains(slices.Concat(c.Audiences, c.Serves), "") {
		return errors.New("an audience is empty: name it or leave it out")
	}
	if len(c.JWKS) > 0 {
		if _, err := clientKeys(c.JWKS); err != nil {
			return err
		}
	}
	return nil
}

// clientKeys reads the keys that a client signs its assertions with. One that
// can't be used is a mistake, since the set was made for us.
func clientKeys(jwks []byte) (*token.StaticKeys, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(jwks, &set); err != nil || len(set.Keys) == 0 {
		return nil, errors.New(`the keys are no JWK Set: want {"keys": [...]} with a public key at least (RFC 7517 §5)`)
	}
	keys := make([]*token.Key, len(set.Keys))
	for i, data := range set.Keys {
		key, err := token.ParseJWK(data)
		if err != nil {
			return nil, fmt.Errorf("keys[%d]: %w", i, err)
		}
		keys[i] = key
	}
	return token.NewStaticKeys(keys...)
}
