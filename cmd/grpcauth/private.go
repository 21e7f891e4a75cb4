package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
)

// maxPrivate bounds what is read of a file with a secret.
const maxPrivate = 64 << 10

// readPrivate reads a file with a secret. It refuses one that others than its
// owner can read: who else has read it is not known any more.
func readPrivate(flag, path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--%s %s: %w", flag, path, cause(err))
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("--%s %s: %w", flag, path, cause(err))
	}
	if err := checkPrivate(path, info); err != nil {
		return nil, fmt.Errorf("--%s %s: %w", flag, path, err)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxPrivate+1))
	if err != nil {
		return nil, fmt.Errorf("--%s %s: %w", flag, path, cause(err))
	}
	if len(data) > maxPrivate {
		return nil, fmt.Errorf("--%s %s: it is longer than any key (%d bytes at most): name another file", flag, path, maxPrivate)
	}
	return data, nil
}

func checkPrivate(path string, info fs.FileInfo) error {
	mode := info.Mode()
	switch {
	case !mode.IsRegular():
		return errors.New("it is not a file")
	case runtime.GOOS != "windows" && mode.Perm()&0o077 != 0: // Windows has no such modes
		return fmt.Errorf("others can read it (mode %04o): run chmod 600 %s", mode.Perm(), path)
	}
	return nil
}

// trimLine is data without the line break that editors and shells end it with.
func trimLine(data []byte) []byte {
	if line, ok := bytes.CutSuffix(data, []byte("\n")); ok {
		return bytes.TrimSuffix(line, []byte("\r"))
	}
	return data
}
