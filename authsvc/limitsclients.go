package authsvc

import (
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// What the requests of clients may hold, in bytes.
const (
	maxClientSecret = 256
	maxJWT          = 8 << 10
)

func checkClientToken(r *grpcauthv1.IssueClientTokenRequest) error {
	var v violations
	v.required("client_id", r.GetClientId(), maxClientID)
	v.plain("client_id", r.GetClientId())
	if proofOf(r) == (clientProof{}) {
		v.add("proof", "must not be empty: set client_secret or client_assertion")
	}
	v.proof(proofOf(r))
	v.scopes("scopes", r.GetScopes())
	v.list("audiences", r.GetAudiences(), maxAudience)
	return v.err()
}

func checkRevokeToken(r *grpcauthv1.RevokeTokenRequest) error {
	var v violations
	v.required("token", r.GetToken(), maxJWT)
	v.atMost("client_id", r.GetClientId(), maxClientID)
	v.plain("client_id", r.GetClientId())
	v.proof(proofOf(r))
	return v.err()
}

func checkIntrospect(r *grpcauthv1.IntrospectTokenRequest) error {
	var v violations
	v.required("token", r.GetToken(), maxJWT)
	return v.err()
}

func (v *violations) proof(p clientProof) {
	v.atMost("client_secret", p.secret, maxClientSecret)
	v.atMost("client_assertion", p.assertion, maxJWT)
}
