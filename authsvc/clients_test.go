package authsvc_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// addClient puts a client into the store. Without a change it is the service
// "crawler", which may read notes; its secret comes back.
func (w *world) addClient(changes ...func(*store.Client)) (secret string) {
	w.t.Helper()
	secret, kept := authsvc.NewClientSecret(w.clock.Now(), time.Time{})
	w.log.mustNotHold(secret)
	c := store.Client{
		ID: "crawler", Service: true, Secrets: []store.ClientSecret{kept},
		Scopes: []string{"notes.read", "notes.index"}, CreatedAt: w.clock.Now(),
	}
	for _, change := range changes {
		change(&c)
	}
	if err := authsvc.CheckClient(c, w.clock.Now()); err != nil {
		w.t.Fatal(err)
	}
	if err := w.store.AddClient(w.t.Context(), c); err != nil {
		w.t.Fatal(err)
	}
	return secret
}

// addApp puts a client for users into the store.
func (w *world) addApp(id string, changes ...func(*store.Client)) {
	w.t.Helper()
	app := func(c *store.Client) { *c = store.Client{ID: id, Users: true, AllScopes: true, CreatedAt: c.CreatedAt} }
	w.addClient(append([]func(*store.Client){app}, changes...)...)
}

func (w *world) changeClient(id string, change func(*store.Client)) {
	w.t.Helper()
	err := w.store.UpdateClient(w.t.Context(), id, func(_ time.Time, c *store.Client) error {
		change(c)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) disableClient(id string) {
	w.t.Helper()
	w.changeClient(id, func(c *store.Client) { c.DisabledAt = w.clock.Now() })
}

// clientToken asks for a token of a service.
func (w *world) clientToken(req *grpcauthv1.IssueClientTokenRequest) (*grpcauthv1.Tokens, error) {
	resp, err := w.IssueClientToken(w.t.Context(), req)
	w.log.mustNotHold(req.GetClientSecret(), req.GetClientAssertion(), resp.GetAccessToken())
	return &grpcauthv1.Tokens{AccessToken: resp.GetAccessToken(), Scopes: resp.GetScopes()}, err
}

// bySecret is a request with a secret.
func bySecret(id, secret string) *grpcauthv1.IssueClientTokenRequest {
	return &grpcauthv1.IssueClientTokenRequest{ClientId: id, Proof: &grpcauthv1.IssueClientTokenRequest_ClientSecret{ClientSecret: secret}}
}

func TestAClientOfTheStoreLogsUsersIn(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		w.addApp("phone", func(c *store.Client) { c.AllScopes, c.Scopes = false, []string{"notes.read"} })
		tokens := w.must(w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, ClientId: "phone"}))
		if claims := w.claims(tokens); claims.ClientID() != "phone" || !slices.Equal(claims.Scopes(), []string{"notes.read"}) {
			t.Errorf("the token is of %q with %q", claims.ClientID(), claims.Scopes())
		}
		again, err := w.Refresh(t.Context(), &grpcauthv1.RefreshRequest{RefreshToken: tokens.GetRefreshToken(), ClientId: "phone"})
		wantRefusal(t, err, "OK")

		w.disableClient("phone")
		_, err = w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, ClientId: "phone"})
		wantRefusal(t, err, "Unauthenticated INVALID_CLIENT")
		_, err = w.Refresh(t.Context(), &grpcauthv1.RefreshRequest{RefreshToken: again.GetTokens().GetRefreshToken(), ClientId: "phone"})
		wantRefusal(t, err, "Unauthenticated INVALID_CLIENT")
		_, err = w.GetUserInfo(w.as(again.GetTokens()), &grpcauthv1.GetUserInfoRequest{})
		wantRefusal(t, err, "Unauthenticated TOKEN_REVOKED")
		w.signIn() // by the default client, which is another
	})
}

// Login and Refresh take no proof of the client, so nobody may go by the id of
// one that has to bring one.
func TestAClientThatMustProveItselfLogsNobodyIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addClient()
	w.addApp("web")
	tokens := w.must(w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, ClientId: "web"}))
	_, kept := authsvc.NewClientSecret(w.clock.Now(), time.Time{})
	w.changeClient("web", func(c *store.Client) { c.Secrets = []store.ClientSecret{kept} })
	for _, id := range []string{"crawler", "web", "nobody", "web\x00", "\n"} {
		_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, ClientId: id})
		wantRefusal(t, err, "Unauthenticated INVALID_CLIENT")
		_, err = w.Refresh(t.Context(), &grpcauthv1.RefreshRequest{RefreshToken: tokens.GetRefreshToken(), ClientId: id})
		wantRefusal(t, err, "Unauthenticated INVALID_CLIENT")
	}
}

// Anything can be sent as a client's id, a password too.
//
// checklist: B2
func TestTheLogNamesNoClientThatIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.log.mustNotHold(adaPassword)
	_, login := w.Login(t.Context(), &grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, ClientId: adaPassword})
	_, refresh := w.Refresh(t.Context(), &grpcauthv1.RefreshRequest{RefreshToken: w.signIn().GetRefreshToken(), ClientId: adaPassword})
	_, issue := w.IssueClientToken(t.Context(), bySecret(adaPassword, "not the secret"))
	revoke := w.revokeToken(adaPassword, "no token at all")
	for method, err := range map[string]error{"login": login, "refresh": refresh, "issue": issue, "revoke": revoke} {
		if got := refusal(err); got != "Unauthenticated INVALID_CLIENT" {
			t.Errorf("%s: %s", method, got)
		}
	}
	if n := strings.Count(w.log.String(), `"client":"unknown"`); n != 4 {
		t.Errorf("%d of 4 refusals tell of an unknown client", n)
	}
}

func TestNewRefusesAClientThatIsInBothPlaces(t *testing.T) {
	t.Parallel()
	st := memory.New()
	if err := st.AddClient(t.Context(), store.Client{ID: "web", Users: true}); err != nil {
		t.Fatal(err)
	}
	_, err := authsvc.New(authsvc.Config{
		Issuer: "https://auth.example", Audiences: []string{"notes"}, Secret: bytes.Repeat([]byte("x"), 32), Store: st,
		Clients: []authsvc.Client{{ID: "web"}},
	})
	if err == nil || !strings.Contains(err.Error(), `both have a client "web"`) {
		t.Errorf("got %v", err)
	}
}

// A store that fails is no refusal of the client.
func TestClientsWhileTheStoreIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens, secret := w.signIn(), w.addClient()
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := w.clientToken(bySecret("crawler", secret))
	wantRefusal(t, err, "Unavailable STORE_UNAVAILABLE")
	_, err = w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, ClientId: "phone"})
	wantRefusal(t, err, "Unavailable STORE_UNAVAILABLE")
	_, err = w.RevokeToken(t.Context(), &grpcauthv1.RevokeTokenRequest{Token: tokens.GetAccessToken()})
	wantRefusal(t, err, "Unavailable STORE_UNAVAILABLE")
	_, err = w.GetUserInfo(w.as(tokens), &grpcauthv1.GetUserInfoRequest{})
	wantRefusal(t, err, "Unavailable REVOCATION_UNAVAILABLE") // PARITY "33 the revocation source fails"
}

func TestClientRecordsThatAreRefused(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	_, secret := authsvc.NewClientSecret(now, time.Time{})
	_, dead := authsvc.NewClientSecret(now, now)
	for name, tc := range map[string]struct {
		client store.Client
		want   string // "": taken
	}{
		"an app":                         {store.Client{ID: "web", Users: true, AllScopes: true}, ""},
		"a service":                      {store.Client{ID: "a", Service: true, Secrets: []store.ClientSecret{secret, secret, dead}, Serves: []string{"notes"}}, ""},
		"a service yet without a secret": {store.Client{ID: "a", Service: true}, ""},
		"without an id":                  {store.Client{Users: true}, "the id is empty"},
		"a long id":                      {store.Client{ID: strings.Repeat("x", 129), Users: true}, "129 bytes"},
		"an id with a line break":        {store.Client{ID: "a\nb", Users: true}, "control character"},
		"a name with an escape":          {store.Client{ID: "a", Name: "\x1b[2J", Users: true}, "control character"},
		"neither":                        {store.Client{ID: "a"}, "choose one"},
		"both":                           {store.Client{ID: "a", Users: true, Service: true}, "choose one"},
		"an app with a secret":           {store.Client{ID: "a", Users: true, Secrets: []store.ClientSecret{secret}}, "is public"},
		"an app that serves":             {store.Client{ID: "a", Users: true, Serves: []string{"notes"}}, "can't introspect"},
		"a service with a user's scopes": {store.Client{ID: "a", Service: true, AllScopes: true}, "list its scopes"},
		"three secrets":                  {store.Client{ID: "a", Service: true, Secrets: []store.ClientSecret{secret, secret, secret}}, "more than 2 secrets"},
		"a scope that is two":            {store.Client{ID: "a", Service: true, Scopes: []string{"a b"}}, `scope "a b"`},
		"an empty audience":              {store.Client{ID: "a", Service: true, Audiences: []string{""}}, "an audience is empty"},
		"keys that are none":             {store.Client{ID: "a", Service: true, JWKS: []byte(`{"keys":[]}`)}, "no JWK Set"},
		"a symmetric key":                {store.Client{ID: "a", Service: true, JWKS: []byte(`{"keys":[{"kty":"oct","k":"AAAA"}]}`)}, "keys[0]: token: JWK is a symmetric key"},
	} {
		t.Run(name, func(t *testing.T) {
			err := authsvc.CheckClient(tc.client, now)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// checklist: C1
func TestClientSecretsAreRandomAndKeptAsTheirHash(t *testing.T) {
	t.Parallel()
	a, kept := authsvc.NewClientSecret(time.Now(), time.Time{})
	b, _ := authsvc.NewClientSecret(time.Now(), time.Time{})
	if a == b || !strings.HasPrefix(a, "gcs_") || len(a) != len("gcs_")+43 {
		t.Error("a secret is not 32 random bytes in base64url")
	}
	if len(kept.Hash) != 32 || strings.Contains(a, kept.ID) || bytes.Contains(kept.Hash, []byte(a)) {
		t.Error("the record tells the secret")
	}
}

// fromAddress is a context whose calls seem to come from an address, where a proxy
// stands that terminates TLS.
func fromAddress(ctx context.Context, address string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "test-peer", address)
}
