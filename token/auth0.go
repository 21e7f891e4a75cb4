package token

// Auth0 is the profile of an Auth0 tenant, in either of its token profiles:
// `typ: JWT` with the client in `azp`, which is Auth0's default, and `at+jwt`
// with `client_id`, which follows RFC 9068.
//
// Auth0 puts no mark of its own on an access token. What marks one is that it
// names its client and is for somebody else: the API, and perhaps /userinfo.
// An ID token is for its client (OpenID Connect Core §2), so a token whose
// audience holds its client, or that names none, is no access token.
//
// Audiences is the API's identifier. Scopes are `scope`; `permissions`, which
// an API has when RBAC adds them to its tokens, are what the subject may do
// whatever the client asked for, so they are roles. The issuer is
// https://TENANT.auth0.com/ with the slash.
func Auth0() Profile {
	return Profile{
		Types:    []string{"JWT", string(Access)},
		Kind:     auth0Kind,
		ClientID: []string{"azp", "client_id"},
		Roles:    []string{"permissions"},
	}
}

func auth0Kind(c *Claims) Kind {
	named := false
	for _, claim := range [...]string{"azp", "client_id"} {
		client, _ := c.Claim(claim).Text()
		if c.has("aud", client) {
			return idToken(c)
		}
		named = named || client != ""
	}
	if !named {
		return idToken(c)
	}
	return Access
}
