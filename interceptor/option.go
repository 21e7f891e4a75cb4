package interceptor

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// Option sets up a Guard, in New and nowhere else.
type Option interface {
	apply(g *Guard) error
}

type optionFunc func(g *Guard) error

func (f optionFunc) apply(g *Guard) error { return f(g) }

// WithRule gives a rule to a method whose .proto can't carry one:
// "/package.Service/Method", or "/package.Service/*" for every method of a
// service. A rule for a method that has one in its .proto is an error of
// [Guard.Protect]; so is a rule for a method that is not registered.
//
//	interceptor.WithRule("/bank.v1.Bank/Transfer", interceptor.Scopes("bank.write"))
func WithRule(method string, rule *grpcauthv1.Rule) Option {
	return optionFunc(func(g *Guard) error { return g.ruleSet.add(method, rule, FromWithRule) })
}

// OverrideRule is [WithRule] for a method that has a rule in its .proto: the
// one given here replaces it whole. "/package.Service/*" replaces the rule of
// the service only: a method with a rule of its own must be named, so that none
// that is added later is replaced unseen. [Guard.Rules] lists it as an override.
func OverrideRule(method string, rule *grpcauthv1.Rule) Option {
	return optionFunc(func(g *Guard) error { return g.ruleSet.add(method, rule, FromOverrideRule) })
}

// WithPublicInfrastructure makes health checking (grpc.health.v1) and server
// reflection (grpc.reflection.v1 and v1alpha) public, where they are
// registered. Reflection shows every method and message of the server to
// anybody: leave it unregistered where that is a secret.
func WithPublicInfrastructure() Option {
	return optionFunc(func(g *Guard) error {
		g.ruleSet.publicInfrastructure = true
		return nil
	})
}

// WithCacheBytes bounds the memory that the Guard keeps proven tokens in, so
// that one that comes again need not be verified again; its time, its key and
// the rule are checked at every call. Zero turns the cache off. Default:
// 64 MiB, which is filled only by as many different tokens.
func WithCacheBytes(n uint64) Option {
	return optionFunc(func(g *Guard) error {
		g.cacheBytes = n
		return nil
	})
}

// AllowPlaintextFrom reads tokens also from connections without TLS whose
// peer has one of these addresses: the proxy that terminates TLS in front of
// this server. Default: such tokens are refused with PLAINTEXT, unless the
// peer is on this very machine.
func AllowPlaintextFrom(prefixes ...netip.Prefix) Option {
	return optionFunc(func(g *Guard) error {
		for _, p := range prefixes {
			if !p.IsValid() || p.Addr().Is4In6() {
				return fmt.Errorf("interceptor: AllowPlaintextFrom: %s holds no address: write IPv4 as such, and make prefixes with netip.ParsePrefix", p)
			}
		}
		g.plaintextFrom = append(g.plaintextFrom, prefixes...)
		return nil
	})
}

// WithTokenSource reads tokens from these places, in this order, in place of
// "authorization: Bearer": the first that is present in a call decides, even
// when what stands there is no token. [TokenSourceFrom] tells which it was.
//
//	interceptor.WithTokenSource(interceptor.Metadata("authorization", "Bearer"), interceptor.Metadata("x-api-token", ""))
func WithTokenSource(sources ...TokenSource) Option {
	return optionFunc(func(g *Guard) error {
		switch {
		case len(sources) == 0:
			return errors.New("interceptor: WithTokenSource names no source: every call would be refused")
		case g.sources != nil:
			return errors.New("interceptor: WithTokenSource is given twice: name all sources in one")
		}
		for i, s := range sources {
			if err := s.check(); err != nil {
				return fmt.Errorf("interceptor: WithTokenSource: %w", err)
			}
			if slices.ContainsFunc(sources[:i], s.same) {
				return fmt.Errorf("interceptor: WithTokenSource names %q twice", s)
			}
		}
		g.sources = slices.Clone(sources)
		return nil
	})
}

// InsecureReportOnly lets every call through, as nobody where the rule would
// have refused it, and tells the observer what would have happened: for
// bringing the Guard into a server that is in use. [Guard.Protect] still
// returns what is wrong, but the server may be served: methods without a rule
// are reported as NO_RULE. It needs [WithObserver].
func InsecureReportOnly() Option {
	return optionFunc(func(g *Guard) error {
		g.reportOnly = true
		return nil
	})
}

// checkReporting refuses to report to nobody.
func (g *Guard) checkReporting() error {
	if g.reportOnly && len(g.observers) == 0 {
		return errors.New("interceptor: InsecureReportOnly reports to the observer, and there is none: add WithObserver")
	}
	return nil
}
