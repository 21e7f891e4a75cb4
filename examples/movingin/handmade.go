package movingin

import "github.com/grpcauth/grpcauth/token"

// newHandmadeVerifier trusts tokens that a server signs by hand, with a secret
// that it shares with this one, and whose role stands in a claim of its own.
func newHandmadeVerifier(secret []byte) (*token.Verifier, error) {
	// readme:start handmade
	shared, err := token.NewHMACKey("", secret) // HS256, at least 32 bytes
	if err != nil {
		return nil, err
	}
	keys, err := token.NewStaticKeys(shared.Public())
	if err != nil {
		return nil, err
	}
	verifier, err := token.NewVerifier(token.VerifierConfig{Issuers: []token.TrustedIssuer{{
		Issuer: "https://auth.example", Audiences: []string{"https://notes.example"}, Keys: keys,
		Profile: token.Profile{Roles: []string{"role"}},
	}}})
	// readme:end
	return verifier, err
}
