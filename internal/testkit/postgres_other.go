//go:build !linux

package testkit

import "errors"

// PostgresServer is a throwaway PostgreSQL, on Linux only.
type PostgresServer struct{}

func newPostgres() (*PostgresServer, error) {
	return nil, errors.New("a throwaway PostgreSQL is started on Linux only: set " + postgresEnv)
}

func (*PostgresServer) url(string) string { return "" }

func (*PostgresServer) remove() {}

// Start starts the server.
func (*PostgresServer) Start() error { return errors.ErrUnsupported }

// Stop stops the server.
func (*PostgresServer) Stop() error { return errors.ErrUnsupported }
