package authclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	fileVersion = 1
	maxFile     = 16 << 10
	// lockPoll is how often a lock is tried that another holds.
	lockPoll = 20 * time.Millisecond
)

// FileStore is a [TokenStore] in a file, readable for its owner only (mode
// 0600). It is for one machine: the lock, a file of the same name with
// ".lock" at its end, is one of the operating system (flock), which ends with
// the process that holds it. On systems without flock, Windows among them,
// every use fails.
//
// A program that is killed leaves nothing in disorder: the file is written
// beside the old one, synced, and renamed over it.
type FileStore struct {
	path string
}

// NewFileStore keeps a session in the file path, which need not exist. The
// folder must: one that only its owner can write to, on a local file system,
// such as a folder below [os.UserConfigDir].
func NewFileStore(path string) (*FileStore, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("authclient: token file %q: %w", path, err)
	}
	info, err := os.Stat(filepath.Dir(abs))
	if err != nil {
		return nil, fmt.Errorf("authclient: the folder of the token file: make it first: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("authclient: token file %s: what it shall lie in is no folder", abs)
	}
	return &FileStore{path: abs}, nil
}

// file is what stands in the file.
type file struct {
	Saved
	Version int `json:"version"`
}

// Lock implements [TokenStore].
func (s *FileStore) Lock(ctx context.Context) (unlock func(), err error) {
	lock, err := os.OpenFile(s.path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("authclient: the lock of the token file: %w", err)
	}
	poll := time.NewTicker(lockPoll)
	defer poll.Stop()
	for {
		held, err := tryLock(lock)
		if err != nil {
			_ = lock.Close()
			return nil, fmt.Errorf("authclient: locking %s: %w", lock.Name(), err)
		}
		if held {
			return func() { _ = lock.Close() }, nil // closing unlocks
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			_ = lock.Close()
			return nil, fmt.Errorf("authclient: %s is held by another process: %w", lock.Name(), ctx.Err())
		}
	}
}

// Load implements [TokenStore]. It refuses a file that others than its owner
// can read or write, and one of another owner than this process.
func (s *FileStore) Load(context.Context) (Saved, error) {
	f, err := os.Open(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return Saved{}, nil
	}
	if err != nil {
		return Saved{}, fmt.Errorf("authclient: the token file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Saved{}, fmt.Errorf("authclient: the token file: %w", err)
	}
	if err := private(info); err != nil {
		return Saved{}, fmt.Errorf("authclient: token file %s: %w", s.path, err)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return Saved{}, fmt.Errorf("authclient: the token file: %w", err)
	}
	return s.parse(text)
}

// parse says nothing of what it could not read: that may be a secret.
func (s *FileStore) parse(text []byte) (Saved, error) {
	var in file
	if err := json.Unmarshal(text, &in); err != nil || in.RefreshToken == "" {
		return Saved{}, fmt.Errorf("authclient: token file %s holds no session: remove it and log in", s.path)
	}
	if in.Version != fileVersion {
		return Saved{}, fmt.Errorf("authclient: token file %s is of version %d, and this program knows %d: use the program that wrote it, or remove it and log in", s.path, in.Version, fileVersion)
	}
	return in.Saved, nil
}

// Save implements [TokenStore].
func (s *FileStore) Save(_ context.Context, saved Saved) error {
	if err := s.save(saved); err != nil {
		return fmt.Errorf("authclient: saving the session: %w", err)
	}
	return nil
}

func (s *FileStore) save(saved Saved) error {
	// Whoever holds the lock is the only one who writes here, so what lies
	// there was left by a program that died.
	beside := s.path + ".new"
	if err := os.Remove(beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if saved == (Saved{}) {
		return s.remove()
	}
	text, err := json.Marshal(file{saved, fileVersion})
	if err != nil {
		return err
	}
	if err := writeNew(beside, text); err != nil {
		_ = os.Remove(beside)
		return err
	}
	if err := os.Rename(beside, s.path); err != nil {
		_ = os.Remove(beside)
		return err
	}
	return s.syncFolder()
}

func writeNew(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

func (s *FileStore) remove() error {
	if err := os.Remove(s.path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	return s.syncFolder()
}

// syncFolder makes a rename or a removal lasting.
func (s *FileStore) syncFolder() error {
	folder, err := os.Open(filepath.Dir(s.path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
