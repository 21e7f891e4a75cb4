package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
)

// watched is a watch over a store, with its log.
type watched struct {
	*watch
	log bytes.Buffer
}

func newWatched(t *testing.T, st store.Store, path string) (*watched, error) {
	t.Helper()
	w := &watched{}
	var err error
	w.watch, err = newWatch(t.Context(), st, "kid", path, slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	return w, err
}

// begin runs it until the test ends it.
func (w *watched) begin(t *testing.T) (end func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.run(ctx) }()
	return func() error {
		cancel()
		return <-ended
	}
}

// raised is a store on which as many events have happened, of which some are
// in the audit record.
func raised(t *testing.T, events, entries int) store.Store {
	t.Helper()
	st := memory.New()
	for i := range events {
		var log []store.Entry
		if i < entries {
			log = append(log, store.Entry{Kind: "k"})
		}
		if err := st.RaiseSubject(t.Context(), "ada", "", log...); err != nil {
			t.Fatal(err)
		}
	}
	return st
}

func recovered(t *testing.T, st store.Store) store.Store {
	t.Helper()
	if err := st.Recover(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	return st
}

// checklist: R7
func TestADatabaseThatIsNotTheOneServed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		served, found func(t *testing.T) store.Store
		want          error
	}{
		"fewer events":           {func(t *testing.T) store.Store { return raised(t, 3, 0) }, func(t *testing.T) store.Store { return raised(t, 2, 0) }, errRestored},
		"fewer audit entries":    {func(t *testing.T) store.Store { return raised(t, 3, 3) }, func(t *testing.T) store.Store { return raised(t, 3, 2) }, errRestored},
		"an earlier epoch":       {func(t *testing.T) store.Store { return recovered(t, raised(t, 1, 0)) }, func(t *testing.T) store.Store { return raised(t, 5, 0) }, errRestored},
		"another past":           {func(t *testing.T) store.Store { return raised(t, 3, 0) }, func(t *testing.T) store.Store { return raised(t, 9, 0) }, errRestored},
		"recovered":              {func(t *testing.T) store.Store { return raised(t, 9, 9) }, func(t *testing.T) store.Store { return recovered(t, raised(t, 2, 0)) }, nil},
		"nothing happened since": {func(t *testing.T) store.Store { return raised(t, 0, 0) }, func(t *testing.T) store.Store { return raised(t, 0, 0) }, nil},
		"the first events":       {func(t *testing.T) store.Store { return raised(t, 0, 0) }, func(t *testing.T) store.Store { return raised(t, 2, 2) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "grpcauth.key.seen")
			if _, err := newWatched(t, c.served(t), path); err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // it does not forget by being asked
				if _, err := newWatched(t, c.found(t), path); !errors.Is(err, c.want) {
					t.Errorf("got %v", err)
				}
				if after, err := os.ReadFile(path); c.want != nil && (err != nil || !bytes.Equal(before, after)) {
					t.Errorf("what was seen is overwritten: %s, %v", after, err)
				}
				if c.want == nil {
					break
				}
			}
		})
	}
}

func TestADatabaseThatWasBegunAnewIsAnother(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "seen")
	if err := (seen{KeyID: "of the old one", Epoch: 3, Seq: 7, Audit: 7, Tag: "t"}).write(path); err != nil {
		t.Fatal(err)
	}
	if _, err := newWatched(t, memory.New(), path); err != nil {
		t.Error(err)
	}
}

func TestWhatWasSeenIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "seen")
		st := raised(t, 1, 1)
		w, err := newWatched(t, st, path)
		if err != nil {
			t.Fatal(err)
		}
		end := w.begin(t)
		if err := st.RaiseSubject(t.Context(), "ada", ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(watchEvery) // the bubble's clock
		synctest.Wait()
		kept, err := readSeen(path)
		if err != nil || kept.Seq != 2 || kept.Audit != 1 || kept.Epoch != 1 || kept.Tag == "" {
			t.Errorf("kept %+v, %v", kept, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
		if err := end(); err != nil {
			t.Error(err)
		}
		if err := st.RaiseSubject(t.Context(), "ada", ""); err != nil {
			t.Fatal(err)
		}
		w.end()
		if kept, err := readSeen(path); err != nil || kept.Seq != 3 {
			t.Errorf("at the end it kept %+v, %v", kept, err)
		}
	})
}

// checklist: R7
func TestADatabaseThatChangesUnderAServer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		now  func(t *testing.T, was store.Store) store.Store
		want error
		log  string
	}{
		"restored":  {func(t *testing.T, _ store.Store) store.Store { return raised(t, 1, 0) }, errRestored, "level=ERROR msg=backup_restored"},
		"recovered": {recovered, errRecovered, ""},
		"away": {func(t *testing.T, _ store.Store) store.Store {
			st := memory.New()
			_ = st.Close()
			return st
		}, nil, "level=DEBUG msg=database_not_seen"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				was := raised(t, 2, 0)
				w, err := newWatched(t, was, filepath.Join(t.TempDir(), "seen"))
				if err != nil {
					t.Fatal(err)
				}
				w.store = c.now(t, was)
				end := w.begin(t)
				time.Sleep(2 * watchEvery) // the bubble's clock
				if err := end(); !errors.Is(err, c.want) || !strings.Contains(w.log.String(), c.log) {
					t.Errorf("got %v\n%s", err, w.log.String())
				}
			})
		})
	}
}

func TestWhereNothingCanBeKeptItIsSaidOnce(t *testing.T) {
	t.Parallel()
	w, err := newWatched(t, raised(t, 1, 0), filepath.Join(t.TempDir(), "no folder", "seen"))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		w.keep(t.Context())
	}
	if n := strings.Count(w.log.String(), "level=WARN msg=seen_not_kept"); n != 1 {
		t.Errorf("said %d times:\n%s", n, w.log.String())
	}
}

func TestADamagedFileIsNotTakenForNone(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"empty": "", "cut": `{"kid":"k","ep`, "no JSON": "seen", "another's": `{"kid":"k"}`, "null": "null"} {
		path := write(t, "seen", text, 0o600)
		if _, err := newWatched(t, memory.New(), path); err == nil || !strings.Contains(err.Error(), "is damaged") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := newWatched(t, memory.New(), t.TempDir()); err == nil {
		t.Error("a folder was taken for what was seen")
	}
}
