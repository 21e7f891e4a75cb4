package peers_test

import (
	"errors"
	"strings"
	"testing"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

// What oidc-provider issues to a client by itself, in each algorithm that we
// share, is an access token here, and its scopes are the rules'.
func TestAnIssuersAccessTokensPass(t *testing.T) {
	t.Parallel()
	idp := startIssuer(t)
	notes := startService(t, idp)
	for _, alg := range []string{"RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"} {
		t.Run(alg, func(t *testing.T) {
			reader, writer := idp.robot(alg, "notes.read"), idp.robot(alg, "notes.read notes.write")
			for name, tc := range map[string]struct{ got, want grpcauthv1.Reason }{
				"reading with read":   {notes.list(reader), passed},
				"writing with read":   {notes.create(reader), grpcauthv1.Reason_REASON_SCOPE_MISSING},
				"writing with write":  {notes.create(writer), passed},
				"a wider scope":       {notes.list(tampered(t, reader)), grpcauthv1.Reason_REASON_TOKEN_SIGNATURE},
				"another's signature": {notes.list(swapped(reader, writer)), grpcauthv1.Reason_REASON_TOKEN_SIGNATURE},
				"a removed signature": {notes.list(swapped(reader, "")), grpcauthv1.Reason_REASON_TOKEN_SIGNATURE},
			} {
				if tc.got != tc.want {
					t.Errorf("%s: %v, want %v", name, tc.got, tc.want)
				}
			}
		})
	}
}

// Its keys are found at a plain address, too, and not under a name that is
// not its own: a slash at the end is another name.
// checklist: V5, K2
func TestAnIssuersKeysAreFoundUnderItsNameAlone(t *testing.T) {
	t.Parallel()
	idp := startIssuer(t)
	raw := idp.robot("ES256", "notes.read")
	byURL := startServiceWith(t, idp, token.RemoteKeysConfig{URL: idp.jwksURL(), Cooldown: cooldown})
	if got := byURL.list(raw); got != passed {
		t.Errorf("by the address of the keys: %v", got)
	}
	misnamed, err := token.NewRemoteKeys(token.RemoteKeysConfig{Issuer: idp.Issuer + "/"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := misnamed.Key(t.Context(), "", token.ES256); !errors.Is(err, token.ErrKeysUnavailable) || !strings.Contains(err.Error(), idp.Issuer) {
		t.Errorf("under another name: %v", err)
	}
}

// What the same issuer hands out for other ends is refused.
// checklist: V6
func TestAnIssuersOtherTokensAreRefused(t *testing.T) {
	t.Parallel()
	idp := startIssuer(t)
	notes := startService(t, idp)
	ada := idp.ada("ES256")
	if got := notes.list(ada.Access); got != passed {
		t.Errorf("the access token of somebody who logged in: %v", got)
	}
	if got := notes.list(ada.ID); got != grpcauthv1.Reason_REASON_TOKEN_AUDIENCE {
		t.Errorf("an ID token: %v", got)
	}
	if got := startService(t, idp, client).list(ada.ID); got != grpcauthv1.Reason_REASON_TOKEN_KIND {
		t.Errorf("an ID token where the client's name is an audience: %v", got)
	}
	// No JWT at all: only the issuer can read it.
	if got := notes.list(idp.robot("", "notes.read")); got != grpcauthv1.Reason_REASON_TOKEN_MALFORMED {
		t.Errorf("an opaque token: %v", got)
	}
	if got := startService(t, startIssuer(t)).list(ada.Access); got != grpcauthv1.Reason_REASON_TOKEN_ISSUER {
		t.Errorf("at a service that trusts another issuer: %v", got)
	}
}
