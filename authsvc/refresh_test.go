package authsvc_test

import (
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

// checklist: I3 R1
func TestRefreshGivesNewTokens(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		first := w.signIn()
		w.clock.advance(10 * time.Minute)
		second := w.must(w.refresh(first.GetRefreshToken()))
		if second.GetRefreshToken() == first.GetRefreshToken() || second.GetAccessToken() == first.GetAccessToken() {
			t.Error("a token came back")
		}
		if second.GetSessionId() != first.GetSessionId() {
			t.Error("the session is another")
		}
		before, after := w.claims(first), w.claims(second)
		if !after.AuthTime().Equal(before.AuthTime()) {
			t.Errorf("auth_time moved from %s to %s", before.AuthTime(), after.AuthTime())
		}
		if !after.IssuedAt().Equal(w.clock.Now()) || after.ID() == before.ID() {
			t.Error("the access token is an old one")
		}
		if !slices.Equal(after.Scopes(), before.Scopes()) || !slices.Equal(after.Roles(), before.Roles()) || !slices.Equal(after.Audience(), before.Audience()) {
			t.Error("scopes, roles or audience changed")
		}
		w.must(w.refresh(second.GetRefreshToken()))
	})
}

// checklist: R4
func TestSessionsExpire(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		short := func(s *setup) { s.config.RefreshTTL, s.config.SessionTTL = time.Hour, 3*time.Hour }
		idle := newWorld(t, open.use, short)
		tokens := idle.signIn()
		idle.clock.advance(time.Hour)
		_, err := idle.refresh(tokens.GetRefreshToken())
		wantRefusal(t, err, "Unauthenticated REFRESH_INVALID")

		busy := newWorld(t, open.use, short)
		tokens = busy.signIn()
		for _, want := range []time.Duration{time.Hour, time.Hour, 45 * time.Minute} {
			busy.clock.advance(45 * time.Minute)
			tokens = busy.must(busy.refresh(tokens.GetRefreshToken()))
			if got := tokens.GetRefreshExpiresIn().AsDuration(); got != want {
				t.Errorf("the refresh token is said to live for %s, want %s", got, want)
			}
		}
		busy.clock.advance(45 * time.Minute)
		_, err = busy.refresh(tokens.GetRefreshToken())
		wantRefusal(t, err, "Unauthenticated REFRESH_INVALID")
	})
}

func TestRefreshRequestFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.refresh("")
	wantRefusal(t, err, "InvalidArgument INVALID_REQUEST")
	_, err = w.Refresh(t.Context(), &grpcauthv1.RefreshRequest{
		RefreshToken: strings.Repeat("r", 513), ClientId: strings.Repeat("c", 129),
		Scopes: []string{"a b"}, IdempotencyKey: strings.Repeat("i", 129),
	})
	wantRefusal(t, err, "InvalidArgument INVALID_REQUEST")
	if got := fieldsAtFault(err); !slices.Equal(got, []string{"refresh_token", "client_id", "scopes[0]", "idempotency_key"}) {
		t.Errorf("fields at fault %q", got)
	}
}

// A closed store shows whether it was asked.
func TestJunkNeverReachesTheStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.signIn()
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	genuine := tokens.GetRefreshToken()
	for _, junk := range []string{"junk", tokens.GetAccessToken()[:400], genuine + "A", otherEnd(genuine), "grt_" + rand.Text()} {
		_, err := w.refresh(junk)
		wantRefusal(t, err, "Unauthenticated REFRESH_INVALID")
	}
	_, err := w.refresh(genuine)
	wantRefusal(t, err, "Unavailable STORE_UNAVAILABLE")
}

// otherEnd is the text with another last character.
func otherEnd(text string) string {
	last := "A"
	if strings.HasSuffix(text, last) {
		last = "B"
	}
	return text[:len(text)-1] + last
}

func Test28RefreshTokenAsBearer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.signIn()
	if _, err := w.verifier.Verify(t.Context(), tokens.GetRefreshToken()); !errors.Is(err, token.ErrMalformed) {
		t.Errorf("the verifier says %v", err)
	}
	_, err := w.GetUserInfo(w.as(&grpcauthv1.Tokens{AccessToken: tokens.GetRefreshToken()}), &grpcauthv1.GetUserInfoRequest{})
	wantRefusal(t, err, "Unauthenticated TOKEN_MALFORMED")
	_, err = w.refresh(tokens.GetAccessToken())
	wantRefusal(t, err, "Unauthenticated REFRESH_INVALID")
}
