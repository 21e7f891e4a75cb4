package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/pires/go-proxyproto"
)

// proxyPrefix is where a proxy calls from: an address or a network.
type proxyPrefix struct{ netip.Prefix }

// UnmarshalText reads 10.0.0.2, fd00::2 or 10.0.0.0/28.
func (p *proxyPrefix) UnmarshalText(text []byte) error {
	ip, err := netip.ParseAddr(string(text))
	if err == nil {
		ip = ip.Unmap().WithZone("")
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

// readingProxies gives the connections of a listener the addresses that the
// proxies tell before anything else. A connection from elsewhere is closed, and
// one that begins otherwise can't be read from. A proxy may connect on its own
// account, to see whether we are there.
func (c *serveCmd) readingProxies(l net.Listener) (net.Listener, error) {
	if !c.ProxyProtocol {
		return l, nil
	}
	named := make([]string, len(c.Proxy))
	for i, p := range c.Proxy {
		named[i] = p.String()
	}
	policy, err := proxyproto.TrustProxyHeaderFromRanges(named)
	if err != nil {
		return nil, fmt.Errorf("--proxy %s: %w", strings.Join(named, ","), err)
	}
	return &proxyproto.Listener{Listener: l, ConnPolicy: policy}, nil
}
