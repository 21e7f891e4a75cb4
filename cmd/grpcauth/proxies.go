package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"

	"github.com/pires/go-proxyproto"
)

// proxyPrefix is where a proxy calls from: an address or a network.
type proxyPrefix struct{ netip.Prefix }

// UnmarshalText reads 10.0.0.2, fd00::2 or 10.0.0.0/28.
func (p *proxyPrefix) UnmarshalText(text []byte) error {
	ip, err := netip.ParseAddr(string(text))
	if err == nil && ip.Zone() == "" {
		ip = ip.Unmap()
		p.Prefix = netip.PrefixFrom(ip, ip.BitLen())
		return nil
	}
	if p.Prefix, err = netip.ParsePrefix(string(text)); err != nil || p.Addr().Is4In6() {
		return fmt.Errorf("%.50q is no address and no network: give 10.0.0.2, or 10.0.0.0/28", text)
	}
	if p.Bits() == 0 {
		return fmt.Errorf("%s is everybody: name the proxies alone, because who is named can claim any address", text)
	}
	p.Prefix = p.Masked()
	return nil
}

func (c *serveCmd) proxies() []netip.Prefix {
	var named []netip.Prefix
	for _, p := range c.Proxy {
		named = append(named, p.Prefix)
	}
	return named
}

func (c *serveCmd) checkProxies() error {
	switch {
	case len(c.Proxy) > 0:
		return nil
	case c.AllowPlaintext:
		return errors.New("--allow-plaintext is given without --proxy: name the address that the proxy calls from, such as --proxy 10.0.0.2")
	case c.ProxyProtocol:
		return errors.New("--proxy-protocol is given without --proxy: name the addresses of those who may say in it who calls, such as --proxy 10.0.0.2")
	}
	return nil
}

// plaintextFrom is the peers whose secrets are read without TLS, besides those
// on this machine. Connections with the PROXY protocol have their callers'
// addresses, and all of them came through a proxy.
func (c *serveCmd) plaintextFrom() []netip.Prefix {
	switch {
	case !c.AllowPlaintext:
		return nil
	case c.ProxyProtocol:
		return []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	}
	return c.proxies()
}

var errNoCaller = errors.New("the PROXY protocol's header tells no caller's address")

// readingProxies gives the connections of a listener the addresses that the
// proxies tell before anything else. A connection from elsewhere is closed. One
// that begins otherwise can't be read from, nor one that tells no address:
// x-forwarded-for would be taken for the proxy's word there, and it is the
// caller's.
func (c *serveCmd) readingProxies(l net.Listener, log *slog.Logger) (net.Listener, error) {
	if !c.ProxyProtocol {
		return l, nil
	}
	named := make([]string, len(c.Proxy))
	for i, p := range c.Proxy {
		named[i] = p.String()
	}
	trusted, err := proxyproto.TrustProxyHeaderFromRanges(named)
	if err != nil {
		return nil, fmt.Errorf("--proxy %s: %w", strings.Join(named, ","), err)
	}
	var warned atomic.Bool
	return &proxyproto.Listener{
		Listener: l,
		ConnPolicy: func(from proxyproto.ConnPolicyOptions) (proxyproto.Policy, error) {
			policy, err := trusted(from)
			if err != nil {
				level := slog.LevelDebug
				if !warned.Swap(true) { // once: anybody can do it
					level = slog.LevelWarn
				}
				log.Log(context.Background(), level, "connection_closed", "peer", from.Upstream.String(), "cause", "with --proxy-protocol, connections come from a --proxy only")
			}
			return policy, err
		},
		ValidateHeader: func(header *proxyproto.Header) error {
			if _, _, ok := header.TCPAddrs(); !ok || header.Command.IsLocal() {
				return errNoCaller
			}
			return nil
		},
	}, nil
}
