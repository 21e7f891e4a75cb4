package authsvc

import (
	"fmt"
	"slices"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// reservedScope begins the scopes that open our own services. They come from
// the store and from nowhere else.
const reservedScope = "grpcauth."

var errNotGranted = fault.New(grpcauthv1.Reason_REASON_SCOPE_NOT_GRANTED, "authsvc: nothing of what was asked for may be granted")

// allowedScopes is what a client may be granted for a user.
func (c Client) allowedScopes(id Identity) []string {
	if c.AllScopes {
		return unique(id.Scopes)
	}
	return both(id.Scopes, c.Scopes)
}

// choose is what is granted of what may be: all of it, or what was asked for
// of it. Asking for nothing that may be granted is refused (RFC 6749 §5.2).
func choose(wanted, allowed []string, what string) ([]string, error) {
	if len(wanted) == 0 {
		return allowed, nil
	}
	granted := both(wanted, allowed)
	if len(granted) == 0 {
		return nil, fmt.Errorf("%w: no %s of %q", errNotGranted, what, wanted)
	}
	return granted, nil
}

// chooseAudiences is choose for audiences, of which a token needs one.
func chooseAudiences(wanted, allowed []string) ([]string, error) {
	granted, err := choose(wanted, allowed, "audience")
	if err == nil && len(granted) == 0 {
		return nil, fmt.Errorf("%w: no audience is left", errNotGranted)
	}
	return granted, err
}

// renewScopes is what a refreshed access token holds: what the session was
// granted, as far as client and user may still have it, narrowed to what was
// asked for. It never widens (RFC 6749 §6).
func renewScopes(wanted []string, s store.Session, c Client, id Identity) ([]string, error) {
	for _, scope := range wanted {
		if !slices.Contains(s.Scopes, scope) {
			return nil, fmt.Errorf("%w: the session does not hold %q", errNotGranted, scope)
		}
	}
	return choose(wanted, both(s.Scopes, c.allowedScopes(id)), "scope")
}

// both is what stands in a and in b, each once, in the order of a.
func both(a, b []string) []string {
	var out []string
	for _, v := range a {
		if slices.Contains(b, v) && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

func unique(a []string) []string { return both(a, a) }
