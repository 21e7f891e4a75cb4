package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/grpcauth/grpcauth/authclient"
	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/token"
)

// Each issuer's metadata is where RFC 8414 puts it, and names the issuer byte
// for byte.
func TestMetadataOfIssuers(t *testing.T) {
	t.Parallel()
	for issuer, want := range map[string]struct{ path, keys string }{
		"https://auth.test":             {oauthMetadata, "https://auth.test/.well-known/jwks.json"},
		"https://auth.test/":            {oauthMetadata, "https://auth.test/.well-known/jwks.json"},
		"https://auth.test:8443/a/b":    {oauthMetadata + "/a/b", "https://auth.test:8443/.well-known/jwks.json"},
		"https://auth.test/a%2Fb&c/":    {oauthMetadata + "/a%2Fb&c", "https://auth.test/.well-known/jwks.json"},
		"http://127.0.0.1:8080":         {oauthMetadata, "http://127.0.0.1:8080/.well-known/jwks.json"},
		"auth.test":                     {},
		"https://user:secret@auth.test": {},
		"https://auth.test?":            {},
		"https://auth.test/#a":          {},
		"urn:auth":                      {},
		"https://auth.test/%zz":         {},
	} {
		path, body := metadataOf(issuer)
		if path != want.path {
			t.Errorf("%s: the metadata of %q is at %q", issuer, want.path, path)
		}
		got := httptest.NewRecorder()
		handler := newHTTP(issuer, nil, nil, slog.New(slog.DiscardHandler)).Handler
		if want.path == "" {
			handler.ServeHTTP(got, httptest.NewRequest("GET", oauthMetadata, nil))
			if got.Code != 404 || len(body) > 0 {
				t.Errorf("%s: got %d %s", issuer, got.Code, body)
			}
			continue
		}
		handler.ServeHTTP(got, httptest.NewRequest("GET", want.path, nil))
		var said serverMetadata
		if err := json.Unmarshal(got.Body.Bytes(), &said); err != nil || said.Issuer != issuer || said.JWKSURI != want.keys {
			t.Errorf("%s: got %d %s", issuer, got.Code, got.Body)
		}
	}
}

// What we publish is what our own services look for.
func TestMetadataLeadsToTheKeys(t *testing.T) {
	t.Parallel()
	key, err := token.GenerateKey(token.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	jwks, err := token.MarshalJWKS(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", "/", "/tenants/a%2Fb"} {
		server := httptest.NewUnstartedServer(nil)
		server.Config.Handler = newHTTP("http://"+server.Listener.Addr().String()+path, jwks, nil, slog.New(slog.DiscardHandler)).Handler
		server.Start()
		t.Cleanup(server.Close)
		keys, err := token.NewRemoteKeys(token.RemoteKeysConfig{Issuer: server.URL + path, HTTPClient: server.Client()})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Key(t.Context(), key.ID(), token.EdDSA); err != nil {
			t.Errorf("%q: %v", path, err)
		}
	}
}

// testDiscovery has a resource server find the keys by the issuer's name
// alone, which is the address of a proxy before the auth server.
func testDiscovery(t *testing.T, b binaries) {
	var auth *authServer
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: auth.HTTP})
	}})
	t.Cleanup(proxy.Close)
	dir := t.TempDir()
	b.addUser(t, dir, "ada", "notes.read,notes.write")
	auth = b.serve(t, dir, "--issuer", proxy.URL+"/tenant")
	_, notes := b.notes(t, nil, proxy.URL+"/tenant", "")

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	session, err := authclient.Login(ctx, dial(t, auth.GRPC), "ada", goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	client := notesv1.NewNotesServiceClient(dial(t, notes, session.DialOptions()...))
	if _, err := client.CreateNote(ctx, &notesv1.CreateNoteRequest{Text: "buy milk"}); err != nil {
		t.Errorf("keeping a note: %v", err)
	}
}
