package token_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

func ExampleNewRemoteKeys() {
	_, err := token.NewRemoteKeys(token.RemoteKeysConfig{URL: "http://issuer.example/jwks.json"})
	fmt.Println(err)
	// Output: token: key set URL "http://issuer.example/jwks.json": want https, or http on a loopback address
}

func ExampleRemoteKeys_WaitReady() {
	jwks := must(token.MarshalJWKS(must(token.GenerateKey(token.EdDSA)).Public()))
	var issuer *httptest.Server
	issuer = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path { // an issuer publishes where its keys are, and the keys
		case "/.well-known/openid-configuration":
			_, _ = fmt.Fprintf(w, `{"issuer": %q, "jwks_uri": %q}`, issuer.URL, issuer.URL+"/keys")
		case "/keys":
			_, _ = w.Write(jwks)
		}
	}))
	defer issuer.Close()

	keys := must(token.NewRemoteKeys(token.RemoteKeysConfig{Issuer: issuer.URL}))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := keys.WaitReady(ctx); err != nil {
		fmt.Println(err)
		return
	}
	stats := keys.Stats()
	fmt.Println(stats.Ready, stats.Keys, stats.Fetches, stats.Failures)
	// Output: true 1 1 0
}
