package token

import (
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// What a token can be refused for. Each error of a [Verifier] is exactly one
// of these by errors.Is, an ended context, or the failure of a [KeySet] of
// your own: faults are never joined, so a bad signature is reported as a bad
// signature even when the token has expired too.
var (
	// ErrMalformed: not a JWS in compact form, or not strict base64url and
	// JSON inside; too long, a duplicate member, a `crit` header (RFC 7515).
	ErrMalformed = fault.New(grpcauthv1.Reason_REASON_TOKEN_MALFORMED, "token: malformed")
	// ErrSignature: the signature does not verify under the issuer's key and
	// that key's algorithm.
	ErrSignature = fault.New(grpcauthv1.Reason_REASON_TOKEN_SIGNATURE, "token: signature is not valid")
	// ErrUnknownKey: the issuer has no key of that id. A [KeySet] returns it.
	ErrUnknownKey = fault.New(grpcauthv1.Reason_REASON_TOKEN_KEY_UNKNOWN, "token: key is not known")
	// ErrKeysUnavailable: the issuer's keys can't be had right now, so nothing
	// is known about the token. A [KeySet] returns it.
	ErrKeysUnavailable = fault.New(grpcauthv1.Reason_REASON_KEYS_UNAVAILABLE, "token: keys are unavailable")
	// ErrExpired: `exp` has passed.
	ErrExpired = fault.New(grpcauthv1.Reason_REASON_TOKEN_EXPIRED, "token: expired")
	// ErrNotYetValid: `nbf` or `iat` is ahead.
	ErrNotYetValid = fault.New(grpcauthv1.Reason_REASON_TOKEN_NOT_YET_VALID, "token: not valid yet")
	// ErrClaims: a required claim is missing, or a claim has the wrong form.
	ErrClaims = fault.New(grpcauthv1.Reason_REASON_TOKEN_CLAIMS, "token: claims are not valid")
	// ErrAudience: the token was made for somebody else.
	ErrAudience = fault.New(grpcauthv1.Reason_REASON_TOKEN_AUDIENCE, "token: made for another audience")
	// ErrIssuer: the token's issuer is not trusted here.
	ErrIssuer = fault.New(grpcauthv1.Reason_REASON_TOKEN_ISSUER, "token: issuer is not trusted")
	// ErrKind: this kind of token is not accepted here.
	ErrKind = fault.New(grpcauthv1.Reason_REASON_TOKEN_KIND, "token: kind is not accepted here")
)

// ErrReservedClaim: a private claim of a [Spec] has a name that only the
// issuer may set.
var ErrReservedClaim = fault.New(grpcauthv1.Reason_REASON_INTERNAL, "token: claim name is reserved")
