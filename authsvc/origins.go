package authsvc

import (
	"context"
	"net/netip"

	"google.golang.org/grpc/peer"

	"github.com/grpcauth/grpcauth/internal/transport"
)

// origins tells where calls come from: what is scarce is shared between blocks
// of addresses, and the audit record names the address.
type origins struct {
	proxies []netip.Prefix // who tell for whom they call
	mute    []netip.Prefix // who call for others, and don't tell
}

func newOrigins(cfg Config) origins {
	if len(cfg.Proxies) > 0 {
		return origins{proxies: cfg.Proxies, mute: cfg.Proxies}
	}
	return origins{mute: cfg.AllowPlaintextFrom}
}

// lost reports whether a proxy seems to have told who calls, and its address
// counts all the same.
func (o origins) lost(ctx context.Context) bool {
	return o.shared(ctx) && transport.Forwarded(ctx)
}

// address is where a call comes from, without the port, or the kind of its
// connection where that has no address.
func (o origins) address(ctx context.Context) string {
	if ip := transport.Address(ctx, o.proxies); ip.IsValid() {
		return ip.String()
	}
	if p, ok := peer.FromContext(ctx); ok && p.Addr != nil {
		return p.Addr.Network()
	}
	return ""
}

// block is the block of addresses that a call comes from.
func (o origins) block(ctx context.Context) netip.Prefix {
	return transport.Block(transport.Address(ctx, o.proxies))
}

// shared reports whether the address says nothing about who calls: it is that
// of a proxy which did not tell, or is on this machine, where one may be.
func (o origins) shared(ctx context.Context) bool {
	ip := transport.Address(ctx, o.proxies)
	return !ip.IsValid() || ip.IsLoopback() || transport.Within(ip, o.mute)
}
