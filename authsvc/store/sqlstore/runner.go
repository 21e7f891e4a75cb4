package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

const (
	// patience is how long one operation is tried for. A caller with less to
	// spare says so by its context.
	patience = 5 * time.Second
	// bulkPatience is how long one is tried for that changes very many rows.
	bulkPatience = time.Minute
	// queuePatience is how long a writer waits for those before it.
	queuePatience = 30 * time.Second
	// firstPause is what is waited before the second attempt; each pause is
	// twice the one before, up to the dialect's longest.
	firstPause = time.Millisecond
)

// settled is an answer, not a failure: it is neither tried again nor wrapped.
type settled struct{ error }

// undone is a failure that changed nothing for sure: it was met when reading,
// or in a transaction before the commit was asked for.
type undone struct{ error }

func (u undone) Unwrap() error { return u.error }

// runner runs operations until they succeed, are settled, or can't be.
type runner struct {
	fragments
	// writer lets one operation write at a time, in the order they came. nil
	// where the database does that well itself.
	writer *semaphore.Weighted
	// door lets one operation at a time stand in line for writer. Rotations
	// don't come through it: a login is several operations, and many logins
	// would hold up all refreshes.
	door *semaphore.Weighted
	// patience is how long one operation is tried for.
	patience time.Duration
}

func newRunner(f fragments) runner {
	r := runner{fragments: f, patience: patience}
	if f.oneWriter {
		r.writer, r.door = semaphore.NewWeighted(1), semaphore.NewWeighted(1)
	}
	return r
}

// read runs an operation that changes nothing.
func (r *runner) read(ctx context.Context, what string, op func(context.Context) error) error {
	return r.failure(ctx, what, r.run(ctx, func(ctx context.Context) error {
		if err := op(ctx); err != nil {
			return undone{err}
		}
		return nil
	}))
}

// write runs an operation that changes something. It is run again only when
// nothing has been changed.
func (r *runner) write(ctx context.Context, what string, op func(context.Context) error) error {
	if r.door != nil {
		if err := queue(ctx, r.door); err != nil {
			return r.failure(ctx, what, err)
		}
		defer r.door.Release(1)
	}
	return r.writeSoon(ctx, what, op)
}

// writeSoon is write for what waits for the operation that runs, for one other,
// and for those that came by writeSoon before.
func (r *runner) writeSoon(ctx context.Context, what string, op func(context.Context) error) error {
	if r.writer != nil {
		if err := queue(ctx, r.writer); err != nil {
			return r.failure(ctx, what, err)
		}
		defer r.writer.Release(1)
	}
	return r.failure(ctx, what, r.run(ctx, op))
}

// queue waits for its turn.
func queue(ctx context.Context, turns *semaphore.Weighted) error {
	ctx, cancel := context.WithTimeout(ctx, queuePatience)
	defer cancel()
	return turns.Acquire(ctx, 1)
}

// run tries op again while its failure is passing, has changed nothing, and
// there is time.
func (r *runner) run(ctx context.Context, op func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	var busy error
	for pause := firstPause; ; pause = min(2*pause, r.longestPause) {
		err := op(ctx)
		if err == nil || isSettled(err) {
			return err
		}
		// Why it was tried again says more than that time ran out.
		if busy != nil && ctx.Err() != nil {
			return busy
		}
		if !r.again(err) {
			return err
		}
		busy = err
		if !sleep(ctx, pause) {
			return busy
		}
	}
}

func isSettled(err error) bool {
	_, ok := errors.AsType[settled](err)
	return ok
}

// again: whoever runs the operation again does no harm and may do better.
func (r *runner) again(err error) bool {
	if r.transient(err) {
		return true
	}
	_, unchanged := errors.AsType[undone](err)
	return unchanged && r.lost(err)
}

// failure turns what an operation ended with into what the caller is told.
func (r *runner) failure(ctx context.Context, what string, err error) error {
	if err == nil {
		return nil
	}
	if answer, ok := errors.AsType[settled](err); ok {
		return answer.error
	}
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("sqlstore: %s: %w", what, ended)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		// Ours, not the caller's, who must not take it for their own.
		return fmt.Errorf("%w: %s: the database is too slow or too busy", store.ErrUnavailable, what)
	}
	if help := r.explain(err); help != "" {
		return fmt.Errorf("%w: %s: %s: %w", store.ErrUnavailable, what, help, err)
	}
	return fmt.Errorf("%w: %s: %w", store.ErrUnavailable, what, err)
}

// sleep waits for half of d to all of it, so that two who meet don't meet
// again each time. false: ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d/2 + rand.N(d/2))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
