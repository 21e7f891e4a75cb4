package authsvc

import (
	"errors"
	"fmt"
)

// The answer to a refresh can get lost on the way. So that a retry is given
// the same successor, the session keeps it, sealed: AES-256-GCM with a random
// nonce under a key derived from the secret of the token that was presented.
// The store holds only the hash of that secret, which yields no key, so what
// is stored opens for nobody but the token's holder. The session, the
// generation and the issuer are the associated data: a blob that was moved to
// another row does not open.

var errUnsealed = errors.New("authsvc: the sealed successor does not open, the session's record was altered")

func (c *refreshCodec) seal(presented, successor *refreshToken) ([]byte, error) {
	aead, err := newAEAD(presented.secret(), labelSuccessor)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, successor[:], c.associated(presented)), nil
}

func (c *refreshCodec) open(presented *refreshToken, sealed []byte) (*refreshToken, error) {
	aead, err := newAEAD(presented.secret(), labelSuccessor)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, sealed, c.associated(presented))
	if err != nil || len(plain) != tokenLen {
		return nil, fmt.Errorf("%w (session %s, generation %d)", errUnsealed, presented.session(), presented.gen())
	}
	t := refreshToken(plain)
	return &t, nil
}

// associated is unambiguous: session and generation have a fixed length.
func (c *refreshCodec) associated(t *refreshToken) []byte {
	return append(append([]byte(nil), t[atSession:atSecret]...), c.issuer...)
}
