package main

import (
	"encoding/json"
	"net/url"
	"strings"
)

const (
	jwksPath      = "/.well-known/jwks.json"
	oauthMetadata = "/.well-known/oauth-authorization-server"
)

// serverMetadata is the metadata of RFC 8414 §2, by which a service finds the
// keys of an issuer. Tokens are had by gRPC, so there is no authorization
// endpoint and no token endpoint to name.
type serverMetadata struct {
	Issuer  string `json:"issuer"`
	JWKSURI string `json:"jwks_uri"`
	// Required, and a list that is empty may not be written (§3.2).
	ResponseTypes []string `json:"response_types_supported"`
	// Without it, it would mean those of an authorization endpoint.
	GrantTypes []string `json:"grant_types_supported"`
}

// metadataOf is the issuer's, and the path where others look for it: what comes
// after the host in the issuer comes last (RFC 8414 §3.1). The keys are beside
// it, on the same host. An issuer that is no address has none.
func metadataOf(issuer string) (path string, body []byte) {
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || strings.ContainsAny(issuer, "?#") {
		return "", nil
	}
	body, err = json.Marshal(serverMetadata{
		Issuer:        issuer,
		JWKSURI:       u.Scheme + "://" + u.Host + jwksPath,
		ResponseTypes: []string{"none"},
		GrantTypes:    []string{"refresh_token"},
	})
	if err != nil {
		return "", nil
	}
	return oauthMetadata + strings.TrimSuffix(u.EscapedPath(), "/"), body
}
