package transport_test

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/peer"

	"github.com/grpcauth/grpcauth/internal/transport"
)

type silentInfo struct{}

func (silentInfo) AuthType() string { return "silent" }

type textAddr string

func (a textAddr) Network() string { return "tcp" }
func (a textAddr) String() string  { return string(a) }

func tcp(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 4242} }

// checklist: B3
func TestSecure(t *testing.T) {
	t.Parallel()
	tlsInfo := credentials.TLSInfo{CommonAuthInfo: credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}}
	signed := credentials.TLSInfo{CommonAuthInfo: credentials.CommonAuthInfo{SecurityLevel: credentials.IntegrityOnly}}
	proxy := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	for name, tc := range map[string]struct {
		peer    *peer.Peer
		trusted []netip.Prefix
		want    bool
	}{
		"no peer":                         {nil, nil, false},
		"TLS from afar":                   {&peer.Peer{Addr: tcp("203.0.113.1"), AuthInfo: tlsInfo}, nil, true},
		"integrity alone":                 {&peer.Peer{Addr: tcp("203.0.113.1"), AuthInfo: signed}, nil, false},
		"auth info without a level":       {&peer.Peer{Addr: tcp("203.0.113.1"), AuthInfo: silentInfo{}}, nil, false},
		"plaintext from afar":             {&peer.Peer{Addr: tcp("203.0.113.1")}, nil, false},
		"plaintext from loopback":         {&peer.Peer{Addr: tcp("127.0.0.1")}, nil, true},
		"plaintext from mapped loopback":  {&peer.Peer{Addr: tcp("::ffff:127.0.0.1")}, nil, true},
		"plaintext from IPv6 loopback":    {&peer.Peer{Addr: tcp("::1")}, nil, true},
		"loopback as text":                {&peer.Peer{Addr: textAddr("[::1]:80")}, nil, true},
		"a name is no address":            {&peer.Peer{Addr: textAddr("localhost:80")}, nil, false},
		"no address":                      {&peer.Peer{}, nil, false},
		"unix socket":                     {&peer.Peer{Addr: &net.UnixAddr{Name: "s", Net: "unix"}}, nil, true},
		"trusted proxy":                   {&peer.Peer{Addr: tcp("192.0.2.7")}, proxy, true},
		"trusted proxy as mapped address": {&peer.Peer{Addr: tcp("::ffff:192.0.2.7")}, proxy, true},
		"neighbour of the proxy":          {&peer.Peer{Addr: tcp("192.0.3.7")}, proxy, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			if tc.peer != nil {
				ctx = peer.NewContext(ctx, tc.peer)
			}
			if got := transport.Secure(ctx, tc.trusted); got != tc.want {
				t.Errorf("Secure = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestInsecureCredentialsAreNotEncrypted(t *testing.T) {
	t.Parallel()
	_, info, err := insecure.NewCredentials().ClientHandshake(context.Background(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if transport.Encrypted(info) {
		t.Error("insecure credentials count as encrypted")
	}
}
