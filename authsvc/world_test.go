package authsvc_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/token"
)

// world is a guarded server with the AuthService on it, its store and users,
// a clock for all of them, and a client.
type world struct {
	grpcauthv1.AuthServiceClient

	t        testing.TB
	clock    *clock
	people   *people
	store    store.Store
	service  *authsvc.Service
	verifier *token.Verifier
	log      *logbook
}

// setup is what a test may change before its world starts.
type setup struct {
	config authsvc.Config
	// open makes the store. Default: in memory.
	open func(testing.TB, func() time.Time) store.Store
	// wrap puts something between the service and its store.
	wrap func(store.Store) store.Store
	// trusted is who the guard trusts beside the service.
	trusted []token.TrustedIssuer
	// guard is what else the guard is made with.
	guard []interceptor.Option
	// unguarded leaves the guard out.
	unguarded bool
	// outermost runs before the guard.
	outermost grpc.UnaryServerInterceptor
}

func newWorld(t testing.TB, changes ...func(*setup)) *world {
	t.Helper()
	w := &world{t: t, clock: newClock(), people: newPeople(), log: newLogbook(t)}
	s := &setup{open: openMemory, wrap: func(s store.Store) store.Store { return s }, outermost: fromAfar}
	s.config = authsvc.Config{
		Issuer:       "https://auth.example",
		Audiences:    []string{"notes"},
		Secret:       bytes.Repeat([]byte("0123456789abcdef"), 2),
		Authenticate: w.people.Authenticate,
		Load:         w.people.Load,
		Logger:       slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:          w.clock.Now,
	}
	for _, change := range changes {
		change(s)
	}
	w.store = s.open(t, w.clock.Now)
	s.config.Store = s.wrap(w.store)
	w.start(s)
	return w
}

func (w *world) start(s *setup) {
	w.t.Helper()
	var err error
	if w.service, err = authsvc.New(s.config); err != nil {
		w.t.Fatal(err)
	}
	w.verifier, err = token.NewVerifier(token.VerifierConfig{
		Issuers: append([]token.TrustedIssuer{w.service.TrustedIssuer()}, s.trusted...),
		Leeway:  token.NoLeeway,
		Now:     w.clock.Now,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.AuthServiceClient = w.connect(w.server(s))
}

func (w *world) connect(srv *grpc.Server) grpcauthv1.AuthServiceClient {
	w.t.Helper()
	listener := bufconn.Listen(1 << 20)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = srv.Serve(listener) // ends with Stop below
	}()
	conn, err := grpc.NewClient("passthrough:///bufconn",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		_ = conn.Close()
		srv.Stop()
		<-served
	})
	return grpcauthv1.NewAuthServiceClient(conn)
}

func (w *world) server(s *setup) *grpc.Server {
	w.t.Helper()
	if s.unguarded {
		srv := grpc.NewServer(grpc.UnaryInterceptor(s.outermost))
		w.service.Register(srv)
		return srv
	}
	guard, err := interceptor.New(w.verifier, append(s.guard, interceptor.WithRevocations(w.service.Revocations()))...)
	if err != nil {
		w.t.Fatal(err)
	}
	srv := grpc.NewServer(grpc.ChainUnaryInterceptor(s.outermost, guard.Unary()), grpc.StreamInterceptor(guard.Stream()))
	w.service.Register(srv)
	if err := guard.Protect(srv); err != nil {
		w.t.Fatal(err)
	}
	return srv
}

// fromAfar makes a call look as if it came without TLS from the address in
// its metadata "test-peer".
func fromAfar(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if from := metadata.ValueFromIncomingContext(ctx, "test-peer"); len(from) == 1 {
		ctx = peer.NewContext(ctx, &peer.Peer{Addr: &net.TCPAddr{IP: net.ParseIP(from[0]), Port: 1}})
	}
	return handler(ctx, req)
}

// signIn logs ada in.
func (w *world) signIn() *grpcauthv1.Tokens {
	w.t.Helper()
	return w.must(w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword}))
}

func (w *world) login(req *grpcauthv1.LoginRequest) (*grpcauthv1.Tokens, error) {
	resp, err := w.Login(w.t.Context(), req)
	w.log.mustNotHold(req.GetPassword(), resp.GetTokens().GetAccessToken(), resp.GetTokens().GetRefreshToken())
	return resp.GetTokens(), err
}

func (w *world) refresh(refreshToken string, scopes ...string) (*grpcauthv1.Tokens, error) {
	resp, err := w.Refresh(w.t.Context(), &grpcauthv1.RefreshRequest{RefreshToken: refreshToken, Scopes: scopes})
	w.log.mustNotHold(resp.GetTokens().GetAccessToken(), resp.GetTokens().GetRefreshToken())
	return resp.GetTokens(), err
}

func (w *world) must(tokens *grpcauthv1.Tokens, err error) *grpcauthv1.Tokens {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(refusal(err), err)
	}
	return tokens
}

// claims is what the access token of an answer is proven to say.
func (w *world) claims(tokens *grpcauthv1.Tokens) *token.Claims {
	w.t.Helper()
	claims, err := w.verifier.Verify(w.t.Context(), tokens.GetAccessToken())
	if err != nil {
		w.t.Fatal(err)
	}
	return claims
}

// session is the row behind an answer.
func (w *world) session(tokens *grpcauthv1.Tokens) store.Session {
	w.t.Helper()
	session, err := w.store.Session(w.t.Context(), tokens.GetSessionId())
	if err != nil {
		w.t.Fatal(err)
	}
	return session
}

// as is a context that calls with an access token.
func (w *world) as(tokens *grpcauthv1.Tokens) context.Context {
	return metadata.AppendToOutgoingContext(w.t.Context(), "authorization", "Bearer "+tokens.GetAccessToken())
}

// refusal is the code and the reason of an error, such as
// "Unauthenticated REFRESH_REUSED", or "OK".
func refusal(err error) string {
	if err == nil {
		return "OK"
	}
	return status.Code(err).String() + " " + fault.Name(fault.FromStatus(err))
}

func wantRefusal(t testing.TB, err error, want string) {
	t.Helper()
	if got := refusal(err); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// clock stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// logbook is what the service has logged. At the end of the test it must hold
// no secret.
type logbook struct {
	mu      sync.Mutex
	text    bytes.Buffer
	secrets []string
}

func newLogbook(t testing.TB) *logbook {
	l := &logbook{}
	t.Cleanup(func() {
		for _, secret := range l.secrets {
			if secret != "" && strings.Contains(l.String(), secret) {
				t.Error("a secret is in the log") // checklist: B2
			}
		}
	})
	return l
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logbook) mustNotHold(secrets ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.secrets = append(l.secrets, secrets...)
}
