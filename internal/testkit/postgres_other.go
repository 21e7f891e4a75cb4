//go:build !linux

package testkit

import "errors"

// PostgresServer is a throwaway PostgreSQL, on Linux only.
type PostgresServer struct{}

func lacksPostgres() error {
	return errors.New("a throwaway PostgreSQL is started on Linux only: set " + postgresEnv)
}

func newPostgres(bool) (*PostgresServer, error) { return nil, errors.ErrUnsupported }

func (*PostgresServer) url(string) string { return "" }

func (*PostgresServer) local(string) string { return "" }

func (*PostgresServer) remove() {}

// Start starts the server.
func (*PostgresServer) Start() error { return errors.ErrUnsupported }

// Stop stops the server.
func (*PostgresServer) Stop() error { return errors.ErrUnsupported }
