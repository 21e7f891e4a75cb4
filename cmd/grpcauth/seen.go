package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// seen is how far a server has seen its database come. It is kept in a file
// beside the key file, outside of the database, so that an older database can
// be told from the one that was served.
type seen struct {
	// KeyID is the signing key's id: a database that was begun anew has
	// another one, and its copies have the same.
	KeyID string `json:"kid"`
	// Epoch, Seq and Audit are the heads of the events and of the audit record.
	Epoch int64 `json:"epoch"`
	Seq   int64 `json:"seq"`
	Audit int64 `json:"audit"`
	// Tag is that of the newest event, "" where there is none.
	Tag string `json:"tag"`
}

// errRestored: what the database has lost was answered to somebody.
var errRestored = errors.New("the database is older than what was served from it, so a backup was restored: " +
	"stop every server that uses it and run grpcauth recover")

// look sees how far the database has come.
func look(ctx context.Context, st store.Store, kid string) (seen, error) {
	l, err := st.Ledger(ctx)
	if err != nil {
		return seen{}, err
	}
	tag, err := tagOf(ctx, st, l.Seq)
	return seen{KeyID: kid, Epoch: l.Epoch, Seq: l.Seq, Audit: l.Audit, Tag: tag}, err
}

// tagOf is the tag of an event, or "" when it was swept or there is none.
func tagOf(ctx context.Context, st store.Store, seq int64) (string, error) {
	events, err := st.Events(ctx, seq-1, 1)
	if err != nil || len(events) == 0 || events[0].Seq != seq {
		return "", err
	}
	return events[0].Tag, nil
}

// mustPrecede fails with errRestored when the database has not come from what
// was seen to what is there now.
func (was seen) mustPrecede(ctx context.Context, st store.Store, now seen) error {
	switch {
	case was.KeyID != now.KeyID || was.Epoch < now.Epoch: // another database, or recovered
		return nil
	case was.Epoch > now.Epoch || was.Seq > now.Seq || was.Audit > now.Audit:
		return errRestored
	}
	tag, err := tagOf(ctx, st, was.Seq)
	if err == nil && was.Tag != "" && tag != "" && tag != was.Tag {
		return errRestored // and served since, by somebody who did not know
	}
	return err
}

// seenPath is the file that goes with a key file.
func seenPath(keyPath string) string { return keyPath + ".seen" }

// readSeen reads the file. Without one nothing was seen.
func readSeen(path string) (seen, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return seen{}, nil
	}
	if err != nil {
		return seen{}, fmt.Errorf("%s can't be read: %w", path, cause(err))
	}
	defer func() { _ = f.Close() }()
	var s seen
	if err := json.NewDecoder(io.LimitReader(f, maxPrivate)).Decode(&s); err != nil || s.Epoch < 1 {
		return seen{}, fmt.Errorf("%s is damaged, and it tells whether a backup was restored: remove it, and if one was, run grpcauth recover", path)
	}
	return s, nil
}

// write replaces the file. Whoever reads it sees the old one or the new one,
// whole.
func (was seen) write(path string) error {
	text, err := json.Marshal(was)
	if err != nil {
		return err
	}
	return writeWhole(path, string(text)+"\n", os.Rename)
}

// writeWhole writes a file under another name, syncs it, and then has put give
// it its name.
func writeWhole(path, text string, put func(from, to string) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if gone := os.Remove(f.Name()); !errors.Is(gone, fs.ErrNotExist) { // it was renamed
			err = errors.Join(err, gone)
		}
	}()
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := put(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}
