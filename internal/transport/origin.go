package transport

import (
	"context"
	"iter"
	"net/netip"
	"slices"
	"strings"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

// forwardedFor is the header to which each proxy adds who called it. gRPC has
// the names of headers in lower case.
const forwardedFor = "x-forwarded-for"

// The smallest blocks of addresses that the internet routes, and so what one
// party has at least: whoever owns an IPv6 /48 has 65536 networks of /64, and
// would count for as many.
const (
	blockIPv4 = 24
	blockIPv6 = 48
)

// Address is where a call comes from: the address of its connection, or, where
// that is one of the proxies, the one that the proxy tells. Calls over a
// connection without an address (a Unix socket, an in-memory one) have the zero
// Addr.
//
// A proxy tells by x-forwarded-for, to which each adds, at the end, who called
// it. What stands before the last address that is no proxy's was written by
// that caller, who can write anything, and is not looked at. A proxy that tells
// nothing, or what is no address, is taken for the caller itself.
func Address(ctx context.Context, proxies []netip.Prefix) netip.Addr {
	p, ok := peer.FromContext(ctx)
	if !ok || p.Addr == nil {
		return netip.Addr{}
	}
	own, ok := address(p.Addr)
	if !ok {
		return netip.Addr{}
	}
	if !Within(own, proxies) {
		return own
	}
	for text := range last(metadata.ValueFromIncomingContext(ctx, forwardedFor)) {
		ip, ok := parse(text)
		if !ok {
			return own
		}
		if !Within(ip, proxies) {
			return ip
		}
	}
	return own
}

// Forwarded reports whether a call has the header by which proxies tell where
// calls come from.
func Forwarded(ctx context.Context) bool {
	return len(metadata.ValueFromIncomingContext(ctx, forwardedFor)) > 0
}

// last gives the elements of a list from its end. A header that is sent more
// than once is one list (RFC 9110 §5.3): a proxy may add its line after the
// caller's. What comes before the element that counts costs nothing, however
// long callers make it.
func last(lines []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, line := range slices.Backward(lines) {
			for comma := len(line); comma >= 0; {
				line = line[:comma]
				comma = strings.LastIndexByte(line, ',')
				if !yield(strings.TrimSpace(line[comma+1:])) {
					return
				}
			}
		}
	}
}

// parse reads an address as proxies write it, some of them with its port.
func parse(text string) (netip.Addr, bool) {
	if port, err := netip.ParseAddrPort(text); err == nil {
		return port.Addr().Unmap().WithZone(""), true
	}
	ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	return ip.Unmap().WithZone(""), err == nil
}

// Block is the block that an address is in, for sharing what is scarce: the /24
// of an IPv4 address, the /48 of an IPv6 one, the zero Prefix of none.
func Block(ip netip.Addr) netip.Prefix {
	bits := blockIPv6
	if ip.Is4() {
		bits = blockIPv4
	}
	return netip.PrefixFrom(ip, bits).Masked()
}
