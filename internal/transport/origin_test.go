package transport_test

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/grpcauth/grpcauth/internal/transport"
)

// proxies are two of them, one with a network of its own.
func proxies() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("10.0.0.2/32"), netip.MustParsePrefix("fd00:1::/64")}
}

// called is a call over a connection from addr, with lines of x-forwarded-for.
func called(ctx context.Context, addr net.Addr, lines ...string) context.Context {
	ctx = peer.NewContext(ctx, &peer.Peer{Addr: addr})
	return metadata.NewIncomingContext(ctx, metadata.MD{"x-forwarded-for": lines, "x-real-ip": {"192.0.2.99"}, "forwarded": {"for=192.0.2.99"}})
}

// checklist: P3 P4
func TestTheAddressOfACallIsThatOfItsConnection(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		addr net.Addr
		want string
	}{
		"IPv4":              {tcp("203.0.113.7"), "203.0.113.7"},
		"IPv4 in IPv6":      {tcp("::ffff:203.0.113.7"), "203.0.113.7"},
		"IPv6":              {tcp("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2:3:4:5:6"},
		"IPv6 with a zone":  {&net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0", Port: 1}, "fe80::1"},
		"text":              {textAddr("203.0.113.7:4242"), "203.0.113.7"},
		"text, with a zone": {textAddr("[fe80::1%eth0]:4242"), "fe80::1"},
		"no address":        {nil, "invalid IP"},
		"an empty address":  {&net.TCPAddr{}, "invalid IP"},
		"a Unix socket":     {&net.UnixAddr{Name: "/run/auth.sock", Net: "unix"}, "invalid IP"},
		"a name":            {textAddr("auth.example:4242"), "invalid IP"},
		"beside a proxy":    {tcp("10.0.0.3"), "10.0.0.3"},
	} {
		ctx := called(t.Context(), tc.addr, "192.0.2.1") // who is no proxy is not believed
		if got := transport.Address(ctx, proxies()).String(); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
	if got := transport.Address(t.Context(), proxies()); got.IsValid() {
		t.Errorf("without a peer: %s", got)
	}
	if got := transport.Address(called(t.Context(), tcp("10.0.0.2"), "192.0.2.1"), nil).String(); got != "10.0.0.2" {
		t.Errorf("without proxies: %s", got)
	}
}

// checklist: P4 B5
func TestAProxyTellsWhoCalls(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		lines []string
		want  string
	}{
		"one address":                      {[]string{"203.0.113.7"}, "203.0.113.7"},
		"IPv6":                             {[]string{"2001:db8::7"}, "2001:db8::7"},
		"IPv6 in brackets":                 {[]string{"[2001:db8::7]"}, "2001:db8::7"},
		"with a port":                      {[]string{"203.0.113.7:4711"}, "203.0.113.7"},
		"IPv6 with a port":                 {[]string{"[2001:db8::7]:4711"}, "2001:db8::7"},
		"IPv4 in IPv6":                     {[]string{"::ffff:203.0.113.7"}, "203.0.113.7"},
		"with a zone":                      {[]string{"fe80::7%eth0"}, "fe80::7"},
		"what the caller wrote before":     {[]string{"192.0.2.1, 10.0.0.2, 203.0.113.7"}, "203.0.113.7"},
		"in a line of its own":             {[]string{"192.0.2.1", "203.0.113.7"}, "203.0.113.7"},
		"through two proxies":              {[]string{"192.0.2.1,203.0.113.7 ,\tfd00:1::9"}, "203.0.113.7"},
		"through two, in lines":            {[]string{"203.0.113.7", "10.0.0.2"}, "203.0.113.7"},
		"a proxy that calls for itself":    {[]string{"fd00:1::9"}, "10.0.0.2"},
		"nothing":                          {nil, "10.0.0.2"},
		"an empty line":                    {[]string{""}, "10.0.0.2"},
		"an empty end":                     {[]string{"203.0.113.7,"}, "10.0.0.2"},
		"not known to the proxy":           {[]string{"192.0.2.1, unknown"}, "10.0.0.2"},
		"not known to the proxy before":    {[]string{"192.0.2.1, unknown, fd00:1::9"}, "10.0.0.2"},
		"a network":                        {[]string{"203.0.113.0/24"}, "10.0.0.2"},
		"a number with a zero before it":   {[]string{"203.0.113.007"}, "10.0.0.2"},
		"nonsense long as the header gets": {[]string{strings.Repeat("10.0.0.2,", 8000)}, "10.0.0.2"},
	} {
		ctx := called(t.Context(), tcp("10.0.0.2"), tc.lines...)
		if got := transport.Address(ctx, proxies()).String(); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

// Whatever a caller writes before it, what the proxy adds is what counts.
//
// checklist: P4 B5
func FuzzACallerCantChooseTheirAddress(f *testing.F) {
	for _, seed := range []string{"", ",", "192.0.2.1", "10.0.0.2", "192.0.2.1, ", "[", "unknown", "\x00", "fd00:1::1,10.0.0.2,"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, claimed string) {
		for _, lines := range [][]string{{claimed, "203.0.113.7"}, {claimed + ",203.0.113.7"}, {claimed, "203.0.113.7, 10.0.0.2"}} {
			ctx := called(t.Context(), tcp("fd00:1::1"), lines...)
			if got := transport.Address(ctx, proxies()).String(); got != "203.0.113.7" {
				t.Errorf("%q: %s", lines, got)
			}
		}
	})
}

// checklist: P3 P4
func TestBlocks(t *testing.T) {
	t.Parallel()
	for ip, want := range map[string]string{"203.0.113.7": "203.0.113.0/24", "2001:db8:1:2:3:4:5:6": "2001:db8:1::/48", "": "invalid Prefix"} {
		parsed, _ := netip.ParseAddr(ip)
		if got := transport.Block(parsed).String(); got != want {
			t.Errorf("%q: %s, want %s", ip, got, want)
		}
	}
	if (transport.Block(netip.Addr{}) != netip.Prefix{}) {
		t.Error("no address has a block")
	}
}
