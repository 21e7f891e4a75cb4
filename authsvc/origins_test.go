package authsvc_test

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
)

const proxyAddress = "10.0.0.2"

func proxies(named ...netip.Prefix) func(*authsvc.Config) {
	return func(c *authsvc.Config) { c.Proxies = named }
}

// behindAProxy is a service to which a proxy passes calls on, without TLS.
func behindAProxy(s *setup) {
	s.config.Proxies = []netip.Prefix{netip.MustParsePrefix(proxyAddress + "/32")}
	s.config.AllowPlaintextFrom = s.config.Proxies
}

// through calls through the proxy from an address, and claims to come from
// another.
func (w *world) through(address, claimed string) context.Context {
	ctx := metadata.AppendToOutgoingContext(w.at(proxyAddress), "x-forwarded-for", claimed)
	return metadata.AppendToOutgoingContext(ctx, "x-forwarded-for", address)
}

// The owner of an account and who guesses at it come through one proxy.
//
// checklist: P4
func TestBehindAProxyNobodyCanMakeAUserElsewhereWait(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use, behindAProxy)
		attacker, owner := w.through("198.51.100.1", "192.0.2.1"), w.through("203.0.113.7", "")
		for range 6 {
			wantRefusal(t, w.guess(attacker, "ada", "wrong password"), "Unauthenticated INVALID_CREDENTIALS")
		}
		for range 3 { // as often as there is an attempt to be had
			wantRefusal(t, w.guess(attacker, "ada", adaPassword), "ResourceExhausted THROTTLED")
			wantRefusal(t, w.guess(owner, "ada", adaPassword), "OK")
			w.clock.advance(30 * time.Second)
			wantRefusal(t, w.guess(attacker, "ada", "wrong password"), "Unauthenticated INVALID_CREDENTIALS")
		}
		// An address that they make up is none of theirs.
		for _, claimed := range []string{"192.0.2.77", "203.0.113.7", proxyAddress, "unknown", "192.0.2.78, " + proxyAddress} {
			wantRefusal(t, w.guess(w.through("198.51.100.1", claimed), "ada", adaPassword), "ResourceExhausted THROTTLED")
		}
		w.recorded("login", "203.0.113.7")
		w.recorded("login_failed", "198.51.100.1")
		for _, line := range w.log.lines(t, "login_failed") {
			if line["address"] != "198.51.100.1" {
				t.Errorf("the log tells another address: %v", line)
			}
		}
	})
}

// recorded wants every entry of a kind to tell one address.
func (w *world) recorded(kind, address string) {
	w.t.Helper()
	entries, err := w.store.Entries(w.t.Context(), 0, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	entries = slices.DeleteFunc(entries, func(e store.Entry) bool { return e.Kind != kind })
	if len(entries) == 0 || slices.ContainsFunc(entries, func(e store.Entry) bool { return e.Address != address }) {
		w.t.Errorf("%s: want entries from %s: %+v", kind, address, entries)
	}
}

// checklist: P4 B5
func TestWhoIsNoProxyIsNotBelieved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, overTLS, behindAProxy)
	guess := func(claimed string) error {
		return w.guess(metadata.AppendToOutgoingContext(w.from("198.51.100.1"), "x-forwarded-for", claimed), "ada", "wrong password")
	}
	for range 6 {
		wantRefusal(t, guess("192.0.2.1"), "Unauthenticated INVALID_CREDENTIALS")
	}
	for _, claimed := range []string{"192.0.2.1", "203.0.113.7", proxyAddress, "127.0.0.1", ""} {
		wantRefusal(t, guess(claimed), "ResourceExhausted THROTTLED")
	}
}

// checklist: P4
func TestSprayingThroughAProxyIsSlowedDown(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ from, then string }{
		"from one block":             {"203.0.113.7", "ResourceExhausted THROTTLED"},
		"from the proxy's machine":   {"127.0.0.1", "Unauthenticated INVALID_CREDENTIALS"},
		"a proxy that does not tell": {"unknown", "Unauthenticated INVALID_CREDENTIALS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, behindAProxy)
			w.spray(w.through(tc.from, "192.0.2.1"), 0, 13)
			wantRefusal(t, w.guess(w.through(tc.from, ""), "one-more", "password1"), tc.then)
			wantRefusal(t, w.guess(w.through("192.0.2.1", ""), "ada", adaPassword), "OK")
		})
	}
}

// A proxy on this machine works without being named, so somebody must say it.
//
// checklist: P4
func TestAProxyThatIsNotNamedIsToldOnce(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change        func(*setup)
		from, claimed string
		want          int
	}{
		"on this machine":                 {func(*setup) {}, "127.0.0.1", "203.0.113.7", 1},
		"that is trusted with secrets":    {func(s *setup) { s.config.AllowPlaintextFrom = []netip.Prefix{netip.MustParsePrefix("10.0.0.2/32")} }, proxyAddress, "203.0.113.7", 1},
		"that is named and does not tell": {behindAProxy, proxyAddress, "unknown", 1},
		"that is named":                   {behindAProxy, proxyAddress, "203.0.113.7", 0},
		"none":                            {overTLS, "198.51.100.1", "203.0.113.7", 0}, // anybody can send it
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tc.change)
			for range 2 {
				wantRefusal(t, w.guess(metadata.AppendToOutgoingContext(w.at(tc.from), "x-forwarded-for", tc.claimed), "ada", adaPassword), "OK")
			}
			if got := len(w.log.lines(t, "callers_not_told_apart")); got != tc.want {
				t.Errorf("told %d times, want %d", got, tc.want)
			}
		})
	}
}
