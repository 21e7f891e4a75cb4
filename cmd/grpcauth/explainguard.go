package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
)

// checkConfirmation holds a token that is good to the certificate that it is
// bound to.
func (e *explainer) checkConfirmation(ctx context.Context) finding {
	detail := "not bound to a certificate"
	if e.claims().Bound() {
		detail = "bound to a certificate"
	}
	if e.policy.Rule().GetSenderConstrained() {
		detail += ", as the rule wants"
	}
	err := e.askGuard(ctx)
	switch {
	case err == nil:
		return passed(detail)
	case e.claims().Bound() && e.call.certificate == nil:
		return refused("bound to a certificate, and no --certificate given", err)
	case !e.claims().Bound():
		return refused("not bound to a certificate, and the rule has sender_constrained", err)
	}
	return refused(detail, err)
}

// askGuard has a real Guard decide about the call, as far as tokens and
// connections go: it gives the cause of its denial. The connection is one with
// TLS, and the client's certificate if there is one.
func (e *explainer) askGuard(ctx context.Context) error {
	guard, err := interceptor.New(e.trust.verifier, interceptor.WithPublicInfrastructure())
	if err != nil {
		return err
	}
	srv := grpc.NewServer(guard.ServerOptions()...)
	defer srv.Stop()
	healthv1.RegisterHealthServer(srv, health.NewServer()) // a Guard wants a method to protect
	if err := guard.Protect(srv); err != nil {
		return err
	}
	rule := e.policy.Rule()
	_, err = guard.Authenticate(e.incoming(ctx), &grpcauthv1.Rule{Kinds: rule.GetKinds(), SenderConstrained: rule.GetSenderConstrained()})
	if denial, ok := errors.AsType[*interceptor.Denial](err); ok {
		return denial.Unwrap()
	}
	return err
}

// incoming is the context of a call.
func (e *explainer) incoming(ctx context.Context) context.Context {
	info := credentials.TLSInfo{CommonAuthInfo: credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}}
	if e.call.certificate != nil {
		info.State = tls.ConnectionState{PeerCertificates: []*x509.Certificate{e.call.certificate}}
	}
	ctx = peer.NewContext(ctx, &peer.Peer{AuthInfo: info})
	if e.raw == "" {
		return ctx
	}
	return metadata.NewIncomingContext(ctx, metadata.Pairs("authorization", "Bearer "+e.raw))
}
