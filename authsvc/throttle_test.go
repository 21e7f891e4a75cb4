package authsvc_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/password"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// overTLS makes a call look as if it came over TLS from the address in its
// metadata "test-peer".
func overTLS(s *setup) {
	s.outermost = func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if from := metadata.ValueFromIncomingContext(ctx, "test-peer"); len(from) == 1 {
			ctx = peer.NewContext(ctx, &peer.Peer{
				Addr:     &net.TCPAddr{IP: net.ParseIP(from[0]), Port: 1},
				AuthInfo: credentials.TLSInfo{CommonAuthInfo: credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}},
			})
		}
		return handler(ctx, req)
	}
}

// from is a context that calls from an address.
func (w *world) from(address string) context.Context {
	return metadata.AppendToOutgoingContext(w.t.Context(), "test-peer", address)
}

// guessFrom tries a password from an address.
func (w *world) guessFrom(address, username, password string) error {
	return w.guess(w.from(address), username, password)
}

// guess tries a password.
func (w *world) guess(from context.Context, username, password string) error {
	_, err := w.Login(from, &grpcauthv1.LoginRequest{Username: username, Password: password})
	return err
}

// checklist: P4
func TestGuessesAreSlowedDown(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		for _, username := range []string{"ada", "nobody-by-that-name"} { // alike
			w := newWorld(t, open.use, overTLS)
			for range 6 {
				wantRefusal(t, w.guessFrom("203.0.113.7", username, "wrong password"), "Unauthenticated INVALID_CREDENTIALS")
			}
			for _, seconds := range []int{1, 2, 4, 8, 16, 30, 30} {
				wait := time.Duration(seconds) * time.Second
				err := w.guessFrom("203.0.113.200", username, "wrong password") // the same block
				wantRefusal(t, err, "ResourceExhausted THROTTLED")
				if got := retryAfter(err); got != wait {
					t.Errorf("%s: come again in %s, want %s", username, got, wait)
				}
				w.clock.advance(wait)
				wantRefusal(t, w.guessFrom("203.0.113.7", username, "wrong password"), "Unauthenticated INVALID_CREDENTIALS")
			}
			if strings.Contains(w.log.String(), "nobody-by-that-name") {
				t.Error("the log names an unknown user")
			}
		}
	})
}

// checklist: P4
func TestNobodyElsewhereCanMakeAUserWait(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use, overTLS)
		for _, attacker := range []string{"198.51.100.1", "198.51.101.1", "2001:db8:1::1"} {
			for range 6 {
				wantRefusal(t, w.guessFrom(attacker, "ada", "wrong password"), "Unauthenticated INVALID_CREDENTIALS")
			}
			wantRefusal(t, w.guessFrom(attacker, "ada", adaPassword), "ResourceExhausted THROTTLED")
		}
		wantRefusal(t, w.guessFrom("203.0.113.7", "ada", adaPassword), "OK")
		// Nor does their success help the attackers.
		wantRefusal(t, w.guessFrom("198.51.100.1", "ada", adaPassword), "ResourceExhausted THROTTLED")
	})
}

// checklist: P4
func TestASuccessForgivesTheFailuresBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, overTLS)
	for range 5 {
		for range 5 {
			wantRefusal(t, w.guessFrom("203.0.113.7", "ada", "wrong password"), "Unauthenticated INVALID_CREDENTIALS")
		}
		wantRefusal(t, w.guessFrom("203.0.113.7", "ada", adaPassword), "OK")
	}
}

// checklist: P4
func TestSpellingsOfANameAreCountedTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t, overTLS)
	for _, spelling := range []string{"bob", "Bob", "BOB", "ＢＯＢ", "bOb", "boB"} {
		wantRefusal(t, w.guessFrom("203.0.113.7", spelling, "wrong password"), "Unauthenticated INVALID_CREDENTIALS")
	}
	wantRefusal(t, w.guessFrom("203.0.113.7", "BoB", "wrong password"), "ResourceExhausted THROTTLED")
	// What is no name is counted as it is typed.
	for range 6 {
		wantRefusal(t, w.guessFrom("203.0.113.7", "no such name", "wrong password"), "Unauthenticated INVALID_CREDENTIALS")
	}
	wantRefusal(t, w.guessFrom("203.0.113.7", "no such name", "wrong password"), "ResourceExhausted THROTTLED")
}

// One password tried on many names, and on each but once.
//
// checklist: P4
func TestSprayingIsSlowedDown(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		from, then string
		change     func(*setup)
	}{
		"from one block":        {"203.0.113.7", "ResourceExhausted THROTTLED", func(*setup) {}},
		"through a known proxy": {"203.0.113.7", "Unauthenticated INVALID_CREDENTIALS", func(s *setup) { s.config.AllowPlaintextFrom = []netip.Prefix{netip.MustParsePrefix("203.0.113.7/32")} }},
		"from this machine":     {"127.0.0.1", "Unauthenticated INVALID_CREDENTIALS", func(*setup) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, overTLS, tc.change)
			w.spray(w.from(tc.from), 0, 6)
			for range 20 { // what is right does not count, nor does it make up for the others
				wantRefusal(t, w.guessFrom(tc.from, "ada", adaPassword), "OK")
			}
			w.spray(w.from(tc.from), 6, 13)
			wantRefusal(t, w.guessFrom(tc.from, "one-more", "password1"), tc.then)
			wantRefusal(t, w.guessFrom("192.0.2.1", "ada", adaPassword), "OK")
		})
	}
}

// spray tries one password on 77 names by each of some guessers, who are many
// because each waits for its tick.
func (w *world) spray(from context.Context, first, end int) {
	w.t.Helper()
	var guessers sync.WaitGroup
	for i := first; i < end; i++ {
		guessers.Go(func() {
			for j := range 77 {
				wantRefusal(w.t, w.guess(from, fmt.Sprint("name", i, j), "password1"), "Unauthenticated INVALID_CREDENTIALS")
			}
		})
	}
	guessers.Wait()
}

// checklist: P4
func TestWhatNobodyHasJudgedIsNoFailure(t *testing.T) {
	t.Parallel()
	for name, down := range map[string]error{"an outage": errors.New("down"), "no room for a hash": password.ErrBusy} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, overTLS)
			w.people.fail(down)
			for range 20 {
				if err := w.guessFrom("203.0.113.7", "ada", adaPassword); strings.Contains(refusal(err), "THROTTLED") {
					t.Fatal(err)
				}
			}
			w.people.fail(nil)
			wantRefusal(t, w.guessFrom("203.0.113.7", "ada", adaPassword), "OK")
		})
	}
}

// A refusal costs no hash.
//
// checklist: P3 P4
func TestThrottledAttemptsAreNotHashed(t *testing.T) {
	t.Parallel()
	asked := 0
	w := newWorld(t, func(s *setup) {
		inner := s.config.Authenticate
		s.config.Authenticate = func(ctx context.Context, c authsvc.Credentials) (authsvc.Identity, error) {
			asked++
			return inner(ctx, c)
		}
	})
	for range 20 {
		_, _ = w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: "wrong password"})
	}
	if asked != 6 {
		t.Errorf("Authenticate was asked %d times", asked)
	}
}

// Who is tried, and from where, is not to be read in the database.
//
// checklist: P4 B2
func TestTheDatabaseNamesNobodyWhoWasTried(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	w := newWorld(t, overTLS, func(s *setup) {
		s.open = func(t testing.TB, now func() time.Time) store.Store { return openSQLiteAt(t, path, now) }
	})
	wantRefusal(t, w.guessFrom("203.0.113.7", "typed-by-mistake", "wrong password"), "Unauthenticated INVALID_CREDENTIALS")
	found := false
	for _, file := range []string{path, path + "-wal"} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), "typed-by-mistake") {
			t.Errorf("%s holds the name", filepath.Base(file))
		}
		found = found || strings.Contains(string(content), "login_failed")
	}
	if !found {
		t.Error("the failure is in neither file, so this test looks in the wrong place")
	}
}

// Replicas slow guesses down together.
//
// checklist: P4
func TestTwoServersCountTogether(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	open := func(s *setup) {
		s.open = func(t testing.TB, now func() time.Time) store.Store { return openSQLiteAt(t, path, now) }
	}
	one, two := newWorld(t, open, overTLS), newWorld(t, open, overTLS)
	for range 3 {
		wantRefusal(t, one.guessFrom("203.0.113.7", "ada", "wrong password"), "Unauthenticated INVALID_CREDENTIALS")
		wantRefusal(t, two.guessFrom("203.0.113.7", "ada", "wrong password"), "Unauthenticated INVALID_CREDENTIALS")
	}
	for _, w := range []*world{one, two} {
		wantRefusal(t, w.guessFrom("203.0.113.7", "ada", adaPassword), "ResourceExhausted THROTTLED")
	}
}
