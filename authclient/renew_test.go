package authclient_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/authclient"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
)

func TestTokenIsRenewedBeforeItExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		auth := &scripted{lifetime: 15 * time.Minute}
		session := login(t, serveAuth(t, auth))
		for range 24 * 60 {
			time.Sleep(time.Minute)
			began := time.Now()
			mustToken(t, session)
			if waited := time.Since(began); waited != 0 {
				t.Fatalf("a call waited %s for its token", waited)
			}
		}
		// A day has 96 lifetimes, and a token serves 60 to 90 % of its own.
		if n := len(auth.refreshed()); n < 96 || n > 160 {
			t.Errorf("%d renewals in a day", n)
		}
	})
}

func TestRenewalsAreSpreadBetween60And90PercentOfTheLifetime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const sessions, lifetime = 200, 1000 * time.Second
		auth := &scripted{lifetime: lifetime}
		conn, began := serveAuth(t, auth), time.Now()
		for range sessions {
			login(t, conn)
		}
		time.Sleep(lifetime * 9 / 10)
		synctest.Wait()
		first := map[bool]int{}
		for _, at := range auth.refreshed()[:sessions] {
			age := at.Sub(began)
			if age < lifetime*6/10 || age > lifetime*9/10 {
				t.Fatalf("a token was renewed at the age of %s", age)
			}
			first[age < lifetime*3/4]++
		}
		// A fair coin leaves this band once in ten million runs.
		if first[true] < 60 || first[false] < 60 {
			t.Errorf("%d renewals in the first half of the band, %d in the second", first[true], first[false])
		}
	})
}

func TestLifetimeCountsFromWhenTheRequestWasSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		auth := &scripted{lifetime: 100 * time.Second}
		slow := func() { time.Sleep(9 * time.Second) } // the token ages on the way
		auth.onLogin = func(*grpcauthv1.LoginRequest) (*grpcauthv1.LoginResponse, error) {
			defer slow()
			return &grpcauthv1.LoginResponse{Result: &grpcauthv1.LoginResponse_Tokens{Tokens: auth.tokens()}}, nil
		}
		auth.onRefresh = func(int, *grpcauthv1.RefreshRequest) error {
			slow()
			return nil
		}
		sent := time.Now()
		login(t, serveAuth(t, auth))
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		early := false
		for i, at := range auth.refreshed() {
			age := at.Sub(sent)
			if age < 60*time.Second || age > 90*time.Second {
				t.Fatalf("renewal %d came %s after the request before it was sent", i+1, age)
			}
			early, sent = early || age < 69*time.Second, at
		}
		if !early {
			t.Error("no token was renewed as early as one that counts from its arrival never is")
		}
	})
}

// stalled is an AuthService whose renewals hang until release is called, and
// a session whose renewal has begun to. The token expires 8 s after login,
// and a renewal is given up after 10 s.
func stalled(t *testing.T) (auth *scripted, session *authclient.Session, release func()) {
	gate := make(chan struct{})
	auth = &scripted{lifetime: 8 * time.Second, onRefresh: func(int, *grpcauthv1.RefreshRequest) error {
		<-gate
		return nil
	}}
	session = login(t, serveAuth(t, auth))
	release = sync.OnceFunc(func() { close(gate) })
	t.Cleanup(release)
	time.Sleep(7500 * time.Millisecond)
	synctest.Wait()
	if n := len(auth.refreshed()); n != 1 {
		t.Fatalf("%d renewals have begun, want one", n)
	}
	return auth, session, release
}

func TestCallsDoNotWaitForARenewalWhileTheTokenIsValid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, session, _ := stalled(t)
		client := serveResource(t, &resource{}, session)
		began := time.Now()
		answer, err := client.Unary(context.Background(), &testkitv1.UnaryRequest{Text: "called"})
		if err != nil {
			t.Fatal(err)
		}
		if got := answer.GetText(); got != "called by Bearer access-1" {
			t.Errorf("answer = %q", got)
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("the call waited %s", waited)
		}
	})
}

func TestThousandWaitingCallsAreOneRenewal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		auth, session, release := stalled(t)
		client := serveResource(t, &resource{}, session)
		time.Sleep(time.Second) // the token has expired

		var calls sync.WaitGroup
		var served, late atomic.Int32
		for i := range 1000 {
			calls.Go(func() {
				ctx := context.Background()
				if i%10 == 0 { // each tenth has no patience
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, time.Millisecond)
					defer cancel()
				}
				_, err := client.Unary(ctx, &testkitv1.UnaryRequest{})
				switch status.Code(err) {
				case codes.OK:
					served.Add(1)
				case codes.DeadlineExceeded:
					late.Add(1)
				default:
					t.Errorf("a call failed: %v", err)
				}
			})
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if served.Load() != 0 || late.Load() != 100 {
			t.Errorf("while the renewal hung, %d calls were served and %d gave up; want 0 and 100", served.Load(), late.Load())
		}
		release()
		calls.Wait()
		if served.Load() != 900 {
			t.Errorf("%d calls were served, want 900", served.Load())
		}
		if n := len(auth.refreshed()); n != 1 {
			t.Errorf("%d renewals, want one", n)
		}
	})
}

func TestARenewalOutlivesTheCallerWhoAskedForIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		auth := &scripted{lifetime: time.Hour, onRefresh: func(int, *grpcauthv1.RefreshRequest) error {
			time.Sleep(5 * time.Second)
			return nil
		}}
		session := login(t, serveAuth(t, auth))
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := session.Refresh(ctx); status.Code(err) != codes.DeadlineExceeded {
			t.Fatalf("Refresh = %v, want the caller's deadline", err)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if token := mustToken(t, session); token != "access-2" {
			t.Errorf("the token is %q, want access-2", token)
		}
	})
}

func TestOneRenewalWhenTimerAndCallerMeet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		auth := &scripted{lifetime: time.Hour}
		authclient.Wake(login(t, serveAuth(t, auth)))
		synctest.Wait()
		if n := len(auth.refreshed()); n != 0 {
			t.Errorf("%d renewals that nobody waits for", n)
		}
	})
}

func TestAVeryShortLifetimeIsNoBusyLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		auth := &scripted{lifetime: time.Nanosecond}
		login(t, serveAuth(t, auth))
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(auth.refreshed()); n > 60 {
			t.Errorf("%d renewals in a minute", n)
		}
	})
}

func TestCloseStopsTheRenewals(t *testing.T) {
	t.Parallel()
	// The bubble fails the test if any goroutine is left when it ends.
	synctest.Test(t, func(t *testing.T) {
		auth := &scripted{lifetime: time.Minute}
		session := login(t, serveAuth(t, auth))
		session.Close()
		session.Close()
		time.Sleep(time.Hour)
		if n := len(auth.refreshed()); n != 0 {
			t.Errorf("%d renewals after Close", n)
		}
		if _, err := session.Token(context.Background()); !errors.Is(err, authclient.ErrClosed) || status.Code(err) != codes.Canceled {
			t.Errorf("Token = %v, want ErrClosed", err)
		}
		if err := session.Refresh(context.Background()); !errors.Is(err, authclient.ErrClosed) {
			t.Errorf("Refresh = %v, want ErrClosed", err)
		}
		if err := session.Logout(context.Background()); !errors.Is(err, authclient.ErrClosed) {
			t.Errorf("Logout = %v, want ErrClosed", err)
		}
	})
}

func TestCloseDoesNotWaitForAServerThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, session, _ := stalled(t)
		time.Sleep(time.Second) // the token has expired
		waiting := make(chan error, 1)
		go func() {
			_, err := session.Token(context.Background())
			waiting <- err
		}()
		synctest.Wait()
		began := time.Now()
		session.Close()
		if err := <-waiting; !errors.Is(err, authclient.ErrClosed) {
			t.Errorf("the waiting caller got %v, want ErrClosed", err)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("Close took %s", took)
		}
	})
}
