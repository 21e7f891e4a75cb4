package main

import (
	"context"
	"log/slog"

	"github.com/grpcauth/grpcauth/authsvc/password"
)

// hashPasswords is the command by which serve starts a second process of the
// program.
const hashPasswords = "hash-passwords"

// hashPasswordsCmd is that process.
type hashPasswordsCmd struct{}

// Run computes password hashes until the process that started this one ends.
func (*hashPasswordsCmd) Run() error { return password.ServeProcess() }

// newHasher makes a Hasher that computes in a process of its own, or here
// where there can be none. end ends that process.
func newHasher(ctx context.Context, log *slog.Logger) (h *password.Hasher, end func(), err error) {
	process, err := password.StartProcess(log, hashPasswords)
	if err != nil {
		log.WarnContext(ctx, "password hashes are computed beside the other calls, which wait for them", slog.String("error", err.Error()))
		h, err = password.NewHasher(password.Config{})
		return h, func() {}, err
	}
	h, err = password.NewHasher(password.Config{Process: process})
	return h, process.Close, err
}
