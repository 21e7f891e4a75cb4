package main

import (
	"strings"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// refusedTokens are calls whose token is no good, whatever the rule.
func refusedTokens(f *forger) []refusedCall {
	at := explainedTime(f.t).Unix()
	anyone := &grpcauthv1.Rule{}
	_, other := certificateFile(f.t)
	cert, _ := certificateFile(f.t)
	good := f.with(nil)
	return []refusedCall{
		{
			name: "no token", rule: anyone,
			by: "token", detail: "none, and the rule is not optional",
			answer: "Unauthenticated TOKEN_MISSING: no bearer token was sent",
			cause:  "interceptor: no token in the metadata",
		},
		{
			name: "a token of one segment", rule: anyone, raw: "abc",
			by: "form", detail: "wants three segments of base64url, 8 KiB at most",
			answer: "Unauthenticated TOKEN_MALFORMED: the token is malformed",
			cause:  "token: malformed: the token has not three segments",
		},
		{
			name: "a huge token", rule: anyone, raw: strings.Repeat("a", 1<<20),
			by: "form", detail: "wants three segments of base64url, 8 KiB at most",
			answer: "Unauthenticated TOKEN_MALFORMED: the token is malformed",
			cause:  "token: malformed: the token is longer than 8192 bytes",
		},
		{
			name: "binary", rule: anyone, raw: "\x00\xff\x1b[2J.\x01.\x02",
			by: "form", detail: "wants three segments of base64url, 8 KiB at most",
			answer: "Unauthenticated TOKEN_MALFORMED: the token is malformed",
			cause:  "token: malformed: the token is not strict base64url",
		},
		{
			name: "padding", rule: anyone, raw: good + "=",
			by: "form", detail: "wants three segments of base64url, 8 KiB at most",
			answer: "Unauthenticated TOKEN_MALFORMED: the token is malformed",
			cause:  "token: malformed: the token is not strict base64url",
		},
		{
			name: "no alg", rule: anyone, raw: f.sign(`{"kid":"k1"}`, f.payload(nil)),
			by: "header", detail: "",
			answer: "Unauthenticated TOKEN_MALFORMED: the token is malformed",
			cause:  "token: malformed: the header has no alg",
		},
		{
			name: "crit", rule: anyone, raw: f.sign(`{"alg":"EdDSA","kid":"k1","crit":[]}`, f.payload(nil)),
			by: "header", detail: "",
			answer: "Unauthenticated TOKEN_MALFORMED: the token is malformed",
			cause:  "token: malformed: the header has crit: no extension is understood here",
		},
		{
			name: "another issuer", rule: anyone, raw: f.with(map[string]any{"iss": "https://evil.test\x1b[2J"}),
			by: "issuer", detail: "wants https://auth.test; the token has \"https://evil.test\\x1b[2J\"",
			answer: "Unauthenticated TOKEN_ISSUER: the token's issuer is not trusted",
			cause:  "token: issuer is not trusted: \"https://evil.test\\x1b[2J\"",
		},
		{
			name: "no issuer", rule: anyone, raw: f.with(map[string]any{"iss": nil}),
			by: "issuer", detail: "wants https://auth.test; the token has \"\"",
			answer: "Unauthenticated TOKEN_ISSUER: the token's issuer is not trusted",
			cause:  "token: issuer is not trusted: \"\"",
		},
		{
			name: "a payload that is no object", rule: anyone, raw: f.sign(accessHeader, `[]`),
			by: "issuer", detail: "wants https://auth.test; the token has \"\"",
			answer: "Unauthenticated TOKEN_MALFORMED: the token is malformed",
			cause:  "token: malformed: the payload is not a JSON object",
		},
		{
			name: "alg none", rule: anyone, raw: f.sign(`{"alg":"none","kid":"k1","typ":"at+jwt"}`, f.payload(nil)),
			by: "key", detail: "keys are those of JWKS",
			answer: "Unauthenticated TOKEN_SIGNATURE: the token's signature is invalid",
			cause:  "token: signature is not valid: algorithm \"none\" is not supported",
		},
		{
			name: "an algorithm that is not the key's", rule: anyone, raw: f.sign(`{"alg":"HS256","kid":"k1","typ":"at+jwt"}`, f.payload(nil)),
			by: "key", detail: "EdDSA, id \"k1\"",
			answer: "Unauthenticated TOKEN_SIGNATURE: the token's signature is invalid",
			cause:  "token: signature is not valid: HS256 under a key for EdDSA",
		},
		{
			name: "an unknown key", rule: anyone, raw: f.sign(`{"alg":"EdDSA","kid":"k2","typ":"at+jwt"}`, f.payload(nil)),
			by: "key", detail: "keys are those of JWKS",
			answer: "Unauthenticated TOKEN_KEY_UNKNOWN: the token's key is unknown",
			cause:  "token: key \"k2\": token: key is not known",
		},
		{
			name: "no key for an algorithm", rule: anyone, raw: f.sign(`{"alg":"RS256","typ":"at+jwt"}`, f.payload(nil)),
			by: "key", detail: "keys are those of JWKS",
			answer: "Unauthenticated TOKEN_SIGNATURE: the token's signature is invalid",
			cause:  "token: signature is not valid: no kid, and not exactly one key for RS256",
		},
		{
			name: "a swapped signature", rule: anyone, raw: good[:strings.LastIndexByte(good, '.')] + "." + encode("nothing"),
			by: "signature", detail: "wants one that is right under this key",
			answer: "Unauthenticated TOKEN_SIGNATURE: the token's signature is invalid",
			cause:  "token: signature is not valid under key \"k1\"",
		},
		{
			name: "text after iss that is no JSON", rule: anyone, raw: f.sign(accessHeader, `{"iss":"`+testIssuer+`",}`),
			by: "claims", detail: "",
			answer: "Unauthenticated TOKEN_MALFORMED: the token is malformed",
			cause:  "token: malformed: the payload is not strict JSON",
		},
		{
			name: "no subject", rule: anyone, raw: f.with(map[string]any{"sub": nil}),
			by: "claims", detail: "",
			answer: "Unauthenticated TOKEN_CLAIMS: a required claim of the token is missing or malformed",
			cause:  "token: claims are not valid: sub is missing or empty",
		},
		{
			name: "an expiry that is a string", rule: anyone, raw: f.with(map[string]any{"exp": "soon"}),
			by: "claims", detail: "",
			answer: "Unauthenticated TOKEN_CLAIMS: a required claim of the token is missing or malformed",
			cause:  "token: claims are not valid: exp has the wrong form",
		},
		{
			name: "expired", rule: anyone, raw: f.with(map[string]any{"exp": at - 31}),
			by: "time", detail: "it is 2026-01-31T12:00:00Z (leeway 30s)",
			answer: "Unauthenticated TOKEN_EXPIRED: the token has expired",
			cause:  "token: expired at 2026-01-31T11:59:29Z",
		},
		{
			name: "not yet valid", rule: anyone, raw: f.with(map[string]any{"nbf": at + 31}),
			by: "time", detail: "it is 2026-01-31T12:00:00Z (leeway 30s)",
			answer: "Unauthenticated TOKEN_NOT_YET_VALID: the token is not valid yet",
			cause:  "token: not valid yet: nbf is 2026-01-31T12:00:31Z",
		},
		{
			name: "made in the future", rule: anyone, raw: f.with(map[string]any{"iat": at + 31}),
			by: "time", detail: "it is 2026-01-31T12:00:00Z (leeway 30s)",
			answer: "Unauthenticated TOKEN_NOT_YET_VALID: the token is not valid yet",
			cause:  "token: not valid yet: iat is 2026-01-31T12:00:31Z",
		},
		{
			name: "another audience", rule: anyone, raw: f.with(map[string]any{"aud": []string{"https://elsewhere.test", "x"}}),
			by: "audience", detail: "wants https://notes.test; the token has [\"https://elsewhere.test\",\"x\"] in aud",
			answer: "Unauthenticated TOKEN_AUDIENCE: the token is meant for another audience",
			cause:  "token: made for another audience: want one of [\"https://notes.test\"]",
		},
		{
			name: "no audience", rule: anyone, raw: f.with(map[string]any{"aud": nil}),
			by: "audience", detail: "wants https://notes.test; the token has no aud",
			answer: "Unauthenticated TOKEN_AUDIENCE: the token is meant for another audience",
			cause:  "token: made for another audience: want one of [\"https://notes.test\"]",
		},
		{
			name: "another kind", rule: anyone, raw: f.sign(`{"alg":"EdDSA","kid":"k1","typ":"password-reset+jwt"}`, f.payload(nil)),
			by: "kind", detail: "wants at+jwt",
			answer: "Unauthenticated TOKEN_KIND: this kind of token is not accepted here",
			cause:  "token: kind is not accepted here: \"password-reset+jwt\"",
		},
		{
			name: "an access token where another kind is wanted", rule: &grpcauthv1.Rule{Kinds: []string{"password-reset+jwt"}}, raw: good,
			by: "kind", detail: "wants password-reset+jwt",
			answer: "Unauthenticated TOKEN_KIND: this kind of token is not accepted here",
			cause:  "token: kind is not accepted here: \"at+jwt\"",
		},
		{
			name: "an ID token", rule: anyone, raw: f.sign(`{"alg":"EdDSA","kid":"k1","typ":"JWT"}`, f.payload(nil)),
			by: "kind", detail: "wants at+jwt",
			answer: "Unauthenticated TOKEN_KIND: this kind of token is not accepted here",
			cause:  "token: kind is not accepted here: \"id_token\"",
		},
		{
			name: "no client", rule: anyone, raw: f.with(map[string]any{"client_id": nil}),
			by: "profile", detail: "wants what every access token has",
			answer: "Unauthenticated TOKEN_CLAIMS: a required claim of the token is missing or malformed",
			cause:  "token: claims are not valid: client_id is missing or empty",
		},
		{
			name: "bound, and no certificate", rule: anyone, raw: f.with(map[string]any{"cnf": map[string]any{"x5t#S256": other}}),
			by: "confirmation", detail: "bound to a certificate, and no --certificate given",
			answer: "Unauthenticated TOKEN_BINDING: the token is bound to another connection",
			cause:  "interceptor: the token is bound to a certificate and this connection's TLS handshake had none: have the server ask for one (tls.Config.ClientAuth)",
		},
		{
			name: "bound to another certificate", rule: anyone, raw: f.with(map[string]any{"cnf": map[string]any{"x5t#S256": other}}), args: []string{"--certificate", cert},
			by: "confirmation", detail: "bound to a certificate",
			answer: "Unauthenticated TOKEN_BINDING: the token is bound to another connection",
			cause:  "interceptor: the token is bound to another certificate than this connection's",
		},
		{
			name: "bound in an unknown way", rule: anyone, raw: f.with(map[string]any{"cnf": map[string]any{"jkt": "x"}}), args: []string{"--certificate", cert},
			by: "confirmation", detail: "bound to a certificate",
			answer: "Unauthenticated TOKEN_BINDING: the token is bound to another connection",
			cause:  "interceptor: the token has a confirmation (cnf) other than x5t#S256, which can't be checked",
		},
		{
			name: "sender-constrained", rule: &grpcauthv1.Rule{SenderConstrained: true}, raw: good,
			by: "confirmation", detail: "not bound to a certificate, and the rule has sender_constrained",
			answer: "Unauthenticated TOKEN_UNBOUND: a token bound to a client certificate is needed",
			cause:  "interceptor: the rule wants a token that is bound to the caller's certificate (cnf with x5t#S256): have the issuer bind it",
		},
	}
}
