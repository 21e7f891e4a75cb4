// Ownusers puts the AuthService over a table of users that is there already, in
// SQLite, with bcrypt hashes. The application keeps its users; the service keeps
// sessions in a file of its own.
//
//	make .bin/grpcurl
//	go run ./examples/ownusers
//
// and, in another terminal:
//
//	.bin/grpcurl -plaintext -d '{"username":"ada@example.com","password":"correct horse"}' \
//		127.0.0.1:50053 grpcauth.v1.AuthService/Login
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	_ "embed"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"

	"google.golang.org/grpc"
	"google.golang.org/grpc/reflection"
	_ "modernc.org/sqlite" // the driver

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/password"
	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
	"github.com/grpcauth/grpcauth/interceptor"
)

//go:embed schema.sql
var schema string

// ada is in the sample table, as her password was stored years ago.
const ada = `INSERT INTO users (email, password_hash, plan, is_editor) VALUES
	('ada@example.com', '$2a$10$N9qo8uLOickgx2ZMRZoMye7hLCKuEIm4BcKHuoCJsBy/5Q0NErxWS', 'team', 1) ON CONFLICT DO NOTHING`

func main() {
	addr := flag.String("addr", "127.0.0.1:50053", "address to listen on")
	dir := flag.String("dir", filepath.Join(os.TempDir(), "ownusers"), "folder of the two databases")
	flag.Parse()
	log.Fatal(serve(context.Background(), *addr, *dir))
}

func serve(ctx context.Context, addr, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	people, err := openUsers(ctx, filepath.Join(dir, "app.db"))
	if err != nil {
		return err
	}
	sessions, err := sqlstore.OpenSQLite(ctx, filepath.Join(dir, "auth.db"))
	if err != nil {
		return err
	}
	srv, err := newServer(ctx, people, sessions)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Println("serving on", listener.Addr())
	return srv.Serve(listener)
}

// openUsers opens the application's database, and makes one with ada in it
// where there is none.
func openUsers(ctx context.Context, path string) (*users, error) {
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)")
	if err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, schema+ada); err != nil {
		return nil, err
	}
	hasher, err := password.NewHasher(password.Config{})
	if err != nil {
		return nil, err
	}
	return &users{db: db, hasher: hasher}, nil
}

func newServer(ctx context.Context, people *users, sessions store.Store) (*grpc.Server, error) {
	auth, err := authsvc.New(authsvc.Config{
		Issuer:       "https://notes.example",
		Audiences:    []string{"https://notes.example"},
		Secret:       []byte(cmp.Or(os.Getenv("NOTES_SECRET"), rand.Text()+rand.Text())),
		Store:        sessions,
		Authenticate: people.Authenticate,
		Load:         people.Load,
		Claims:       people.Claims,
		Audit:        people.Audit,
	})
	if err != nil {
		return nil, err
	}
	guard, err := interceptor.New(auth.Verifier(), interceptor.WithRevocations(auth.Revocations()), interceptor.WithPublicInfrastructure())
	if err != nil {
		return nil, err
	}
	go auth.Housekeep(ctx) // deletes what has expired
	srv := grpc.NewServer(guard.ServerOptions()...)
	auth.Register(srv)
	reflection.Register(srv)
	return srv, guard.Protect(srv)
}
