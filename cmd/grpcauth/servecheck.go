package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

// maxAccessTTL is what the AuthService takes at most.
const maxAccessTTL = 24 * time.Hour

// check finds what can't be meant, before anything is opened or made.
func (c *serveCmd) check() error {
	for _, check := range []func() error{c.checkNames, c.checkAlgorithm, c.checkLifetimes, c.checkTLS, c.checkProxies, c.Storage.check, c.checkKeyFile} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (c *serveCmd) checkNames() error {
	switch {
	case c.Issuer == "":
		return errors.New("--issuer is empty: give the URL this server is reached by, such as https://auth.example")
	case len(c.Audience) == 0 || slices.Contains(c.Audience, ""):
		return errors.New("--audience is empty: name the service that will accept the tokens, such as https://notes.example")
	}
	return nil
}

// checkAlgorithm leaves the algorithm's usual name in place of another one.
func (c *serveCmd) checkAlgorithm() error {
	if c.Algorithm != "" {
		alg, err := token.ParseAlgorithm(c.Algorithm)
		if err != nil {
			return fmt.Errorf("--algorithm %.20q is not supported: use EdDSA, or ES, RS, PS or HS with 256, 384 or 512", c.Algorithm)
		}
		c.Algorithm = string(alg)
	}
	want := secretBytes(token.Algorithm(c.Algorithm))
	switch {
	case want > 0 && c.SecretFile == "":
		return fmt.Errorf("--algorithm %s needs --secret-file: make one with (umask 077; openssl rand -base64 %d > secret)", c.Algorithm, want)
	case want == 0 && c.SecretFile != "":
		return errors.New("--secret-file is for HS256, HS384 and HS512 only: add --algorithm HS256, or leave the file out")
	case want > 0 && c.PrivateKeyFile != "":
		return fmt.Errorf("--algorithm %s signs with --secret-file: leave --private-key-file out", c.Algorithm)
	}
	return nil
}

// secretBytes is how long the shared secret of an algorithm must be at least,
// and 0 for one that has none.
func secretBytes(alg token.Algorithm) int {
	switch alg {
	case token.HS256:
		return 32
	case token.HS384:
		return 48
	case token.HS512:
		return 64
	}
	return 0
}

func (c *serveCmd) checkLifetimes() error {
	switch {
	case c.AccessTTL < time.Second || c.AccessTTL > maxAccessTTL:
		return fmt.Errorf("--access-ttl is %s: use 1s to 24h, such as 15m", c.AccessTTL)
	case c.RefreshTTL < c.AccessTTL:
		return fmt.Errorf("--refresh-ttl is %s, less than --access-ttl (%s): a session must outlive its access tokens", c.RefreshTTL, c.AccessTTL)
	case c.SessionTTL < c.RefreshTTL:
		return fmt.Errorf("--session-ttl is %s, less than --refresh-ttl (%s): raise the one or lower the other", c.SessionTTL, c.RefreshTTL)
	case c.DrainTimeout < 0:
		return fmt.Errorf("--drain-timeout is %s: use 0s or more", c.DrainTimeout)
	}
	return nil
}

func (c *serveCmd) checkTLS() error {
	switch {
	case c.TLSCert != "" && c.TLSKey == "":
		return errors.New("--tls-cert is given without --tls-key: give both or neither")
	case c.TLSCert == "" && c.TLSKey != "":
		return errors.New("--tls-key is given without --tls-cert: give both or neither")
	}
	return nil
}
