package token

// Cognito is the profile of a user pool of Amazon Cognito, whose issuer is
// https://cognito-idp.REGION.amazonaws.com/POOL.
//
// Cognito's tokens have no typ and say in `token_use` what they are for, an
// access token "access" and an ID token "id". An access token has no `aud`
// unless its client has asked for a resource, so Audiences is the list of app
// clients whose tokens you accept, which are then compared with `client_id`.
// Where there is an `aud`, it alone counts. Roles are the groups of the user,
// `cognito:groups`.
func Cognito() Profile {
	return Profile{
		Types:    []string{"", "JWT", string(Access)},
		Kind:     cognitoKind,
		Audience: []string{"aud", "client_id"},
		Roles:    []string{"cognito:groups"},
	}
}

func cognitoKind(c *Claims) Kind {
	switch use, _ := c.Claim("token_use").Text(); use {
	case "access":
		return Access
	case "id":
		return IDToken
	}
	return ""
}
