package authclient

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// Session is a user who is logged in: tokens that renew themselves, and a
// gRPC credential that sends them. [Login] makes one, [Resume] goes on with
// one.
//
// All methods are safe for concurrent use. A session owns one goroutine,
// which Close stops, as does the session's end. Printing or logging a session
// shows none of its secrets.
type Session struct {
	*renewer

	client grpcauthv1.AuthServiceClient
	store  TokenStore
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
// is sent then; [*ChallengeError] when the server wants a second factor, which
// its Answer takes; what the store of [WithStore] returns, and then nobody is
// logged in; else the server's status, whose [Reason] is INVALID_CREDENTIALS,
// INVALID_CLIENT, SCOPE_NOT_GRANTED, INVALID_REQUEST, THROTTLED or BUSY, among
// others.
func Login(ctx context.Context, conn grpc.ClientConnInterface, username, password string, opts ...Option) (*Session, error) {
	c := newConfig(opts)
	if c.store == nil {
		c.store = newProcessStore()
	}
	return logIn(ctx, grpcauthv1.NewAuthServiceClient(conn), c, &grpcauthv1.LoginRequest{Username: username, Password: password})
}

// logIn is one attempt. Its session is its own, because a challenge can be
// answered by several callers at a time.
func logIn(ctx context.Context, client grpcauthv1.AuthServiceClient, c config, proof *grpcauthv1.LoginRequest) (*Session, error) {
	s := newSession(client, c)
	if err := s.login(ctx, c, proof); err != nil {
		return nil, fmt.Errorf("authclient: login: %w", err)
	}
	return s, nil
}

func newSession(client grpcauthv1.AuthServiceClient, c config) *Session {
	return &Session{renewer: newRenewer("authclient.Session", c.transport), client: client, store: c.store}
}

// login holds the store's lock, so that a store that can't be used is found
// out before anybody is logged in. It does not hold it while a user is asked
// for more.
func (s *Session) login(ctx context.Context, c config, proof *grpcauthv1.LoginRequest) error {
	unlock, err := s.store.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	proof.ClientId, proof.Scopes, proof.Audiences, proof.Label = c.clientID, c.scopes, c.audiences, c.label
	sent := time.Now()
	answer, err := s.client.Login(ctx, proof, grpc.PerRPCCredentials(s.transport))
	if err != nil {
		return err
	}
	if challenge := answer.GetChallenge(); challenge != nil {
		return newChallenge(challenge, sent, func(ctx context.Context, given *grpcauthv1.ChallengeAnswer) (*Session, error) {
			return logIn(ctx, s.client, c, &grpcauthv1.LoginRequest{ChallengeAnswer: given})
		})
	}
	g, err := s.keep(ctx, c.clientID, answer.GetTokens(), sent)
	if err != nil {
		s.abandon(ctx, answer.GetTokens())
		return err
	}
	s.start(g, s.fetch)
	return nil
}

// abandon ends a session that nobody will hold. If that fails, it expires.
func (s *Session) abandon(ctx context.Context, tokens *grpcauthv1.Tokens) {
	if tokens.GetAccessToken() != "" {
		_, _ = s.client.Logout(ctx, &grpcauthv1.LogoutRequest{}, grpc.PerRPCCredentials(fixed{s.transport, bearer + tokens.GetAccessToken()}))
	}
}

// Logout ends the session, at the server, then in its store, and then here:
// everything that uses it fails with [ErrSessionEnded] from then on. A session
// that had ended already is no error. After an error of the server the session
// stands, and Logout may be called again; after one of the store it has ended,
// and what is left in the store is of no use.
func (s *Session) Logout(ctx context.Context) error {
	session := s.current.Load().session
	err := s.attempt(ctx, nil, func(ctx context.Context, opts []grpc.CallOption) error {
		_, err := s.client.Logout(ctx, &grpcauthv1.LogoutRequest{}, append(opts, grpc.PerRPCCredentials(s))...)
		return err
	})
	if err != nil && !over(err) {
		return fmt.Errorf("authclient: logout: %w", err)
	}
	if !s.endOf(session, fail(codes.Unauthenticated, ErrSessionEnded, errLoggedOut)) {
		return s.Logout(ctx) // of the session that a reauthentication has put in its place
	}
	<-s.done
	if err := s.forgetSaved(ctx, session); err != nil {
		return fmt.Errorf("authclient: logout: %w", err)
	}
	return nil
}

// forgetSaved clears the store, unless another login has taken its place.
func (s *Session) forgetSaved(ctx context.Context, session string) error {
	unlock, err := s.store.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	saved, err := s.store.Load(ctx)
	if err != nil || saved.SessionID != session {
		return err
	}
	return s.store.Save(ctx, Saved{})
}

// over reports whether err says that there is no session to log out of.
func over(err error) bool {
	reason := Reason(err)
	return errors.Is(err, ErrSessionEnded) ||
		reason == grpcauthv1.Reason_REASON_SESSION_REVOKED || reason == grpcauthv1.Reason_REASON_TOKEN_REVOKED
}
