package authclient

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// Session is a user who is logged in: tokens that renew themselves, and a
// gRPC credential that sends them. [Login] makes one.
//
// All methods are safe for concurrent use. A session owns one goroutine,
// which [Session.Close] stops, as does the session's end. Printing or logging
// a session shows none of its secrets.
type Session struct {
	client    grpcauthv1.AuthServiceClient
	clientID  string
	transport transportGuard

	current atomic.Pointer[grant] // stored under mu, read by every call
	wake    chan struct{}         // a flight is wanted
	stop    context.CancelFunc
	done    chan struct{} // closed when the goroutine has returned

	mu     sync.Mutex
	flight *flight // the renewal that is wanted or under way, if any
	pace   pace    // of renewals that fail
	last   error   // why the last renewal failed
	futile pace    // of renewals that did not help the call they were for
}

var _ credentials.PerRPCCredentials = (*Session)(nil)

// Login opens a session with a user name and a password, by an RPC to the
// AuthService that conn leads to. The context is the login's alone; the
// session lives until it is closed or ends.
//
// The session keeps conn for its renewals, so conn must outlive it. conn must
// honour call options, as *grpc.ClientConn does.
//
// Errors: [ErrPlaintext] when conn would show the password to others, nothing
// is sent then; [*ChallengeError] when a second factor is wanted; else the
// server's status, whose [Reason] is INVALID_CREDENTIALS, INVALID_CLIENT,
// SCOPE_NOT_GRANTED, INVALID_REQUEST, THROTTLED or BUSY, among others.
func Login(ctx context.Context, conn grpc.ClientConnInterface, username, password string, opts ...Option) (*Session, error) {
	c := newLogin(username, password, opts)
	client := grpcauthv1.NewAuthServiceClient(conn)
	sent := time.Now()
	answer, err := client.Login(ctx, &c.request, grpc.PerRPCCredentials(c.transport))
	if err != nil {
		return nil, fmt.Errorf("authclient: login: %w", err)
	}
	if challenge := answer.GetChallenge(); challenge != nil {
		return nil, &ChallengeError{Method: challenge.GetMethod(), ExpiresIn: challenge.GetExpiresIn().AsDuration()}
	}
	g, err := newGrant(answer.GetTokens(), sent)
	if err != nil {
		return nil, fmt.Errorf("authclient: login: %w", err)
	}
	return newSession(client, c, g), nil
}

func newSession(client grpcauthv1.AuthServiceClient, c *config, g *grant) *Session {
	ctx, stop := context.WithCancel(context.Background())
	s := &Session{
		client:    client,
		clientID:  c.request.GetClientId(),
		transport: c.transport,
		wake:      make(chan struct{}, 1),
		stop:      stop,
		done:      make(chan struct{}),
	}
	s.current.Store(g)
	go s.run(ctx)
	return s
}

// Token is the access token, for use outside gRPC. It waits, under ctx, only
// when the token has expired and a renewal is needed first.
//
// Errors: [ErrSessionEnded], [ErrClosed], the context's as a status, or why
// the renewal failed.
func (s *Session) Token(ctx context.Context) (string, error) {
	g, err := s.grant(ctx)
	if err != nil {
		return "", err
	}
	return g.token(), nil
}

// Refresh renews the tokens now, or waits under ctx for the renewal that is
// under way. When ctx ends first the renewal goes on. Errors are those of
// [Session.Token].
func (s *Session) Refresh(ctx context.Context) error {
	_, err := s.replace(ctx, s.current.Load(), true)
	return err
}

// Logout ends the session, at the server and then here: everything that uses
// it fails with [ErrSessionEnded] from then on. A session that had ended
// already is no error. After any other error the session stands, and Logout
// may be called again.
func (s *Session) Logout(ctx context.Context) error {
	err := s.attempt(ctx, nil, func(ctx context.Context, opts []grpc.CallOption) error {
		_, err := s.client.Logout(ctx, &grpcauthv1.LogoutRequest{}, append(opts, grpc.PerRPCCredentials(s))...)
		return err
	})
	if err != nil && !over(err) {
		return fmt.Errorf("authclient: logout: %w", err)
	}
	s.end(fail(codes.Unauthenticated, ErrSessionEnded, errLoggedOut))
	<-s.done
	return nil
}

// over reports whether err says that there is no session to log out of.
func over(err error) bool {
	reason := Reason(err)
	return errors.Is(err, ErrSessionEnded) ||
		reason == grpcauthv1.Reason_REASON_SESSION_REVOKED || reason == grpcauthv1.Reason_REASON_TOKEN_REVOKED
}

// Close stops the renewals and waits until their goroutine is gone. Everything
// that uses the session fails with [ErrClosed] from then on. At the server the
// session stands until it expires; [Session.Logout] ends it. Closing twice
// does no harm.
func (s *Session) Close() {
	s.end(fail(codes.Canceled, ErrClosed, nil))
	<-s.done
}

const redacted = "authclient.Session{redacted}"

// String says that this is a session, and nothing else.
func (s *Session) String() string { return redacted }

// GoString says that this is a session, and nothing else.
func (s *Session) GoString() string { return redacted }

// Format prints the same for every verb and flag.
func (s *Session) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue says that this is a session, and nothing else.
func (s *Session) LogValue() slog.Value { return slog.StringValue(redacted) }
