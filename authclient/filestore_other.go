//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd

package authclient

import (
	"errors"
	"os"
)

// Without a lock that ends with its holder, and without modes that keep
// others out, a file is no safe place.
var errNoFlock = errors.New("this system has no flock: bring a TokenStore of your own")

func tryLock(*os.File) (held bool, err error) { return false, errNoFlock }

func private(os.FileInfo) error { return errNoFlock }
