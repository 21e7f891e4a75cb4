package authclient_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/authclient"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// inMemory is a store of a test's own.
type inMemory struct {
	mu    sync.Mutex
	saved authclient.Saved
	all   []authclient.Saved // that were ever saved
}

func (m *inMemory) Lock(context.Context) (func(), error) { return func() {}, nil }

func (m *inMemory) Load(context.Context) (authclient.Saved, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.saved, nil
}

func (m *inMemory) Save(_ context.Context, s authclient.Saved) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.saved, m.all = s, append(m.all, s)
	return nil
}

func (m *inMemory) now() authclient.Saved {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.saved
}

// checklist: R2
func TestEachRefreshTokenHasOneKeyUntilItsSuccessorIsKept(t *testing.T) {
	t.Parallel()
	type sent struct{ token, key string }
	var mu sync.Mutex
	var seen []sent
	tokens := &inMemory{}
	auth := &scripted{lifetime: time.Hour}
	auth.onRefresh = func(n int, req *grpcauthv1.RefreshRequest) error {
		mu.Lock()
		seen = append(seen, sent{req.GetRefreshToken(), req.GetIdempotencyKey()})
		mu.Unlock()
		if kept := tokens.now(); kept.RefreshToken != req.GetRefreshToken() || kept.IdempotencyKey != req.GetIdempotencyKey() {
			t.Errorf("sent before it was kept: %+v", kept)
		}
		if n%3 != 0 { // twice each, the answer is lost
			return status.Error(codes.Unavailable, "down")
		}
		return nil
	}
	session := login(t, serveAuth(t, auth), authclient.WithStore(tokens), authclient.WithClientID("phone"))
	for n := range 9 {
		err := session.Refresh(t.Context())
		if answered := n%3 == 2; answered != (err == nil) {
			t.Fatal(err)
		} else if key := tokens.now().IdempotencyKey; answered != (key == "") {
			t.Errorf("after refresh %d: the key is kept: %v", n+1, key != "")
		}
	}
	mu.Lock()
	defer mu.Unlock()
	keys := map[string]bool{}
	for i, s := range seen {
		if first := seen[i/3*3]; s != first {
			t.Errorf("refresh %d was sent with another token or key than the attempt before", i+1)
		}
		if len(s.key) < 22 { // 128 bits in base64, more in base32
			t.Errorf("a key of %d characters", len(s.key))
		}
		keys[s.key] = true
	}
	if len(seen) != 9 || len(keys) != 3 {
		t.Errorf("%d attempts with %d keys", len(seen), len(keys))
	}
	if kept := tokens.now(); kept.ClientID != "phone" || kept.RefreshToken != "refresh-4" {
		t.Errorf("kept: %+v", kept)
	}
}

func TestResumeGoesOnAsTheSameClient(t *testing.T) {
	t.Parallel()
	var got *grpcauthv1.RefreshRequest
	auth := &scripted{lifetime: time.Hour, onRefresh: func(_ int, req *grpcauthv1.RefreshRequest) error {
		got = req
		return nil
	}}
	tokens := &inMemory{saved: authclient.Saved{ClientID: "phone", SessionID: "", RefreshToken: "kept", IdempotencyKey: "under way"}}
	session, err := authclient.Resume(t.Context(), serveAuth(t, auth), tokens)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if got.GetRefreshToken() != "kept" || got.GetIdempotencyKey() != "under way" || got.GetClientId() != "phone" {
		t.Errorf("the server was asked %v", got)
	}
	if token := mustToken(t, session); token != "access-1" {
		t.Errorf("the token is %q", token)
	}
}

func TestResumeThatFails(t *testing.T) {
	t.Parallel()
	saved := authclient.Saved{SessionID: "s", RefreshToken: "kept"}
	for name, tc := range map[string]struct {
		saved  authclient.Saved
		answer error
		opts   []authclient.Option
		is     error
		reason grpcauthv1.Reason
		gone   bool // what was saved
	}{
		"nothing was saved":          {is: authclient.ErrNoSession},
		"the server ended it":        {saved: saved, answer: fault.Because(grpcauthv1.Reason_REASON_SESSION_REVOKED, nil), is: authclient.ErrSessionEnded, reason: grpcauthv1.Reason_REASON_SESSION_REVOKED, gone: true},
		"a thief was in it":          {saved: saved, answer: fault.Because(grpcauthv1.Reason_REASON_REFRESH_REUSED, nil), is: authclient.ErrSessionEnded, reason: grpcauthv1.Reason_REASON_REFRESH_REUSED, gone: true},
		"the server knows it not":    {saved: saved, answer: fault.Because(grpcauthv1.Reason_REASON_REFRESH_INVALID, nil), is: authclient.ErrSessionEnded, reason: grpcauthv1.Reason_REASON_REFRESH_INVALID},
		"the server is down":         {saved: saved, answer: fault.Because(grpcauthv1.Reason_REASON_STORE_UNAVAILABLE, nil), reason: grpcauthv1.Reason_REASON_STORE_UNAVAILABLE},
		"another certificate":        {saved: saved, answer: fault.Because(grpcauthv1.Reason_REASON_TOKEN_BINDING, nil), reason: grpcauthv1.Reason_REASON_TOKEN_BINDING},
		"an option that is settled":  {saved: saved, opts: []authclient.Option{authclient.WithScopes("a")}},
		"a second store, by mistake": {saved: saved, opts: []authclient.Option{authclient.WithStore(&inMemory{})}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			auth := &scripted{lifetime: time.Hour, onRefresh: func(int, *grpcauthv1.RefreshRequest) error { return tc.answer }}
			tokens := &inMemory{saved: tc.saved}
			session, err := authclient.Resume(t.Context(), serveAuth(t, auth), tokens, tc.opts...)
			if err == nil {
				session.Close()
				t.Fatal("resumed")
			}
			if tc.is != nil && !errors.Is(err, tc.is) || tc.is == nil && errors.Is(err, authclient.ErrSessionEnded) {
				t.Errorf("error = %v, want %v", err, tc.is)
			}
			if got := authclient.Reason(err); got != tc.reason {
				t.Errorf("reason = %s, want %s", got, tc.reason)
			}
			if now := tokens.now(); tc.gone && now != (authclient.Saved{}) || !tc.gone && now.RefreshToken != tc.saved.RefreshToken {
				t.Errorf("what was saved is now %v", now)
			}
		})
	}
	if _, err := authclient.Resume(t.Context(), nil, nil); err == nil {
		t.Error("resumed from nothing")
	}
}

// Another login may be another user's: nobody becomes them by a renewal.
func TestAnotherLoginInTheStoreEndsTheSession(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]authclient.Saved{
		"another session": {SessionID: "another", RefreshToken: "theirs"},
		"none any more":   {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tokens, auth := &inMemory{}, &scripted{lifetime: time.Hour}
			session := login(t, serveAuth(t, auth), authclient.WithStore(tokens))
			if err := tokens.Save(t.Context(), tc); err != nil {
				t.Fatal(err)
			}
			err := session.Refresh(t.Context())
			if !errors.Is(err, authclient.ErrSessionEnded) || authclient.Reason(err) != grpcauthv1.Reason_REASON_SESSION_REVOKED {
				t.Errorf("Refresh = %v, want ErrSessionEnded", err)
			}
			if n := len(auth.refreshed()); n != 0 || tokens.now() != tc {
				t.Errorf("%d refreshes, and the store holds %v", n, tokens.now())
			}
		})
	}
}

func TestLogoutForgetsWhatIsSaved(t *testing.T) {
	t.Parallel()
	tokens := &inMemory{}
	session := login(t, serveAuth(t, &scripted{lifetime: time.Hour}), authclient.WithStore(tokens))
	if err := session.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if tokens.now() != (authclient.Saved{}) {
		t.Errorf("the store holds %v", tokens.now())
	}
	theirs := authclient.Saved{SessionID: "another", RefreshToken: "theirs"}
	if err := tokens.Save(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	if err := session.Logout(t.Context()); err != nil || tokens.now() != theirs {
		t.Errorf("a second logout: %v, and the store holds %v", err, tokens.now())
	}
}

func TestCloseLeavesWhatIsSaved(t *testing.T) {
	t.Parallel()
	tokens, conn := &inMemory{}, serveAuth(t, &scripted{lifetime: time.Hour})
	login(t, conn, authclient.WithStore(tokens)).Close()
	session, err := authclient.Resume(t.Context(), conn, tokens)
	if err != nil {
		t.Fatal(err)
	}
	session.Close()
	got := []string{}
	for _, s := range tokens.all {
		got = append(got, s.RefreshToken)
	}
	if want := []string{"refresh-1", "refresh-1", "refresh-2"}; !slices.Equal(got, want) {
		t.Errorf("saved %q, want %q", got, want)
	}
}

// A renewal that waits for a lock gives up like one that waits for a server.
func TestALockThatNobodyLetsGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		files, _ := newFileStore(t)
		auth := &scripted{lifetime: time.Hour}
		session := login(t, serveAuth(t, auth), authclient.WithStore(files))
		unlock, err := files.Lock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := session.Refresh(t.Context()); err == nil || errors.Is(err, authclient.ErrSessionEnded) {
			t.Errorf("Refresh = %v", err)
		}
		if took := time.Since(began); took > 11*time.Second {
			t.Errorf("it took %s", took)
		}
		unlock()
		if err := session.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
		if n := len(auth.refreshed()); n != 1 {
			t.Errorf("%d refreshes, want one", n)
		}
	})
}
