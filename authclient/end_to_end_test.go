package authclient_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/grpcauth/grpcauth/authclient"
	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

// system is the real thing: an AuthService and a guarded resource, each on a
// server of its own.
type system struct {
	sessions *memory.Store
	auth     *authsvc.Service
	ahead    time.Duration // of the resource's clock; set it before serving
	conn     *grpc.ClientConn
	wire     *authWire
}

// authWire is what passes between a session and the AuthService.
type authWire struct {
	mu     sync.Mutex
	tokens []*grpcauthv1.Tokens
	lose   bool // the next answer to a Refresh is lost on its way
}

func (w *authWire) intercept(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if err := invoke(ctx, method, req, reply, cc, opts...); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch reply := reply.(type) {
	case *grpcauthv1.LoginResponse:
		w.tokens = append(w.tokens, reply.GetTokens())
	case *grpcauthv1.RefreshResponse:
		w.tokens = append(w.tokens, reply.GetTokens())
		if w.lose {
			w.lose = false
			return status.Error(codes.Unavailable, "the connection broke")
		}
	}
	return nil
}

func (w *authWire) loseNext() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lose = true
}

// refreshToken is the i-th refresh token that the server gave out.
func (w *authWire) refreshToken(i int) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tokens[i].GetRefreshToken()
}

func newSystem(t *testing.T) *system {
	t.Helper()
	s := &system{sessions: memory.New(), wire: &authWire{}}
	ada := authsvc.Identity{Subject: "u-1815", Username: "ada", Scopes: []string{"service.scope"}}
	auth, err := authsvc.New(authsvc.Config{
		Issuer: "https://auth.test", Audiences: []string{"https://api.test"},
		Secret: []byte("32 bytes of a secret for testing"), Store: s.sessions,
		Authenticate: func(_ context.Context, c authsvc.Credentials) (authsvc.Identity, error) {
			if c.Username != "ada" || c.Password != "correct horse" {
				return authsvc.Identity{}, authsvc.ErrInvalidCredentials
			}
			return ada, nil
		},
		Load:   func(context.Context, string) (authsvc.Identity, error) { return ada, nil },
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.auth = auth
	s.conn = dial(t, s.guarded(t, time.Now, auth.Register), grpc.WithChainUnaryInterceptor(s.wire.intercept))
	return s
}

// guarded serves behind a guard whose clock is now.
func (s *system) guarded(t *testing.T, now func() time.Time, register func(grpc.ServiceRegistrar)) *bufconn.Listener {
	t.Helper()
	verifier, err := token.NewVerifier(token.VerifierConfig{Issuers: []token.TrustedIssuer{s.auth.TrustedIssuer()}, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	guard, err := interceptor.New(verifier)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, func(r grpc.ServiceRegistrar) {
		register(r)
		if err := guard.Protect(r.(*grpc.Server)); err != nil {
			t.Fatal(err)
		}
	}, guard.ServerOptions()...)
}

// client calls a guarded resource as the session's user.
func (s *system) client(t *testing.T, session *authclient.Session) testkitv1.StreamsServiceClient {
	t.Helper()
	listener := s.guarded(t, func() time.Time { return time.Now().Add(s.ahead) }, func(r grpc.ServiceRegistrar) {
		testkitv1.RegisterStreamsServiceServer(r, &resource{})
	})
	return testkitv1.NewStreamsServiceClient(dial(t, listener, session.DialOptions()...))
}

func call(client testkitv1.StreamsServiceClient) error {
	_, err := client.Unary(context.Background(), &testkitv1.UnaryRequest{})
	return err
}

func TestEndToEndASessionLivesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		client := s.client(t, login(t, s.conn))
		for range 24 * 60 { // a call a minute for a day, tokens of 15 minutes
			time.Sleep(time.Minute)
			if err := call(client); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestEndToEndWrongPassword(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, err := authclient.Login(context.Background(), newSystem(t).conn, "ada", "wrong")
		if got := authclient.Reason(err); got != grpcauthv1.Reason_REASON_INVALID_CREDENTIALS {
			t.Errorf("error = %v", err)
		}
	})
}

// The resource's clock is ahead, so that it refuses tokens which the client
// holds for valid, but not fresh ones.
func TestEndToEndExpiredTokenIsRetried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		s.ahead = 14 * time.Minute
		session := login(t, s.conn)
		client := s.client(t, session)
		for i, attempt := range []func() error{
			func() error { return call(client) },
			func() error {
				stream, err := client.ServerStream(context.Background(), &testkitv1.ServerStreamRequest{Count: 3})
				if err != nil {
					return err
				}
				payloads, err := drain(stream)
				if len(payloads) != 3 {
					t.Errorf("received %d messages, want 3", len(payloads))
				}
				return err
			},
		} {
			time.Sleep(3 * time.Minute) // older than the resource holds for valid, leeway included
			before := mustToken(t, session)
			if err := attempt(); err != nil {
				t.Errorf("call %d: %v", i+1, err)
			}
			if mustToken(t, session) == before {
				t.Errorf("call %d was served with a token that has expired there", i+1)
			}
		}
	})
}

// checklist: R2
func TestEndToEndLostAnswerIsAskedForAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		session := login(t, s.conn)
		client := s.client(t, session)
		s.wire.loseNext()
		time.Sleep(24 * time.Hour)
		if lost, again := s.wire.refreshToken(1), s.wire.refreshToken(2); lost != again {
			t.Error("the second answer holds another refresh token than the lost one")
		}
		if err := call(client); err != nil {
			t.Errorf("after a lost answer: %v", err)
		}
	})
}

func TestEndToEndRevokedSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		client := s.client(t, login(t, s.conn))
		if err := s.sessions.RaiseSubject(context.Background(), "u-1815", "password changed"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Minute)
		err := call(client)
		if !errors.Is(err, authclient.ErrSessionEnded) || authclient.Reason(err) != grpcauthv1.Reason_REASON_SESSION_REVOKED {
			t.Errorf("error = %v, want ErrSessionEnded", err)
		}
	})
}

// checklist: R1
func TestEndToEndStolenRefreshTokenEndsTheSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		session := login(t, s.conn)
		thief, stolen := grpcauthv1.NewAuthServiceClient(s.conn), s.wire.refreshToken(0)
		for range 2 { // the first makes the owner's token the previous one, the second an old one
			answer, err := thief.Refresh(context.Background(), &grpcauthv1.RefreshRequest{RefreshToken: stolen})
			if err != nil {
				t.Fatal(err)
			}
			stolen = answer.GetTokens().GetRefreshToken()
		}
		err := session.Refresh(context.Background())
		if !errors.Is(err, authclient.ErrSessionEnded) || authclient.Reason(err) != grpcauthv1.Reason_REASON_REFRESH_REUSED {
			t.Errorf("the owner got %v, want ErrSessionEnded", err)
		}
		_, err = thief.Refresh(context.Background(), &grpcauthv1.RefreshRequest{RefreshToken: stolen})
		if got := authclient.Reason(err); got != grpcauthv1.Reason_REASON_SESSION_REVOKED {
			t.Errorf("the thief got %v", err)
		}
	})
}

func TestEndToEndLogout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		session := login(t, s.conn)
		client := s.client(t, session)
		if err := session.Logout(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := call(client); !errors.Is(err, authclient.ErrSessionEnded) {
			t.Errorf("error = %v, want ErrSessionEnded", err)
		}
		_, err := grpcauthv1.NewAuthServiceClient(s.conn).Refresh(context.Background(),
			&grpcauthv1.RefreshRequest{RefreshToken: s.wire.refreshToken(0)})
		if got := authclient.Reason(err); got != grpcauthv1.Reason_REASON_SESSION_REVOKED {
			t.Errorf("the refresh token still works: %v", err)
		}
	})
}
