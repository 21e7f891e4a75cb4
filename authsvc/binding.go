package authsvc

import (
	"context"
	"crypto/subtle"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/internal/transport"
	"github.com/grpcauth/grpcauth/token"
)

var (
	errNoCertificate    = fault.New(grpcauthv1.Reason_REASON_TOKEN_BINDING, "authsvc: the client's tokens are bound to a certificate, and this connection's TLS handshake had none")
	errUnbound          = fault.New(grpcauthv1.Reason_REASON_TOKEN_BINDING, "authsvc: the session began before its client's tokens were bound to a certificate: log in again")
	errOtherCertificate = fault.New(grpcauthv1.Reason_REASON_TOKEN_BINDING, "authsvc: the session is bound to another certificate than this connection's")
)

// bind is what a new session of the client is bound to: the certificate of the
// connection, or "" for nothing.
func (c Client) bind(ctx context.Context) (string, error) {
	if !c.CertificateBound {
		return "", nil
	}
	certificate := transport.Certificate(ctx)
	if certificate == nil {
		return "", errNoCertificate
	}
	return token.CertificateThumbprint(certificate), nil
}

// checkBound refuses a session that is bound to nothing, though its client's now
// are.
func (c Client) checkBound(bound string) error {
	if bound == "" && c.CertificateBound {
		return errUnbound
	}
	return nil
}

// checkBinding holds a session that is bound to a certificate to that of the
// connection.
func checkBinding(ctx context.Context, bound string) error {
	if bound == "" {
		return nil
	}
	certificate := transport.Certificate(ctx)
	if certificate == nil || subtle.ConstantTimeCompare([]byte(token.CertificateThumbprint(certificate)), []byte(bound)) != 1 {
		return errOtherCertificate
	}
	return nil
}
