package fault

import (
	"google.golang.org/grpc/codes"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// challenge is the error code of a www-authenticate header (RFC 6750 §3.1,
// RFC 9470 §3).
type challenge string

const (
	// none: the answer carries no challenge.
	none challenge = ""
	// bare: a challenge without an error code, for a call that sent no token.
	bare              challenge = "bare"
	invalidRequest    challenge = "invalid_request"
	invalidToken      challenge = "invalid_token"
	insufficientScope challenge = "insufficient_scope"
	stepUp            challenge = "insufficient_user_authentication"
)

type row struct {
	code      codes.Code
	message   string
	challenge challenge
}

// rowOf is the table. A reason that is missing here is answered like
// INTERNAL; a test walks the enum so that none is.
func rowOf(reason grpcauthv1.Reason) row {
	switch reason {
	case grpcauthv1.Reason_REASON_TOKEN_MISSING:
		return row{codes.Unauthenticated, "no bearer token was sent", bare}
	case grpcauthv1.Reason_REASON_TOKEN_MALFORMED:
		return row{codes.Unauthenticated, "the token is malformed", invalidToken}
	case grpcauthv1.Reason_REASON_TOKEN_MULTIPLE:
		return row{codes.Unauthenticated, "more than one token was sent", invalidRequest}
	case grpcauthv1.Reason_REASON_TOKEN_SIGNATURE:
		return row{codes.Unauthenticated, "the token's signature is invalid", invalidToken}
	case grpcauthv1.Reason_REASON_TOKEN_KEY_UNKNOWN:
		return row{codes.Unauthenticated, "the token's key is unknown", invalidToken}
	case grpcauthv1.Reason_REASON_TOKEN_EXPIRED:
		return row{codes.Unauthenticated, "the token has expired", invalidToken}
	case grpcauthv1.Reason_REASON_TOKEN_NOT_YET_VALID:
		return row{codes.Unauthenticated, "the token is not valid yet", invalidToken}
	case grpcauthv1.Reason_REASON_TOKEN_CLAIMS:
		return row{codes.Unauthenticated, "a required claim of the token is missing or malformed", invalidToken}
	case grpcauthv1.Reason_REASON_TOKEN_AUDIENCE:
		return row{codes.Unauthenticated, "the token is meant for another audience", invalidToken}
	case grpcauthv1.Reason_REASON_TOKEN_ISSUER:
		return row{codes.Unauthenticated, "the token's issuer is not trusted", invalidToken}
	case grpcauthv1.Reason_REASON_TOKEN_KIND:
		return row{codes.Unauthenticated, "this kind of token is not accepted here", invalidToken}
	case grpcauthv1.Reason_REASON_TOKEN_REVOKED:
		return row{codes.Unauthenticated, "the token was revoked", invalidToken}
	case grpcauthv1.Reason_REASON_TOKEN_OUTDATED:
		return row{codes.Unauthenticated, "the token is outdated, a new one is needed", invalidToken}
	case grpcauthv1.Reason_REASON_TOKEN_BINDING:
		return row{codes.Unauthenticated, "the token is bound to another connection", invalidToken}
	case grpcauthv1.Reason_REASON_TOKEN_UNBOUND:
		return row{codes.Unauthenticated, "a token bound to a client certificate is needed", invalidToken}
	case grpcauthv1.Reason_REASON_PLAINTEXT:
		return row{codes.Unauthenticated, "credentials are not read from a connection without TLS", none}
	case grpcauthv1.Reason_REASON_REAUTHENTICATION_REQUIRED:
		return row{codes.Unauthenticated, "a more recent login is needed", stepUp}
	case grpcauthv1.Reason_REASON_USER_NOT_FOUND:
		return row{codes.Unauthenticated, "the token's user does not exist", invalidToken}
	case grpcauthv1.Reason_REASON_CSRF_MISSING:
		return row{codes.Unauthenticated, "the CSRF token is missing", invalidRequest}
	case grpcauthv1.Reason_REASON_CSRF_MISMATCH:
		return row{codes.Unauthenticated, "the CSRF token is wrong", invalidRequest}

	case grpcauthv1.Reason_REASON_NO_RULE:
		return row{codes.PermissionDenied, "no rule lets anybody call this method", none}
	case grpcauthv1.Reason_REASON_SCOPE_MISSING:
		return row{codes.PermissionDenied, "the token lacks a scope", insufficientScope}
	case grpcauthv1.Reason_REASON_ROLE_MISSING:
		return row{codes.PermissionDenied, "the caller lacks a role", none}
	case grpcauthv1.Reason_REASON_ROLE_DENIED:
		return row{codes.PermissionDenied, "the caller has a role that is refused", none}
	case grpcauthv1.Reason_REASON_CLAIM_MISSING:
		return row{codes.PermissionDenied, "the token lacks a claim", none}
	case grpcauthv1.Reason_REASON_CLAIM_MISMATCH:
		return row{codes.PermissionDenied, "a claim of the token has another value", none}
	case grpcauthv1.Reason_REASON_BINDING_MISMATCH:
		return row{codes.PermissionDenied, "the request is about somebody else", none}
	case grpcauthv1.Reason_REASON_CLAIMS_REJECTED:
		return row{codes.PermissionDenied, "the token's claims were refused", none}
	case grpcauthv1.Reason_REASON_ISSUER_DENIED:
		return row{codes.PermissionDenied, "the token's issuer may not call this method", none}

	case grpcauthv1.Reason_REASON_KEYS_UNAVAILABLE:
		return row{codes.Unavailable, "the issuer's keys are unavailable", none}
	case grpcauthv1.Reason_REASON_REVOCATION_UNAVAILABLE:
		return row{codes.Unavailable, "revocations are unavailable", none}
	case grpcauthv1.Reason_REASON_USER_UNAVAILABLE:
		return row{codes.Unavailable, "the user can't be loaded", none}
	case grpcauthv1.Reason_REASON_CHECK_UNAVAILABLE:
		return row{codes.Unavailable, "a check can't answer", none}
	case grpcauthv1.Reason_REASON_STORE_UNAVAILABLE:
		return row{codes.Unavailable, "the store is unavailable", none}

	case grpcauthv1.Reason_REASON_INVALID_CREDENTIALS:
		return row{codes.Unauthenticated, "the user name, the password or the second factor is wrong", none}
	case grpcauthv1.Reason_REASON_INVALID_CLIENT:
		return row{codes.Unauthenticated, "the client is unknown or has not proven itself", none}
	case grpcauthv1.Reason_REASON_REFRESH_INVALID:
		return row{codes.Unauthenticated, "the refresh token is unknown or has expired", none}
	case grpcauthv1.Reason_REASON_REFRESH_REUSED:
		return row{codes.Unauthenticated, "the refresh token was used before, its session has been revoked", none}
	case grpcauthv1.Reason_REASON_SESSION_REVOKED:
		return row{codes.Unauthenticated, "the session has ended", none}
	case grpcauthv1.Reason_REASON_SESSION_NOT_FOUND:
		return row{codes.NotFound, "there is no such session", none}
	case grpcauthv1.Reason_REASON_SCOPE_NOT_GRANTED:
		return row{codes.PermissionDenied, "nothing of what was asked for may be granted", none}
	case grpcauthv1.Reason_REASON_INVALID_REQUEST:
		return row{codes.InvalidArgument, "the request is invalid", none}
	case grpcauthv1.Reason_REASON_THROTTLED:
		return row{codes.ResourceExhausted, "too many attempts, try again later", none}
	case grpcauthv1.Reason_REASON_BUSY:
		return row{codes.ResourceExhausted, "the server is busy, try again shortly", none}
	case grpcauthv1.Reason_REASON_CONFLICT:
		return row{codes.Aborted, "the account changed during the call, try again", none}

	case grpcauthv1.Reason_REASON_NOT_SUPPORTED:
		return row{codes.Unimplemented, "this server does not do that", none}
	case grpcauthv1.Reason_REASON_NOT_PROTECTED:
		return row{codes.Internal, "the server is not set up: its guard does not protect it yet", none}
	case grpcauthv1.Reason_REASON_NOT_GUARDED:
		return row{codes.Internal, "the server is not set up: a handler ran without its guard", none}
	case grpcauthv1.Reason_REASON_CALL_ENDED:
		return row{codes.Canceled, "the call ended", none}
	default:
		return row{codes.Internal, "internal error", none}
	}
}
