package token_test

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

// checklist: K2 K3 K5
func TestSetsThatAreNotAllGood(t *testing.T) {
	t.Parallel()
	good := hands()[0].key.Public()
	one := strings.TrimSuffix(strings.TrimPrefix(string(must(token.MarshalJWKS(good))), `{"keys":[`), `]}`)
	private := string(jwkOf(hands()[1].private, members{"kid": "leaked"}))
	for name, tc := range map[string]struct {
		body string
		want error // for the good key
	}{
		"broken keys around a good one":  {`{"keys":[{"kty":"RSA"},5,null,{"kty":"XX"},` + one + `,{"kty":"EC","crv":"P-256","x":"A","y":"A"}]}`, nil},
		"a symmetric key beside it":      {`{"keys":[{"kty":"oct","k":"AAAA","kid":"s"},` + one + `]}`, nil},
		"a private key beside it":        {`{"keys":[` + private + `,` + one + `]}`, nil},
		"the same key twice":             {`{"keys":[` + one + `,` + one + `]}`, nil},
		"100 keys":                       {`{"keys":[` + strings.Repeat(`{},`, 99) + one + `]}`, nil},
		"101 keys":                       {`{"keys":[` + strings.Repeat(`{},`, 100) + one + `]}`, token.ErrKeysUnavailable},
		"a megabyte":                     {`{"keys":[` + one + `]}` + strings.Repeat(" ", 1<<20-len(one)-11), nil},
		"a byte more":                    {`{"keys":[` + one + `]}` + strings.Repeat(" ", 1<<20-len(one)-10), token.ErrKeysUnavailable},
		"an endless body":                {strings.Repeat(`[`, 4<<20), token.ErrKeysUnavailable},
		"keys twice":                     {`{"keys":[` + one + `],"keys":[]}`, token.ErrKeysUnavailable},
		"a page of HTML":                 {`<html>`, token.ErrKeysUnavailable},
		"no list":                        {`{}`, token.ErrKeysUnavailable},
		"a list that is null":            {`{"keys":null}`, token.ErrKeysUnavailable},
		"nothing we can verify with":     {`{"keys":[{"kty":"oct","k":"AAAA"}]}`, token.ErrKeysUnavailable},
		"an empty list withdraws all":    {`{"keys":[]}`, token.ErrUnknownKey},
		"a set of somebody else's claim": {`{"keys":[` + strings.Replace(one, good.ID(), "other", 1) + `]}`, token.ErrUnknownKey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := new(jwksServer)
			server.text(tc.body)
			keys, _ := remote(t, server)
			k, err := keys.Key(t.Context(), good.ID(), "")
			wantErr(t, err, tc.want)
			if err == nil && k.ID() != good.ID() {
				t.Errorf("got %v", k)
			}
			if _, err := keys.Key(t.Context(), "leaked", ""); err == nil {
				t.Error("a key whose private half is public is trusted")
			}
		})
	}
}

// checklist: K2
func TestRedirects(t *testing.T) {
	t.Parallel()
	good := hands()[0].key.Public()
	target := new(jwksServer)
	target.publish(good)
	plain, secure := httptest.NewServer(target), httptest.NewTLSServer(target)
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	for name, tc := range map[string]struct {
		secure bool
		to     string
		want   error
	}{
		"from https to https":                {true, secure.URL, nil},
		"from https to http":                 {true, plain.URL, token.ErrKeysUnavailable},
		"from http on loopback to the same":  {false, plain.URL, nil},
		"from http on loopback to https":     {false, secure.URL, token.ErrKeysUnavailable},
		"from http on loopback to elsewhere": {false, "http://issuer.invalid/", token.ErrKeysUnavailable},
		"to another scheme":                  {false, "file:///etc/passwd", token.ErrKeysUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listen := httptest.NewServer
			if tc.secure {
				listen = httptest.NewTLSServer
			}
			start := listen(http.RedirectHandler(tc.to, http.StatusFound))
			t.Cleanup(start.Close)
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
			t.Cleanup(client.CloseIdleConnections)
			keys := must(token.NewRemoteKeys(token.RemoteKeysConfig{URL: start.URL, HTTPClient: client}))
			_, err := keys.Key(t.Context(), good.ID(), "")
			wantErr(t, err, tc.want)
		})
	}
}

func TestRedirectsWithoutEnd(t *testing.T) {
	t.Parallel()
	server := new(jwksServer)
	server.set(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) })
	keys, _ := remote(t, server)
	_, err := keys.Key(t.Context(), "any", "")
	wantErr(t, err, token.ErrKeysUnavailable)
	if n := server.count.Load(); n != 6 {
		t.Errorf("%d requests, want 6", n)
	}
}

// A client of your own keeps what it does not allow.
func TestYourClientsRedirectPolicyCounts(t *testing.T) {
	t.Parallel()
	server := new(jwksServer)
	server.set(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) })
	refuse := errors.New("no redirects here")
	keys, _ := remote(t, server, func(c *token.RemoteKeysConfig) {
		c.HTTPClient.CheckRedirect = func(*http.Request, []*http.Request) error { return refuse }
	})
	_, err := keys.Key(t.Context(), "any", "")
	if !errors.Is(err, refuse) {
		t.Errorf("error = %v", err)
	}
}

// checklist: K2
func TestRemoteKeysConfig(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		config token.RemoteKeysConfig
		want   string // of the error; "" for none
	}{
		"https":                              {token.RemoteKeysConfig{URL: "https://issuer.example/jwks"}, ""},
		"http on 127.0.0.1":                  {token.RemoteKeysConfig{URL: "http://127.0.0.1:80/jwks"}, ""},
		"http on ::1":                        {token.RemoteKeysConfig{URL: "http://[::1]:80/jwks"}, ""},
		"http on localhost":                  {token.RemoteKeysConfig{URL: "http://localhost/jwks"}, ""},
		"http, allowed":                      {token.RemoteKeysConfig{URL: "http://issuer.example", InsecureAllowHTTP: true}, ""},
		"http":                               {token.RemoteKeysConfig{URL: "http://issuer.example/jwks"}, "want https"},
		"http on a name like it":             {token.RemoteKeysConfig{URL: "http://localhost.example/jwks"}, "want https"},
		"http on 127.0.0.1.nip.io":           {token.RemoteKeysConfig{URL: "http://127.0.0.1.nip.io/"}, "want https"},
		"http on 10.0.0.1":                   {token.RemoteKeysConfig{URL: "http://10.0.0.1/"}, "want https"},
		"file, http allowed":                 {token.RemoteKeysConfig{URL: "file://host/jwks", InsecureAllowHTTP: true}, "want https"},
		"empty":                              {token.RemoteKeysConfig{}, "set either Issuer"},
		"both":                               {token.RemoteKeysConfig{Issuer: "https://issuer.example", URL: "https://issuer.example"}, "set either Issuer"},
		"no name":                            {token.RemoteKeysConfig{URL: "https://:443/jwks"}, "want one like"},
		"too long":                           {token.RemoteKeysConfig{URL: "https://issuer.example/" + strings.Repeat("a", 2048)}, "want one like"},
		"issuer":                             {token.RemoteKeysConfig{Issuer: "https://issuer.example/a/"}, ""},
		"issuer, http":                       {token.RemoteKeysConfig{Issuer: "http://issuer.example"}, "want https"},
		"issuer, http, allowed":              {token.RemoteKeysConfig{Issuer: "http://issuer.example", InsecureAllowHTTP: true}, ""},
		"issuer that is no URL":              {token.RemoteKeysConfig{Issuer: "issuer.example"}, "want one like"},
		"issuer with a password":             {token.RemoteKeysConfig{Issuer: "https://user:secret@issuer.example"}, "holds a password"},
		"issuer with a query":                {token.RemoteKeysConfig{Issuer: "https://issuer.example?"}, "query or a fragment"},
		"issuer with a fragment":             {token.RemoteKeysConfig{Issuer: "https://issuer.example#"}, "query or a fragment"},
		"no host":                            {token.RemoteKeysConfig{URL: "https:///jwks"}, "want one like"},
		"a password":                         {token.RemoteKeysConfig{URL: "https://user:secret@issuer.example/"}, "holds a password"},
		"a cool-down below zero":             {token.RemoteKeysConfig{URL: "https://issuer.example", Cooldown: -1}, "negative"},
		"an age below zero":                  {token.RemoteKeysConfig{URL: "https://issuer.example", MaxAge: -1}, "negative"},
		"an age below the default cool-down": {token.RemoteKeysConfig{URL: "https://issuer.example", MaxAge: time.Second}, "cool-down is 30s"},
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := token.NewRemoteKeys(tc.config)
			if tc.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) || keys != nil || strings.Contains(err.Error(), "secret") {
				t.Errorf("error = %v, want one with %q", err, tc.want)
			}
		})
	}
}
