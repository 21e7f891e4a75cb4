package sqlstore_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

// What was done though its answer was lost is not done again. The caller is
// told that it is not known, and then finds it done, once.
//
// checklist: R2 R3
func TestPostgresLosesTheAnswer(t *testing.T) {
	t.Parallel()
	p := newProxy(t, testkit.Postgres(t))
	s := openPostgres(t, p.url)
	rotation, counted := stand(t, s), stand(t, s).ID
	counter, err := s.Counters(t.Context(), "ada", "app")
	if err != nil {
		t.Fatal(err)
	}
	for name, lost := range map[string]struct {
		call func() error
		at   string // what of the call is sent last
		then error  // what the same call ends with afterwards
	}{
		"RotateSession": {
			call: func() error { return s.RotateSession(t.Context(), rotation) },
			at:   string(rotation.NewHash), then: store.ErrStale,
		},
		"UpdateSession": {
			call: func() error {
				return s.UpdateSession(t.Context(), counted, func(_ time.Time, s *store.Session) error {
					s.Replays++
					return nil
				})
			},
			at: "COMMIT\x00", // not of READ COMMITTED
		},
		"CreateSession": {
			call: func() error {
				return s.CreateSession(t.Context(), store.Session{ID: "a new session", Subject: "ada"}, counter.Subject)
			},
			at: "COMMIT\x00", then: store.ErrExists,
		},
		"AddUser": {
			call: func() error { return s.AddUser(t.Context(), store.User{Subject: "a new user"}) },
			at:   "COMMIT\x00", then: store.ErrExists,
		},
	} {
		p.loseAnswerTo(lost.at)
		if err := lost.call(); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: error %v, want %v", name, err, store.ErrUnavailable)
		} else {
			wantText(t, err, "the connection to the database was lost")
		}
		if err := lost.call(); !errors.Is(err, lost.then) {
			t.Errorf("%s: afterwards error %v, want %v", name, err, lost.then)
		}
	}
	if session, err := s.Session(t.Context(), counted); err != nil || session.Replays != 2 {
		t.Errorf("%d updates were made, error %v; want 2", session.Replays, err)
	}
}

// What was certainly not done is done again, without a word to the caller.
func TestPostgresLosesTheConnectionBefore(t *testing.T) {
	t.Parallel()
	p := newProxy(t, testkit.Postgres(t))
	s := openPostgres(t, p.url)
	r := stand(t, s)
	for name, call := range map[string]struct {
		call func() error
		at   string
	}{
		"a read": {
			call: func() error { _, err := s.Session(t.Context(), r.ID); return err },
			at:   r.ID,
		},
		"a transaction": {
			call: func() error {
				return s.UpdateSession(t.Context(), r.ID, func(_ time.Time, s *store.Session) error {
					s.Label = "a new label"
					return nil
				})
			},
			at: "a new label",
		},
		"a transaction that begins": {
			call: func() error { return s.RaiseSubject(t.Context(), "ada", "") },
			at:   "BEGIN",
		},
	} {
		p.loseAnswerTo(call.at)
		if err := call.call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if p.armed() {
			t.Errorf("%s: nothing was lost", name)
		}
	}
}

// proxy stands between a client and PostgreSQL. It loses one answer when told
// to: the server has done what it was asked, and the connection breaks.
type proxy struct {
	url  string // of the database, by way of the proxy
	lose atomic.Pointer[[]byte]
}

func newProxy(t *testing.T, database string) *proxy {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	server := u.Host
	u.Host = l.Addr().String()
	p := &proxy{url: u.String()}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(client, server)
		}
	}()
	return p
}

func (p *proxy) loseAnswerTo(text string) {
	mark := []byte(text)
	p.lose.Store(&mark)
}

func (p *proxy) armed() bool { return p.lose.Load() != nil }

func (p *proxy) serve(client net.Conn, address string) {
	defer client.Close()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	var losing atomic.Bool
	go func() {
		defer client.Close()
		defer server.Close()
		for chunk := make([]byte, 64<<10); ; {
			n, err := server.Read(chunk)
			if err != nil || losing.Load() {
				return // the answer is there: the server has done it
			}
			if _, err := client.Write(chunk[:n]); err != nil {
				return
			}
		}
	}()
	for chunk := make([]byte, 64<<10); ; {
		n, err := client.Read(chunk)
		if err != nil {
			return
		}
		if mark := p.lose.Load(); mark != nil && bytes.Contains(chunk[:n], *mark) && p.lose.CompareAndSwap(mark, nil) {
			losing.Store(true)
		}
		if _, err := io.Copy(server, bytes.NewReader(chunk[:n])); err != nil {
			return
		}
	}
}
