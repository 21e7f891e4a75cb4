package main

import (
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

// crashing is a server on a SQLite file that is killed at no particular time.
type crashing struct {
	*testing.T
	b       binaries
	dir     string
	clients []*honest
	out     []*honest // who have logged out
	rng     *rand.Rand
	pending int // refreshes that the server died in
	done    int // of these, those that it had carried out
}

// testKilledAnywhere kills the server at random while clients refresh, again
// and again: nobody honest is logged out, no reuse is let through, and nothing
// that was answered is lost. There is nothing between the server and its file
// that could stop it at a named point, so it is done often, and seldom misses:
// most of a refresh is its commit.
//
// checklist: R1 R2
func testKilledAnywhere(t *testing.T, b binaries) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	c := &crashing{T: t, b: b, dir: t.TempDir(), rng: rand.New(rand.NewPCG(seed, 0))}
	b.addUser(t, c.dir, "ada", "notes.read")
	for range 20 {
		c.round()
	}
	at := c.start().client()
	for _, h := range c.clients {
		if got := generation(t, h.newest()); got != uint64(len(h.past)) {
			t.Errorf("%d answered refreshes are generation %d", len(h.past)-1, got)
		}
		_, err := present(t, at, h.past[0], "a thief's own key")
		wantReason(t, "an old token", err, isReused)
	}
	t.Logf("%d refreshes were cut off, of which %d had been carried out", c.pending, c.done)
}

// round starts a server and kills it.
func (c *crashing) round() {
	c.Helper()
	server := c.start()
	at := server.client()
	for len(c.clients) < 4 {
		c.clients = append(c.clients, logIn(c.T, at, true))
	}
	gone := logIn(c.T, at, true)
	if err := gone.logOut(at); err != nil {
		c.Fatal(err)
	}
	c.out = append(c.out, gone)
	var wg sync.WaitGroup
	for _, h := range c.clients {
		wg.Go(func() { c.until(h, at) })
	}
	<-time.After(time.Duration(c.rng.IntN(60_000)) * time.Microsecond)
	if err := server.cmd.Process.Kill(); err != nil {
		c.Fatal(err)
	}
	server.wait()
	wg.Wait()
}

// start starts a server on what is there, and has the clients go on.
func (c *crashing) start() *authServer {
	c.Helper()
	server := c.b.serve(c.T, c.dir, "--http-listen", "off")
	at := server.client()
	for _, h := range c.clients {
		c.proceed(h, at)
	}
	for _, h := range c.out {
		wantReason(c.T, "Refresh after a logout that was answered", h.refresh(at), isRevoked)
	}
	c.out = nil
	c.done += strings.Count(server.stderr.String(), `"refresh_replayed"`)
	return server
}

// until refreshes until the server is gone.
func (c *crashing) until(h *honest, at authClient) {
	for {
		if err := h.refresh(at); err != nil {
			if !isUnavailable(err) {
				c.Errorf("an honest client is refused: %v", err)
			}
			return
		}
	}
}

// proceed goes on where a client was cut off.
func (c *crashing) proceed(h *honest, at authClient) {
	c.Helper()
	was := generation(c.T, h.newest())
	cut := h.sent != ""
	h.mustRefresh(at)
	if got := generation(c.T, h.newest()); got != was+1 {
		c.Errorf("generation %d follows %d", got, was)
	}
	if cut {
		c.pending++
	}
}
