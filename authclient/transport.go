package authclient

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	"github.com/grpcauth/grpcauth/internal/transport"
)

// transportGuard is a per-RPC credential that adds nothing: it lets a call
// out or not. Login and Refresh carry it, because their secrets are in the
// message, and grpc asks the credentials of a call before it writes anything
// of that call.
//
// It looks at the connection that was picked for this very attempt. grpc puts
// its peer and a RequestInfo into the context of every GetRequestMetadata; a
// dialer, a resolver, a balancer or a reconnect can't show it another one.
// Both must be there: the context of a server's handler, too, has a peer, but
// that is its caller. The URI that GetRequestMetadata is given names what was
// dialled and not who answered, so it is not looked at.
type transportGuard struct {
	allowPlaintext bool
}

// GetRequestMetadata adds nothing, or fails with ErrPlaintext.
func (t transportGuard) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	return nil, t.check(ctx)
}

// RequireTransportSecurity is false: grpc's own check knows no local peers.
func (transportGuard) RequireTransportSecurity() bool { return false }

func (t transportGuard) check(ctx context.Context) error {
	if t.allowPlaintext {
		return nil
	}
	if _, ours := credentials.RequestInfoFromContext(ctx); ours && transport.Secure(ctx, nil) {
		return nil
	}
	// Not Unauthenticated: nobody was asked, and no login would help.
	return fail(codes.Internal, ErrPlaintext, whom(ctx))
}

// whom tells the peer that would have read along.
func whom(ctx context.Context) error {
	if p, ok := peer.FromContext(ctx); ok && p.Addr != nil {
		return errors.New("peer " + p.Addr.String())
	}
	return errors.New("unknown peer")
}
