package authsvc_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

func TestLogout(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		tokens, other := w.signIn(), w.signIn()
		for range 2 {
			_, err := w.Logout(w.as(tokens), &grpcauthv1.LogoutRequest{})
			wantRefusal(t, err, "OK")
		}
		_, err := w.refresh(tokens.GetRefreshToken())
		wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
		if session := w.session(tokens); session.Reason != "logout" {
			t.Errorf("reason %q", session.Reason)
		}
		w.must(w.refresh(other.GetRefreshToken()))
	})
}

// A token of ours that no session stands behind has nothing to end.
func TestLogoutWithoutASession(t *testing.T) {
	t.Parallel()
	key, err := token.GenerateKey(token.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(s *setup) { s.config.SigningKey = key })
	issuer, err := token.NewIssuer(token.IssuerConfig{Issuer: "https://auth.example", Audience: []string{"notes"}, Key: key, Now: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	for _, session := range []string{"", "one-that-is-not-there"} {
		raw, _, err := issuer.Issue(t.Context(), token.Spec{Subject: adaSubject, ClientID: "default", SessionID: session})
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Logout(w.as(&grpcauthv1.Tokens{AccessToken: raw}), &grpcauthv1.LogoutRequest{})
		wantRefusal(t, err, "OK")
	}
}

func TestLogoutWhileTheStoreIsClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.signIn()
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := w.Logout(w.as(tokens), &grpcauthv1.LogoutRequest{})
	wantRefusal(t, err, "Unavailable STORE_UNAVAILABLE")
}

func TestGetUserInfo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.signIn()
	info, err := w.GetUserInfo(w.as(tokens), &grpcauthv1.GetUserInfoRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if info.GetSubject() != adaSubject || info.GetUsername() != "ada" || info.GetClientId() != "default" || info.GetSessionId() != tokens.GetSessionId() ||
		!slices.Equal(info.GetScopes(), []string{"notes.read", "notes.write"}) || !slices.Equal(info.GetRoles(), []string{"author"}) ||
		!info.GetAuthTime().AsTime().Equal(w.clock.Now()) || !info.GetExpiresAt().AsTime().Equal(w.clock.Now().Add(15*time.Minute)) {
		t.Errorf("%v", info)
	}
	w.people.fail(errors.New("down"))
	_, err = w.GetUserInfo(w.as(tokens), &grpcauthv1.GetUserInfoRequest{})
	wantRefusal(t, err, "Unavailable USER_UNAVAILABLE")
	w.people.fail(nil)
	w.people.remove("ada")
	_, err = w.GetUserInfo(w.as(tokens), &grpcauthv1.GetUserInfoRequest{})
	wantRefusal(t, err, "Unauthenticated USER_NOT_FOUND")
}

// protected are the calls that need a token.
func (w *world) protected(ctx context.Context) map[string]error {
	_, logout := w.Logout(ctx, &grpcauthv1.LogoutRequest{})
	_, info := w.GetUserInfo(ctx, &grpcauthv1.GetUserInfoRequest{})
	_, list := w.ListSessions(ctx, &grpcauthv1.ListSessionsRequest{})
	_, one := w.RevokeSession(ctx, &grpcauthv1.RevokeSessionRequest{SessionId: "s"})
	_, all := w.RevokeAllSessions(ctx, &grpcauthv1.RevokeAllSessionsRequest{})
	_, again := w.Reauthenticate(ctx, &grpcauthv1.ReauthenticateRequest{Password: adaPassword})
	_, password := w.ChangePassword(ctx, &grpcauthv1.ChangePasswordRequest{OldPassword: adaPassword, NewPassword: "analytical engine"})
	_, other := w.IntrospectToken(ctx, &grpcauthv1.IntrospectTokenRequest{Token: "t"})
	return map[string]error{"IntrospectToken": other, "Logout": logout, "GetUserInfo": info, "ListSessions": list, "RevokeSession": one, "RevokeAllSessions": all, "Reauthenticate": again, "ChangePassword": password}
}

// checklist: B4
func TestHandlersRefuseToRunWithoutAGuard(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) { s.unguarded = true })
	for method, err := range w.protected(w.as(w.signIn())) {
		if got := refusal(err); got != "Internal NOT_GUARDED" {
			t.Errorf("%s: %s", method, got)
		}
	}
	if !strings.Contains(w.log.String(), "Service.TrustedIssuer") {
		t.Error("the log does not say what to do")
	}
}

// checklist: B4
func TestHandlersRefuseAForeignIssuersToken(t *testing.T) {
	t.Parallel()
	key, err := token.GenerateKey(token.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := token.NewStaticKeys(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(s *setup) {
		s.trusted = []token.TrustedIssuer{{Issuer: "https://other.example", Audiences: []string{"notes"}, Keys: keys}}
	})
	other, err := token.NewIssuer(token.IssuerConfig{Issuer: "https://other.example", Audience: []string{"notes"}, Key: key, Now: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	ours := w.signIn()
	raw, _, err := other.Issue(t.Context(), token.Spec{Subject: adaSubject, ClientID: "default", SessionID: ours.GetSessionId(), Scopes: []string{"grpcauth.introspect"}})
	if err != nil {
		t.Fatal(err)
	}
	for method, err := range w.protected(w.as(&grpcauthv1.Tokens{AccessToken: raw})) {
		if got := refusal(err); got != "Internal NOT_GUARDED" {
			t.Errorf("%s: %s", method, got)
		}
	}
	w.must(w.refresh(ours.GetRefreshToken()))
}

func TestProtectedMethodsWantAToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for method, err := range w.protected(t.Context()) {
		if got := refusal(err); got != "Unauthenticated TOKEN_MISSING" {
			t.Errorf("%s: %s", method, got)
		}
	}
}

// checklist: K5
func TestKeysOfASharedSecretAreNotPublished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	resp, err := w.GetJwks(t.Context(), &grpcauthv1.GetJwksRequest{})
	if err != nil || len(resp.GetKeys()) != 0 {
		t.Errorf("%v, %v", resp, err)
	}
	if jwks, err := w.service.JWKS(); err != nil || string(jwks) != `{"keys":[]}` {
		t.Errorf("%s, %v", jwks, err)
	}
}

func TestPublicKeysVerifyOurTokens(t *testing.T) {
	t.Parallel()
	for _, alg := range []token.Algorithm{token.EdDSA, token.ES256, token.RS256} {
		t.Run(string(alg), func(t *testing.T) {
			t.Parallel()
			signing, err := token.GenerateKey(alg)
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, func(s *setup) { s.config.SigningKey = signing })
			raw := w.signIn().GetAccessToken()
			resp, err := w.GetJwks(t.Context(), &grpcauthv1.GetJwksRequest{})
			if err != nil || len(resp.GetKeys()) != 1 {
				t.Fatalf("%v, %v", resp, err)
			}
			jwk, err := protojson.Marshal(resp.GetKeys()[0])
			if err != nil {
				t.Fatal(err)
			}
			key, err := token.ParseJWK(jwk)
			if err != nil {
				t.Fatal(err)
			}
			if err := verifies(w, key, raw); err != nil {
				t.Error(err)
			}
			if _, private := resp.GetKeys()[0].GetFields()["d"]; private {
				t.Error("the private half is published")
			}
		})
	}
}

// verifies reports why a resource server that knows only key refuses raw.
func verifies(w *world, key *token.Key, raw string) error {
	keys, err := token.NewStaticKeys(key)
	if err != nil {
		return err
	}
	v, err := token.NewVerifier(token.VerifierConfig{
		Issuers: []token.TrustedIssuer{{Issuer: "https://auth.example", Audiences: []string{"notes"}, Keys: keys}}, Now: w.clock.Now,
	})
	if err != nil {
		return err
	}
	if _, err = v.Verify(w.t.Context(), raw); err != nil {
		return fmt.Errorf("the published key does not verify: %w", err)
	}
	return nil
}
