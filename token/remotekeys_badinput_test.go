package token_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

// endless is a body that gives the same text again and again, up to a length.
type endless struct {
	text  string
	left  int
	given *atomic.Int64
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n < len(p) && e.left > 0 {
		k := copy(p[n:], e.text)
		n, e.left = n+k, e.left-k
	}
	e.given.Add(int64(n))
	return n, nil
}

// heapOf is what a call leaves and makes on the heap, in bytes.
func heapOf(call func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	call()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// What is too much is not read, however it comes. Not parallel: the memory
// that is measured is the whole program's.
// checklist: K2
func TestAHugeSetIsNotRead(t *testing.T) {
	good := hands()[0]
	const size = 100 << 20
	var bomb bytes.Buffer
	packed := gzip.NewWriter(&bomb)
	_, _ = io.Copy(packed, &endless{strings.Repeat(" ", 64<<10), size, new(atomic.Int64)})
	_ = packed.Close()
	for name, serve := range map[string]func(w http.ResponseWriter, given *atomic.Int64){
		"100 MB": func(w http.ResponseWriter, given *atomic.Int64) {
			_, _ = io.Copy(w, &endless{`{"keys":[` + strings.Repeat(" ", 64<<10), size, given})
		},
		"100 MB that say so": func(w http.ResponseWriter, given *atomic.Int64) {
			w.Header().Set("Content-Length", fmt.Sprint(size))
			_, _ = io.Copy(w, &endless{strings.Repeat(" ", 64<<10), size, given})
		},
		"100 MB compressed": func(w http.ResponseWriter, _ *atomic.Int64) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb.Bytes())
		},
		"a megabyte of empty keys": func(w http.ResponseWriter, _ *atomic.Int64) {
			_, _ = io.WriteString(w, `{"keys":[{}`+strings.Repeat(",{}", 340_000)+`]}`)
		},
		"10,000 keys": func(w http.ResponseWriter, _ *atomic.Int64) {
			one := strings.TrimSuffix(strings.TrimPrefix(jwksOf(good), `{"keys":[`), `]}`)
			_, _ = io.WriteString(w, `{"keys":[`+one+strings.Repeat(","+one, 9_999)+`]}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			server, given := new(jwksServer), new(atomic.Int64)
			server.set(func(w http.ResponseWriter, _ *http.Request) { serve(w, given) })
			keys, _ := remote(t, server)
			var err error
			if heap := heapOf(func() { _, err = keys.Key(t.Context(), good.key.ID(), "") }); heap > 64<<20 {
				t.Errorf("took %d MB", heap>>20)
			}
			wantErr(t, err, token.ErrKeysUnavailable)
			if n := given.Load(); n > 32<<20 { // what a megabyte and the buffers of the network hold
				t.Errorf("%d MB were read", n>>20)
			}
		})
	}
}

// Two keys under one id are one: the first.
// checklist: K2
func TestKeysUnderOneID(t *testing.T) {
	t.Parallel()
	first, second := hands()[0], hands()[1]
	set := strings.ReplaceAll(strings.ReplaceAll(jwksOf(first, second), first.key.ID(), "k"), second.key.ID(), "k")
	server := new(jwksServer)
	server.text(set)
	keys, _ := remote(t, server)
	v := verifierOf(keys)
	header := func(h hand) string { return `{"alg":"` + h.method.Alg() + `","typ":"at+jwt","kid":"k"}` }
	if _, err := verify(v, first.sign(header(first), payload(nil))); err != nil {
		t.Errorf("under the first: %v", err)
	}
	_, err := verify(v, second.sign(header(second), payload(nil)))
	wantErr(t, err, token.ErrSignature)
}

// A key whose private half is in the set is anybody's: no token passes under
// it, and its neighbours are not lost.
// checklist: K5
func TestASetWithPrivateMembers(t *testing.T) {
	t.Parallel()
	for i, h := range hands()[:3] {
		neighbour := hands()[(i+1)%3]
		leaked := string(jwkOf(h.private, members{"kid": h.key.ID()}))
		server := new(jwksServer)
		server.text(strings.Replace(jwksOf(neighbour), `[`, `[`+leaked+`,`, 1))
		keys, _ := remote(t, server)
		_, err := verify(verifierOf(keys), h.token(payload(nil)))
		wantErr(t, err, token.ErrUnknownKey)
		if _, err := verify(verifierOf(keys), neighbour.token(payload(nil))); err != nil {
			t.Errorf("%s: its neighbour: %v", h, err)
		}
	}
}

// drip is a body that gives a byte a second until nobody listens.
type drip struct {
	ctx  context.Context
	rest string
}

func (d *drip) Close() error { return nil }

func (d *drip) Read(p []byte) (int, error) {
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	}
	n := copy(p[:1], d.rest)
	d.rest = d.rest[n:]
	return n, nil
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// checklist: K2
func TestASlowSetEndsInTime(t *testing.T) {
	t.Parallel()
	h := hands()[0]
	slowly := transport(func(r *http.Request) (*http.Response, error) {
		text := jwksOf(h)
		if strings.HasSuffix(r.URL.Path, oidc) {
			text = metadata("https://issuer.example", "https://issuer.example/keys")
		}
		return &http.Response{StatusCode: 200, Body: &drip{r.Context(), text}}, nil
	})
	for name, config := range map[string]token.RemoteKeysConfig{
		"keys":      {URL: "https://issuer.example/keys"},
		"discovery": {Issuer: "https://issuer.example"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				config.HTTPClient = &http.Client{Transport: slowly}
				keys, start := must(token.NewRemoteKeys(config)), time.Now()
				_, err := keys.Key(t.Context(), h.key.ID(), "")
				wantErr(t, err, token.ErrKeysUnavailable)
				if waited := time.Since(start); waited != 10*time.Second {
					t.Errorf("gave up after %s, want 10s", waited)
				}
			})
		})
	}
}

// What leads elsewhere is not followed, even by a client that could and that
// may use http.
// checklist: K2
func TestRedirectsToOtherSchemes(t *testing.T) {
	t.Parallel()
	h := hands()[0]
	for name, tc := range map[string]struct{ from, to string }{
		"from https to a file":       {"https://issuer.example/keys", "file:///etc/keys"},
		"from http to a file":        {"http://issuer.example/keys", "file:///etc/keys"},
		"from https to http":         {"https://issuer.example/keys", "http://issuer.example/keys2"},
		"from https to this host":    {"https://issuer.example/keys", "http://127.0.0.1/keys"},
		"from here to elsewhere":     {"http://127.0.0.1/keys", "http://issuer.example/keys"},
		"from elsewhere to a socket": {"http://issuer.example/keys", "unix:///run/keys"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			client := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
				asked = append(asked, r.URL.String())
				if r.URL.String() == tc.from {
					return &http.Response{StatusCode: 302, Header: http.Header{"Location": {tc.to}}, Body: http.NoBody}, nil
				}
				return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(jwksOf(h)))}, nil
			})}
			keys := must(token.NewRemoteKeys(token.RemoteKeysConfig{URL: tc.from, HTTPClient: client, InsecureAllowHTTP: true}))
			_, err := keys.Key(t.Context(), h.key.ID(), "")
			wantErr(t, err, token.ErrKeysUnavailable)
			if len(asked) != 1 {
				t.Errorf("asked %q", asked)
			}
		})
	}
}
