package password

import (
	"context"
	"crypto/subtle"

	"golang.org/x/crypto/argon2"
)

// derive computes the hash of a password once there is room for it.
func (h *Hasher) derive(ctx context.Context, s salted, password string) ([]byte, error) {
	// Where there is room, Acquire lets in even a call whose context ended.
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	room := h.room(s.Params)
	if err := h.memory.Acquire(ctx, room); err != nil {
		return nil, err
	}
	defer h.memory.Release(room)
	return argon2.IDKey([]byte(password), s.salt, s.Time, s.MemoryKiB, s.Parallelism, uint32(len(s.tag))), nil
}

// room is how much of the memory a hash takes: what it fills, but no less
// than a new one, so that small hashes don't crowd the processors, and no
// more than there is.
func (h *Hasher) room(p Params) int64 {
	return min(max(int64(p.MemoryKiB), int64(h.params.MemoryKiB)), h.capacity)
}

// equal compares in a time that does not depend on where the two differ.
func equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
