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
	// queuePatience is how long a writer waits for those before it.
	queuePatience = 30 * time.Second
	// Other processes don't queue: they take the lock whenever they find it
	// free, so who looks seldom starves. longestPause is the most between two
	// looks.
	firstPause, longestPause = time.Millisecond, 8 * time.Millisecond
)

// settled is an answer, not a failure: it is neither tried again nor wrapped.
type settled struct{ error }

// runner runs operations until they succeed, are settled, or can't be.
type runner struct {
	fragments
	// writer lets one operation write at a time, in the order they came. nil
	// where the database does that well itself.
	writer *semaphore.Weighted
}

func newRunner(f fragments) runner {
	r := runner{fragments: f}
	if f.oneWriter {
		r.writer = semaphore.NewWeighted(1)
	}
	return r
}

// read runs an operation that changes nothing.
func (r *runner) read(ctx context.Context, what string, op func(context.Context) error) error {
	return r.failure(ctx, what, r.run(ctx, op))
}

// write runs an operation that changes something. op must do the same thing
// when it is run again.
func (r *runner) write(ctx context.Context, what string, op func(context.Context) error) error {
	if r.writer != nil {
		if err := r.queue(ctx); err != nil {
			return r.failure(ctx, what, err)
		}
		defer r.writer.Release(1)
	}
	return r.failure(ctx, what, r.run(ctx, op))
}

// queue waits for its turn to write.
func (r *runner) queue(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, queuePatience)
	defer cancel()
	return r.writer.Acquire(ctx, 1)
}

// run tries op again while its error is transient and there is time.
func (r *runner) run(ctx context.Context, op func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var busy error
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := op(ctx)
		if err == nil || isSettled(err) {
			return err
		}
		if !r.transient(err) {
			// Why it was tried again says more than that time ran out.
			if busy != nil && ctx.Err() != nil {
				return busy
			}
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
