package authsvc

import (
	"context"
	"log/slog"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// told is a store that tells the log and Config.Audit of every entry once it is
// written.
type told struct {
	store.Store

	log  *slog.Logger
	now  func() time.Time
	tell func(context.Context, store.Entry) // or nil
}

func (t *told) after(ctx context.Context, err error, log []store.Entry) error {
	if err != nil {
		return err
	}
	for _, e := range log {
		e.At = t.now()
		t.log.LogAttrs(ctx, levelOf(e), e.Kind, attrsOf(e)...)
		if t.tell != nil {
			t.tell(ctx, e)
		}
	}
	return nil
}

// levelOf is above the others for what wants an alert.
func levelOf(e store.Entry) slog.Level {
	if e.Kind == "refresh_reused" {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// attrsOf is what an entry says, as docs/operating.md tells. What it leaves
// empty is left out, and the log has the time itself.
func attrsOf(e store.Entry) []slog.Attr {
	var attrs []slog.Attr
	for _, a := range []struct{ key, value string }{
		{"actor", e.Actor},
		{"subject", e.Subject},
		{"session", e.SessionID},
		{"client", e.ClientID},
		{"address", e.Address},
		{"other_address", e.OtherAddress},
		{"reason", e.Reason},
	} {
		if a.value != "" {
			attrs = append(attrs, slog.String(a.key, a.value))
		}
	}
	return attrs
}

func (t *told) CreateSession(ctx context.Context, s store.Session, counter int64, log ...store.Entry) error {
	return t.after(ctx, t.Store.CreateSession(ctx, s, counter, log...), log)
}

func (t *told) ReplaceSession(ctx context.Context, old, reason string, s store.Session, counter int64, log ...store.Entry) error {
	return t.after(ctx, t.Store.ReplaceSession(ctx, old, reason, s, counter, log...), log)
}

// UpdateSession tells of what the last run of fn has left, which is the one
// that was written.
func (t *told) UpdateSession(ctx context.Context, id string, fn func(time.Time, *store.Session) error) error {
	var log []store.Entry
	err := t.Store.UpdateSession(ctx, id, func(now time.Time, s *store.Session) error {
		err := fn(now, s)
		log = s.Log
		return err
	})
	return t.after(ctx, err, log)
}

func (t *told) RaiseSubject(ctx context.Context, subject, reason string, log ...store.Entry) error {
	return t.after(ctx, t.Store.RaiseSubject(ctx, subject, reason, log...), log)
}

func (t *told) AddUser(ctx context.Context, u store.User, log ...store.Entry) error {
	return t.after(ctx, t.Store.AddUser(ctx, u, log...), log)
}

func (t *told) SetPassword(ctx context.Context, subject, hash string, log ...store.Entry) error {
	return t.after(ctx, t.Store.SetPassword(ctx, subject, hash, log...), log)
}

func (t *told) ChangePassword(ctx context.Context, subject, old, hash string, log ...store.Entry) error {
	return t.after(ctx, t.Store.ChangePassword(ctx, subject, old, hash, log...), log)
}

func (t *told) SetDisabled(ctx context.Context, subject string, disabled bool, log ...store.Entry) error {
	return t.after(ctx, t.Store.SetDisabled(ctx, subject, disabled, log...), log)
}

func (t *told) AddClient(ctx context.Context, c store.Client, log ...store.Entry) error {
	return t.after(ctx, t.Store.AddClient(ctx, c, log...), log)
}

func (t *told) UpdateClient(ctx context.Context, id string, fn func(time.Time, *store.Client) error, log ...store.Entry) error {
	return t.after(ctx, t.Store.UpdateClient(ctx, id, fn, log...), log)
}

func (t *told) RevokeToken(ctx context.Context, id string, expires time.Time, log ...store.Entry) error {
	return t.after(ctx, t.Store.RevokeToken(ctx, id, expires, log...), log)
}

func (t *told) RaiseClient(ctx context.Context, clientID, reason string, log ...store.Entry) error {
	return t.after(ctx, t.Store.RaiseClient(ctx, clientID, reason, log...), log)
}

func (t *told) Recover(ctx context.Context, reason string, log ...store.Entry) error {
	return t.after(ctx, t.Store.Recover(ctx, reason, log...), log)
}

// RecordFailure tells of each failure by itself.
func (t *told) RecordFailure(ctx context.Context, e store.Entry) error {
	err := t.Store.RecordFailure(ctx, e)
	e.Count = 1
	return t.after(ctx, err, []store.Entry{e})
}
