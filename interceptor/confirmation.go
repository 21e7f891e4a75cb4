package interceptor

import (
	"context"
	"crypto/subtle"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/internal/transport"
	"github.com/grpcauth/grpcauth/token"
)

// Why a token was refused for what it is bound to.
var (
	errUnbound             = fault.New(grpcauthv1.Reason_REASON_TOKEN_UNBOUND, "interceptor: the rule wants a token that is bound to the caller's certificate (cnf with x5t#S256): have the issuer bind it")
	errUnknownConfirmation = fault.New(grpcauthv1.Reason_REASON_TOKEN_BINDING, "interceptor: the token has a confirmation (cnf) other than x5t#S256, which can't be checked")
	errNoCertificate       = fault.New(grpcauthv1.Reason_REASON_TOKEN_BINDING, "interceptor: the token is bound to a certificate and this connection's TLS handshake had none: have the server ask for one (tls.Config.ClientAuth)")
	errOtherCertificate    = fault.New(grpcauthv1.Reason_REASON_TOKEN_BINDING, "interceptor: the token is bound to another certificate than this connection's")
)

// confirm tells whether the token may be used on this connection. A token
// with a confirmation is good only in the hands of whoever holds the key of
// the certificate that it names (RFC 8705 §3), whatever the rule; one without
// is good anywhere, unless the rule is sender-constrained. The certificate is
// the handshake's, never a header's.
func confirm(ctx context.Context, claims *token.Claims, senderConstrained bool) error {
	if !claims.Bound() {
		if senderConstrained {
			return errUnbound
		}
		return nil
	}
	thumbprint, ok := claims.Claim("cnf.x5t#S256").Text()
	if !ok || claims.Claim("cnf").Len() != 1 {
		return errUnknownConfirmation
	}
	certificate := transport.Certificate(ctx)
	if certificate == nil {
		return errNoCertificate
	}
	if subtle.ConstantTimeCompare([]byte(token.CertificateThumbprint(certificate)), []byte(thumbprint)) != 1 {
		return errOtherCertificate
	}
	return nil
}
