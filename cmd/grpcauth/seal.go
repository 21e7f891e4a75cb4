package main

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
)

// purposeAccess is what a sealed signing key is for.
const purposeAccess = "access tokens"

// binding is what a sealed key belongs to. It is the associated data of the
// seal, so that a key opens for its own issuer, purpose and id only.
type binding struct{ issuer, purpose, kid string }

// bytes is unambiguous: each part has its length before it.
func (b binding) bytes() []byte {
	var out []byte
	for _, part := range []string{b.issuer, b.purpose, b.kid} {
		out = binary.BigEndian.AppendUint32(out, uint32(len(part))) //nolint:gosec // nobody names an issuer with 4 GiB
		out = append(out, part...)
	}
	return out
}

// sealVersion begins what seal makes: AES-256-GCM, a random nonce before the
// ciphertext.
const sealVersion = 1

var errSealed = errors.New("it does not open")

func (m masterKey) seal(plain []byte, to binding) ([]byte, error) {
	aead, err := m.aead()
	if err != nil {
		return nil, err
	}
	return aead.Seal([]byte{sealVersion}, nil, plain, to.bytes()), nil //nolint:gosec // this AEAD makes its own random nonce
}

// open gives what was sealed, or errSealed when the key or the binding is
// another one.
func (m masterKey) open(sealed []byte, to binding) ([]byte, error) {
	aead, err := m.aead()
	if err != nil {
		return nil, err
	}
	if len(sealed) == 0 || sealed[0] != sealVersion {
		return nil, errSealed
	}
	plain, err := aead.Open(nil, nil, sealed[1:], to.bytes())
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}

func (m masterKey) aead() (cipher.AEAD, error) {
	key, err := m.derive(labelSeal)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
