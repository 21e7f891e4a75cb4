package authsvc_test

import (
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

// counters are what a token says that it is measured by.
func (w *world) counters(tokens *grpcauthv1.Tokens) token.Counters {
	w.t.Helper()
	counters, ok := w.claims(tokens).Counters()
	if !ok {
		w.t.Fatal("a token without counters")
	}
	return counters
}

// standing are the counters that the store holds.
func (w *world) standing(tokens *grpcauthv1.Tokens) token.Counters {
	w.t.Helper()
	claims := w.claims(tokens)
	standing, err := w.store.Standing(w.t.Context(), store.TokenRef{Subject: claims.Subject(), ClientID: claims.ClientID()})
	if err != nil {
		w.t.Fatal(err)
	}
	return token.Counters(standing.Counters)
}

// checklist: R6 X5
func TestTokensCarryTheCountersThatStood(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		first := w.signIn()
		before := w.counters(first)
		if before != w.standing(first) || before.Subject < 1 || before.Client < 1 || before.All < 1 {
			t.Errorf("the token of a login carries %+v, and %+v stand", before, w.standing(first))
		}
		if again := w.counters(w.must(w.refresh(first.GetRefreshToken()))); again != before {
			t.Errorf("nothing has moved, and a refresh gives %+v after %+v", again, before)
		}

		for name, tc := range map[string]struct {
			raise func() error
			want  token.Counters // more than before
		}{
			"the subject's": {func() error { return w.store.RaiseSubject(t.Context(), adaSubject, "log out everywhere") }, token.Counters{Subject: 1}},
			"the client's":  {func() error { return w.store.RaiseClient(t.Context(), "default", "leaked") }, token.Counters{Client: 1}},
		} {
			old := w.signIn()
			before := w.counters(old)
			if err := tc.raise(); err != nil {
				t.Fatal(err)
			}
			after := w.counters(w.signIn())
			want := token.Counters{All: before.All + tc.want.All, Client: before.Client + tc.want.Client, Subject: before.Subject + tc.want.Subject}
			if after != want {
				t.Errorf("%s counter was raised, and a login gives %+v after %+v", name, after, before)
			}
			if !w.counters(old).Before(after) || after.Before(after) {
				t.Errorf("%s: the old token is not out of date", name)
			}
			_, err := w.GetUserInfo(w.as(old), &grpcauthv1.GetUserInfoRequest{})
			wantRefusal(t, err, "Unauthenticated TOKEN_REVOKED")
		}
	})
}

// The counters are those from before the user was asked for: what changed
// since makes the token out of date.
//
// checklist: R6
func TestARaiseDuringARefresh(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		tokens := w.signIn()
		before := w.counters(tokens)
		w.people.loaded = func() {
			w.people.loaded = nil
			if err := w.store.RaiseSubject(t.Context(), adaSubject, "password changed"); err != nil {
				t.Error(err)
			}
		}
		_, err := w.refresh(tokens.GetRefreshToken())
		wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
		if after := w.standing(tokens); !before.Before(after) {
			t.Errorf("%+v stand after %+v", after, before)
		}
	})
}

// What was given out before a backup was restored is none of ours.
//
// checklist: R7
func TestRefreshAfterARecovery(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		before := newWorld(t, open.use)
		unused := before.signIn()
		used := before.signIn()
		newest := before.must(before.keyed(t.Context(), used.GetRefreshToken(), aKey))
		counters := before.counters(newest)
		if err := before.store.Recover(t.Context(), "restored from a backup"); err != nil {
			t.Fatal(err)
		}
		_, err := before.keyed(t.Context(), newest.GetRefreshToken(), anotherKey) // a server that was not restarted
		wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")

		after := newWorld(t, func(s *setup) { s.open = func(testing.TB, func() time.Time) store.Store { return before.store } })
		for name, old := range map[string]*grpcauthv1.Tokens{"never used": unused, "used up": used, "the newest": newest} {
			for _, key := range []string{aKey, ""} {
				_, err := after.keyed(t.Context(), old.GetRefreshToken(), key)
				if got := refusal(err); got != "Unauthenticated REFRESH_INVALID" {
					t.Errorf("%s: %s", name, got)
				}
			}
			_, err := after.GetUserInfo(after.as(old), &grpcauthv1.GetUserInfoRequest{})
			wantRefusal(t, err, "Unauthenticated TOKEN_REVOKED")
		}
		if entries := after.entries("refresh_reused"); len(entries) != 0 {
			t.Errorf("an honest client is recorded as a thief: %+v", entries)
		}
		again := after.signIn()
		if now := after.counters(again); now.Subject < counters.Subject+store.FarAhead || now.All < counters.All+store.FarAhead {
			t.Errorf("counters %+v after %+v", now, counters)
		}
		after.must(after.keyed(t.Context(), again.GetRefreshToken(), aKey))
	})
}
