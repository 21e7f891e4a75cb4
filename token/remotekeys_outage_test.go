package token_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

// checklist: K4
func TestAnOutageIsBridgedByTheOldSet(t *testing.T) {
	t.Parallel()
	server := new(jwksServer)
	good := hands()[0].key.Public()
	server.publish(good)
	keys, elapsed := remote(t, server)
	_ = must(keys.Key(t.Context(), good.ID(), ""))
	server.fail()

	elapsed.Store(int64(4 * time.Minute))
	_, err := keys.Key(t.Context(), "new", "") // may be a new key: we can't know
	wantErr(t, err, token.ErrKeysUnavailable)
	_, err = keys.Key(t.Context(), "new", "")
	wantErr(t, err, token.ErrKeysUnavailable)

	elapsed.Store(int64(24*time.Hour - 1))
	if _, err := keys.Key(t.Context(), good.ID(), ""); err != nil {
		t.Errorf("the old set within its age: %v", err)
	}
	elapsed.Store(int64(25 * time.Hour))
	_, err = keys.Key(t.Context(), good.ID(), "")
	wantErr(t, err, token.ErrKeysUnavailable)
	if !strings.Contains(err.Error(), "answered 500") {
		t.Errorf("the error does not say why: %v", err)
	}

	server.publish(good)
	elapsed.Store(int64(26 * time.Hour))
	if _, err := keys.Key(t.Context(), good.ID(), ""); err != nil {
		t.Errorf("after the outage: %v", err)
	}
}

// checklist: K4
func TestNothingFetchedYet(t *testing.T) {
	t.Parallel()
	server := new(jwksServer)
	server.fail()
	keys, elapsed := remote(t, server)
	for range 5 {
		_, err := keys.Key(t.Context(), "any", "")
		wantErr(t, err, token.ErrKeysUnavailable)
	}
	if n := server.count.Load(); n != 1 {
		t.Errorf("%d fetches within a cool-down, want 1", n)
	}
	good := hands()[0].key.Public()
	server.publish(good)
	elapsed.Store(int64(30 * time.Second))
	if _, err := keys.Key(t.Context(), good.ID(), ""); err != nil {
		t.Errorf("after the outage: %v", err)
	}
}

// checklist: K2
func TestTheFetchIsNoCallers(t *testing.T) {
	t.Parallel()
	server, entered, hold := new(jwksServer), make(chan struct{}), make(chan struct{})
	good := hands()[0].key.Public()
	set := must(token.MarshalJWKS(good))
	server.set(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-hold
		_, _ = w.Write(set)
	})
	keys, _ := remote(t, server)

	impatient, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { _, err := keys.Key(impatient, good.ID(), ""); first <- err }()
	<-entered
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller that left: %v", err)
	}

	others := make(chan error, 10)
	for range cap(others) {
		go func() { _, err := keys.Key(t.Context(), good.ID(), ""); others <- err }()
	}
	close(hold)
	for range cap(others) {
		if err := <-others; err != nil {
			t.Errorf("a caller that stayed: %v", err)
		}
	}
	if n := server.count.Load(); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
}

// checklist: K2
func TestAFetchEndsByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := new(jwksServer)
		server.set(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		start := time.Now()
		_, err := inBubble(server).Key(context.Background(), "any", "")
		wantErr(t, err, token.ErrKeysUnavailable)
		if waited := time.Since(start); waited != 10*time.Second {
			t.Errorf("gave up after %s, want 10s", waited)
		}
	})
}

// Whatever is wrong with one issuer, tokens of another are verified at once.
// checklist: K2 K3
func TestIssuersDoNotTouchEachOther(t *testing.T) {
	t.Parallel()
	h := hands()[0]
	synctest.Test(t, func(t *testing.T) {
		sick, well := new(jwksServer), new(jwksServer)
		sick.set(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		well.publish(h.key.Public())
		sickKeys, wellKeys := inBubble(sick), inBubble(well)
		v := verifierOf(wellKeys, func(c *token.VerifierConfig) {
			c.Issuers = append(c.Issuers, token.TrustedIssuer{Issuer: "https://sick.example", Audiences: []string{audience}, Keys: sickKeys})
		})
		waiting := make(chan error, 100)
		for range cap(waiting) {
			go func() {
				_, err := verify(v, h.token(payload(map[string]any{"iss": "https://sick.example"})))
				waiting <- err
			}()
		}
		synctest.Wait()
		start := time.Now()
		for range 3 {
			if _, err := verify(v, h.token(payload(nil))); err != nil {
				t.Error(err)
			}
		}
		_, err := verify(v, h.token(payload(map[string]any{"iss": "https://nobody.example"})))
		wantErr(t, err, token.ErrIssuer) // a name that nobody has verified: nothing is fetched
		if waited := time.Since(start); waited > 0 {
			t.Errorf("waited %s", waited)
		}
		for range cap(waiting) {
			wantErr(t, <-waiting, token.ErrKeysUnavailable)
		}
		if sick.count.Load() != 1 || well.count.Load() != 1 {
			t.Errorf("%d and %d fetches, want one each", sick.count.Load(), well.count.Load())
		}
		if s := wellKeys.Stats(); s.Failures != 0 || errors.Is(s.LastError, context.DeadlineExceeded) {
			t.Errorf("the well one: %+v", s)
		}
	})
}
