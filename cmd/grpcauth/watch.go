package main

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

const (
	// watchEvery is how often a server looks whether its database was
	// restored or recovered under it, and writes down how far it has come.
	watchEvery = 5 * time.Second
	// sweepEvery is how often it deletes what can't matter any more, give or
	// take a fifth, so that servers don't do it together.
	sweepEvery = 5 * time.Minute
	// sweepStep is how many records are deleted at once, and sweepPause how
	// long calls then have the database to themselves.
	sweepStep  = 500
	sweepPause = 50 * time.Millisecond
)

// errRecovered: refresh tokens are made with another key since.
var errRecovered = errors.New("the database was recovered while this server used it: start the server again")

// watch is what a server does on its own, beside its calls.
type watch struct {
	store store.Store
	kid   string
	path  string // where what was seen is kept
	log   *slog.Logger

	last   seen
	unkept string // why it could not be kept the last time
}

// newWatch refuses a database that is older than what was served from it.
func newWatch(ctx context.Context, st store.Store, kid, path string, log *slog.Logger) (*watch, error) {
	was, err := readSeen(path)
	if err != nil {
		return nil, err
	}
	now, err := look(ctx, st, kid)
	if err != nil {
		return nil, err
	}
	if err := was.mustPrecede(ctx, st, now); err != nil {
		return nil, err
	}
	w := &watch{store: st, kid: kid, path: path, log: log, last: now}
	w.keep(ctx)
	return w, nil
}

// run watches and sweeps until ctx ends. It fails when the server must end.
func (w *watch) run(ctx context.Context) error {
	running, ctx := errgroup.WithContext(ctx)
	running.Go(func() error {
		for pause(ctx, watchEvery) {
			if err := w.step(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	running.Go(func() error {
		for pause(ctx, jittered(sweepEvery)) {
			w.sweep(ctx)
		}
		return nil
	})
	return running.Wait()
}

// end writes down how far the database has come once nothing is served any
// more.
func (w *watch) end() {
	ctx, cancel := context.WithTimeout(context.Background(), watchEvery)
	defer cancel()
	_ = w.step(ctx) // what is wrong then, the next start finds
}

// step compares the database with what was last seen of it. One that can't be
// read is no reason to end: calls are refused meanwhile, and /readyz tells.
func (w *watch) step(ctx context.Context) error {
	now, err := look(ctx, w.store, w.kid)
	if err == nil {
		err = w.last.mustPrecede(ctx, w.store, now)
	}
	switch {
	case errors.Is(err, errRestored):
		w.log.LogAttrs(ctx, slog.LevelError, "backup_restored", slog.String("cause", err.Error()))
		return err
	case err != nil:
		w.log.LogAttrs(ctx, slog.LevelDebug, "database_not_seen", slog.String("cause", err.Error()))
		return nil
	case now.Epoch != w.last.Epoch:
		return errRecovered
	}
	if now != w.last {
		w.last = now
		w.keep(ctx)
	}
	return nil
}

// keep writes down what was seen. A server that can't is not worse off than one
// that has just been set up, so it only says so, once.
func (w *watch) keep(ctx context.Context) {
	why := ""
	if err := w.last.write(w.path); err != nil {
		why = cause(err).Error()
	}
	if why != "" && why != w.unkept {
		w.log.LogAttrs(ctx, slog.LevelWarn, "seen_not_kept", slog.String("path", w.path), slog.String("cause", why),
			slog.String("consequence", "a restored backup can't be told after the next start"))
	}
	w.unkept = why
}

// sweep deletes what can't matter any more, in small steps.
func (w *watch) sweep(ctx context.Context) {
	began, total := time.Now(), 0
	for {
		n, err := w.store.Sweep(ctx, sweepStep)
		total += n
		if err != nil && ctx.Err() == nil {
			w.log.LogAttrs(ctx, slog.LevelWarn, "sweep_failed", slog.Int("records", total), slog.String("cause", err.Error()))
			return
		}
		if err != nil || n < sweepStep || !pause(ctx, sweepPause) {
			break
		}
	}
	w.log.LogAttrs(ctx, slog.LevelDebug, "swept", slog.Int("records", total), slog.Duration("took", time.Since(began)))
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
