package transport_test

import (
	"net"
	"net/netip"
	"testing"

	"google.golang.org/grpc/peer"

	"github.com/grpcauth/grpcauth/internal/transport"
)

// checklist: P3
func TestOrigin(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		addr net.Addr
		want string
	}{
		"IPv4":              {tcp("203.0.113.7"), "203.0.113.0/24"},
		"IPv4 in IPv6":      {tcp("::ffff:203.0.113.7"), "203.0.113.0/24"},
		"IPv6":              {tcp("2001:db8:1:2:3:4:5:6"), "2001:db8:1::/48"},
		"IPv6 with a zone":  {&net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0", Port: 1}, "fe80::/48"},
		"text":              {textAddr("203.0.113.7:4242"), "203.0.113.0/24"},
		"text, with a zone": {textAddr("[fe80::1%eth0]:4242"), "fe80::/48"},
		"no address":        {nil, "invalid Prefix"},
		"an empty address":  {&net.TCPAddr{}, "invalid Prefix"},
		"a Unix socket":     {&net.UnixAddr{Name: "/run/auth.sock", Net: "unix"}, "invalid Prefix"},
		"a name":            {textAddr("auth.example:4242"), "invalid Prefix"},
	} {
		ctx := peer.NewContext(t.Context(), &peer.Peer{Addr: tc.addr})
		if got := transport.Origin(ctx).String(); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
	if got := transport.Origin(t.Context()); got != (netip.Prefix{}) {
		t.Errorf("without a peer: %s", got)
	}
}
