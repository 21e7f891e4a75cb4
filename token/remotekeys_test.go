package token_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
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
func inBubble(server *jwksServer) *token.RemoteKeys {
	return must(token.NewRemoteKeys(token.RemoteKeysConfig{
		URL: "https://issuer.example/jwks", HTTPClient: &http.Client{Transport: server},
	}))
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

// checklist: K1 K2
func TestAnOldSetIsRefreshedInTheBackground(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := new(jwksServer)
		old, fresh := hands()[0].key.Public(), hands()[1].key.Public()
		server.publish(old)
		keys := inBubble(server)
		_ = must(keys.Key(t.Context(), old.ID(), ""))
		server.publish(fresh)

		time.Sleep(5*time.Minute - 1)
		_ = must(keys.Key(t.Context(), old.ID(), ""))
		synctest.Wait()
		if n := server.count.Load(); n != 1 {
			t.Errorf("%d fetches before five minutes, want 1", n)
		}
		time.Sleep(1)
		if _, err := keys.Key(t.Context(), old.ID(), ""); err != nil {
			t.Errorf("the caller that noticed was not served the old set: %v", err)
		}
		synctest.Wait()
		_, err := keys.Key(t.Context(), old.ID(), "")
		wantErr(t, err, token.ErrUnknownKey) // withdrawn
		if _, err := keys.Key(t.Context(), fresh.ID(), ""); err != nil {
			t.Errorf("the new key: %v", err)
		}
		if n := server.count.Load(); n != 2 {
			t.Errorf("%d fetches, want 2", n)
		}
	})
}

// checklist: K2 K3 K5
func TestSetsThatAreNotAllGood(t *testing.T) {
	t.Parallel()
	good := hands()[0].key.Public()
	one := strings.TrimSuffix(strings.TrimPrefix(string(must(token.MarshalJWKS(good))), `{"keys":[`), `]}`)
	private := string(jwkOf(hands()[1].private, members{"kid": "leaked"}))
	for name, tc := range map[string]struct {
		body string
		want error // for the good key
	}{
		"broken keys around a good one":  {`{"keys":[{"kty":"RSA"},5,null,{"kty":"XX"},` + one + `,{"kty":"EC","crv":"P-256","x":"A","y":"A"}]}`, nil},
		"a symmetric key beside it":      {`{"keys":[{"kty":"oct","k":"AAAA","kid":"s"},` + one + `]}`, nil},
		"a private key beside it":        {`{"keys":[` + private + `,` + one + `]}`, nil},
		"the same key twice":             {`{"keys":[` + one + `,` + one + `]}`, nil},
		"100 keys":                       {`{"keys":[` + strings.Repeat(`{},`, 99) + one + `]}`, nil},
		"101 keys":                       {`{"keys":[` + strings.Repeat(`{},`, 100) + one + `]}`, token.ErrKeysUnavailable},
		"a megabyte":                     {`{"keys":[` + one + `]}` + strings.Repeat(" ", 1<<20-len(one)-11), nil},
		"a byte more":                    {`{"keys":[` + one + `]}` + strings.Repeat(" ", 1<<20-len(one)-10), token.ErrKeysUnavailable},
		"an endless body":                {strings.Repeat(`[`, 4<<20), token.ErrKeysUnavailable},
		"keys twice":                     {`{"keys":[` + one + `],"keys":[]}`, token.ErrKeysUnavailable},
		"a page of HTML":                 {`<html>`, token.ErrKeysUnavailable},
		"no list":                        {`{}`, token.ErrKeysUnavailable},
		"a list that is null":            {`{"keys":null}`, token.ErrKeysUnavailable},
		"nothing we can verify with":     {`{"keys":[{"kty":"oct","k":"AAAA"}]}`, token.ErrKeysUnavailable},
		"an empty list withdraws all":    {`{"keys":[]}`, token.ErrUnknownKey},
		"a set of somebody else's claim": {`{"keys":[` + strings.Replace(one, good.ID(), "other", 1) + `]}`, token.ErrUnknownKey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := new(jwksServer)
			server.text(tc.body)
			keys, _ := remote(t, server)
			k, err := keys.Key(t.Context(), good.ID(), "")
			wantErr(t, err, tc.want)
			if err == nil && k.ID() != good.ID() {
				t.Errorf("got %v", k)
			}
			if _, err := keys.Key(t.Context(), "leaked", ""); err == nil {
				t.Error("a key whose private half is public is trusted")
			}
		})
	}
}

// checklist: K2
func TestRedirects(t *testing.T) {
	t.Parallel()
	good := hands()[0].key.Public()
	target := new(jwksServer)
	target.publish(good)
	plain, secure := httptest.NewServer(target), httptest.NewTLSServer(target)
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	for name, tc := range map[string]struct {
		secure bool
		to     string
		want   error
	}{
		"from https to https":                {true, secure.URL, nil},
		"from https to http":                 {true, plain.URL, token.ErrKeysUnavailable},
		"from http on loopback to the same":  {false, plain.URL, nil},
		"from http on loopback to https":     {false, secure.URL, nil},
		"from http on loopback to elsewhere": {false, "http://issuer.invalid/", token.ErrKeysUnavailable},
		"to another scheme":                  {false, "file:///etc/passwd", token.ErrKeysUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listen := httptest.NewServer
			if tc.secure {
				listen = httptest.NewTLSServer
			}
			start := listen(http.RedirectHandler(tc.to, http.StatusFound))
			t.Cleanup(start.Close)
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
			t.Cleanup(client.CloseIdleConnections)
			keys := must(token.NewRemoteKeys(token.RemoteKeysConfig{URL: start.URL, HTTPClient: client}))
			_, err := keys.Key(t.Context(), good.ID(), "")
			wantErr(t, err, tc.want)
		})
	}
}

func TestRedirectsWithoutEnd(t *testing.T) {
	t.Parallel()
	server := new(jwksServer)
	server.set(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) })
	keys, _ := remote(t, server)
	_, err := keys.Key(t.Context(), "any", "")
	wantErr(t, err, token.ErrKeysUnavailable)
	if n := server.count.Load(); n != 6 {
		t.Errorf("%d requests, want 6", n)
	}
}

// A client of your own keeps what it does not allow.
func TestYourClientsRedirectPolicyCounts(t *testing.T) {
	t.Parallel()
	server := new(jwksServer)
	server.set(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) })
	refuse := errors.New("no redirects here")
	keys, _ := remote(t, server, func(c *token.RemoteKeysConfig) {
		c.HTTPClient.CheckRedirect = func(*http.Request, []*http.Request) error { return refuse }
	})
	_, err := keys.Key(t.Context(), "any", "")
	if !errors.Is(err, refuse) {
		t.Errorf("error = %v", err)
	}
}

// checklist: K2
func TestRemoteKeysConfig(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		config token.RemoteKeysConfig
		want   string // of the error; "" for none
	}{
		"https":                    {token.RemoteKeysConfig{URL: "https://issuer.example/jwks"}, ""},
		"http on 127.0.0.1":        {token.RemoteKeysConfig{URL: "http://127.0.0.1:80/jwks"}, ""},
		"http on ::1":              {token.RemoteKeysConfig{URL: "http://[::1]:80/jwks"}, ""},
		"http on localhost":        {token.RemoteKeysConfig{URL: "http://localhost/jwks"}, ""},
		"http, allowed":            {token.RemoteKeysConfig{URL: "http://issuer.example", InsecureAllowHTTP: true}, ""},
		"http":                     {token.RemoteKeysConfig{URL: "http://issuer.example/jwks"}, "want https"},
		"http on a name like it":   {token.RemoteKeysConfig{URL: "http://localhost.example/jwks"}, "want https"},
		"http on 127.0.0.1.nip.io": {token.RemoteKeysConfig{URL: "http://127.0.0.1.nip.io/"}, "want https"},
		"http on 10.0.0.1":         {token.RemoteKeysConfig{URL: "http://10.0.0.1/"}, "want https"},
		"file, http allowed":       {token.RemoteKeysConfig{URL: "file://host/jwks", InsecureAllowHTTP: true}, "want https"},
		"empty":                    {token.RemoteKeysConfig{}, "want one like"},
		"no host":                  {token.RemoteKeysConfig{URL: "https:///jwks"}, "want one like"},
		"a password":               {token.RemoteKeysConfig{URL: "https://user:secret@issuer.example/"}, "holds a password"},
		"a cool-down below zero":   {token.RemoteKeysConfig{URL: "https://issuer.example", Cooldown: -1}, "negative"},
		"an age below zero":        {token.RemoteKeysConfig{URL: "https://issuer.example", MaxAge: -1}, "negative"},
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := token.NewRemoteKeys(tc.config)
			if tc.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) || keys != nil || strings.Contains(err.Error(), "secret") {
				t.Errorf("error = %v, want one with %q", err, tc.want)
			}
		})
	}
}
