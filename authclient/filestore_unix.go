//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package authclient

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// tryLock takes the lock of an open file, unless another open file has it.
func tryLock(f *os.File) (held bool, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return false, err
	}
	var flock error
	err = raw.Control(func(fd uintptr) {
		flock = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB)
	})
	switch {
	case err != nil:
		return false, err
	case errors.Is(flock, syscall.EWOULDBLOCK), errors.Is(flock, syscall.EINTR):
		return false, nil
	}
	return flock == nil, flock
}

// private refuses a file that somebody else may have read or written.
func private(info os.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.Mode().IsRegular():
		return errors.New("it is no regular file")
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("others can read or write it (mode %04o): its session may be known to them: end that session, remove the file and log in again", info.Mode().Perm())
	case !ok || int(stat.Uid) != os.Geteuid():
		return errors.New("it belongs to another user of this machine")
	}
	return nil
}
