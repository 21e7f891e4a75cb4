package authsvc_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
)

// violated is every field at fault with what is said of it.
func violated(err error) []string {
	var fields []string
	for _, d := range status.Convert(err).Details() {
		if bad, ok := d.(*errdetails.BadRequest); ok {
			for _, f := range bad.GetFieldViolations() {
				fields = append(fields, f.GetField()+": "+f.GetDescription())
			}
		}
	}
	return fields
}

func wantViolations(t *testing.T, err error, want ...string) {
	t.Helper()
	wantRefusal(t, err, "InvalidArgument INVALID_REQUEST")
	if got := violated(err); !slices.Equal(got, want) {
		t.Errorf("violations %q, want %q", got, want)
	}
}

// entries is what the audit record holds of a kind.
func (w *world) entries(kind string) []store.Entry {
	w.t.Helper()
	all, err := w.store.Entries(w.t.Context(), 0, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(e store.Entry) bool { return e.Kind != kind })
}

// addBob adds a second user.
func (p *people) addBob() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.byName["bob"] = person{authsvc.Identity{Subject: "u-b0b", Username: "bob", Scopes: []string{"notes.read"}, Version: "1"}, "bob's own password"}
}

func (w *world) signInBob() *grpcauthv1.Tokens {
	w.t.Helper()
	w.people.addBob()
	return w.must(w.login(&grpcauthv1.LoginRequest{Username: "bob", Password: "bob's own password"}))
}

func TestListSessions(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		bob := w.signInBob()
		var own []string
		var tokens *grpcauthv1.Tokens
		for range 5 {
			tokens = w.must(w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, Label: "Ada's laptop"}))
			own = append(own, tokens.GetSessionId())
		}
		slices.Sort(own)
		var seen []string
		for req := (&grpcauthv1.ListSessionsRequest{PageSize: 2}); ; {
			page, err := w.ListSessions(w.as(tokens), req)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range page.GetSessions() {
				seen = append(seen, s.GetId())
				if s.GetCurrent() != (s.GetId() == tokens.GetSessionId()) || s.GetClientId() != "default" || s.GetLabel() != "Ada's laptop" ||
					!slices.Equal(s.GetScopes(), []string{"notes.read", "notes.write"}) ||
					!s.GetCreatedAt().AsTime().Equal(w.clock.Now()) || !s.GetAuthTime().AsTime().Equal(w.clock.Now()) || !s.GetLastSeen().AsTime().Equal(w.clock.Now()) ||
					!s.GetIdleExpiresAt().AsTime().Equal(w.clock.Now().Add(authsvc.DefaultRefreshTTL)) || !s.GetExpiresAt().AsTime().Equal(w.clock.Now().Add(authsvc.DefaultSessionTTL)) {
					t.Errorf("%v", s)
				}
			}
			if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
				break
			}
			if strings.Contains(req.GetPageToken(), seen[len(seen)-1]) {
				t.Error("the page token shows what it holds")
			}
			_, err = w.ListSessions(w.as(bob), req)
			wantViolations(t, err, "page_token: must be the next_page_token of an earlier page of yours")
		}
		if !slices.Equal(seen, own) {
			t.Errorf("listed %q, want %q", seen, own)
		}
		all, err := w.ListSessions(w.as(tokens), &grpcauthv1.ListSessionsRequest{})
		if err != nil || len(all.GetSessions()) != 5 || all.GetNextPageToken() != "" {
			t.Errorf("%v, %v", all, err)
		}
	})
}

func TestListSessionsShowsWhereASessionIsUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.signIn()
	w.clock.advance(time.Minute)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "test-peer", "127.0.0.9")
	resp, err := w.Refresh(ctx, &grpcauthv1.RefreshRequest{RefreshToken: tokens.GetRefreshToken()})
	if err != nil {
		t.Fatal(err)
	}
	page, err := w.ListSessions(w.as(resp.GetTokens()), &grpcauthv1.ListSessionsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	s := page.GetSessions()[0]
	if s.GetLastAddress() != "127.0.0.9" || !s.GetLastSeen().AsTime().Equal(w.clock.Now()) || s.GetAuthTime().AsTime().Equal(w.clock.Now()) {
		t.Errorf("%v", s)
	}
}

func TestListSessionsRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := w.as(w.signIn())
	_, err := w.ListSessions(ctx, &grpcauthv1.ListSessionsRequest{PageSize: -1, PageToken: strings.Repeat("p", 257)})
	wantViolations(t, err, "page_size: must be 1 to 100, or 0 for 50, is -1", "page_token: must have at most 256 bytes, has 257")
	_, err = w.ListSessions(ctx, &grpcauthv1.ListSessionsRequest{PageSize: 101})
	wantViolations(t, err, "page_size: must be 1 to 100, or 0 for 50, is 101")
	for _, junk := range []string{"x", "!", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"} {
		_, err = w.ListSessions(ctx, &grpcauthv1.ListSessionsRequest{PageToken: junk})
		wantViolations(t, err, "page_token: must be the next_page_token of an earlier page of yours")
	}
	_, err = w.ListSessions(ctx, &grpcauthv1.ListSessionsRequest{PageSize: 100})
	wantRefusal(t, err, "OK")
}

func TestRevokeSession(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		bob, tokens, other := w.signInBob(), w.signIn(), w.signIn()
		for id, want := range map[string]string{
			bob.GetSessionId():       "NotFound SESSION_NOT_FOUND",
			"one-that-is-not-there":  "NotFound SESSION_NOT_FOUND",
			"' OR subject <> '":      "NotFound SESSION_NOT_FOUND",
			"":                       "InvalidArgument INVALID_REQUEST",
			"a\x00b":                 "InvalidArgument INVALID_REQUEST",
			strings.Repeat("i", 65):  "InvalidArgument INVALID_REQUEST",
			other.GetSessionId()[1:]: "NotFound SESSION_NOT_FOUND",
		} {
			_, err := w.RevokeSession(w.as(tokens), &grpcauthv1.RevokeSessionRequest{SessionId: id})
			if got := refusal(err); got != want {
				t.Errorf("%q: %s, want %s", id, got, want)
			}
		}
		for range 2 { // a lost answer, asked again
			_, err := w.RevokeSession(w.as(tokens), &grpcauthv1.RevokeSessionRequest{SessionId: other.GetSessionId()})
			wantRefusal(t, err, "OK")
		}
		_, err := w.refresh(other.GetRefreshToken())
		wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
		if s := w.session(other); s.Reason != "its owner ended it" {
			t.Errorf("reason %q", s.Reason)
		}
		w.must(w.refresh(bob.GetRefreshToken()))
		w.must(w.refresh(tokens.GetRefreshToken()))
		if n := len(w.entries("session_revoked")); n != 1 {
			t.Errorf("%d entries", n)
		}
	})
}

func TestRevokeSessionRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := w.as(w.signIn())
	_, err := w.RevokeSession(ctx, &grpcauthv1.RevokeSessionRequest{})
	wantViolations(t, err, "session_id: must not be empty")
	_, err = w.RevokeSession(ctx, &grpcauthv1.RevokeSessionRequest{SessionId: strings.Repeat("i", 64) + "\n"})
	wantViolations(t, err, "session_id: must have at most 64 bytes, has 65", "session_id: must hold no control characters")
}

// checklist: R6
func TestRevokeAllSessions(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		bob, tokens, other := w.signInBob(), w.signIn(), w.signIn()
		_, err := w.RevokeAllSessions(w.as(tokens), &grpcauthv1.RevokeAllSessionsRequest{})
		wantRefusal(t, err, "OK")
		for _, ended := range []*grpcauthv1.Tokens{tokens, other} {
			_, err := w.refresh(ended.GetRefreshToken())
			wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
		}
		w.must(w.refresh(bob.GetRefreshToken()))
		if e := w.entries("sessions_revoked"); len(e) != 1 || e[0].Subject != adaSubject || e[0].SessionID != tokens.GetSessionId() {
			t.Errorf("%+v", e)
		}
	})
}

// An access token outlives its session by some minutes, perhaps in a thief's
// hands.
func TestATokenWhoseSessionEndedManagesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens, other := w.signIn(), w.signIn()
	if _, err := w.Logout(w.as(tokens), &grpcauthv1.LogoutRequest{}); err != nil {
		t.Fatal(err)
	}
	// Behind a guard that asks for no revocations.
	guard, err := interceptor.New(w.verifier)
	if err != nil {
		t.Fatal(err)
	}
	srv := grpc.NewServer(guard.ServerOptions()...)
	w.service.Register(srv)
	if err := guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	client, ctx := w.connect(srv), w.as(tokens)
	_, err = client.ListSessions(ctx, &grpcauthv1.ListSessionsRequest{})
	wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
	_, err = client.RevokeSession(ctx, &grpcauthv1.RevokeSessionRequest{SessionId: other.GetSessionId()})
	wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
	_, err = client.RevokeAllSessions(ctx, &grpcauthv1.RevokeAllSessionsRequest{})
	wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
	w.must(w.refresh(other.GetRefreshToken()))
}

// A refresh beside a RevokeAllSessions gives no session that goes on.
//
// checklist: R6
func TestRevokeAllSessionsDuringRefreshes(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		tokens, other := w.signIn(), w.signIn()
		done := make(chan error, 1)
		go func() {
			_, err := w.RevokeAllSessions(w.as(other), &grpcauthv1.RevokeAllSessionsRequest{})
			done <- err
		}()
		for {
			next, err := w.refresh(tokens.GetRefreshToken())
			if err != nil {
				wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
				break
			}
			tokens = next
		}
		wantRefusal(t, <-done, "OK")
	})
}
