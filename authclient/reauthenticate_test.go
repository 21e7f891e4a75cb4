package authclient_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/grpcauth/grpcauth/authclient"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/internal/fault"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
)

// A plain refresh does not move auth_time, so it can't be the answer.
//
// checklist: I3
func Test29MaxAuthAgeIsAnsweredByReauthenticateOnly(t *testing.T) {
	t.Parallel()
	everyIssuer(t, func(t *testing.T, i *issuer) {
		tokens, renewals := &inMemory{}, new(atomic.Int32)
		conn := countingConn{i.connect(t), renewals}
		session := login(t, conn, authclient.WithStore(tokens))
		bank := i.resource(t, &grpcauthv1.Rule{MaxAuthAge: durationpb.New(5 * time.Minute)}, session.DialOptions())
		if err := call(bank); err != nil {
			t.Fatal(err)
		}
		i.advance(6 * time.Minute)
		err := call(bank)
		if authclient.Reason(err) != grpcauthv1.Reason_REASON_REAUTHENTICATION_REQUIRED {
			t.Fatalf("error = %v, want REAUTHENTICATION_REQUIRED", err)
		}
		stream, err := bank.ServerStream(t.Context(), &testkitv1.ServerStreamRequest{})
		if err == nil {
			_, err = drain(stream)
		}
		if authclient.Reason(err) != grpcauthv1.Reason_REASON_REAUTHENTICATION_REQUIRED {
			t.Errorf("stream: %v", err)
		}
		if n := renewals.Load(); n != 0 {
			t.Errorf("%d renewals", n)
		}
		if err := session.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := call(bank); authclient.Reason(err) != grpcauthv1.Reason_REASON_REAUTHENTICATION_REQUIRED {
			t.Errorf("after a plain refresh: %v", err)
		}

		if err := session.Reauthenticate(t.Context(), "wrong"); authclient.Reason(err) != grpcauthv1.Reason_REASON_INVALID_CREDENTIALS {
			t.Errorf("a wrong password: %v", err)
		}
		before := tokens.now().SessionID
		if err := session.Reauthenticate(t.Context(), "correct horse"); err != nil {
			t.Fatal(err)
		}
		if err := call(bank); err != nil {
			t.Errorf("after the right password: %v", err)
		}
		after := tokens.now()
		if after.SessionID == before || after.IdempotencyKey != "" {
			t.Errorf("saved: %+v", after)
		}
		if err := session.Refresh(t.Context()); err != nil {
			t.Errorf("the new session does not refresh: %v", err)
		}
		session.Close()
		if again := resumed(t, conn, tokens); again != after.SessionID {
			t.Error("resumed another session")
		}
	})
}

// countingConn counts the renewals.
type countingConn struct {
	grpc.ClientConnInterface

	renewals *atomic.Int32
}

func (c countingConn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	if method == grpcauthv1.AuthService_Refresh_FullMethodName {
		c.renewals.Add(1)
	}
	return c.ClientConnInterface.Invoke(ctx, method, args, reply, opts...)
}

// resource is a service whose methods have that rule.
func (i *issuer) resource(t *testing.T, rule *grpcauthv1.Rule, opts []grpc.DialOption) testkitv1.StreamsServiceClient {
	t.Helper()
	guard, err := interceptor.New(i.auth.Verifier(), interceptor.OverrideRule("/testkit.v1.StreamsService/*", rule))
	if err != nil {
		t.Fatal(err)
	}
	listener := serve(t, func(r grpc.ServiceRegistrar) {
		testkitv1.RegisterStreamsServiceServer(r, &resource{})
		if err := guard.Protect(r.(*grpc.Server)); err != nil {
			t.Fatal(err)
		}
	}, guard.ServerOptions()...)
	return testkitv1.NewStreamsServiceClient(dial(t, listener, opts...))
}

// reauthenticating is an AuthService that replaces sessions as a test decides.
type reauthenticating struct {
	scripted

	answer func(n int, authorization string) error // n counts from 1

	mu       sync.Mutex
	attempts []string // the authorization of each
}

func (a *reauthenticating) Reauthenticate(ctx context.Context, req *grpcauthv1.ReauthenticateRequest) (*grpcauthv1.ReauthenticateResponse, error) {
	a.mu.Lock()
	a.attempts = append(a.attempts, bearerOf(ctx)+" "+req.GetPassword())
	n := len(a.attempts)
	a.mu.Unlock()
	if a.answer != nil {
		if err := a.answer(n, bearerOf(ctx)); err != nil {
			return nil, challenged(ctx, err)
		}
	}
	a.scripted.mu.Lock()
	a.session = fmt.Sprintf("session-%d", n+1)
	a.scripted.mu.Unlock()
	return &grpcauthv1.ReauthenticateResponse{Result: &grpcauthv1.ReauthenticateResponse_Tokens{Tokens: a.tokens()}}, nil
}

func TestReauthenticateWithATokenThatNeedsRenewal(t *testing.T) {
	t.Parallel()
	auth := &reauthenticating{scripted: scripted{lifetime: time.Hour}}
	auth.answer = func(_ int, authorization string) error {
		return refuse("Bearer access-1", grpcauthv1.Reason_REASON_TOKEN_OUTDATED)(authorization)
	}
	session := login(t, serveAuth(t, auth))
	if err := session.Reauthenticate(t.Context(), "again"); err != nil {
		t.Fatal(err)
	}
	if want := []string{"Bearer access-1 again", "Bearer access-2 again"}; !slices.Equal(auth.attempts, want) {
		t.Errorf("attempts %q, want %q", auth.attempts, want)
	}
	if token := mustToken(t, session); token != "access-3" {
		t.Errorf("the token is %q", token)
	}
}

func TestReauthenticateThatFails(t *testing.T) {
	t.Parallel()
	for reason, ended := range map[grpcauthv1.Reason]bool{
		grpcauthv1.Reason_REASON_INVALID_CREDENTIALS: false,
		grpcauthv1.Reason_REASON_THROTTLED:           false,
		grpcauthv1.Reason_REASON_SESSION_REVOKED:     true,
	} {
		auth := &reauthenticating{scripted: scripted{lifetime: time.Hour}}
		auth.answer = func(int, string) error { return fault.Because(reason, nil) }
		tokens := &inMemory{}
		session := login(t, serveAuth(t, auth), authclient.WithStore(tokens))
		err := session.Reauthenticate(t.Context(), "again")
		if authclient.Reason(err) != reason || errors.Is(err, authclient.ErrSessionEnded) != ended {
			t.Errorf("%s: Reauthenticate = %v", fault.Name(reason), err)
		}
		if _, err := session.Token(t.Context()); errors.Is(err, authclient.ErrSessionEnded) != ended {
			t.Errorf("%s: Token = %v", fault.Name(reason), err)
		}
		if kept := tokens.now().RefreshToken == "refresh-1"; len(auth.attempts) != 1 || kept == ended {
			t.Errorf("%s: %d attempts, saved %v", fault.Name(reason), len(auth.attempts), tokens.now())
		}
	}
}

// Renewals wait while the session is being replaced: with the refresh token of
// the old one they would end in nothing.
func TestReauthenticateBesideRenewals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began, release := make(chan struct{}), make(chan struct{})
		auth := &reauthenticating{scripted: scripted{lifetime: time.Hour}}
		auth.answer = func(int, string) error {
			close(began)
			<-release
			return nil
		}
		var mu sync.Mutex
		var presented []string
		auth.onRefresh = func(_ int, req *grpcauthv1.RefreshRequest) error {
			mu.Lock()
			defer mu.Unlock()
			presented = append(presented, req.GetRefreshToken())
			return nil
		}
		session := login(t, serveAuth(t, auth))
		done := make(chan error, 2)
		go func() { done <- session.Reauthenticate(t.Context(), "again") }()
		<-began
		go func() { done <- session.Refresh(t.Context()) }()
		synctest.Wait()
		close(release)
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if err := session.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
		mu.Lock()
		if slices.Contains(presented, "refresh-1") || len(presented) == 0 {
			t.Errorf("presented %q", presented)
		}
		mu.Unlock()
		time.Sleep(24 * time.Hour) // it renews by itself as before
		if _, err := session.Token(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
