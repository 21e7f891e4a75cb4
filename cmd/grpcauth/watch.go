package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// watchEvery is how often a server looks whether its database was restored or
// recovered under it, and writes down how far it has come.
const watchEvery = 5 * time.Second

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

// run watches until ctx ends. It fails when the server must end.
func (w *watch) run(ctx context.Context) error {
	every := time.NewTicker(watchEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
			if err := w.step(ctx); err != nil {
				return err
			}
		}
	}
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
