package token

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
)

const (
	maxURLBytes  = 2048
	maxRedirects = 5
)

// checkURL holds the address of what says whose tokens are good to the rules:
// https, or http on this machine or where allowHTTP says so. what names the
// address in an error.
func checkURL(what, raw string, allowHTTP bool) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Hostname() == "" || len(raw) > maxURLBytes: // not repeated: it may hold a password
		return nil, fmt.Errorf("%s: want one like https://issuer.example/path", what)
	case u.User != nil:
		return nil, fmt.Errorf("%s holds a password: keys are public, leave it out", what)
	case !isSecure(u) && (!allowHTTP || u.Scheme != "http"):
		return nil, fmt.Errorf("%s %q: want https, or http on a loopback address", what, raw)
	}
	return u, nil
}

// isSecure reports whether nobody on the way can change the answer.
func isSecure(u *url.URL) bool {
	if u.Scheme == "http" {
		addr, err := netip.ParseAddr(u.Hostname())
		return u.Hostname() == "localhost" || err == nil && addr.IsLoopback()
	}
	return u.Scheme == "https"
}

// isDowngrade reports whether to is less secure than from, which led to it.
// From https even http on this machine is: no issuer has business there.
func isDowngrade(from, to *url.URL) bool {
	return to.Scheme != "https" && (from.Scheme == "https" || isSecure(from) && !isSecure(to))
}

// checkRedirect allows what keeps the scheme of the request that was
// redirected, is as secure, and is agreed to by next, when there is one.
func checkRedirect(next func(*http.Request, []*http.Request) error) func(*http.Request, []*http.Request) error {
	return func(request *http.Request, via []*http.Request) error {
		from, to := via[len(via)-1].URL, request.URL
		switch {
		case to.Scheme != from.Scheme:
			return fmt.Errorf("redirected from %s to another scheme, %.20q", from.Scheme, to.Scheme)
		case isDowngrade(from, to):
			return errors.New("redirected to an address that is less secure")
		case len(via) > maxRedirects:
			return fmt.Errorf("redirected more than %d times", maxRedirects)
		case next != nil:
			return next(request, via)
		}
		return nil
	}
}
