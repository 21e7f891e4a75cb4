package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// slowLogin is a server whose logins wait until they are released, or until
// their call is cut.
type slowLogin struct {
	*servers
	client            grpcauthv1.AuthServiceClient
	started, released chan struct{}
}

func newSlowLogin(t *testing.T, patience time.Duration) *slowLogin {
	t.Helper()
	s := &slowLogin{started: make(chan struct{}), released: make(chan struct{})}
	user := authsvc.Identity{Subject: "u-1", Username: "ada"}
	st, log := memory.New(), slog.New(slog.DiscardHandler)
	auth, err := authsvc.New(authsvc.Config{
		Issuer: testIssuer, Audiences: []string{testAudience}, Store: st, Secret: newMasterKey().secret, Logger: log,
		Authenticate: func(ctx context.Context, _ authsvc.Credentials) (authsvc.Identity, error) {
			close(s.started)
			select {
			case <-s.released:
				return user, nil
			case <-ctx.Done():
				return authsvc.Identity{}, ctx.Err()
			}
		},
		Load: func(context.Context, string) (authsvc.Identity, error) { return user, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	c := &serveCmd{Listen: "127.0.0.1:0", HTTPListen: "127.0.0.1:0", DrainTimeout: patience}
	l, err := c.bind(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWatch(t.Context(), st, "kid", filepath.Join(t.TempDir(), "seen"), log)
	if err != nil {
		t.Fatal(err)
	}
	if s.servers, err = newServers(c, l, auth, w, log); err != nil {
		t.Fatal(err)
	}
	s.client = grpcauthv1.NewAuthServiceClient(dial(t, l.grpc.Addr().String()))
	return s
}

// login starts a login, ends the server while it runs, and gives how both
// went.
func (s *slowLogin) login(t *testing.T, whileDraining func()) (call, server error) {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	ran, called := make(chan error, 1), make(chan error, 1)
	go func() { ran <- s.run(ctx, whileDraining) }()
	go func() {
		_, err := s.client.Login(t.Context(), &grpcauthv1.LoginRequest{Username: "ada", Password: goodPassword})
		called <- err
	}()
	<-s.started
	end()
	return <-called, <-ran
}

func TestARunningCallIsFinishedBeforeTheEnd(t *testing.T) {
	t.Parallel()
	s := newSlowLogin(t, time.Hour)
	if call, server := s.login(t, func() { close(s.released) }); call != nil || server != nil {
		t.Errorf("the call: %v, the server: %v", call, server)
	}
}

func TestACallThatTakesTooLongIsCut(t *testing.T) {
	t.Parallel()
	s := newSlowLogin(t, 50*time.Millisecond)
	call, server := s.login(t, func() {})
	if status.Code(call) != codes.Unavailable || server != nil {
		t.Errorf("the call: %v, the server: %v", call, server)
	}
}

func TestAServerWithoutItsListenerEndsWithAnError(t *testing.T) {
	t.Parallel()
	s := newSlowLogin(t, time.Hour)
	s.bound.close()
	if err := s.run(t.Context(), func() {}); err == nil {
		t.Error("it ended as if nothing had happened")
	}
}

// A signal may come before anything is served.
func TestAServerThatIsStoppedAtItsStartEndsWell(t *testing.T) {
	t.Parallel()
	for range 20 {
		s := newSlowLogin(t, time.Second)
		ctx, end := context.WithCancel(t.Context())
		end()
		if err := s.run(ctx, func() {}); err != nil {
			t.Fatal(err)
		}
	}
}
