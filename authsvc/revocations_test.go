package authsvc_test

import (
	"errors"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/revocation"
	"github.com/grpcauth/grpcauth/token"
)

// A guard that asks the store feels at once what has changed.
//
// checklist: X1 X5
func TestWhatEndsATokenIsFeltAtTheNextCall(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		for name, tc := range map[string]struct {
			change func(*world, *grpcauthv1.Tokens) error
			want   string
		}{
			"nothing": {func(*world, *grpcauthv1.Tokens) error { return nil }, "OK"},
			"32 logout": {func(w *world, tokens *grpcauthv1.Tokens) error {
				return errorOf(w.Logout(w.as(tokens), &grpcauthv1.LogoutRequest{}))
			}, "Unauthenticated TOKEN_REVOKED"},
			"all sessions of the subject ended": {func(w *world, _ *grpcauthv1.Tokens) error {
				return w.store.RaiseSubject(w.t.Context(), adaSubject, "test")
			}, "Unauthenticated TOKEN_REVOKED"},
			"all of the client ended": {func(w *world, _ *grpcauthv1.Tokens) error {
				return w.store.RaiseClient(w.t.Context(), "default", "test")
			}, "Unauthenticated TOKEN_REVOKED"},
			"a restored backup": {func(w *world, _ *grpcauthv1.Tokens) error {
				return w.store.Recover(w.t.Context(), "test")
			}, "Unauthenticated TOKEN_REVOKED"},
			"another subject": {func(w *world, _ *grpcauthv1.Tokens) error {
				return w.store.RaiseSubject(w.t.Context(), "u-other", "test")
			}, "OK"},
			"the store fails": {func(w *world, _ *grpcauthv1.Tokens) error { return w.store.Close() }, "Unavailable REVOCATION_UNAVAILABLE"},
		} {
			w := newWorld(t, open.use)
			tokens := w.signIn()
			if err := tc.change(w, tokens); err != nil {
				t.Fatal(name, err)
			}
			if got := w.stands(tokens); got != tc.want {
				t.Errorf("%s: got %s, want %s", name, got, tc.want)
			}
		}
	})
}

// checklist: X5
func TestATokenWithoutASessionIsMeasuredByItsCounters(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		secret := w.addClient()
		claims := w.claims(w.must(w.clientToken(bySecret("crawler", secret))))
		check := w.service.Revocations()
		if err := check.Check(t.Context(), claims); err != nil {
			t.Fatal(err)
		}
		w.disableClient("crawler")
		if err := check.Check(t.Context(), claims); !errors.Is(err, revocation.ErrOutdated) {
			t.Errorf("after the client was disabled: %v", err)
		}
		w.changeClient("crawler", func(c *store.Client) { c.DisabledAt = time.Time{} })
		if err := check.Check(t.Context(), claims); !errors.Is(err, revocation.ErrOutdated) {
			t.Errorf("after it was enabled again: %v", err)
		}
		if err := check.Check(t.Context(), w.claims(w.must(w.clientToken(bySecret("crawler", secret))))); err != nil {
			t.Errorf("a new token: %v", err)
		}
	})
}

// Of another issuer's tokens the store knows nothing. One of ours must say by
// what it is measured.
func TestTokensThatTheStoreCantMeasure(t *testing.T) {
	t.Parallel()
	key, err := token.GenerateKey(token.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(s *setup) { s.config.SigningKey = key })
	for name, want := range map[string]error{"https://auth.example": revocation.ErrOutdated, "https://other.example": nil} {
		issuer, err := token.NewIssuer(token.IssuerConfig{Issuer: name, Audience: []string{"notes"}, Key: key, Now: w.clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		_, claims, err := issuer.Issue(t.Context(), token.Spec{Subject: "ada", ClientID: "web"})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.service.Revocations().Check(t.Context(), claims); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
