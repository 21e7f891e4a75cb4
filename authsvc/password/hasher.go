package password

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"
)

// Config is how to hash. The zero value is right for most.
type Config struct {
	// Params is the cost of new hashes. Zero: [Default]. Less is refused.
	Params Params
	// Concurrency is how many hashes of that cost are computed at once; more
	// wait. It bounds memory to Concurrency times Params.MemoryKiB, and as
	// much again until it is collected. Zero: GOMAXPROCS.
	Concurrency int
	// Waiting is how many calls may wait; more are refused with ErrBusy.
	// Zero: 128 for each that is computed at once, some three seconds of work.
	Waiting int
	// Process computes the hashes, so that other calls don't wait for them.
	// nil: they are computed where they are asked for. It stays the caller's,
	// who closes it.
	Process *Process
}

// waitingEach is the default of Config.Waiting for one hash at once.
const waitingEach = 128

// Hasher makes password hashes (argon2id, RFC 9106) and checks them, also
// those of bcrypt and PBKDF2. It is safe for concurrent use and holds no
// password.
type Hasher struct {
	params   Params
	capacity int64 // KiB
	queue    *queue
	tick     *tick
	process  *Process
	nobody   string
}

// NewHasher checks cfg and makes a Hasher. A process needs one: each has a
// queue of its own.
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
	if cfg.Waiting < 0 {
		return nil, errors.New("password: Waiting is negative, use 0 for 128 calls a processor")
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
	if cfg.Waiting == 0 {
		cfg.Waiting = waitingEach * cfg.Concurrency
	}
	capacity := int64(cfg.Params.MemoryKiB) * int64(cfg.Concurrency)
	return &Hasher{
		params:   cfg.Params,
		capacity: capacity,
		queue:    newQueue(cfg.Concurrency, cfg.Waiting, capacity),
		tick:     newTick(),
		process:  cfg.Process,
		nobody:   newArgon2id(cfg.Params).encode(),
	}, nil
}

// Hash makes the encoded hash of a password with a new random salt, in the
// PHC string form ($argon2id$v=19$m=...). Every byte of the password counts,
// whatever its length. ErrBusy when too many wait; ctx's error when it ends
// while the call waits for its turn.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	made, _, err := h.run(ctx, argon2id{Params: h.params}.cost(), task{Params: h.params, Password: password})
	return made.Encoded, err
}

// Verify says whether encoded is a hash of password, and, if it is, whether it
// should be replaced by a new one (rehash): it costs less than new hashes do,
// or is none of argon2id.
//
// A refusal leaves on a tick that is the same for every kind of hash and for
// VerifyNone. ErrEncoding when encoded is not a hash we take, ErrBusy when too
// many wait, ctx's error when it ends before the answer.
func (h *Hasher) Verify(ctx context.Context, encoded, password string) (ok, rehash bool, err error) {
	s, err := parse(encoded)
	if err != nil {
		return false, false, err
	}
	checked, begun, err := h.run(ctx, s.cost(), task{Encoded: encoded, Password: password})
	if err != nil {
		return false, false, err
	}
	if !checked.OK {
		return false, false, h.tick.wait(ctx, begun)
	}
	return true, h.outdated(s), nil
}

// VerifyNone costs what Verify costs and lets nobody in. Call it for a user
// who does not exist or may not log in, so that the answer takes as long as
// for one who does. ErrBusy, or ctx's error.
func (h *Hasher) VerifyNone(ctx context.Context, password string) error {
	_, _, err := h.Verify(ctx, h.nobody, password)
	return err
}

// run computes a hash when its turn has come, and tells when that was.
func (h *Hasher) run(ctx context.Context, c cost, t task) (a answer, begun time.Time, err error) {
	room := h.room(c)
	if err := h.queue.enter(ctx, originOf(ctx), room); err != nil {
		return answer{}, time.Time{}, err
	}
	var took time.Duration
	defer func() {
		h.queue.leave(room, took)
		h.tick.observe(c, took)
	}()
	begun = time.Now()
	a, took = h.compute(t)
	return a, begun, nil
}

// compute computes in the process, where there is one that can, and tells how
// long that took: without what was waited for a process that could not.
func (h *Hasher) compute(t task) (answer, time.Duration) {
	begun := time.Now()
	if h.process != nil {
		if a, ok := h.process.compute(t); ok {
			return a, time.Since(begun)
		}
		begun = time.Now()
	}
	return t.compute(), time.Since(begun)
}

// room is how much of the memory a hash takes: what it fills, but no less
// than a new one, so that small hashes don't crowd the processors, and no
// more than there is.
func (h *Hasher) room(c cost) int64 {
	return min(max(c.memory, int64(h.params.MemoryKiB)), h.capacity)
}

// outdated: a new hash would be worth more than this one.
func (h *Hasher) outdated(s stored) bool {
	ours, ok := s.(argon2id)
	return !ok || ours.weakerThan(h.params) || len(ours.salt) < saltLen || len(ours.tag) < tagLen
}
