package main

import (
	"crypto/rand"
	"encoding/json"
	"sync"
	"testing"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

// servePostgres starts a server on a PostgreSQL.
func (b binaries) servePostgres(t *testing.T, url, key string, more ...string) *authServer {
	t.Helper()
	s := &authServer{program: b.start(t, "", []string{"GRPCAUTH_STORE=" + url}, "grpcauth", identity(append([]string{
		"--key-file", key, "--listen", "127.0.0.1:0", "--http-listen", "off", "--log-format", "json",
	}, more...)...)...)}
	if err := json.Unmarshal([]byte(s.line(&s.stderr, `"msg":"listening"`)), s); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *authServer) client() authClient {
	return grpcauthv1.NewAuthServiceClient(dial(s.t, s.GRPC))
}

// addTo adds a user to a store.
func (b binaries) addTo(t *testing.T, store, name string) {
	t.Helper()
	added := b.start(t, goodPassword, []string{"GRPCAUTH_STORE=" + store}, "grpcauth", "user", "add", name, "--scope", "notes.read")
	if code := added.wait(); code != exitOK {
		t.Fatalf("exit %d: %s", code, added.stderr.String())
	}
}

// pair is two server processes on one PostgreSQL.
type pair struct {
	*testing.T
	at [2]authClient
}

// testPair has many callers present the same refresh tokens at two servers.
//
// checklist: R1 R2 R3
func testPair(t *testing.T, b binaries) {
	url, key := testkit.Postgres(t), keyFile(t)
	p := &pair{T: t}
	for i := range p.at {
		p.at[i] = b.servePostgres(t, url, key).client()
	}
	b.addTo(t, url, "ada")
	p.sameKey(20)
	p.noKey(10)
	p.twoKeys()
	p.elsewhere()
}

// atOnce presents one token three times at each server and gives the one
// successor that all must get.
func (p *pair) atOnce(token, key string) string {
	p.Helper()
	var got [6]*grpcauthv1.Tokens
	var errs [6]error
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range got {
		wg.Go(func() {
			<-start
			got[i], errs[i] = present(p.T, p.at[i%2], token, key)
		})
	}
	close(start)
	wg.Wait()
	for i := range got {
		switch {
		case errs[i] != nil:
			p.Fatalf("caller %d of generation %d: %v", i, generation(p.T, token), errs[i])
		case got[i].GetRefreshToken() != got[0].GetRefreshToken():
			p.Fatalf("generation %d was rotated twice", generation(p.T, token))
		}
	}
	return got[0].GetRefreshToken()
}

func (p *pair) sameKey(rounds int) {
	p.Helper()
	token := logIn(p.T, p.at[0], true).newest()
	for range rounds {
		token = p.atOnce(token, rand.Text())
	}
	if got := generation(p.T, token); got != uint64(rounds)+1 {
		p.Errorf("after %d rounds the generation is %d", rounds, got)
	}
	if _, err := present(p.T, p.at[1], token, rand.Text()); err != nil {
		p.Errorf("the newest token: %v", err)
	}
}

// noKey contests every other generation: replays in three running are reuse.
func (p *pair) noKey(rounds int) {
	p.Helper()
	h := logIn(p.T, p.at[0], false)
	for i := range rounds {
		h.past = append(h.past, p.atOnce(h.newest(), ""))
		h.mustRefresh(p.at[i%2])
	}
	if got := generation(p.T, h.newest()); got != 2*uint64(rounds)+1 {
		p.Errorf("after %d rounds the generation is %d", rounds, got)
	}
}

// twoKeys: two who don't know of each other hold one token. One of them
// rotates, the other is found out, and the session ends at both servers.
func (p *pair) twoKeys() {
	p.Helper()
	for range 5 {
		token := logIn(p.T, p.at[0], true).newest()
		var errs [2]error
		var got [2]*grpcauthv1.Tokens
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { got[i], errs[i] = present(p.T, p.at[i], token, rand.Text()) })
		}
		wg.Wait()
		won := 0
		if errs[0] != nil {
			won = 1
		}
		if errs[won] != nil || errs[1-won] == nil || fault.FromStatus(errs[1-won]) != isReused {
			p.Errorf("two with different keys: %v, %v", errs[0], errs[1])
		}
		for _, at := range p.at {
			_, err := present(p.T, at, got[won].GetRefreshToken(), rand.Text())
			wantReason(p.T, "the newest after a reuse", err, isRevoked)
		}
	}
}

// elsewhere: what was done at one server is so at the other, at once.
func (p *pair) elsewhere() {
	p.Helper()
	for i := range 4 {
		here, there := p.at[i%2], p.at[1-i%2]
		h := logIn(p.T, here, true)
		key := rand.Text()
		first, err := present(p.T, here, h.newest(), key)
		if err != nil {
			p.Fatal(err)
		}
		again, err := present(p.T, there, h.newest(), key)
		if err != nil || again.GetRefreshToken() != first.GetRefreshToken() {
			p.Errorf("a retry at the other server gets another successor: %v", err)
		}
		h.keep(again)
		if err := h.logOut(there); err != nil {
			p.Errorf("logout: %v", err)
		}
		wantReason(p.T, "Refresh after a logout at the other server", h.refresh(here), isRevoked)
	}
}
