package token

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

const (
	// fileInterval is how often a file is looked at, at most.
	fileInterval = time.Second
	// fileTick is what the times of a file system may be rounded to.
	fileTick = 2 * time.Second
)

// FileKeysConfig configures [NewFileKeys].
type FileKeysConfig struct {
	// Path of the file: a JWK Set, or one or more public keys or certificates
	// as PEM. Required.
	Path string
	// Algorithms are those that the keys may be for, as in [ParsePublicPEM]
	// and [ParseJWK]. Empty means all.
	Algorithms []Algorithm
	// OnError is told why a changed file is not used, again only when that is
	// for another reason. Nil means that nobody is told. It is called from
	// within a call of Key and must not block.
	OnError func(error)
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

// FileKeys is a [KeySet] in a file, read again when the file changes: when
// another file has taken its place, or when its size or its time of change
// differs. It follows symbolic links, so a mounted Kubernetes secret or config
// map, which is swapped by one, is seen as changed. For 2 s after a change it
// is read at every look, because two changes can bear the same time.
//
// The file is looked at when a key is asked for, at most once a second. While
// a changed file can't be read or holds no key, it is tried again at each look
// and the keys from before stay in use: a broken file must not take a service
// down. An empty JWK Set is not broken: it withdraws all keys.
//
// It is safe for concurrent use and has nothing to close.
type FileKeys struct {
	path       string
	algorithms []Algorithm
	onError    func(error)
	now        func() time.Time

	mu      sync.Mutex
	ring    keyRing
	read    os.FileInfo // of the file that ring is from; nil to have it read again
	failure string      // why the file that is there now is not used, "" when it is
	looked  time.Time
	looking bool
}

// NewFileKeys reads the file. It fails when the file is missing, is not a
// regular file, is over a megabyte, or holds no key that can be used, unless
// it is an empty JWK Set.
func NewFileKeys(config FileKeysConfig) (*FileKeys, error) {
	if config.Path == "" {
		return nil, errors.New("token: key file without a path: set Path")
	}
	f := &FileKeys{path: config.Path, algorithms: config.Algorithms, onError: config.OnError, now: config.Now}
	if f.onError == nil {
		f.onError = func(error) {}
	}
	if f.now == nil {
		f.now = time.Now
	}
	f.looked = f.now()
	var err error
	f.ring, f.read, err = f.load(nil)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Key implements [KeySet]. Its only error is [ErrUnknownKey].
func (f *FileKeys) Key(_ context.Context, kid string, alg Algorithm) (*Key, error) {
	if read, due := f.due(); due {
		f.look(read)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if k, ok := f.ring.find(kid, alg); ok {
		return k, nil
	}
	return nil, ErrUnknownKey
}

// due reports whether this call is the one to look at the file, and which one
// was read last.
func (f *FileKeys) due() (read os.FileInfo, due bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if since := now.Sub(f.looked); f.looking || since >= 0 && since < fileInterval {
		return nil, false
	}
	f.looking, f.looked = true, now
	return f.read, true
}

// look reads the file if it has changed, or is broken, without a lock: a file
// system can be slow.
func (f *FileKeys) look(read os.FileInfo) {
	ring, info, err := f.load(read)
	if news := f.land(ring, info, err); news {
		f.onError(err)
	}
}

func (f *FileKeys) land(ring keyRing, info os.FileInfo, err error) (news bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looking, f.read = false, info
	if err != nil {
		news = f.failure != err.Error()
		f.failure = err.Error()
		return news
	}
	f.failure = ""
	if ring != nil {
		f.ring = ring
	}
	return false
}

// load returns the keys of the file, or none when it is still the one that was
// read. Should the file change while it is read, what is returned tells it
// from what is there then.
func (f *FileKeys) load(read os.FileInfo) (keyRing, os.FileInfo, error) {
	info, err := os.Stat(f.path)
	if err != nil {
		return nil, nil, fmt.Errorf("token: key file: %w", err)
	}
	if read != nil && sameFile(read, info) {
		return nil, info, nil
	}
	if !info.Mode().IsRegular() { // a pipe would block
		return nil, nil, fmt.Errorf("token: key file %s is not a regular file", f.path)
	}
	data, err := readAtMost(f.path, maxSetBytes+1)
	if err != nil {
		return nil, nil, fmt.Errorf("token: key file: %w", err)
	}
	ring, err := parseKeys(data, f.algorithms)
	if err != nil {
		return nil, nil, fmt.Errorf("token: key file %s: %w", f.path, err)
	}
	if f.now().Sub(info.ModTime()).Abs() < fileTick { // another change may bear the same time
		info = nil
	}
	return ring, info, nil
}

func sameFile(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

func readAtMost(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(io.LimitReader(file, limit))
}
