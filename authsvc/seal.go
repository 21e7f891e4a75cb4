package authsvc

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
)

// sealer encrypts what a client keeps for us until its next call: AES-256-GCM
// with a random nonce. What it was sealed for is the associated data, so that
// it opens for nothing else.
type sealer struct {
	aead   cipher.AEAD
	issuer string
}

func newSealer(cfg Config, label string) (*sealer, error) {
	aead, err := newAEAD(cfg.Secret, label)
	if err != nil {
		return nil, err
	}
	return &sealer{aead: aead, issuer: cfg.Issuer}, nil
}

func newAEAD(secret []byte, label string) (cipher.AEAD, error) {
	key, err := derive(secret, label, keyLen)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("authsvc: making the cipher %q: %w", label, err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal gives the base64url of plain, for one purpose.
func (s *sealer) seal(plain []byte, purpose ...string) string {
	return b64.EncodeToString(s.aead.Seal(nil, nil, plain, s.associated(purpose)))
}

// open gives what was sealed for the purpose, and false for anything else.
func (s *sealer) open(text string, purpose ...string) ([]byte, bool) {
	sealed, err := b64.DecodeString(text)
	if err != nil {
		return nil, false
	}
	plain, err := s.aead.Open(nil, nil, sealed, s.associated(purpose))
	return plain, err == nil
}

func (s *sealer) associated(purpose []string) []byte { return join(append(purpose, s.issuer)...) }

// join joins texts so that no others give the same bytes.
func join(texts ...string) []byte {
	var out []byte
	for _, text := range texts {
		out = append(binary.AppendUvarint(out, uint64(len(text))), text...)
	}
	return out
}
