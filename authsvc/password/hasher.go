package password

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sync/semaphore"
)

// Config is how to hash. The zero value is right for most.
type Config struct {
	// Params is the cost of new hashes. Zero: [Default]. Less is refused.
	Params Params
	// Concurrency is how many hashes of that cost are computed at once; more
	// wait. It bounds memory to Concurrency times Params.MemoryKiB. Zero:
	// GOMAXPROCS.
	Concurrency int
}

// Hasher makes and checks password hashes (argon2id, RFC 9106). It is safe
// for concurrent use and holds no password.
type Hasher struct {
	params   Params
	capacity int64
	memory   *semaphore.Weighted
	nobody   string
}

// NewHasher checks cfg and makes a Hasher.
func NewHasher(cfg Config) (*Hasher, error) {
	if cfg.Params == (Params{}) {
		cfg.Params = Default()
	}
	if cfg.Concurrency == 0 {
		cfg.Concurrency = runtime.GOMAXPROCS(0)
	}
	if cfg.Concurrency < 0 {
		return nil, errors.New("password: Concurrency is negative, use 0 for the number of processors")
	}
	if err := cfg.Params.atLeast(Default()); err != nil {
		return nil, err
	}
	return newHasher(cfg)
}

// newHasher takes any parameters, so that tests need not pay the real ones.
func newHasher(cfg Config) (*Hasher, error) {
	if err := cfg.Params.check(); err != nil {
		return nil, fmt.Errorf("password: Params: %w", err)
	}
	capacity := int64(cfg.Params.MemoryKiB) * int64(cfg.Concurrency)
	return &Hasher{
		params:   cfg.Params,
		capacity: capacity,
		memory:   semaphore.NewWeighted(capacity),
		nobody:   newSalted(cfg.Params).encode(),
	}, nil
}

// Hash makes the encoded hash of a password with a new random salt, in the
// PHC string form ($argon2id$v=19$m=...). The whole password counts, whatever
// its length. The error is ctx's, when it ends while the call waits for its
// turn.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	p := newSalted(h.params)
	tag, err := h.derive(ctx, p, password)
	if err != nil {
		return "", err
	}
	p.tag = tag
	return p.encode(), nil
}

// Verify says whether encoded is a hash of password, and, if it is, whether
// it costs less than new hashes do and should be replaced by a new one
// (rehash). ErrEncoding when encoded is not a hash we take; ctx's error when
// it ends while the call waits for its turn.
func (h *Hasher) Verify(ctx context.Context, encoded, password string) (ok, rehash bool, err error) {
	p, err := parse(encoded)
	if err != nil {
		return false, false, err
	}
	tag, err := h.derive(ctx, p, password)
	if err != nil {
		return false, false, err
	}
	if !equal(tag, p.tag) {
		return false, false, nil
	}
	return true, h.outdated(p), nil
}

// VerifyNone costs what Verify costs and lets nobody in. Call it for a user
// who does not exist, so that the answer takes as long as for one who does.
// The error is ctx's.
func (h *Hasher) VerifyNone(ctx context.Context, password string) error {
	_, _, err := h.Verify(ctx, h.nobody, password)
	return err
}

// outdated: a new hash would be worth more than this one.
func (h *Hasher) outdated(p salted) bool {
	return p.weakerThan(h.params) || len(p.salt) < saltLen || len(p.tag) < tagLen
}
