package authsvc

import (
	"context"
	"net/netip"

	"google.golang.org/grpc/peer"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// entry is a line of the audit record about a session, done by its own
// subject.
func entry(ctx context.Context, kind string, s store.Session) store.Entry {
	return store.Entry{
		Kind: kind, Actor: s.Subject, Subject: s.Subject, ClientID: s.ClientID, SessionID: s.ID,
		Address: addressOf(ctx), Reason: s.Reason,
	}
}

// addressOf is where a call comes from, without the port: the connection's own
// address, never one that a header claims.
func addressOf(ctx context.Context) string {
	p, ok := peer.FromContext(ctx)
	if !ok || p.Addr == nil {
		return ""
	}
	if ip, err := netip.ParseAddrPort(p.Addr.String()); err == nil {
		return ip.Addr().Unmap().String()
	}
	return p.Addr.Network()
}
