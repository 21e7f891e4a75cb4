package authsvc

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"
)

const (
	// sweepEvery is how often a server deletes what can't matter any more, give
	// or take a fifth, so that servers on one store don't do it together.
	sweepEvery = 5 * time.Minute
	// sweepStep is how many records are deleted at once, and sweepPause how
	// long calls then have the store to themselves.
	sweepStep  = 500
	sweepPause = 50 * time.Millisecond
)

// Housekeep deletes from the Store what can't matter any more, until ctx ends:
// sessions past their end, attempts that are forgotten, expired revocations
// and keys that were used once, and entries of the audit record past
// [store.AuditKept]. Without it they stay for ever. Run it beside your server:
//
//	go auth.Housekeep(ctx)
//
// It does so every five minutes, give or take a fifth, in small steps. A
// failure is logged and tried again the next time. Each server on a store may
// run it; once is enough.
func (s *Service) Housekeep(ctx context.Context) {
	for pause(ctx, jittered(sweepEvery)) {
		s.server.sweep(ctx)
	}
}

// sweep deletes step by step until there is no more, or ctx ends.
func (s *server) sweep(ctx context.Context) {
	began, total := time.Now(), 0
	for {
		n, err := s.store.Sweep(ctx, sweepStep)
		total += n
		if err != nil && ctx.Err() == nil {
			s.event(ctx, slog.LevelWarn, "sweep_failed", slog.Int("records", total), slog.String("cause", err.Error()))
			return
		}
		if err != nil || n < sweepStep || !pause(ctx, sweepPause) {
			break
		}
	}
	s.event(ctx, slog.LevelDebug, "swept", slog.Int("records", total), slog.Duration("took", time.Since(began)))
}

// pause reports whether d went by before ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// jittered is d, give or take a fifth.
func jittered(d time.Duration) time.Duration {
	return d - d/5 + rand.N(2*d/5) //nolint:gosec // no secret, only spread
}
