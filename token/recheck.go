package token

import (
	"bytes"
	"context"
	"fmt"
	"time"
)

// Recheck proves again what can change about claims that this verifier has
// proven: that they have not expired, that they are not ahead of a clock that
// was set back, and that the key which signed them still is its issuer's. It
// is what a cache asks at every hit, and costs neither a signature nor an
// allocation.
//
// Claims that pass are as good as verified now. Those that this verifier has
// not proven are [ErrSignature]. After an error only [Verifier.Verify] says what
// to tell the caller: a key of the same id may have taken the other one's
// place, and another error may come first.
func (v *Verifier) Recheck(ctx context.Context, claims *Claims) error {
	p := claims.open()
	issuer := v.issuers[p.issuer]
	if issuer == nil || issuer != p.trust { // another verifier asks for less, perhaps
		return fmt.Errorf("%w: no claims that this verifier has proven", ErrSignature)
	}
	key, err := issuer.Keys.Key(ctx, p.header.KeyID, p.header.Algorithm)
	if err != nil {
		return fmt.Errorf("token: key %.64q: %w", p.header.KeyID, err)
	}
	if key != p.key && !p.key.same(key) {
		return fmt.Errorf("%w: %.64q is another key now", ErrUnknownKey, p.header.KeyID)
	}
	return v.checkTime(claims)
}

// Remaining is how long the claims are still accepted: until their expiry and
// the leeway, by the verifier's clock. It is zero or less once they are not.
// What they opened, a stream for one, ends then.
func (v *Verifier) Remaining(claims *Claims) time.Duration {
	return v.deadline(claims).Sub(v.now())
}

func (v *Verifier) deadline(claims *Claims) time.Time { return claims.ExpiresAt().Add(v.leeway) }

// same reports whether other is this key, read once more. Public keys are
// compared by their thumbprints: Equal of crypto/rsa and crypto/ecdsa
// allocates.
func (k *Key) same(other *Key) bool {
	if !k.isMade() || !other.isMade() || k.id != other.id || k.algorithm != other.algorithm {
		return false
	}
	ours, theirs := k.sealed.open(), other.sealed.open()
	secret, ok := ours.key.([]byte)
	another, both := theirs.key.([]byte)
	if ok || both {
		return ok && both && bytes.Equal(secret, another)
	}
	return ours.thumbprint == theirs.thumbprint
}
