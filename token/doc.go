// Package token says what a token is: it issues and verifies JSON Web Tokens
// (RFC 7519) with the access-token profile of RFC 9068. It knows nothing of
// gRPC.
//
// An issuer has a key and a name. It turns a [Spec], which is what you ask
// for, into a signed token:
//
//	key, err := token.GenerateKey(token.EdDSA)
//	...
//	issuer, err := token.NewIssuer(token.IssuerConfig{
//		Issuer:   "https://auth.example.com",
//		Audience: []string{"notes"},
//		Key:      key,
//	})
//	...
//	raw, claims, err := issuer.Issue(ctx, token.Spec{
//		Subject:  "user-1",
//		ClientID: "web",
//		Scopes:   []string{"notes.read"},
//	})
//
// A verifier names the issuers that it trusts and who it is itself, and turns
// the text back into [Claims], which is what was proven. Nothing else makes
// Claims, so a function that takes them needs no checks of its own:
//
//	keys, err := token.NewRemoteKeys(token.RemoteKeysConfig{
//		Issuer: "https://auth.example.com", // its metadata says where its keys are
//	})
//	...
//	verifier, err := token.NewVerifier(token.VerifierConfig{
//		Issuers: []token.TrustedIssuer{{
//			Issuer:    "https://auth.example.com",
//			Audiences: []string{"notes"},
//			Keys:      keys,
//		}},
//	})
//	...
//	claims, err := verifier.Verify(ctx, raw)
//	if errors.Is(err, token.ErrExpired) { ... }
//	if claims.HasScope("notes.read") { ... }
//
// # Kinds
//
// A token says in its `typ` header what it is for. [Access] tokens are the
// default; [NewKind] makes kinds of your own, for a password reset or an
// invitation. A verifier that was not told to accept a kind refuses it, so
// that none can be used in place of another.
//
// # Issuers
//
// Issuers differ in what marks an access token and in where they keep the
// client, the scopes and the roles. A [Profile] says so for each that is
// trusted: [Keycloak], [Auth0], [Okta], [Entra], [Cognito], or one of your own.
// The default, [RFC9068], is what an [Issuer] writes. What a token says is read
// through the profile, so that a rule on scopes or roles need not know who made
// the token. Without the mark of an access token it is an [IDToken] at most,
// and [Verifier.Verify] accepts it only when that kind is named.
//
// # Keys
//
// The algorithm belongs to the key, never to the token. [ParsePEM],
// [ParsePublicPEM], [ParseJWK] and [ParseSigningJWK] read keys that exist,
// [NewHMACKey] takes a shared secret, [NewSigningKey] any crypto.Signer. Their
// soundness is checked there and then. Where a key's type allows several
// algorithms, as RSA does, the reading functions take the one to use.
// [StaticKeys], [FileKeys] and [RemoteKeys] are sets of keys; anything with
// the one method of [KeySet] is. RemoteKeys finds an issuer's keys by its
// name, fetches them again before they are stale, and bridges its outages;
// [RemoteKeys.WaitReady] keeps a server from starting without keys, and
// [RemoteKeys.Stats] is for metrics. [MarshalJWKS] writes what others need to
// verify your tokens.
//
// # What is refused
//
// There is no lenient mode. Base64url and JSON are strict, a member that comes
// twice is refused at every depth, an expiry is required, a `crit` header is
// refused, and whatever a header says about where to find a key is ignored.
// The signature is verified before the claims are decoded; the one exception
// is `iss`, which has to say whose key to take.
package token
