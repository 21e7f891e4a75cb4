package movingin

import (
	"crypto/ed25519"

	"github.com/grpcauth/grpcauth/token"
)

// newVerifier trusts the issuer that the server by hand took tokens from.
func newVerifier(key ed25519.PublicKey) (*token.Verifier, error) {
	// readme:start verifier
	issuersKey, err := token.NewKey(token.EdDSA, "2026-01", key) // the algorithm is the key's
	if err != nil {
		return nil, err
	}
	keys, err := token.NewStaticKeys(issuersKey) // or NewRemoteKeys, with the address of a JWK Set
	if err != nil {
		return nil, err
	}
	verifier, err := token.NewVerifier(token.VerifierConfig{Issuers: []token.TrustedIssuer{{
		Issuer: "https://auth.example", Audiences: []string{"https://notes.example"}, Keys: keys,
	}}})
	// readme:end
	return verifier, err
}
