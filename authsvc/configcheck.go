package authsvc

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// maxAccessTTL is a day: what can't be taken back must not live for long.
const maxAccessTTL = 24 * time.Hour

// check finds what can't be meant. Every error names the field and the fix.
func (c Config) check() error {
	for _, check := range []func() error{c.checkNames, c.checkSecret, c.checkUsers, c.checkLifetimes, c.checkClients, c.checkProxies} {
		if err := check(); err != nil {
			return fmt.Errorf("authsvc: %w", err)
		}
	}
	return nil
}

func (c Config) checkNames() error {
	switch {
	case c.Issuer == "":
		return errors.New(`Config.Issuer is empty: set it to the URL this service is reached by, such as "https://auth.example"`)
	case len(c.Audiences) == 0:
		return errors.New("Config.Audiences is empty: name the services the access tokens are for")
	case slices.Contains(c.Audiences, ""):
		return errors.New("Config.Audiences holds an empty name: remove it")
	}
	return nil
}

func (c Config) checkSecret() error {
	if len(c.Secret) < minSecret {
		return fmt.Errorf("Config.Secret has %d bytes: it needs at least %d random ones, make them with `openssl rand %d`", len(c.Secret), minSecret, minSecret)
	}
	for i, retired := range c.RetiredSecrets {
		if len(retired) < minSecret {
			return fmt.Errorf("Config.RetiredSecrets[%d] has %d bytes: a Secret never had less than %d", i, len(retired), minSecret)
		}
	}
	return nil
}

func (c Config) checkUsers() error {
	switch {
	case c.Store == nil:
		return errors.New("Config.Store is nil: use memory.New for a trial, sqlstore.OpenSQLite to keep sessions")
	case c.Authenticate != nil && c.Load == nil:
		return errors.New("Config.Authenticate is set and Config.Load is nil: a refresh must ask who the user is now, so set both, or neither for the users of Config.Store")
	case c.Authenticate != nil && c.Hasher != nil:
		return errors.New("Config.Hasher is set and Config.Authenticate too: the Hasher is for the users of Config.Store, call it from your Authenticate instead")
	case c.Authenticate == nil && c.Load != nil:
		return errors.New("Config.Load is set and Config.Authenticate is nil: set both, or neither for the users of Config.Store")
	}
	return nil
}

func (c Config) checkLifetimes() error {
	switch {
	case c.AccessTTL < time.Second:
		return fmt.Errorf("Config.AccessTTL is %s: tokens count in seconds, use at least one", c.AccessTTL)
	case c.AccessTTL > maxAccessTTL:
		return fmt.Errorf("Config.AccessTTL is %s: use at most %s, the refresh token is what keeps a user logged in", c.AccessTTL, maxAccessTTL)
	case c.RefreshTTL < c.AccessTTL:
		return fmt.Errorf("Config.RefreshTTL is %s, less than AccessTTL (%s): a session must outlive its access tokens", c.RefreshTTL, c.AccessTTL)
	case c.SessionTTL < c.RefreshTTL:
		return fmt.Errorf("Config.SessionTTL is %s, less than RefreshTTL (%s): raise the one or lower the other", c.SessionTTL, c.RefreshTTL)
	}
	return nil
}

func (c Config) checkClients() error {
	seen := map[string]bool{}
	for i, client := range c.Clients {
		if err := client.check(c.Audiences); err != nil {
			return fmt.Errorf("Config.Clients[%d]: %w", i, err)
		}
		if seen[client.ID] {
			return fmt.Errorf("Config.Clients[%d]: there is another client %q: client ids are unique", i, client.ID)
		}
		seen[client.ID] = true
	}
	return nil
}

// widestProxy is the fewest bits of a network of proxies: 10.0.0.0/8.
const widestProxy = 8

const noPrefix = "no address is in it: make it with netip.ParsePrefix, and write IPv4 as such"

// matches reports whether an address can be in p. Those of IPv4 are never
// looked up in their IPv6 form.
func matches(p netip.Prefix) bool { return p.IsValid() && !p.Addr().Is4In6() }

func (c Config) checkProxies() error {
	for i, p := range c.AllowPlaintextFrom {
		if !matches(p) {
			return fmt.Errorf("Config.AllowPlaintextFrom[%d] is %s: %s", i, p, noPrefix)
		}
	}
	for i, p := range c.Proxies {
		switch {
		case !matches(p):
			return fmt.Errorf("Config.Proxies[%d] is %s: %s", i, p, noPrefix)
		case p.Bits() < widestProxy:
			return fmt.Errorf("Config.Proxies[%d] is %s, which is too wide: name the proxies alone, because who is named can claim any address", i, p)
		}
	}
	return nil
}
