package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"time"

	"google.golang.org/grpc"
	grpcpeer "google.golang.org/grpc/peer"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/password"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/token"
)

const userPassword = "correct horse battery staple"

// service is an AuthService with its users, as `grpcauth serve` sets it up:
// EdDSA, the built-in users, every event logged.
type service struct {
	store   store.Store
	hasher  *password.Hasher
	handler grpcauthv1.AuthServiceServer // below gRPC
	client  grpcauthv1.AuthServiceClient // over gRPC
	stops   []func()
}

// newService runs one over the store of that name, with so many users.
func newService(storeName string, users int, hashing password.Config) (_ *service, err error) {
	s := &service{}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	opened, closed, err := openStore(storeName)
	if err != nil {
		return nil, err
	}
	s.store = opened
	s.stops = append(s.stops, closed)
	if s.hasher, err = password.NewHasher(hashing); err != nil {
		return nil, err
	}
	auth, err := s.build()
	if err != nil {
		return nil, err
	}
	if err := s.addUsers(users); err != nil {
		return nil, err
	}
	return s, s.serve(auth)
}

// stop ends it, the last begun first.
func (s *service) stop() {
	for _, stop := range slices.Backward(s.stops) {
		stop()
	}
}

func (s *service) build() (*authsvc.Service, error) {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	key, err := token.NewSigningKey(token.EdDSA, keyID, private)
	if err != nil {
		return nil, err
	}
	return authsvc.New(authsvc.Config{
		Issuer: issuerName, Audiences: []string{audience}, Secret: bytes.Repeat([]byte("secret"), 8), SigningKey: key,
		Store: s.store, Hasher: s.hasher, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), //nolint:sloglint // a line that is made and thrown away costs what a line costs
	})
}

// serve puts it on a server behind a guard, and connects to that in memory.
func (s *service) serve(auth *authsvc.Service) error {
	guard, err := interceptor.New(auth.Verifier(), interceptor.WithRevocations(auth.Revocations()))
	if err != nil {
		return err
	}
	srv := grpc.NewServer(guard.ServerOptions()...)
	auth.Register(srv)
	if err := guard.Protect(srv); err != nil {
		return err
	}
	conn, stop, err := connect(srv)
	if err != nil {
		return err
	}
	s.stops = append(s.stops, stop)
	s.client = grpcauthv1.NewAuthServiceClient(conn)
	auth.Register(registrar(func(impl any) { s.handler, _ = impl.(grpcauthv1.AuthServiceServer) }))
	return nil
}

// registrar is handed what else a server is.
type registrar func(impl any)

func (r registrar) RegisterService(_ *grpc.ServiceDesc, impl any) { r(impl) }

// addUsers gives all of them one hash, which takes a while to make.
func (s *service) addUsers(n int) error {
	ctx := context.Background()
	hash, err := s.hasher.Hash(ctx, userPassword)
	if err != nil {
		return err
	}
	for i := range n {
		user := store.User{
			Subject: rand.Text(), Username: userName(i), PasswordHash: hash,
			Scopes: []string{"notes.read", "notes.write"}, Roles: []string{"editor"}, CreatedAt: time.Now(),
		}
		if err := s.store.AddUser(ctx, user); err != nil {
			return err
		}
	}
	return nil
}

func userName(i int) string { return fmt.Sprintf("user-%d", i) }

// login logs a user in over gRPC and returns the refresh token.
func (s *service) login(ctx context.Context, user int) (string, error) {
	answer, err := s.client.Login(ctx, &grpcauthv1.LoginRequest{Username: userName(user), Password: userPassword})
	return answer.GetTokens().GetRefreshToken(), err
}

// near is the context of a call that comes from this machine.
func near() context.Context {
	return grpcpeer.NewContext(context.Background(), &grpcpeer.Peer{Addr: &net.UnixAddr{Name: "bench", Net: "unix"}})
}
