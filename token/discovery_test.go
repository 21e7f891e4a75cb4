package token_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

const (
	oidc  = "/.well-known/openid-configuration"
	oauth = "/.well-known/oauth-authorization-server"
)

// site is a web site: what it answers by path. HOST in it is its own address.
type site struct {
	*httptest.Server
	pages map[string]string
	asked atomic.Int32
}

func newSite(t *testing.T, pages map[string]string) *site {
	t.Helper()
	s := &site{pages: pages}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked.Add(1)
	page, ok := s.pages[r.URL.EscapedPath()]
	if !ok {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write([]byte(strings.ReplaceAll(page, "HOST", s.URL)))
}

// keys are those of the issuer at a path of the site.
func (s *site) keys(path string) *token.RemoteKeys {
	return must(token.NewRemoteKeys(token.RemoteKeysConfig{Issuer: s.URL + path, HTTPClient: s.Client()}))
}

func metadata(issuer, keys string) string {
	return fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q,"response_types_supported":["code"]}`, issuer, keys)
}

// checklist: K2
func TestDiscoveryFindsTheKeys(t *testing.T) {
	t.Parallel()
	h := hands()[0]
	for name, tc := range map[string]struct {
		path  string // of the issuer
		pages map[string]string
	}{
		"OpenID Connect":              {"", map[string]string{oidc: metadata("HOST", "HOST/keys")}},
		"with a slash at the end":     {"/", map[string]string{oidc: metadata("HOST/", "HOST/keys")}},
		"with a path":                 {"/realms/acme", map[string]string{"/realms/acme" + oidc: metadata("HOST/realms/acme", "HOST/keys")}},
		"with a path and a slash":     {"/acme/", map[string]string{"/acme" + oidc: metadata("HOST/acme/", "HOST/keys")}},
		"with a path that is encoded": {"/a%2Fb", map[string]string{"/a%2Fb" + oidc: metadata("HOST/a%2Fb", "HOST/keys")}},
		"RFC 8414":                    {"", map[string]string{oauth: metadata("HOST", "HOST/keys")}},
		"RFC 8414 with a path":        {"/acme", map[string]string{oauth + "/acme": metadata("HOST/acme", "HOST/keys")}},
		"RFC 8414 beside a web site":  {"", map[string]string{oidc: "<html>", oauth: metadata("HOST", "HOST/keys")}},
		"RFC 8414 beside another's":   {"", map[string]string{oidc: metadata("https://other.example", "HOST/no"), oauth: metadata("HOST", "HOST/keys")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.pages["/keys"] = jwksOf(h)
			s := newSite(t, tc.pages)
			issuer := s.URL + tc.path
			v := must(token.NewVerifier(token.VerifierConfig{Now: clock, Issuers: []token.TrustedIssuer{
				{Issuer: issuer, Audiences: []string{audience}, Keys: s.keys(tc.path)},
			}}))
			for range 3 {
				if _, err := verify(v, h.token(payload(map[string]any{"iss": issuer}))); err != nil {
					t.Error(err)
				}
			}
			if n := s.asked.Load(); n > 3 {
				t.Errorf("asked %d times for metadata and keys", n)
			}
		})
	}
}

// checklist: K2
func TestDiscoveryIsHeldToTheIssuer(t *testing.T) {
	t.Parallel()
	h := hands()[0]
	for name, tc := range map[string]struct {
		page string
		want string // of the error
	}{
		"of another issuer":          {metadata("https://other.example", "HOST/keys"), `is of the issuer "https://other.example"`},
		"of one with another slash":  {metadata("HOST/", "HOST/keys"), "is of the issuer"},
		"of one in another case":     {strings.Replace(metadata("HOST", "HOST/keys"), `"HOST"`, `"HTTP://127.0.0.1"`, 1), "is of the issuer"},
		"of nobody":                  {`{"jwks_uri":"HOST/keys"}`, "is of the issuer"},
		"member in another case":     {`{"Issuer":"HOST","jwks_uri":"HOST/keys"}`, "is of the issuer"},
		"of two issuers":             {`{"issuer":"HOST","issuer":"HOST","jwks_uri":"HOST/keys"}`, "not a JSON object"},
		"of a list of issuers":       {`{"issuer":["HOST"],"jwks_uri":"HOST/keys"}`, "not a JSON object"},
		"HTML":                       {"<html>", "not a JSON object"},
		"empty":                      {"", "not a JSON object"},
		"endless":                    {metadata("HOST", "HOST/keys") + strings.Repeat(" ", 2<<20), "over 1048576 bytes"},
		"without keys":               {`{"issuer":"HOST"}`, "want one like"},
		"with keys elsewhere, http":  {metadata("HOST", "http://issuer.invalid/keys"), "want https"},
		"with keys in a file":        {metadata("HOST", "file:///etc/passwd"), "want one like"},
		"with keys in a host's file": {metadata("HOST", "file://localhost/etc/passwd"), "want https"},
		"with a relative address":    {metadata("HOST", "/keys"), "want one like"},
		"with a password":            {metadata("HOST", "https://user:secret@issuer.invalid/keys"), "holds a password"},
		"with a very long address":   {metadata("HOST", "https://issuer.invalid/"+strings.Repeat("a", 2048)), "want one like"},
		"with keys that are missing": {metadata("HOST", "HOST/none"), "answered 404"},
		"with keys that are none":    {metadata("HOST", "HOST"+oidc), `list "keys"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, map[string]string{oidc: tc.page, "/keys": jwksOf(h)})
			_, err := s.keys("").Key(t.Context(), h.key.ID(), "")
			wantErr(t, err, token.ErrKeysUnavailable)
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "secret") || len(err.Error()) > 1000 {
				t.Errorf("error = %v, want one with %q", err, tc.want)
			}
		})
	}
}

// checklist: K2
func TestMetadataByHTTPSLeadsToHTTPSOnly(t *testing.T) {
	t.Parallel()
	h := hands()[0]
	plain := newSite(t, map[string]string{"/keys": jwksOf(h)})
	var secure *httptest.Server
	secure = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(metadata(secure.URL, plain.URL+"/keys")))
	}))
	t.Cleanup(secure.Close)
	for _, allow := range []bool{false, true} {
		keys := must(token.NewRemoteKeys(token.RemoteKeysConfig{Issuer: secure.URL, HTTPClient: secure.Client(), InsecureAllowHTTP: allow}))
		_, err := keys.Key(t.Context(), h.key.ID(), "")
		wantErr(t, err, token.ErrKeysUnavailable)
		if n := plain.asked.Load(); n != 0 || !strings.Contains(err.Error(), "less secure") {
			t.Errorf("asked %d times by http: %v", n, err)
		}
	}
}

// An issuer that has moved its keys is followed, and what it has no use for is
// asked once.
func TestDiscoveryIsRepeated(t *testing.T) {
	t.Parallel()
	before, after := hands()[0], hands()[1]
	s := newSite(t, map[string]string{oauth: metadata("HOST", "HOST/1"), "/1": jwksOf(before), "/2": jwksOf(after)})
	elapsed := new(atomic.Int64)
	keys := must(token.NewRemoteKeys(token.RemoteKeysConfig{
		Issuer: s.URL, HTTPClient: s.Client(), Now: func() time.Time { return now.Add(time.Duration(elapsed.Load())) },
	}))
	_ = must(keys.Key(t.Context(), before.key.ID(), ""))
	s.pages[oauth] = metadata("HOST", "HOST/2")
	elapsed.Store(int64(time.Minute))
	if _, err := keys.Key(t.Context(), after.key.ID(), ""); err != nil {
		t.Errorf("the moved keys: %v", err)
	}
	if n := s.asked.Load(); n != 5 { // two kinds of metadata and the keys; one kind and the keys
		t.Errorf("asked %d times, want 5", n)
	}
}

func TestAnIssuerHasItsOwnKeys(t *testing.T) {
	t.Parallel()
	keys := must(token.NewRemoteKeys(token.RemoteKeysConfig{Issuer: "https://other.example"}))
	_, err := token.NewVerifier(token.VerifierConfig{Issuers: []token.TrustedIssuer{
		{Issuer: issuerName, Audiences: []string{audience}, Keys: keys},
	}})
	if err == nil || !strings.Contains(err.Error(), `has the keys of "https://other.example"`) {
		t.Errorf("error = %v", err)
	}
}
