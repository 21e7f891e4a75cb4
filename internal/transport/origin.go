package transport

import (
	"context"
	"net/netip"

	"google.golang.org/grpc/peer"
)

// The smallest blocks of addresses that the internet routes, and so what one
// party has at least: whoever owns an IPv6 /48 has 65536 networks of /64, and
// would count for as many.
const (
	blockIPv4 = 24
	blockIPv6 = 48
)

// Origin is the block of addresses a call comes from, for sharing what is
// scarce: the /24 of an IPv4 address, the /48 of an IPv6 one. It is the
// address of the connection, never one that a header claims, so all calls
// through a proxy have its origin. Calls without an address (a Unix socket, an
// in-memory connection) have the zero Prefix.
func Origin(ctx context.Context) netip.Prefix {
	p, ok := peer.FromContext(ctx)
	if !ok || p.Addr == nil {
		return netip.Prefix{}
	}
	ip, ok := address(p.Addr)
	if !ok {
		return netip.Prefix{}
	}
	bits := blockIPv6
	if ip.Is4() {
		bits = blockIPv4
	}
	return netip.PrefixFrom(ip, bits).Masked()
}
