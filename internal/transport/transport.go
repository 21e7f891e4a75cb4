// Package transport tells whether the connection a call came over may carry
// a secret, and where the call comes from.
//
// Bearer tokens and passwords are read only from connections that nobody can
// listen to (RFC 6750 §5.3): TLS and its like, or a peer on this very machine.
package transport

import (
	"context"
	"net"
	"net/netip"
	"slices"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
)

// Secure reports whether secrets may be read from the call's connection:
// because it is encrypted and authenticated, because its peer is local, or
// because its peer's address is in one of the trusted prefixes (a proxy that
// terminated TLS). A call whose connection is unknown is not secure.
func Secure(ctx context.Context, trusted []netip.Prefix) bool {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return false
	}
	return Encrypted(p.AuthInfo) || Local(p.Addr) || within(p.Addr, trusted)
}

// Encrypted reports whether info vouches for privacy and integrity. Unlike
// credentials.CheckSecurityLevel it does not give the benefit of the doubt to
// an AuthInfo that tells no level.
func Encrypted(info credentials.AuthInfo) bool {
	common, ok := info.(interface {
		GetCommonAuthInfo() credentials.CommonAuthInfo
	})
	return ok && common.GetCommonAuthInfo().SecurityLevel == credentials.PrivacyAndIntegrity
}

// Local reports whether addr is on this machine: a Unix socket, an in-memory
// connection, or a loopback address.
func Local(addr net.Addr) bool {
	if addr == nil {
		return false
	}
	switch addr.Network() {
	case "unix", "bufconn", "pipe":
		return true
	}
	ip, ok := address(addr)
	return ok && ip.IsLoopback()
}

func within(addr net.Addr, prefixes []netip.Prefix) bool {
	if addr == nil || len(prefixes) == 0 {
		return false
	}
	ip, ok := address(addr)
	return ok && Within(ip, prefixes)
}

// Within reports whether one of the prefixes contains ip.
func Within(ip netip.Addr, prefixes []netip.Prefix) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// address is the IP of addr, with IPv4 in IPv6 unfolded and without a zone.
func address(addr net.Addr) (netip.Addr, bool) {
	if tcp, ok := addr.(*net.TCPAddr); ok {
		ip, ok := netip.AddrFromSlice(tcp.IP)
		return ip.Unmap(), ok
	}
	port, err := netip.ParseAddrPort(addr.String())
	return port.Addr().Unmap().WithZone(""), err == nil
}
