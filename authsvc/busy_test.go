package authsvc_test

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/password"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// slowHash is adaPassword's with bcrypt at cost 11: some 100 ms each, so that
// calls which are made at once meet in the queue.
func slowHash(t *testing.T) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(adaPassword), 11)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

// narrow is a server that computes one hash and lets three callers wait, from
// anywhere or through a proxy.
func narrow(t *testing.T) *world {
	t.Helper()
	hasher, err := password.NewHasher(password.Config{Concurrency: 1, Waiting: 3})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, builtIn, behindAProxy, func(s *setup) {
		s.config.Hasher = hasher
		s.config.AllowPlaintextFrom = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}
	})
	w.addAda(func(u *store.User) { u.PasswordHash = slowHash(t) })
	return w
}

// checklist: P3
func TestAFloodOfLoginsIsToldWhenToComeAgainAndKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	for name, from := range map[string]func(*world, string) context.Context{
		"from afar":       (*world).at,
		"through a proxy": func(w *world, address string) context.Context { return w.through(address, "192.0.2.1") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := narrow(t)
			login := func(address string) error { return w.guess(from(w, address), "ada", adaPassword+"!") }
			flood := make([]error, 12)
			honest := make([]error, 2)
			var wg sync.WaitGroup
			for i := range flood {
				wg.Go(func() { flood[i] = login(fmt.Sprintf("203.0.113.%d", i)) })
			}
			for i := range honest {
				wg.Go(func() { honest[i] = login(fmt.Sprintf("198.51.%d.7", i)) })
			}
			wg.Wait()
			wantSomeBusy(t, flood)
			for _, err := range honest {
				wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
			}
		})
	}
}

// wantSomeBusy wants wrong passwords, of which some found no room to be checked.
func wantSomeBusy(t *testing.T, flood []error) {
	t.Helper()
	refused := 0
	for _, err := range flood {
		if refusal(err) == "Unauthenticated INVALID_CREDENTIALS" {
			continue
		}
		refused++
		wantRefusal(t, err, "ResourceExhausted BUSY")
		if after := retryAfter(err); after < time.Millisecond || after > 10*time.Second {
			t.Errorf("told to come again after %s", after)
		}
	}
	if refused == 0 {
		t.Error("twelve logins at once found room in a queue of three")
	}
}

func retryAfter(err error) time.Duration {
	for _, d := range status.Convert(err).Details() {
		if retry, ok := d.(*errdetails.RetryInfo); ok {
			return retry.GetRetryDelay().AsDuration()
		}
	}
	return 0
}

// Your own Authenticate may use a Hasher: it is handed the caller's origin, and
// ErrBusy reaches the client.
func TestYourOwnHasherIsBusy(t *testing.T) {
	t.Parallel()
	hasher, err := password.NewHasher(password.Config{Concurrency: 1, Waiting: 1})
	if err != nil {
		t.Fatal(err)
	}
	hash := slowHash(t)
	w := newWorld(t, func(s *setup) {
		s.config.Authenticate = func(ctx context.Context, c authsvc.Credentials) (authsvc.Identity, error) {
			if _, _, err := hasher.Verify(ctx, hash, c.Password); err != nil {
				return authsvc.Identity{}, fmt.Errorf("our table: %w", err)
			}
			return authsvc.Identity{}, authsvc.ErrInvalidCredentials
		}
	})
	outcomes := make([]string, 6)
	var wg sync.WaitGroup
	for i := range outcomes {
		wg.Go(func() {
			_, err := w.Login(t.Context(), &grpcauthv1.LoginRequest{Username: "ada", Password: "wrong"})
			outcomes[i] = refusal(err)
			if outcomes[i] == "ResourceExhausted BUSY" && retryAfter(err) == 0 {
				t.Error("not told when to come again")
			}
		})
	}
	wg.Wait()
	count := map[string]int{}
	for _, o := range outcomes {
		count[o]++
	}
	if count["ResourceExhausted BUSY"] == 0 || count["ResourceExhausted BUSY"]+count["Unauthenticated INVALID_CREDENTIALS"] != len(outcomes) {
		t.Errorf("outcomes %v", count)
	}
}
