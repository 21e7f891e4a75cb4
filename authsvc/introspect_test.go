package authsvc_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

// introspector is a world with the service "gateway", which serves notes, and
// its token.
func introspector(t *testing.T, changes ...func(*setup)) (*world, *grpcauthv1.Tokens) {
	t.Helper()
	both := func(s *setup) { s.config.Audiences = []string{"notes", "mail"} }
	w := newWorld(t, append([]func(*setup){both}, changes...)...)
	secret := w.addClient(func(c *store.Client) {
		c.ID, c.Scopes, c.Serves = "gateway", []string{"grpcauth.introspect"}, []string{"notes"}
	})
	return w, w.must(w.clientToken(bySecret("gateway", secret)))
}

// about is what the caller is told of a token.
func (w *world) about(caller *grpcauthv1.Tokens, text string) *grpcauthv1.IntrospectTokenResponse {
	w.t.Helper()
	w.log.mustNotHold(text)
	resp, err := w.IntrospectToken(w.as(caller), &grpcauthv1.IntrospectTokenRequest{Token: text})
	if err != nil {
		w.t.Fatal(refusal(err))
	}
	return resp
}

// checklist: X2
func TestIntrospectionOfATokenThatStands(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w, gateway := introspector(t, open.use)
		tokens := w.signIn()
		got, claims := w.about(gateway, tokens.GetAccessToken()), w.claims(tokens)
		want := &grpcauthv1.IntrospectTokenResponse{
			Active: true, Subject: adaSubject, ClientId: "default", SessionId: tokens.GetSessionId(),
			Scopes: []string{"notes.read", "notes.write"}, Roles: []string{"author"}, Audiences: []string{"notes", "mail"},
		}
		if got.GetExpiresAt().AsTime() != claims.ExpiresAt() || got.GetIssuedAt().AsTime() != claims.IssuedAt() || got.GetAuthTime().AsTime() != claims.AuthTime() {
			t.Errorf("it tells other times than the token: %v", got)
		}
		got.ExpiresAt, got.IssuedAt, got.AuthTime = nil, nil, nil
		if !proto.Equal(got, want) {
			t.Errorf("got %v\nwant %v", got, want)
		}
		if own := w.about(gateway, gateway.GetAccessToken()); own.GetSubject() != "client:gateway" || own.GetAuthTime() != nil || own.GetSessionId() != "" {
			t.Errorf("of a service's token it tells %v", own)
		}
	})
}

// Who takes a bound token on somebody's word can hold its bearer to it.
//
// checklist: C3 X2
func TestIntrospectionTellsWhatATokenIsBoundTo(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w, gateway := introspector(t, open.use, bound)
		certificate := selfSigned(t)
		resp, err := w.overTLS()(certificate).Login(t.Context(), &grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
		if err != nil {
			t.Fatal(err)
		}
		got := w.about(gateway, resp.GetTokens().GetAccessToken())
		if want := token.CertificateThumbprint(certificate.Leaf); !got.GetActive() || got.GetConfirmation().GetX5TS256() != want {
			t.Errorf("active %t, bound to %q, want %q", got.GetActive(), got.GetConfirmation().GetX5TS256(), want)
		}
		if own := w.about(gateway, gateway.GetAccessToken()); !own.GetActive() || own.GetConfirmation() != nil {
			t.Errorf("of a token that is bound to nothing it tells %v", own)
		}
	})
}

// checklist: X2
func TestWhateverMakesATokenInactiveIsToldAlike(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w, _ := introspector(t, open.use)
		secret, kept := authsvc.NewClientSecret(w.clock.Now(), time.Time{})
		w.changeClient("gateway", func(c *store.Client) { c.Secrets = []store.ClientSecret{kept} })

		expired := w.signIn()
		w.clock.advance(authsvc.DefaultAccessTTL) // guards let it in for half a minute more
		gateway := w.must(w.clientToken(bySecret("gateway", secret)))
		loggedOut, revoked, outdated, good := w.signIn(), w.signIn(), w.signIn(), w.signIn()
		wantRefusal(t, errorOf(w.Logout(w.as(loggedOut), &grpcauthv1.LogoutRequest{})), "OK")
		wantRefusal(t, w.revokeToken("", revoked.GetAccessToken()), "OK")
		w.addApp("phone")
		ofPhone := w.must(w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, ClientId: "phone"}))
		w.disableClient("phone")
		forMail := w.must(w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, Audiences: []string{"mail"}}))
		for name, text := range map[string]string{
			"expired":                  expired.GetAccessToken(),
			"of an ended session":      loggedOut.GetAccessToken(),
			"revoked":                  revoked.GetAccessToken(),
			"of a disabled client":     ofPhone.GetAccessToken(),
			"for another audience":     forMail.GetAccessToken(),
			"a refresh token":          good.GetRefreshToken(),
			"junk":                     "junk",
			"cut":                      good.GetAccessToken()[:50],
			"with another signature":   changed(good.GetAccessToken()),
			"of another issuer's keys": newWorld(t, func(s *setup) { s.config.Secret = []byte("another secret of thirty-two bytes") }).signIn().GetAccessToken(),
		} {
			if got := w.about(gateway, text); !proto.Equal(got, &grpcauthv1.IntrospectTokenResponse{}) {
				t.Errorf("%s: %v", name, got)
			}
		}
		if !w.about(gateway, outdated.GetAccessToken()).GetActive() {
			t.Error("a token that stands is inactive")
		}
		if err := w.store.RaiseSubject(t.Context(), adaSubject, "test"); err != nil {
			t.Fatal(err)
		}
		if got := w.about(gateway, outdated.GetAccessToken()); !proto.Equal(got, &grpcauthv1.IntrospectTokenResponse{}) {
			t.Errorf("outdated: %v", got)
		}
	})
}

// The scope comes from the store's clients alone, and opens nothing to whom
// serves nothing.
//
// checklist: X2 I5
func TestWhoMayIntrospect(t *testing.T) {
	t.Parallel()
	w, gateway := introspector(t)
	w.people.change(func(p *person) { p.Scopes = append(p.Scopes, "grpcauth.introspect") })
	ada := w.signIn()
	crawler := w.must(w.clientToken(bySecret("crawler", w.addClient())))
	idle := w.must(w.clientToken(bySecret("idle", w.addClient(func(c *store.Client) {
		c.ID, c.Scopes = "idle", []string{"grpcauth.introspect"}
	}))))
	ask := func(caller *grpcauthv1.Tokens) error {
		return errorOf(w.IntrospectToken(w.as(caller), &grpcauthv1.IntrospectTokenRequest{Token: ada.GetAccessToken()}))
	}
	wantRefusal(t, errorOf(w.IntrospectToken(t.Context(), &grpcauthv1.IntrospectTokenRequest{Token: "x"})), "Unauthenticated TOKEN_MISSING")
	wantRefusal(t, ask(ada), "PermissionDenied SCOPE_MISSING")
	wantRefusal(t, ask(crawler), "PermissionDenied SCOPE_MISSING")
	if w.about(idle, ada.GetAccessToken()).GetActive() {
		t.Error("a service that serves nothing sees a token")
	}
	wantRefusal(t, errorOf(w.IntrospectToken(w.as(gateway), &grpcauthv1.IntrospectTokenRequest{})), "InvalidArgument INVALID_REQUEST")

	w.changeClient("gateway", func(c *store.Client) { c.Serves = []string{"mail"} })
	if !w.about(gateway, ada.GetAccessToken()).GetActive() {
		t.Error("the record that stands now does not count")
	}
	w.changeClient("gateway", func(c *store.Client) { c.Serves = nil })
	if w.about(gateway, ada.GetAccessToken()).GetActive() {
		t.Error("a record that has changed still counts")
	}
	w.disableClient("gateway")
	wantRefusal(t, ask(gateway), "Unauthenticated TOKEN_OUTDATED")
}

// A person who may introspect, by the store's own users, serves nothing, even
// with an app whose record says so.
//
// checklist: X2
func TestAPersonSeesNoTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, builtIn)
	w.addAda(func(u *store.User) { u.Scopes = append(u.Scopes, "grpcauth.introspect") })
	w.addApp("web")
	ada := w.must(w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, ClientId: "web"}))
	for _, service := range []bool{false, true} {
		w.changeClient("web", func(c *store.Client) { c.Users, c.Service, c.Serves = !service, service, []string{"notes"} })
		if w.about(ada, ada.GetAccessToken()).GetActive() {
			t.Errorf("she sees a token, service: %t", service)
		}
	}
}

func TestIntrospectionWhileTheStoreIsDown(t *testing.T) {
	t.Parallel()
	w, gateway := introspector(t)
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	err := errorOf(w.IntrospectToken(w.as(gateway), &grpcauthv1.IntrospectTokenRequest{Token: gateway.GetAccessToken()}))
	wantRefusal(t, err, "Unavailable REVOCATION_UNAVAILABLE")
}
