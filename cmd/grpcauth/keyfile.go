package main

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
)

const (
	// keyMark begins a key file, so that no other file is taken for one.
	keyMark = "grpcauth-key-1:"
	keyLen  = 32
)

// Every use of the key file has a key of its own, derived under one of these
// labels (HKDF-SHA256, RFC 5869). A label never changes.
const (
	labelSeal    = "grpcauth/1 sealed signing key AES-256-GCM"
	labelRefresh = "grpcauth/1 secret of the AuthService"
)

// masterKey is what a key file holds. It prints as nothing.
type masterKey struct{ secret []byte }

// Format keeps the key out of whatever is printed.
func (masterKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "masterKey{redacted}") }

func newMasterKey() masterKey {
	secret := make([]byte, keyLen)
	_, _ = rand.Read(secret) // never fails
	return masterKey{secret}
}

func (m masterKey) derive(label string) ([]byte, error) {
	return hkdf.Key(sha256.New, m.secret, nil, label, keyLen)
}

func (m masterKey) encode() string {
	return keyMark + base64.RawURLEncoding.EncodeToString(m.secret) + "\n"
}

func parseMasterKey(text string) (masterKey, error) {
	encoded, ok := strings.CutPrefix(strings.TrimSpace(text), keyMark)
	secret, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if !ok || err != nil || len(secret) != keyLen {
		return masterKey{}, errors.New("it is not a key file of grpcauth, or it is damaged: name another, or restore it from a backup")
	}
	return masterKey{secret}, nil
}

// readMasterKey reads a key file. Without one it gives fs.ErrNotExist.
func readMasterKey(path string) (masterKey, error) {
	text, err := readPrivate("key-file", path)
	if err != nil {
		return masterKey{}, err
	}
	key, err := parseMasterKey(string(text))
	if err != nil {
		return masterKey{}, fmt.Errorf("--key-file %s: %w", path, err)
	}
	return key, nil
}

// createMasterKey makes a key file that only its owner can read. Where another
// process was first, its key is the one.
func createMasterKey(path string) (masterKey, error) {
	key := newMasterKey()
	err := writeNew(path, key.encode())
	if errors.Is(err, fs.ErrExist) {
		return readMasterKey(path)
	}
	if err != nil {
		return masterKey{}, fmt.Errorf("--key-file %s can't be made: %w", path, cause(err))
	}
	return key, nil
}

// writeNew writes a file that must not exist yet. It appears whole or not at
// all.
func writeNew(path, text string) error { return writeWhole(path, text, os.Link) }

// syncDir makes the names in a folder durable, where that can be asked for.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
