package authclient_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcauth/grpcauth/authclient"
)

var someSaved = authclient.Saved{
	ClientID: "phone", SessionID: "session-1", RefreshToken: "refresh-secret", IdempotencyKey: "key-secret",
	Expires: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
}

func save(t *testing.T, files *authclient.FileStore, s authclient.Saved) {
	t.Helper()
	unlock, err := files.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if err := files.Save(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

func TestFileStoreGivesBackWhatWasSaved(t *testing.T) {
	t.Parallel()
	files, path := newFileStore(t)
	if got, err := files.Load(t.Context()); err != nil || got != (authclient.Saved{}) {
		t.Errorf("before anything was saved: %v, %v", got, err)
	}
	if err := os.WriteFile(path+".new", []byte("half of it"), 0o644); err != nil { // of a program that died
		t.Fatal(err)
	}
	for _, want := range []authclient.Saved{someSaved, {SessionID: "session-1", RefreshToken: "another"}, {}, {}} {
		save(t, files, want)
		if got, err := files.Load(t.Context()); err != nil || got != want {
			t.Errorf("%v, %v, want %v", got, err, want)
		}
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if err != nil || len(left) != 1 || left[0] != path+".lock" {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

// checklist: B2
func TestFilesOfAFileStoreAreTheOwnersOnly(t *testing.T) {
	t.Parallel()
	files, path := newFileStore(t)
	for range 2 {
		save(t, files, someSaved)
		for _, name := range []string{path, path + ".lock"} {
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode() != 0o600 {
				t.Errorf("%s has the mode %v", filepath.Base(name), info.Mode())
			}
		}
	}
}

// checklist: B2
func TestFileStoreRefusesWhatItDidNotWrite(t *testing.T) {
	t.Parallel()
	const good = `{"version":1,"session_id":"s","refresh_token":"refresh-secret"}`
	for name, tc := range map[string]struct {
		text string
		mode os.FileMode
		want string
	}{
		"its own form":             {good, 0o600, ""},
		"read-only":                {good, 0o400, ""},
		"readable for the group":   {good, 0o640, "others can read or write it (mode 0640)"},
		"readable for everybody":   {good, 0o604, "others can read or write it (mode 0604)"},
		"writable for the group":   {good, 0o620, "others can read or write it (mode 0620)"},
		"empty":                    {"", 0o600, "holds no session"},
		"cut off":                  {good[:60], 0o600, "holds no session"},
		"more behind it":           {good + good, 0o600, "holds no session"},
		"another JSON":             {`["refresh-secret"]`, 0o600, "holds no session"},
		"no refresh token":         {`{"version":1,"session_id":"s"}`, 0o600, "holds no session"},
		"a newer version":          {strings.Replace(good, "1", "2", 1), 0o600, "version 2"},
		"no version":               {strings.Replace(good, `"version":1,`, "", 1), 0o600, "version 0"},
		"far too long to be a one": {good + strings.Repeat(" ", 1<<20), 0o600, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files, path := newFileStore(t)
			if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, tc.mode); err != nil {
				t.Fatal(err)
			}
			got, err := files.Load(t.Context())
			if tc.want == "" {
				if err != nil || got.RefreshToken != "refresh-secret" {
					t.Errorf("%v, %v", got, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error = %v, want one with %q and the path", err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), "refresh-secret") {
				t.Errorf("the error shows the token: %v", err)
			}
		})
	}
}

func TestFileStoreRefusesAFolderInPlaceOfAFile(t *testing.T) {
	t.Parallel()
	files, path := newFileStore(t)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := files.Load(t.Context()); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("Load = %v", err)
	}
	if err := files.Save(t.Context(), someSaved); err == nil {
		t.Error("saved over a folder")
	}
}

func TestNewFileStoreWantsAFolder(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{
		"that is not there": filepath.Join(t.TempDir(), "no", "session"),
		"that is a file":    filepath.Join("filestore_test.go", "session"),
	} {
		if _, err := authclient.NewFileStore(path); err == nil || !strings.Contains(err.Error(), "folder") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What can't be written leaves what was there as it was.
func TestFileStoreThatCantBeWritten(t *testing.T) {
	t.Parallel()
	files, path := newFileStore(t)
	save(t, files, someSaved)
	if err := os.Mkdir(path+".new", 0o700); err != nil { // in its way; a mode would not stop root
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path+".new", "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := files.Save(t.Context(), authclient.Saved{RefreshToken: "next"}); err == nil || !strings.Contains(err.Error(), "saving the session") {
		t.Errorf("Save = %v", err)
	}
	if got, err := files.Load(t.Context()); err != nil || got != someSaved {
		t.Errorf("%v, %v", got, err)
	}
}

func TestOneHolderOfTheLockOfAFile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one, path := newFileStore(t)
		two, err := authclient.NewFileStore(path)
		if err != nil {
			t.Fatal(err)
		}
		unlock, err := one.Lock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, files := range []*authclient.FileStore{one, two} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			if _, err := files.Lock(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "held by another process") {
				t.Errorf("a second holder: %v", err)
			}
			cancel()
		}
		got := make(chan error)
		go func() {
			unlock, err := two.Lock(t.Context())
			if err == nil {
				unlock()
			}
			got <- err
		}()
		time.Sleep(time.Second)
		select {
		case err := <-got:
			t.Fatalf("a second holder: %v", err)
		default:
		}
		unlock()
		if err := <-got; err != nil {
			t.Errorf("after the first let go: %v", err)
		}
	})
}

func TestTheLockOfAKilledProgramIsFree(t *testing.T) {
	t.Parallel()
	files, path := newFileStore(t)
	holder := child(t, "lock", path, "")
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked\n" {
		t.Fatalf("the holder says %q, %v", line, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := files.Lock(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while another program holds it: %v", err)
	}
	_ = holder.Process.Kill()
	_ = holder.Wait()
	unlock, err := files.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}

// checklist: B2
func TestSavedShowsNoSecret(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("saved", "saved", someSaved, "pointer", &someSaved)
	texts := map[string]string{"slog": log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		texts[verb], texts[verb+" of a pointer"] = fmt.Sprintf(verb, someSaved), fmt.Sprintf(verb, &someSaved)
		texts[verb+" inside"] = fmt.Sprintf(verb, struct{ S authclient.Saved }{someSaved})
	}
	for how, text := range texts {
		if strings.Contains(text, "secret") || !strings.Contains(text, "session-1") {
			t.Errorf("%s shows %s", how, text)
		}
	}
	encoded, err := json.Marshal(someSaved) // for a store of one's own
	var back authclient.Saved
	if err != nil || json.Unmarshal(encoded, &back) != nil || back != someSaved {
		t.Errorf("comes back from JSON as %v, %v", back, err)
	}
}
