package authsvc_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// checklist: I1 I2 I3 I5
func TestLoginGivesTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.signIn()
	if tokens.GetTokenType() != "Bearer" || tokens.GetExpiresIn().AsDuration() != 15*time.Minute ||
		tokens.GetRefreshExpiresIn().AsDuration() != 30*24*time.Hour {
		t.Errorf("type %q, access %s, refresh %s", tokens.GetTokenType(), tokens.GetExpiresIn().AsDuration(), tokens.GetRefreshExpiresIn().AsDuration())
	}
	if !slices.Equal(tokens.GetScopes(), []string{"notes.read", "notes.write"}) {
		t.Errorf("scopes %q", tokens.GetScopes())
	}
	claims := w.claims(tokens)
	tier, _ := claims.Claim("tier").Text()
	for what, pair := range map[string][2]string{
		"subject":   {claims.Subject(), adaSubject},
		"client":    {claims.ClientID(), authsvc.DefaultClient},
		"issuer":    {claims.Issuer(), "https://auth.example"},
		"session":   {claims.SessionID(), tokens.GetSessionId()},
		"scopes":    {strings.Join(claims.Scopes(), " "), "notes.read notes.write"},
		"roles":     {strings.Join(claims.Roles(), " "), "author"},
		"audience":  {strings.Join(claims.Audience(), " "), "notes"},
		"auth_time": {claims.AuthTime().UTC().String(), w.clock.Now().String()},
		"tier":      {tier, "gold"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %q, want %q", what, pair[0], pair[1])
		}
	}
}

func Test50UnknownUserAndWrongPasswordAreTheSame(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*setup){"caller's own users": func(*setup) {}, "built-in users": builtIn} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, change)
			w.addAda(nil)
			_, wrong := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: "wrong password"})
			_, unknown := w.login(&grpcauthv1.LoginRequest{Username: "nobody-by-that-name", Password: "wrong password"})
			wantRefusal(t, wrong, "Unauthenticated INVALID_CREDENTIALS")
			if a, b := status.Convert(wrong).Proto(), status.Convert(unknown).Proto(); !proto.Equal(a, b) {
				t.Errorf("wrong password: %v\nunknown user: %v", a, b)
			}
			if strings.Contains(w.log.String(), "nobody-by-that-name") || !strings.Contains(w.log.String(), "login_failed") {
				t.Error("the log names an unknown user, or has no event")
			}
		})
	}
}

// checklist: P2
func Test50UnknownUserTakesAsLong(t *testing.T) {
	w := newWorld(t, builtIn)
	w.addAda(nil)
	w.addAda(func(u *store.User) { u.Subject, u.Username, u.DisabledAt = "u-2", "bob", w.clock.Now() })
	quickest := func(username string) time.Duration {
		best := time.Hour
		for range 5 {
			start := time.Now()
			_, err := w.login(&grpcauthv1.LoginRequest{Username: username, Password: "wrong password"})
			best = min(best, time.Since(start))
			wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
		}
		return best
	}
	wrong := quickest("ada")
	for _, other := range []string{"nobody", "bob"} {
		// Without a hash the answer takes less than a tenth.
		if took := quickest(other); took < wrong/2 {
			t.Errorf("%s is refused after %s, a wrong password after %s", other, took, wrong)
		}
	}
}

func Test51RightUserWithAWrongPasswordNeverPasses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, builtIn)
	w.addAda(nil)
	w.addAda(func(u *store.User) {
		u.Subject, u.Username, u.PasswordHash = "u-2", "bob", hashed(t, "another password")
	})
	for _, wrong := range []string{"wrong password", adaPassword + " ", adaPassword[:len(adaPassword)-1], strings.ToUpper(adaPassword), "another password", "\x00"} {
		_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: wrong})
		wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
	}
	w.signIn()
}

func Test52MissingAndOversizedFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, tc := range map[string]struct {
		req  *grpcauthv1.LoginRequest
		want []string
	}{
		"nothing":     {&grpcauthv1.LoginRequest{}, []string{"username", "password"}},
		"no password": {&grpcauthv1.LoginRequest{Username: "ada"}, []string{"password"}},
		"no username": {&grpcauthv1.LoginRequest{Password: "x"}, []string{"username"}},
		"all too long": {&grpcauthv1.LoginRequest{
			Username: strings.Repeat("u", 257), Password: strings.Repeat("p", 1025), ClientId: strings.Repeat("c", 129),
			Scopes: []string{"ok", strings.Repeat("s", 129)}, Audiences: []string{strings.Repeat("a", 257)}, Label: strings.Repeat("l", 129),
		}, []string{"username", "password", "client_id", "scopes[1]", "audiences[0]", "label"}},
		"too many": {&grpcauthv1.LoginRequest{
			Username: "ada", Password: "x", Scopes: slices.Repeat([]string{"s"}, 65), Audiences: slices.Repeat([]string{"a"}, 65),
		}, []string{"scopes", "audiences"}},
		"empty entries":     {&grpcauthv1.LoginRequest{Username: "ada", Password: "x", Scopes: []string{""}, Audiences: []string{""}}, []string{"scopes[0]", "audiences[0]"}},
		"two scopes in one": {&grpcauthv1.LoginRequest{Username: "ada", Password: "x", Scopes: []string{"notes.read grpcauth.admin"}}, []string{"scopes[0]"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := w.login(tc.req)
			wantRefusal(t, err, "InvalidArgument INVALID_REQUEST")
			if got := fieldsAtFault(err); !slices.Equal(got, tc.want) {
				t.Errorf("fields at fault %q, want %q", got, tc.want)
			}
		})
	}
}

func fieldsAtFault(err error) []string {
	var fields []string
	for _, d := range status.Convert(err).Details() {
		if bad, ok := d.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				fields = append(fields, v.GetField())
			}
		}
	}
	return fields
}

// checklist: B7
func TestSecretsOverPlaintextAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) {
		s.config.AllowPlaintextFrom = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	})
	refreshToken := w.signIn().GetRefreshToken()
	for from, want := range map[string]string{
		"203.0.113.9": "Unauthenticated PLAINTEXT", "198.51.101.4": "Unauthenticated PLAINTEXT", "198.51.100.4": "OK", "127.0.0.1": "OK",
	} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "test-peer", from)
		_, err := w.Login(ctx, &grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
		wantRefusal(t, err, want)
		resp, err := w.Refresh(ctx, &grpcauthv1.RefreshRequest{RefreshToken: refreshToken})
		wantRefusal(t, err, want)
		if err == nil {
			refreshToken = resp.GetTokens().GetRefreshToken()
		}
	}
}

func TestClients(t *testing.T) {
	t.Parallel()
	web := authsvc.Client{ID: "web", Scopes: []string{"notes.read", "pay"}, Audiences: []string{"bank"}}
	ours := authsvc.Client{ID: authsvc.DefaultClient, AllScopes: true}
	with := func(clients ...authsvc.Client) func(*setup) {
		return func(s *setup) { s.config.Clients, s.config.Audiences = clients, []string{"notes", "bank"} }
	}
	for name, tc := range map[string]struct {
		setup                func(*setup)
		client               string
		audiences            []string
		want, granted, reach string
	}{
		"none are set up, none is named":    {with(), "", nil, "OK", "notes.read notes.write", "notes bank"},
		"none are set up, the default":      {with(), "default", nil, "OK", "notes.read notes.write", "notes bank"},
		"none are set up, another is named": {with(), "web", nil, "Unauthenticated INVALID_CLIENT", "", ""},
		"no default is set up":              {with(web), "", nil, "Unauthenticated INVALID_CLIENT", "", ""},
		"one of two":                        {with(web, ours), "web", nil, "OK", "notes.read", "bank"},
		"the other of two":                  {with(web, ours), "", nil, "OK", "notes.read notes.write", "notes bank"},
		"one audience asked":                {with(ours), "", []string{"bank"}, "OK", "notes.read notes.write", "bank"},
		"an audience the client may not":    {with(web), "web", []string{"notes"}, "PermissionDenied SCOPE_NOT_GRANTED", "", ""},
		"an id in another case":             {with(web), "WEB", nil, "Unauthenticated INVALID_CLIENT", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tc.setup)
			tokens, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, ClientId: tc.client, Audiences: tc.audiences})
			wantRefusal(t, err, tc.want)
			if got := strings.Join(tokens.GetScopes(), " "); got != tc.granted {
				t.Errorf("granted %q, want %q", got, tc.granted)
			}
			if err == nil && strings.Join(w.claims(tokens).Audience(), " ") != tc.reach {
				t.Errorf("audience %q, want %q", w.claims(tokens).Audience(), tc.reach)
			}
		})
	}
}

// checklist: I5
func TestOwnScopesComeFromTheStoreOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people.change(func(p *person) { p.Scopes = append(p.Scopes, "grpcauth.admin", "grpcauth.") })
	if tokens := w.signIn(); !slices.Equal(tokens.GetScopes(), []string{"notes.read", "notes.write"}) {
		t.Errorf("granted %q", tokens.GetScopes())
	}
	_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, Scopes: []string{"grpcauth.admin"}})
	wantRefusal(t, err, "PermissionDenied SCOPE_NOT_GRANTED")

	w.people.change(func(p *person) { p.Scopes = []string{"notes.read grpcauth.admin"} })
	_, err = w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
	wantRefusal(t, err, "Internal INTERNAL")

	own := newWorld(t, builtIn)
	own.addAda(func(u *store.User) { u.Admin = true })
	tokens := own.signIn()
	if !slices.Equal(tokens.GetScopes(), []string{"grpcauth.admin", "notes.read"}) || !own.claims(tokens).HasRole("admin") {
		t.Errorf("an administrator is granted %q, roles %q", tokens.GetScopes(), own.claims(tokens).Roles())
	}
}

func TestClaimsOfTheCaller(t *testing.T) {
	t.Parallel()
	for name, claims := range map[string]map[string]any{
		"44 reserved": {"sub": "somebody-else"},
		"44 scope":    {"scope": "grpcauth.admin"},
		"43 not JSON": {"f": func() {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.people.change(func(p *person) { p.Claims = claims })
			_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
			wantRefusal(t, err, "Internal INTERNAL")
			if !strings.Contains(w.log.String(), "no access token can be made") {
				t.Errorf("the log does not say why: %s", w.log)
			}
		})
	}
}

func TestAuthenticateFails(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"an outage":           {errors.New("dial tcp: database is down"), "Unavailable USER_UNAVAILABLE"},
		"its own deadline":    {context.DeadlineExceeded, "Unavailable USER_UNAVAILABLE"},
		"gone is for Load":    {authsvc.ErrGone, "Unavailable USER_UNAVAILABLE"},
		"wrapped refusal":     {errors.Join(errors.New("ldap 49"), authsvc.ErrInvalidCredentials), "Unauthenticated INVALID_CREDENTIALS"},
		"a status of its own": {status.Error(16, "who are you"), "Unavailable USER_UNAVAILABLE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.people.fail(tc.err)
			_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
			wantRefusal(t, err, tc.want)
			if strings.Contains(status.Convert(err).Message(), "database") {
				t.Errorf("the cause is told: %v", err)
			}
		})
	}
}

func TestAuthenticateWithoutASubject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people.change(func(p *person) { p.Subject = "" })
	_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
	wantRefusal(t, err, "Internal INTERNAL")
}

func TestLoadOfAnotherSubject(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) {
		load := s.config.Load
		s.config.Load = func(ctx context.Context, subject string) (authsvc.Identity, error) {
			id, err := load(ctx, subject)
			id.Subject = "somebody-else"
			return id, err
		}
	})
	_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
	wantRefusal(t, err, "Internal INTERNAL")
}

// TestPanicsAreNotSwallowed: what to do about a panic is the server's choice.
func TestPanicsAreNotSwallowed(t *testing.T) {
	t.Parallel()
	var recovered any
	w := newWorld(t, func(s *setup) {
		s.outermost = func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
			defer func() {
				if recovered = recover(); recovered != nil {
					err = status.Error(13, "recovered")
				}
			}()
			return handler(ctx, req)
		}
	})
	w.people.checked = func() { panic("a bug in Authenticate") }
	if _, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword}); err == nil {
		t.Fatal("no error")
	}
	if recovered != "a bug in Authenticate" {
		t.Errorf("recovered %v", recovered)
	}
}

func TestDisabledUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, builtIn)
	w.addAda(func(u *store.User) { u.DisabledAt = w.clock.Now() })
	_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
	wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
}

func TestLoginWhileTheStoreIsClosed(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*setup){"caller's own users": func(*setup) {}, "built-in users": builtIn} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, change)
			if err := w.store.Close(); err != nil {
				t.Fatal(err)
			}
			_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
			wantRefusal(t, err, "Unavailable STORE_UNAVAILABLE")
		})
	}
}
