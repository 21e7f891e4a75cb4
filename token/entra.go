package token

import (
	"fmt"
	"strings"
)

// Entra is the profile of one tenant of Microsoft Entra ID, for access tokens
// of version 1.0 (issuer https://sts.windows.net/TENANT/, audience the
// Application ID URI) and 2.0 (https://login.microsoftonline.com/TENANT/v2.0,
// audience the API's client id). TENANT is its id. All tenants sign with the
// same keys, so the issuer is all that keeps them apart: NewVerifier refuses
// `common`, `organizations` and `consumers`, and the claim `tid` must be the
// tenant that the issuer names.
//
// What marks an access token is the scope of a user's consent in `scp`, or, in
// a token that an application has for itself, `idtyp` with the value "app"
// beside at least one role. Add idtyp to the API's access tokens as an
// optional claim, or those are refused; without a role such a token proves
// only that its application is in the tenant.
//
// The client is `azp` or `appid`. The subject is `sub`, which differs from API
// to API; Subject: "oid" is the same everywhere in the tenant.
func Entra() Profile {
	return Profile{
		Types:       []string{"JWT", string(Access)},
		Kind:        entraKind,
		ClientID:    []string{"azp", "appid"},
		Scopes:      []string{"scp"},
		checkIssuer: checkTenant,
	}
}

func entraKind(c *Claims) Kind {
	tenant, _ := c.Claim("tid").Text()
	if tenant == "" || !strings.Contains(c.Issuer(), "/"+tenant+"/") {
		return ""
	}
	switch typ, _ := c.Claim("idtyp").Text(); typ {
	case "app":
		if c.Claim("roles").Len() == 0 {
			return ""
		}
		return Access
	case "", "user":
		if scopes, _ := c.Claim("scp").Text(); strings.Trim(scopes, " ") != "" {
			return Access
		}
		return idToken(c)
	}
	return "" // a device, for one
}

func checkTenant(issuer string) error {
	for segment := range strings.SplitSeq(issuer, "/") {
		switch segment {
		case "common", "organizations", "consumers", "{tenantid}", "{tenant}":
			return fmt.Errorf("%q stands for many tenants: name the one you trust by its id", segment)
		}
	}
	return nil
}
