package authclient_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/authclient"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
)

func TestFailingRenewalsAreSpacedOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		auth := &scripted{lifetime: time.Hour, onRefresh: func(int, *grpcauthv1.RefreshRequest) error {
			return fault.Because(grpcauthv1.Reason_REASON_STORE_UNAVAILABLE, nil)
		}}
		session := login(t, serveAuth(t, auth))
		time.Sleep(59 * time.Minute)
		synctest.Wait()
		if token := mustToken(t, session); token != "access-1" {
			t.Errorf("while the server is down the token is %q, want the one that is still valid", token)
		}
		at := auth.refreshed()
		want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 30 * time.Second, 30 * time.Second}
		varied := false
		for i, d := range want {
			gap := at[i+1].Sub(at[i])
			if gap < d*8/10 || gap > d*12/10 {
				t.Errorf("attempt %d came %s after the one before, want %s ± 20 %%", i+2, gap, d)
			}
			varied = varied || gap != d
		}
		if !varied {
			t.Error("the gaps have no jitter")
		}
	})
}

func TestTheServerSaysWhenToComeAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		auth := &scripted{lifetime: time.Hour, onRefresh: func(int, *grpcauthv1.RefreshRequest) error {
			return fault.Because(grpcauthv1.Reason_REASON_THROTTLED, nil, fault.RetryAfter(2*time.Minute))
		}}
		login(t, serveAuth(t, auth))
		time.Sleep(time.Hour)
		synctest.Wait()
		at := auth.refreshed()
		if len(at) < 2 {
			t.Fatal("the renewal was not tried again")
		}
		if gap := at[1].Sub(at[0]); gap < 2*time.Minute {
			t.Errorf("came again after %s, want two minutes", gap)
		}
	})
}

func TestExpiredTokenAndFailingRenewal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		down.Store(true)
		auth := &scripted{lifetime: time.Minute, onRefresh: func(int, *grpcauthv1.RefreshRequest) error {
			if down.Load() {
				return fault.Because(grpcauthv1.Reason_REASON_STORE_UNAVAILABLE, nil)
			}
			return nil
		}}
		session := login(t, serveAuth(t, auth))
		res := &resource{}
		client := serveResource(t, res, session)
		time.Sleep(2 * time.Minute)
		synctest.Wait()

		before := len(auth.refreshed())
		for range 100 {
			_, err := client.Unary(context.Background(), &testkitv1.UnaryRequest{})
			if status.Code(err) != codes.Unavailable || authclient.Reason(err) != grpcauthv1.Reason_REASON_STORE_UNAVAILABLE {
				t.Fatalf("the call = %v, want why the renewal fails", err)
			}
			if errors.Is(err, authclient.ErrSessionEnded) {
				t.Fatal("an outage ended the session")
			}
		}
		if n := len(auth.refreshed()) - before; n != 0 {
			t.Errorf("the calls made %d renewals between the attempts", n)
		}
		if n := len(res.attempts()); n != 0 {
			t.Errorf("%d calls were sent with an expired token or none", n)
		}

		down.Store(false)
		if err := session.Refresh(context.Background()); err != nil { // asked for by hand: no waiting
			t.Fatal(err)
		}
		if _, err := client.Unary(context.Background(), &testkitv1.UnaryRequest{}); err != nil {
			t.Errorf("after the outage: %v", err)
		}
	})
}

func TestRenewalRecoversByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		auth := &scripted{lifetime: time.Hour, onRefresh: func(int, *grpcauthv1.RefreshRequest) error {
			if down.Load() {
				return status.Error(codes.Unavailable, "down")
			}
			return nil
		}}
		session := login(t, serveAuth(t, auth))
		for outage := range 3 {
			down.Store(true)
			before := len(auth.refreshed())
			time.Sleep(55 * time.Minute)
			down.Store(false)
			time.Sleep(40 * time.Second)
			synctest.Wait()
			if token := mustToken(t, session); token != fmt.Sprintf("access-%d", outage+2) {
				t.Errorf("after outage %d the token is %q", outage+1, token)
			}
			at := auth.refreshed()[before:]
			if gap := at[1].Sub(at[0]); gap > 1200*time.Millisecond {
				t.Errorf("outage %d: the second attempt came after %s, as if the first outage still counted", outage+1, gap)
			}
		}
	})
}

func TestServerThatHangsIsAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		auth := &scripted{lifetime: time.Hour}
		auth.onRefresh = func(n int, _ *grpcauthv1.RefreshRequest) error {
			if n == 1 {
				time.Sleep(time.Hour)
			}
			return nil
		}
		login(t, serveAuth(t, auth))
		time.Sleep(time.Hour)
		synctest.Wait()
		at := auth.refreshed()
		// The server answers a lost rotation again for 30 s.
		if gap := at[1].Sub(at[0]); gap > 12*time.Second {
			t.Errorf("came again after %s", gap)
		}
	})
}

// A status of a code that credentials must not use, or that speaks of the
// renewal's own deadline, would reach the caller as something else.
func TestFailingRenewalsNeverLookLikeTheCallsOwnFault(t *testing.T) {
	t.Parallel()
	for code, want := range map[codes.Code]codes.Code{
		codes.Unavailable: codes.Unavailable, codes.DeadlineExceeded: codes.Unavailable,
		codes.Canceled: codes.Unavailable, codes.InvalidArgument: codes.Unavailable,
		codes.NotFound: codes.Unavailable, codes.Aborted: codes.Unavailable,
		codes.Unauthenticated: codes.Unauthenticated, codes.PermissionDenied: codes.PermissionDenied,
		codes.ResourceExhausted: codes.ResourceExhausted, codes.Unimplemented: codes.Unimplemented,
		codes.Internal: codes.Internal,
	} {
		t.Run(code.String(), func(t *testing.T) {
			t.Parallel()
			auth := &scripted{lifetime: time.Nanosecond, onRefresh: func(int, *grpcauthv1.RefreshRequest) error {
				return status.Error(code, "the server's words")
			}}
			client := serveResource(t, &resource{}, login(t, serveAuth(t, auth)))
			_, err := client.Unary(context.Background(), &testkitv1.UnaryRequest{})
			if got := status.Code(err); got != want {
				t.Errorf("code = %s, want %s", got, want)
			}
			if !strings.Contains(err.Error(), "can't be renewed: the server's words") {
				t.Errorf("the error does not tell why: %v", err)
			}
		})
	}
}

func TestTheServerEndsTheSession(t *testing.T) {
	t.Parallel()
	for _, reason := range []grpcauthv1.Reason{
		grpcauthv1.Reason_REASON_REFRESH_INVALID, grpcauthv1.Reason_REASON_REFRESH_REUSED, grpcauthv1.Reason_REASON_SESSION_REVOKED,
	} {
		t.Run(fault.Name(reason), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				auth := &scripted{lifetime: time.Hour, onRefresh: func(int, *grpcauthv1.RefreshRequest) error {
					return fault.Because(reason, nil)
				}}
				session := login(t, serveAuth(t, auth))
				client := serveResource(t, &resource{}, session)
				time.Sleep(24 * time.Hour)
				_, callErr := client.Unary(context.Background(), &testkitv1.UnaryRequest{})
				_, tokenErr := session.Token(context.Background())
				for how, err := range map[string]error{"call": callErr, "Token": tokenErr, "Refresh": session.Refresh(context.Background())} {
					if !errors.Is(err, authclient.ErrSessionEnded) {
						t.Errorf("%s = %v, want ErrSessionEnded", how, err)
					}
					if got := authclient.Reason(err); got != reason {
						t.Errorf("%s: reason = %s, want %s", how, got, reason)
					}
					if got := status.Code(err); got != codes.Unauthenticated {
						t.Errorf("%s: code = %s", how, got)
					}
				}
				if n := len(auth.refreshed()); n != 1 {
					t.Errorf("the server was asked %d times, want once", n)
				}
				if err := session.Logout(context.Background()); err != nil {
					t.Errorf("logging out of a session that has ended: %v", err)
				}
			})
		})
	}
}
