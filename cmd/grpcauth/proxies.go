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

	"github.com/alecthomas/kong"
	"github.com/pires/go-proxyproto"
)

// widest is the fewest bits of a network of proxies: 10.0.0.0/8.
const widest = 8

// proxyList is where proxies call from.
type proxyList []netip.Prefix

// Decode is called by kong for each value: text with commas between several, or
// a list from the configuration file.
func (l *proxyList) Decode(ctx *kong.DecodeContext) error {
	value, err := ctx.Scan.PopValue("address")
	if err != nil {
		return err
	}
	var texts []string
	switch v := value.Value.(type) {
	case []any:
		for _, item := range v {
			texts = append(texts, fmt.Sprint(item))
		}
	default:
		texts = strings.Split(fmt.Sprint(v), ",")
	}
	for _, text := range texts {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		p, err := parseProxy(text)
		if err != nil {
			return err
		}
		*l = append(*l, p)
	}
	return nil
}

// parseProxy reads 10.0.0.2, fd00::2 or 10.0.0.0/28.
func parseProxy(text string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(text); err == nil && ip.Zone() == "" {
		return ip.Unmap().Prefix(ip.Unmap().BitLen())
	}
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil || p.Addr().Is4In6():
		return p, fmt.Errorf("%.50q is no address and no network: give 10.0.0.2, or 10.0.0.0/28; names are not looked up, and ports don't matter", text)
	case p != p.Masked():
		return p, fmt.Errorf("%s is an address in a network: give %s for it alone, or %s for all of them", p, p.Addr(), p.Masked())
	case p.Bits() < widest:
		return p, fmt.Errorf("%s is too wide: name the proxies alone, because who is named can claim any address", p)
	}
	return p, nil
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
	return c.Proxy
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
