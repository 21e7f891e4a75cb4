package interceptor

import (
	"context"
	"net/netip"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// Option sets up a Guard.
type Option func(*Guard) error

// WithRule gives a rule to a method whose .proto can't carry one:
// "/package.Service/Method", or "/package.Service/*" for every method of a
// service. A rule for a method that has one in its .proto is an error of
// [Guard.Protect]; so is a rule for a method that is not registered.
//
//	interceptor.WithRule("/bank.v1.Bank/Transfer", interceptor.Scopes("bank.write"))
func WithRule(method string, rule *grpcauthv1.Rule) Option {
	return func(g *Guard) error { return g.ruleSet.add(method, rule, FromWithRule) }
}

// OverrideRule is [WithRule] for a method that has a rule in its .proto: the
// one given here replaces it whole. [Guard.Rules] lists it as an override.
func OverrideRule(method string, rule *grpcauthv1.Rule) Option {
	return func(g *Guard) error { return g.ruleSet.add(method, rule, FromOverrideRule) }
}

// WithPublicInfrastructure makes health checking (grpc.health.v1) and server
// reflection (grpc.reflection.v1 and v1alpha) public, where they are
// registered. Reflection shows every method and message of the server to
// anybody: leave it unregistered where that is a secret.
func WithPublicInfrastructure() Option {
	return func(g *Guard) error {
		g.ruleSet.publicInfrastructure = true
		return nil
	}
}

// WithObserver has every decision told to observe: it must be quick and safe
// for concurrent use. It runs on the call's own goroutine; only the end of a
// stream is told on another one, where no interceptor recovers a panic.
// Default: nobody is told.
func WithObserver(observe func(context.Context, Decision)) Option {
	return func(g *Guard) error {
		g.observer = observe
		return nil
	}
}

// WithCacheBytes bounds the memory that the Guard keeps proven tokens in, so
// that one that comes again need not be verified again; its time, its key and
// the rule are checked at every call. Zero turns the cache off. Default:
// 64 MiB, which is filled only by as many different tokens.
func WithCacheBytes(n uint64) Option {
	return func(g *Guard) error {
		g.cacheBytes = n
		return nil
	}
}

// AllowPlaintextFrom reads tokens also from connections without TLS whose
// peer has one of these addresses: the proxy that terminates TLS in front of
// this server. Default: such tokens are refused with PLAINTEXT, unless the
// peer is on this very machine.
func AllowPlaintextFrom(prefixes ...netip.Prefix) Option {
	return func(g *Guard) error {
		g.plaintextFrom = append(g.plaintextFrom, prefixes...)
		return nil
	}
}
