package authsvc_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/password"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
)

func goodConfig() authsvc.Config {
	return authsvc.Config{
		Issuer: "https://auth.example", Audiences: []string{"notes", "bank"},
		Secret: []byte("a secret of at least thirty-two bytes"), Store: memory.New(),
	}
}

func Test45ConfigsThatCannotBeMeant(t *testing.T) {
	t.Parallel()
	users := newPeople()
	for name, tc := range map[string]struct {
		change func(*authsvc.Config)
		want   string
	}{
		"no issuer":                 {func(c *authsvc.Config) { c.Issuer = "" }, "Config.Issuer is empty: set it"},
		"no audiences":              {func(c *authsvc.Config) { c.Audiences = nil }, "Config.Audiences is empty: name"},
		"an empty audience":         {func(c *authsvc.Config) { c.Audiences = []string{"a", ""} }, "Config.Audiences holds an empty name: remove"},
		"no secret":                 {func(c *authsvc.Config) { c.Secret = nil }, "Config.Secret has 0 bytes: it needs at least 32"},
		"a short secret":            {func(c *authsvc.Config) { c.Secret = make([]byte, 31) }, "Config.Secret has 31 bytes: it needs at least 32"},
		"no store":                  {func(c *authsvc.Config) { c.Store = nil }, "Config.Store is nil: use memory.New"},
		"Authenticate without Load": {func(c *authsvc.Config) { c.Authenticate = users.Authenticate }, "Config.Load is nil"},
		"Load without Authenticate": {func(c *authsvc.Config) { c.Load = users.Load }, "Config.Authenticate is nil"},
		"a Hasher that is not asked": {func(c *authsvc.Config) {
			c.Authenticate, c.Load, c.Hasher = users.Authenticate, users.Load, &password.Hasher{}
		}, "call it from your Authenticate instead"},
		"a negative AccessTTL":      {func(c *authsvc.Config) { c.AccessTTL = -time.Minute }, "Config.AccessTTL is -1m0s"},
		"an AccessTTL of no second": {func(c *authsvc.Config) { c.AccessTTL = time.Millisecond }, "Config.AccessTTL is 1ms: tokens count in seconds"},
		"an AccessTTL over a day":   {func(c *authsvc.Config) { c.AccessTTL = 25 * time.Hour }, "Config.AccessTTL is 25h0m0s: use at most 24h"},
		"refresh before access":     {func(c *authsvc.Config) { c.AccessTTL, c.RefreshTTL = time.Hour, time.Minute }, "Config.RefreshTTL is 1m0s, less than AccessTTL"},
		"a negative RefreshTTL":     {func(c *authsvc.Config) { c.RefreshTTL = -1 }, "Config.RefreshTTL is -1ns, less than AccessTTL"},
		"session before refresh":    {func(c *authsvc.Config) { c.SessionTTL = time.Hour }, "Config.SessionTTL is 1h0m0s, less than RefreshTTL"},
		"a client without an id":    {clients(authsvc.Client{}), "Config.Clients[0]: the id is empty"},
		"a long client id":          {clients(authsvc.Client{ID: strings.Repeat("c", 129)}), "Config.Clients[0]: the id has 129 bytes"},
		"two clients of one id":     {clients(authsvc.Client{ID: "a"}, authsvc.Client{ID: "a"}), `Config.Clients[1]: there is another client "a"`},
		"all scopes and some":       {clients(authsvc.Client{ID: "a", AllScopes: true, Scopes: []string{"s"}}), "both AllScopes and Scopes"},
		"a scope that is two":       {clients(authsvc.Client{ID: "a", Scopes: []string{"s t"}}), `scope "s t": a scope is printable`},
		"an audience of its own":    {clients(authsvc.Client{ID: "a", Audiences: []string{"mail"}}), `audience "mail" is not one of Config.Audiences`},
		"an empty prefix":           {func(c *authsvc.Config) { c.AllowPlaintextFrom = make([]netip.Prefix, 1) }, "Config.AllowPlaintextFrom[0] is invalid Prefix: no address is in it"},
		"an empty proxy":            {proxies(netip.Prefix{}), "Config.Proxies[0] is invalid Prefix: no address is in it"},
		"a proxy by IPv4 in IPv6":   {proxies(netip.MustParsePrefix("::ffff:10.0.0.2/128")), "Config.Proxies[0] is ::ffff:10.0.0.2/128: no address is in it: make it with netip.ParsePrefix, and write IPv4 as such"},
		"everybody a proxy":         {proxies(netip.MustParsePrefix("10.0.0.2/32"), netip.MustParsePrefix("128.0.0.0/1")), "Config.Proxies[1] is 128.0.0.0/1, which is too wide: name the proxies alone"},
		"everybody a proxy by IPv6": {proxies(netip.MustParsePrefix("::/0")), "Config.Proxies[0] is ::/0, which is too wide"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := goodConfig()
			tc.change(&cfg)
			_, err := authsvc.New(cfg)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("error %v, want %q in it", err, tc.want)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %v", err)
			}
		})
	}
}

func clients(c ...authsvc.Client) func(*authsvc.Config) {
	return func(cfg *authsvc.Config) { cfg.Clients = c }
}

func TestTheLeastConfigIsEnough(t *testing.T) {
	t.Parallel()
	if _, err := authsvc.New(goodConfig()); err != nil {
		t.Error(err)
	}
	long := goodConfig()
	long.RefreshTTL = 365 * 24 * time.Hour // SessionTTL follows
	if _, err := authsvc.New(long); err != nil {
		t.Error(err)
	}
}

// A Config that is changed for another service does not change this one.
//
// checklist: I5
func TestAConfigCanBeUsedAgain(t *testing.T) {
	t.Parallel()
	var cfg authsvc.Config
	w := newWorld(t, func(s *setup) {
		s.config.Audiences = []string{"notes"}
		s.config.Clients = []authsvc.Client{{ID: authsvc.DefaultClient, Scopes: []string{"notes.read"}}}
		cfg = s.config
	})
	cfg.Audiences[0], cfg.Clients[0].Scopes[0] = "bank", "notes.write"
	w.service.TrustedIssuer().Audiences[0] = "bank"
	tokens := w.signIn()
	if claims := w.claims(tokens); !claims.HasAudience("notes") || claims.HasScope("notes.write") {
		t.Errorf("audience %q, scopes %q", claims.Audience(), claims.Scopes())
	}
	w.must(w.refresh(tokens.GetRefreshToken()))
}

// checklist: B2
func TestNothingPrintsASecret(t *testing.T) {
	t.Parallel()
	secret := "0123456789-this-must-not-be-printed"
	cfg := goodConfig()
	cfg.Secret = []byte(secret)
	service, err := authsvc.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	forms := []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%v", []byte(secret)), fmt.Sprintf("%#v", []byte(secret))}
	credentials := authsvc.Credentials{Username: "ada", Password: secret}
	for _, value := range []any{cfg, &cfg, []authsvc.Config{cfg}, service, credentials, &credentials, []authsvc.Credentials{credentials}} {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
		slog.New(slog.NewTextHandler(&out, nil)).LogAttrs(context.Background(), slog.LevelInfo, "m", slog.Any("value", value))
		slog.New(slog.NewJSONHandler(&out, nil)).LogAttrs(context.Background(), slog.LevelInfo, "m", slog.Any("value", value))
		for _, form := range forms {
			if strings.Contains(out.String(), form) {
				t.Errorf("%T prints its secret: %s", value, form)
			}
		}
		if strings.Contains(out.String(), "username") || strings.Contains(out.String(), "ada") {
			t.Errorf("%T prints a user name", value)
		}
	}
}
