package token

// Keycloak is the profile of a realm of Keycloak, whose tokens all have the
// header `typ: JWT` (access tokens `at+jwt` if the client is set so) and say
// in a claim `typ` what they are for: an access token "Bearer", an ID token
// "ID", a refresh token "Refresh" or "Offline".
//
// The client is `azp`. Roles are those of the realm, in `realm_access.roles`.
// Add those of a client by its id:
//
//	profile := token.Keycloak()
//	profile.Roles = append(profile.Roles, "/resource_access/notes/roles")
//
// The issuer is https://HOST/realms/REALM. Keycloak names an API in `aud` only
// when an audience mapper tells it to.
func Keycloak() Profile {
	return Profile{
		Types:    []string{"JWT", string(Access)},
		Kind:     keycloakKind,
		ClientID: []string{"azp"},
		Roles:    []string{"realm_access.roles"},
	}
}

func keycloakKind(c *Claims) Kind {
	switch typ, _ := c.Claim("typ").Text(); typ {
	case "Bearer":
		return Access
	case "ID":
		return IDToken
	}
	return ""
}
