package authclient_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/grpcauth/grpcauth/authclient"
)

func TestTokenSourceServesAnHTTPClient(t *testing.T) {
	t.Parallel()
	session := login(t, serveAuth(t, &scripted{lifetime: time.Hour}))
	creds := newClientCredentials(t, serveAuth(t, &clientIssuer{lifetime: time.Hour}), authclient.ClientSecret("the secret"))
	for want, source := range map[string]oauth2.TokenSource{"Bearer access-1": session.TokenSource(), "Bearer client-1": creds.TokenSource()} {
		var got string
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") }))
		client := &http.Client{Transport: &oauth2.Transport{Source: source}}
		answer, err := client.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		server.Close()
		if got != want {
			t.Errorf("sent %q, want %q", got, want)
		}
		if tok, err := source.Token(); err != nil || !tok.Valid() || time.Until(tok.Expiry) > time.Hour {
			t.Errorf("valid until %v, %v", tok.Expiry, err)
		}
	}
	if err := session.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if tok, err := session.TokenSource().Token(); err != nil || tok.AccessToken != "access-2" {
		t.Errorf("after a renewal: %v", err)
	}
	session.Close()
	if _, err := session.TokenSource().Token(); !errors.Is(err, authclient.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
