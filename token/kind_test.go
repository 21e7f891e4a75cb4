package token_test

import (
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/token"
)

func TestNewKind(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]token.Kind{
		"password-reset": "password-reset+jwt", "invite": "invite+jwt", "a": "a+jwt", "v2.reset_it": "v2.reset_it+jwt", "2fa": "2fa+jwt",
		"at": "", "": "", "Reset": "", "re set": "", "re+set": "", "application/x": "", "-a": "", "a-": "", ".": "", "é": "", "a\n": "",
		strings.Repeat("a", 127): token.Kind(strings.Repeat("a", 127) + "+jwt"), strings.Repeat("a", 128): "",
	} {
		t.Run(name, func(t *testing.T) {
			kind, err := token.NewKind(name)
			if kind != want || (err == nil) != (want != "") {
				t.Errorf("kind = %q, %v; want %q", kind, err, want)
			}
			if want == "" {
				return
			}
			if again, err := token.ParseKind(string(kind)); again != kind || err != nil {
				t.Errorf("it is read back as %q, %v", again, err)
			}
		})
	}
}

func TestParseKind(t *testing.T) {
	t.Parallel()
	for typ, want := range map[string]token.Kind{
		"at+jwt": token.Access, "AT+JWT": token.Access, "application/at+jwt": token.Access, "APPLICATION/At+Jwt": token.Access,
		"password-reset+jwt": "password-reset+jwt", "JWT": "jwt", "id_token": token.IDToken,
		"": "", "application/": "", "text/at+jwt": "", "application/a/b": "", "at+jwt; a=b": "", "boo\u212a+jwt": "", "\u0130d+jwt": "", " at+jwt": "", "a++b": "", "+jwt": "", "at+": "",
	} {
		t.Run(typ, func(t *testing.T) {
			kind, err := token.ParseKind(typ)
			if kind != want || (err == nil) != (want != "") {
				t.Errorf("kind = %q, %v; want %q", kind, err, want)
			}
		})
	}
}

func TestParseAlgorithm(t *testing.T) {
	t.Parallel()
	for name, ok := range map[string]bool{
		"EdDSA": true, "ES256": true, "ES384": true, "ES512": true, "RS256": true, "RS384": true, "RS512": true,
		"PS256": true, "PS384": true, "PS512": true, "HS256": true, "HS384": true, "HS512": true,
		"none": false, "": false, "eddsa": false, "ed25519": false, "Ed448": false, "ES256K": false, "HS1": false, "ES256 ": false, "RSA-OAEP": false, "dir": false,
	} {
		alg, err := token.ParseAlgorithm(name)
		if (err == nil) != ok || ok && string(alg) != name {
			t.Errorf("%q is read as %q, %v", name, alg, err)
		}
		if err != nil && !strings.Contains(err.Error(), "want one of EdDSA, ES256, ES384, ES512, RS256, RS384, RS512, PS256, PS384, PS512, HS256, HS384, HS512") {
			t.Errorf("the error does not say what to write: %v", err)
		}
	}
	if alg, err := token.ParseAlgorithm("Ed25519"); alg != token.EdDSA || err != nil {
		t.Errorf("Ed25519 is read as %q, %v: it is EdDSA by its newer name", alg, err)
	}
}
