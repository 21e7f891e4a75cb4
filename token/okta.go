package token

// Okta is the profile of a custom authorization server of Okta, whose issuer
// is https://DOMAIN/oauth2/SERVER. The tokens of the org authorization server,
// without /oauth2/, are for Okta alone to verify.
//
// Okta's tokens have no typ. What marks an access token are the client in
// `cid` and the list of scopes in `scp`: Okta reserves both names and writes
// them into no other token. Roles are the list `groups`, if the server has such
// a claim.
//
// The subject is `sub`, which is the login name of a user unless the server
// says otherwise; Subject: "uid" is the id, which only users have.
func Okta() Profile {
	return Profile{
		Types:    []string{"", "JWT", string(Access)},
		Kind:     oktaKind,
		ClientID: []string{"cid"},
		Scopes:   []string{"scp"},
		Roles:    []string{"groups"},
	}
}

func oktaKind(c *Claims) Kind {
	if client, _ := c.Claim("cid").Text(); client != "" && c.Claim("scp").Len() > 0 {
		return Access
	}
	return idToken(c)
}
