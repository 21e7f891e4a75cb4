package interceptor_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

// ring is a key set whose only key the test changes.
type ring struct {
	key atomic.Pointer[token.Key] // nil: the issuer does not answer
	id  string                    // the one id that is known
}

func (r *ring) Key(_ context.Context, kid string, _ token.Algorithm) (*token.Key, error) {
	key := r.key.Load()
	switch {
	case key == nil:
		return nil, token.ErrKeysUnavailable
	case kid != r.id:
		return nil, token.ErrUnknownKey
	}
	return key, nil
}

// world is a guard without a server, so that a test sees what a call costs.
type world struct {
	t      testing.TB
	keys   *ring
	signer *token.SigningKey
	issuer *token.Issuer
	guard  *interceptor.Guard
}

func newWorld(t testing.TB, options ...interceptor.Option) *world {
	t.Helper()
	signer := must(token.GenerateKey(token.EdDSA))(t)
	w := &world{t: t, signer: signer, keys: &ring{id: signer.ID()}}
	w.keys.key.Store(signer.Public())
	w.issuer = must(token.NewIssuer(token.IssuerConfig{Issuer: "https://issuer.test", Audience: []string{"a"}, Key: signer}))(t)
	verifier := must(token.NewVerifier(token.VerifierConfig{Issuers: []token.TrustedIssuer{{Issuer: "https://issuer.test", Audiences: []string{"a"}, Keys: w.keys}}}))(t)
	options = append(options, interceptor.OverrideRule("/testkit.v1.RulesService/Issuers", interceptor.Authenticated()))
	w.guard = must(interceptor.New(verifier, options...))(t)
	srv := grpc.NewServer(w.guard.ServerOptions()...)
	testkitv1.RegisterRulesServiceServer(srv, rules{})
	if err := w.guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	return w
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (w *world) token(spec token.Spec) string {
	w.t.Helper()
	if spec.Subject == "" {
		spec.Subject = "ada"
	}
	spec.ClientID = "c"
	raw, _, err := w.issuer.Issue(context.Background(), spec)
	if err != nil {
		w.t.Fatal(err)
	}
	return raw
}

func incoming(raw string) context.Context {
	ctx := peer.NewContext(context.Background(), &peer.Peer{Addr: &net.UnixAddr{Name: "s", Net: "unix"}})
	return metadata.NewIncomingContext(ctx, metadata.Pairs("authorization", "Bearer "+raw))
}

func (w *world) call(method, raw string) error {
	_, err := w.guard.Unary()(incoming(raw), nil, &grpc.UnaryServerInfo{FullMethod: "/testkit.v1.RulesService/" + method},
		func(context.Context, any) (any, error) { return nil, nil })
	return err
}

func (w *world) hits() uint64 { return w.guard.CacheStats().Hits }

func TestCachedTokenIsHeldToEverythingThatMayChange(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(w *world)
		method string
		want   outcome
		hit    bool
	}{
		"nothing changed":             {func(*world) {}, "Authenticated", ok, true},
		"the key was read once more":  {func(w *world) { w.reload() }, "Authenticated", ok, true},
		"the key was withdrawn":       {func(w *world) { w.keys.id = "another" }, "Authenticated", unauthenticated(grpcauthv1.Reason_REASON_TOKEN_KEY_UNKNOWN), false},
		"the key was replaced":        {func(w *world) { w.replace() }, "Authenticated", unauthenticated(signature), false},
		"the issuer is out of reach":  {func(w *world) { w.keys.key.Store(nil) }, "Authenticated", outcome{codes.Unavailable, grpcauthv1.Reason_REASON_KEYS_UNAVAILABLE}, false},
		"another method's scopes":     {func(*world) {}, "Scopes", denied(scopeMissing), true},
		"another method's roles":      {func(*world) {}, "Roles", denied(roleMissing), true},
		"28 another method's kind":    {func(*world) {}, "Kinds", unauthenticated(wrongKind), false},
		"a method that reads nothing": {func(*world) {}, "Public", ok, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			raw := w.token(token.Spec{})
			ok.check(t, w.call("Authenticated", raw))
			if stats := w.guard.CacheStats(); stats.Misses != 1 || stats.Hits != 0 {
				t.Fatalf("after one call: %+v", stats)
			}
			tc.change(w)
			tc.want.check(t, w.call(tc.method, raw))
			if hit := w.hits() == 1; hit != tc.hit {
				t.Errorf("hit = %v, want %v", hit, tc.hit)
			}
		})
	}
}

// reload puts an equal key in place, as a key set does that was fetched again.
func (w *world) reload() {
	pem := must(w.signer.MarshalPKCS8())(w.t)
	w.keys.key.Store(must(token.ParsePEM(pem))(w.t).Public())
}

// replace puts another key in place under the same id.
func (w *world) replace() {
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.keys.key.Store(must(token.NewKey(token.EdDSA, w.signer.ID(), public))(w.t))
}

func TestCachedTokenExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		raw := w.token(token.Spec{Lifetime: time.Minute})
		for range 3 {
			ok.check(t, w.call("Authenticated", raw))
		}
		time.Sleep(time.Minute + leeway - time.Second)
		ok.check(t, w.call("Authenticated", raw))
		time.Sleep(time.Second)
		unauthenticated(expired).check(t, w.call("Authenticated", raw))
		if hits := w.hits(); hits != 3 {
			t.Errorf("%d hits, want 3", hits)
		}
	})
}

func TestCacheKnowsATokenByItsWholeText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	raw := w.token(token.Spec{})
	ok.check(t, w.call("Authenticated", raw))
	for i := len(raw) - 90; i < len(raw); i++ { // somewhere in the payload, and all of the signature
		changed := []byte(raw)
		changed[i] = 'A' + (changed[i]-'A'+1)%26
		if string(changed) == raw {
			continue
		}
		if err := w.call("Authenticated", string(changed)); err == nil {
			t.Fatalf("the token with byte %d changed was let in", i)
		}
	}
	if stats := w.guard.CacheStats(); stats.Hits != 0 || stats.Tokens != 1 {
		t.Errorf("stats = %+v, want no hit, and no refused token kept", stats)
	}
}

func TestCacheTurnedOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, interceptor.WithCacheBytes(0))
	raw := w.token(token.Spec{})
	for range 3 {
		ok.check(t, w.call("Authenticated", raw))
	}
	if stats := w.guard.CacheStats(); stats != (interceptor.CacheStats{}) {
		t.Errorf("stats = %+v", stats)
	}
}

func TestObserverSeesWhatWasCached(t *testing.T) {
	t.Parallel()
	var seen []bool
	w := newWorld(t, interceptor.WithObserver(func(_ context.Context, d interceptor.Decision) { seen = append(seen, d.Cached) }))
	raw := w.token(token.Spec{})
	_ = w.call("Authenticated", raw)
	_ = w.call("Authenticated", raw)
	if fmt.Sprint(seen) != "[false true]" {
		t.Errorf("cached = %v", seen)
	}
}

// A flood of valid tokens that come once each must neither fill the memory nor
// push out the tokens that are in use.
func TestFloodLeavesMemoryBoundedAndHotTokensIn(t *testing.T) {
	t.Parallel()
	const bytes = 1 << 20
	w := newWorld(t, interceptor.WithCacheBytes(bytes))
	hot := make([]string, 20)
	for i := range hot {
		hot[i] = w.token(token.Spec{Subject: fmt.Sprint("hot-", i)})
	}
	useHot := func() {
		for _, raw := range hot {
			ok.check(t, w.call("Authenticated", raw))
		}
	}
	for range 5 {
		useHot()
	}
	for i := range 4000 {
		ok.check(t, w.call("Authenticated", w.token(token.Spec{Subject: fmt.Sprint("flood-", i)})))
		if i%20 == 0 {
			useHot()
		}
	}
	before := w.hits()
	useHot()
	if kept := w.hits() - before; kept < 18 {
		t.Errorf("%d of %d hot tokens are still in", kept, len(hot))
	}
	if tokens := w.guard.CacheStats().Tokens; tokens > bytes/1024 {
		t.Errorf("%d tokens are kept in %d bytes", tokens, bytes)
	}
}

func TestCachedDecisionAllocatesTwice(t *testing.T) {
	w := newWorld(t)
	ctx := incoming(w.token(token.Spec{Scopes: []string{"a", "b"}, Roles: []string{"admin"}}))
	handler := func(context.Context, any) (any, error) { return nil, nil }
	for _, method := range []string{"Authenticated", "Scopes", "Roles"} {
		info := &grpc.UnaryServerInfo{FullMethod: "/testkit.v1.RulesService/" + method}
		intercept := w.guard.Unary()
		if allocs := testing.AllocsPerRun(1000, func() { _, _ = intercept(ctx, nil, info, handler) }); allocs > 2 {
			t.Errorf("%s: %v allocations, want at most 2", method, allocs)
		}
	}
}
