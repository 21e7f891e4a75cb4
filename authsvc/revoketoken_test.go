package authsvc_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// revokeToken gives a token up, as a client without proof.
func (w *world) revokeToken(clientID, token string) error {
	w.log.mustNotHold(token)
	_, err := w.RevokeToken(w.t.Context(), &grpcauthv1.RevokeTokenRequest{Token: token, ClientId: clientID})
	return err
}

// stands is what the guard says of an access token.
func (w *world) stands(tokens *grpcauthv1.Tokens) string {
	_, err := w.GetUserInfo(w.as(tokens), &grpcauthv1.GetUserInfoRequest{})
	return refusal(err)
}

// checklist: X1
func TestARevokedAccessTokenIsRefused(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		revoked, other := w.signIn(), w.signIn()
		for range 2 {
			wantRefusal(t, w.revokeToken("", revoked.GetAccessToken()), "OK")
		}
		if got := w.stands(revoked); got != "Unauthenticated TOKEN_REVOKED" {
			t.Errorf("the token: %s", got)
		}
		if got := w.stands(other); got != "OK" {
			t.Errorf("another session's: %s", got)
		}
		if got := w.stands(w.must(w.refresh(revoked.GetRefreshToken()))); got != "OK" {
			t.Errorf("its successor: %s", got)
		}
		log := w.entries("token_revoked")
		if len(log) != 1 || log[0].Actor != "client:default" || log[0].Subject != adaSubject || log[0].SessionID != revoked.GetSessionId() {
			t.Errorf("recorded %+v, want one entry", log)
		}
	})
}

// Some guards' clocks are behind ours: a token stays revoked until their
// leeway is over, too.
//
// checklist: X1
func TestARevokedTokenStaysSoUntilItCanBeOfNoUse(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		tokens := w.signIn()
		wantRefusal(t, w.revokeToken("", tokens.GetAccessToken()), "OK")
		claims := w.claims(tokens)
		w.clock.advance(authsvc.DefaultAccessTTL + 29*time.Second)
		if _, err := w.store.Sweep(t.Context(), 1000); err != nil {
			t.Fatal(err)
		}
		if err := w.service.Revocations().Check(t.Context(), claims); err == nil {
			t.Error("it was forgotten while a guard's leeway lets it in")
		}
	})
}

// checklist: X1
func TestRevokingARefreshTokenEndsItsSession(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		for name, used := range map[string]bool{"the newest": false, "one that was used up": true} {
			w := newWorld(t, open.use)
			first := w.signIn()
			last := first
			if used {
				last = w.must(w.refresh(first.GetRefreshToken()))
			}
			for range 2 {
				wantRefusal(t, w.revokeToken("", first.GetRefreshToken()), "OK")
			}
			if got := w.stands(last); got != "Unauthenticated TOKEN_REVOKED" {
				t.Errorf("%s: the access token: %s", name, got)
			}
			_, err := w.refresh(last.GetRefreshToken())
			wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
			if s := w.session(first); s.Reason != "revoked by its client" {
				t.Errorf("%s: the reason is %q", name, s.Reason)
			}
			if log := w.entries("session_revoked"); len(log) != 1 || log[0].Actor != "client:default" || log[0].Reason != "revoked by its client" {
				t.Errorf("%s: recorded %+v, want one entry", name, log)
			}
			wantRefusal(t, errorOf(w.Logout(w.as(last), &grpcauthv1.LogoutRequest{})), "OK")
		}
	})
}

func errorOf[T any](_ T, err error) error { return err }

// checklist: X1 X5
func TestRevokingWhatIsNoTokenOfTheClientHasNoEffect(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		w.addApp("web")
		tokens := w.signIn()
		stale := w.signIn()
		elsewhere := newWorld(t).signIn()
		before, err := w.store.Ledger(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{
			"junk": "junk", "junk like a refresh token": "grt_junk", "a JWT of nobody": "e30.e30.e30",
			"another service's refresh token": strings.Replace(elsewhere.GetRefreshToken(), "grt_", "grt_x", 1),
			"a token that is cut":             tokens.GetAccessToken()[:100],
			"a changed signature":             changed(tokens.GetAccessToken()),
			"a changed MAC":                   changed(tokens.GetRefreshToken()),
		} {
			if err := w.revokeToken("", text); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, text := range []string{tokens.GetAccessToken(), tokens.GetRefreshToken()} {
			wantRefusal(t, w.revokeToken("web", text), "OK") // another client's
		}
		if got := w.stands(tokens); got != "OK" {
			t.Errorf("the token: %s", got)
		}
		w.clock.advance(authsvc.DefaultRefreshTTL)
		wantRefusal(t, w.revokeToken("", stale.GetAccessToken()), "OK")
		wantRefusal(t, w.revokeToken("", stale.GetRefreshToken()), "OK")
		after, err := w.store.Ledger(t.Context())
		if err != nil || after != before {
			t.Errorf("events were written: %+v, before %+v (%v)", after, before, err)
		}
	})
}

// changed is a token with one character in its last part changed.
func changed(text string) string {
	at := len(text) - 10
	other := byte('A')
	if text[at] == other {
		other = 'B'
	}
	return text[:at] + string(other) + text[at+1:]
}

// checklist: X1 C1
func TestAConfidentialClientProvesItselfToRevoke(t *testing.T) {
	t.Parallel()
	key := edSigner(t)
	w := newWorld(t)
	secret := w.addClient()
	w.addKeyed(key, func(c *store.Client) { c.ID = "keyed" })
	tokens, err := w.clientToken(bySecret("crawler", secret))
	if err != nil {
		t.Fatal(err)
	}
	claims := w.claims(tokens)
	request := func(id string) *grpcauthv1.RevokeTokenRequest {
		return &grpcauthv1.RevokeTokenRequest{Token: tokens.GetAccessToken(), ClientId: id}
	}
	with := func(r *grpcauthv1.RevokeTokenRequest, secret string) *grpcauthv1.RevokeTokenRequest {
		r = proto.CloneOf(r)
		r.Proof = &grpcauthv1.RevokeTokenRequest_ClientSecret{ClientSecret: secret}
		return r
	}
	for name, req := range map[string]*grpcauthv1.RevokeTokenRequest{
		"no proof":                 request("crawler"),
		"a wrong secret":           with(request("crawler"), "gcs_wrong"),
		"an unknown client":        request("nobody"),
		"a public client's secret": with(request("default"), secret),
	} {
		if got := refusal(errorOf(w.RevokeToken(t.Context(), req))); got != "Unauthenticated INVALID_CLIENT" {
			t.Errorf("%s: %s", name, got)
		}
	}
	theirs := request("keyed")
	theirs.Proof = &grpcauthv1.RevokeTokenRequest_ClientAssertion{ClientAssertion: key.sign(t, w.assertion(map[string]any{"iss": "keyed", "sub": "keyed"}), nil)}
	wantRefusal(t, errorOf(w.RevokeToken(t.Context(), theirs)), "OK") // and no effect
	if err := w.service.Revocations().Check(t.Context(), claims); err != nil {
		t.Error("another client took the token back")
	}
	wantRefusal(t, errorOf(w.RevokeToken(t.Context(), with(request("crawler"), secret))), "OK")
	if err := w.service.Revocations().Check(t.Context(), claims); err == nil {
		t.Error("the token stands")
	}
}

// Junk uses up nobody's pace, so that a public client, whose id everybody
// knows, can't be kept from revoking.
//
// checklist: X5
func TestRevokingIsSlowedDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 1100 {
		if err := w.revokeToken("", "junk"); err != nil {
			t.Fatal(err)
		}
	}
	tokens := w.signIn()
	for range 1000 {
		wantRefusal(t, w.revokeToken("", tokens.GetAccessToken()), "OK")
		tokens = w.must(w.refresh(tokens.GetRefreshToken()))
	}
	wantRefusal(t, w.revokeToken("", tokens.GetAccessToken()), "ResourceExhausted THROTTLED")
	wantRefusal(t, w.revokeToken("", tokens.GetRefreshToken()), "ResourceExhausted THROTTLED")
	w.clock.advance(time.Second)
	wantRefusal(t, w.revokeToken("", tokens.GetRefreshToken()), "OK")
}

func TestRevokeTokenRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, text := range []string{"", strings.Repeat("x", 8193)} {
		wantRefusal(t, w.revokeToken("", text), "InvalidArgument INVALID_REQUEST")
	}
	wantRefusal(t, w.revokeToken(strings.Repeat("x", 129), "x"), "InvalidArgument INVALID_REQUEST")
}
