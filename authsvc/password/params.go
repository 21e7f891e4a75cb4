package password

import (
	"errors"
	"fmt"
)

// Params is the cost of an argon2id hash (RFC 9106 §3.1).
type Params struct {
	// MemoryKiB is the memory one hash fills, in KiB.
	MemoryKiB uint32
	// Time is how many times it does.
	Time uint32
	// Parallelism is how many lanes the memory is split into.
	Parallelism uint8
}

// Default is the least that new hashes may cost: 19 MiB, twice, one lane.
func Default() Params { return Params{MemoryKiB: 19 * 1024, Time: 2, Parallelism: 1} }

// The most that a stored hash may cost. A hash that asks for more was not
// made here, and computing it would starve everybody else.
const (
	maxMemoryKiB   = 1 << 20 // 1 GiB
	maxTime        = 16
	maxParallelism = 16
	maxWork        = 4 << 20 // KiB filled, all passes together: some three seconds
)

// check refuses what argon2 can't compute or what could starve the process.
func (p Params) check() error {
	switch {
	case p.Time < 1 || p.Time > maxTime:
		return fmt.Errorf("time must be 1 to %d, not %d", maxTime, p.Time)
	case p.Parallelism < 1 || p.Parallelism > maxParallelism:
		return fmt.Errorf("parallelism must be 1 to %d, not %d", maxParallelism, p.Parallelism)
	case p.MemoryKiB < 8*uint32(p.Parallelism) || p.MemoryKiB > maxMemoryKiB:
		return fmt.Errorf("memory must be 8 KiB a lane to %d KiB, not %d", maxMemoryKiB, p.MemoryKiB)
	case p.work() > maxWork:
		return fmt.Errorf("memory times time must be at most %d KiB, not %d", maxWork, p.work())
	}
	return nil
}

// work is how much memory is filled in all passes, in KiB.
func (p Params) work() uint64 { return uint64(p.MemoryKiB) * uint64(p.Time) }

// atLeast refuses parameters below the least.
func (p Params) atLeast(least Params) error {
	if p.weakerThan(least) {
		return errors.New("password: Params are weaker than the least allowed, " +
			"leave them zero or set MemoryKiB >= 19456 and Time >= 2")
	}
	return nil
}

// weakerThan: the hash is cheaper to guess than one of q. Lanes do not count:
// they change who does the work, not how much there is.
func (p Params) weakerThan(q Params) bool {
	return p.MemoryKiB < q.MemoryKiB || p.Time < q.Time
}
