package token_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

// jwksServer publishes what it is told to.
type jwksServer struct {
	mu    sync.Mutex
	serve http.HandlerFunc
	count atomic.Int32
}

func (s *jwksServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.count.Add(1)
	s.mu.Lock()
	serve := s.serve
	s.mu.Unlock()
	serve(w, r)
}

func (s *jwksServer) set(serve http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serve = serve
}

func (s *jwksServer) publish(keys ...*token.Key) { s.text(string(must(token.MarshalJWKS(keys...)))) }

func (s *jwksServer) text(body string) {
	s.set(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
}

func (s *jwksServer) fail() {
	s.set(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
}

// RoundTrip answers without a network, because a bubble of synctest can't
// see that a network is idle.
func (s *jwksServer) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

// remote is a RemoteKeys over a real connection, with a clock of its own.
func remote(t *testing.T, server *jwksServer, change ...func(*token.RemoteKeysConfig)) (*token.RemoteKeys, *atomic.Int64) {
	t.Helper()
	listening := httptest.NewServer(server)
	t.Cleanup(listening.Close)
	elapsed := new(atomic.Int64)
	config := token.RemoteKeysConfig{
		URL: listening.URL, HTTPClient: listening.Client(),
		Now: func() time.Time { return now.Add(time.Duration(elapsed.Load())) },
	}
	for _, c := range change {
		c(&config)
	}
	return must(token.NewRemoteKeys(config)), elapsed
}

// inBubble is a RemoteKeys in a bubble of synctest.
func inBubble(server *jwksServer, change ...func(*token.RemoteKeysConfig)) *token.RemoteKeys {
	config := token.RemoteKeysConfig{URL: "https://issuer.example/jwks", HTTPClient: &http.Client{Transport: server}}
	for _, c := range change {
		c(&config)
	}
	return must(token.NewRemoteKeys(config))
}

func TestRemoteKeysVerifyTokens(t *testing.T) {
	t.Parallel()
	server := new(jwksServer)
	server.publish(hands()[0].key.Public(), hands()[1].key.Public(), hands()[2].key.Public())
	keys, _ := remote(t, server)
	if n := server.count.Load(); n != 0 {
		t.Errorf("%d fetches before the first key was asked for", n)
	}
	v := verifierOf(keys)
	for _, h := range hands()[:3] {
		for range 3 {
			if _, err := verify(v, h.token(payload(nil))); err != nil {
				t.Errorf("%s: %v", h, err)
			}
		}
		if _, err := verify(v, h.sign(`{"alg":"`+h.method.Alg()+`","typ":"at+jwt"}`, payload(nil))); err != nil {
			t.Errorf("%s without kid: %v", h, err)
		}
	}
	if n := server.count.Load(); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
}

// checklist: K1 K3
func TestRotationIsFollowed(t *testing.T) {
	t.Parallel()
	server := new(jwksServer)
	old, fresh := hands()[0].key.Public(), hands()[1].key.Public()
	server.publish(old)
	keys, elapsed := remote(t, server)
	ctx := t.Context()
	if _, err := keys.Key(ctx, old.ID(), ""); err != nil {
		t.Fatal(err)
	}
	server.publish(fresh)

	_, err := keys.Key(ctx, fresh.ID(), "")
	wantErr(t, err, token.ErrUnknownKey) // the cool-down still runs
	elapsed.Store(int64(30 * time.Second))
	if k, err := keys.Key(ctx, fresh.ID(), ""); err != nil || k.ID() != fresh.ID() {
		t.Errorf("the new key: %v, %v", k, err)
	}
	_, err = keys.Key(ctx, old.ID(), "")
	wantErr(t, err, token.ErrUnknownKey)
	if n := server.count.Load(); n != 2 {
		t.Errorf("%d fetches, want 2", n)
	}
}

// checklist: K3
func TestAFloodOfUnknownKeysFetchesOnceACooldown(t *testing.T) {
	t.Parallel()
	server := new(jwksServer)
	good := hands()[0].key.Public()
	server.publish(good)
	keys, elapsed := remote(t, server)
	flood := func() {
		var callers sync.WaitGroup
		for range 200 {
			callers.Go(func() {
				_, err := keys.Key(t.Context(), "invented", "")
				wantErr(t, err, token.ErrUnknownKey)
				if _, err := keys.Key(t.Context(), good.ID(), ""); err != nil {
					t.Errorf("a known key: %v", err)
				}
			})
		}
		callers.Wait()
	}
	for i := range 3 {
		elapsed.Store(int64(i) * int64(30*time.Second))
		flood()
		if n := int(server.count.Load()); n != i+1 {
			t.Errorf("%d fetches after %d cool-downs, want %d", n, i, i+1)
		}
	}
}

// While one caller waits for the fetch that an unknown key began, nobody else
// does.
// checklist: K3
func TestAFetchBlocksNobodyElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, hold := new(jwksServer), make(chan struct{})
		good := hands()[0].key.Public()
		server.publish(good)
		keys := inBubble(server)
		_ = must(keys.Key(t.Context(), good.ID(), ""))
		time.Sleep(time.Minute)
		server.set(func(http.ResponseWriter, *http.Request) { <-hold })

		waiter := make(chan error, 1)
		go func() { _, err := keys.Key(context.Background(), "invented", ""); waiter <- err }()
		synctest.Wait()
		start := time.Now()
		if _, err := keys.Key(t.Context(), good.ID(), ""); err != nil {
			t.Errorf("a known key: %v", err)
		}
		_, err := keys.Key(t.Context(), "invented, too", "")
		wantErr(t, err, token.ErrUnknownKey)
		if waited := time.Since(start); waited > 0 {
			t.Errorf("waited %s", waited)
		}
		close(hold)
		wantErr(t, <-waiter, token.ErrKeysUnavailable) // what came was no key set
	})
}
