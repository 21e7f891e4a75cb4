package password

import (
	"context"
	"crypto/subtle"

	"golang.org/x/crypto/argon2"
)

// derive computes the hash of a password once there is room for it. Room is
// memory: a stored hash of larger parameters takes more of it, up to all.
func (h *Hasher) derive(ctx context.Context, s salted, password string) ([]byte, error) {
	// Acquire lets an ended context in when there is room.
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	room := min(max(int64(s.MemoryKiB), int64(h.params.MemoryKiB)), h.capacity)
	if err := h.memory.Acquire(ctx, room); err != nil {
		return nil, err
	}
	defer h.memory.Release(room)
	return argon2.IDKey([]byte(password), s.salt, s.Time, s.MemoryKiB, s.Parallelism, uint32(len(s.tag))), nil
}

// equal compares in a time that does not depend on where the two differ.
func equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
