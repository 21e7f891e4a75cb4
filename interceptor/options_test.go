package interceptor_test

import (
	"context"
	"net/netip"
	"testing"

	"github.com/grpcauth/grpcauth/authtest"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/revocation"
	"github.com/grpcauth/grpcauth/token"
)

// PARITY 45: what contradicts itself is refused at construction, in these
// words.
func Test45OptionsThatAreRefused(t *testing.T) {
	t.Parallel()
	verifier := authtest.NewIssuer(t).Verifier()
	check := func(context.Context, *token.Claims) error { return nil }
	checker := interceptor.WithRevocations(revocation.CheckerFunc(check))
	mapper := mapTo(nil)
	bearer := interceptor.Metadata("authorization", "Bearer")
	type options = []interceptor.Option
	for want, given := range map[string]options{
		"interceptor: WithUser: the function is nil":        {interceptor.WithUser[*user](nil)},
		"interceptor: WithCheck: the function is nil":       {interceptor.WithCheck(nil)},
		"interceptor: WithErrorMapper: the function is nil": {interceptor.WithErrorMapper(nil)},
		"interceptor: WithRevocations: the checker is nil":  {interceptor.WithRevocations((*revokedSessions)(nil))},

		"interceptor: WithRevocations: the checker is nil\ninterceptor: WithRevocations: the checker is nil": {interceptor.WithRevocations(nil), interceptor.WithRevocations(revocation.CheckerFunc(nil))},

		"interceptor: WithUser is given twice: load everything that handlers need into one type": {interceptor.WithUser(found), loads(5)},
		"interceptor: WithRevocations is given twice: join the two checkers into one":            {checker, checker},
		"interceptor: WithErrorMapper is given twice: join the two functions into one":           {mapper, mapper},
		"interceptor: WithTokenSource is given twice: name all sources in one":                   {interceptor.WithTokenSource(bearer), interceptor.WithTokenSource(bearer)},

		"interceptor: WithTokenSource names no source: every call would be refused": {interceptor.WithTokenSource()},
		"interceptor: WithTokenSource names \"authorization: bearer\" twice":        {interceptor.WithTokenSource(bearer, interceptor.Metadata("Authorization", "bearer"))},
		"interceptor: WithTokenSource names \"x-token\" twice":                      {interceptor.WithTokenSource(interceptor.Metadata("x-token", ""), bearer, interceptor.Metadata("X-Token", ""))},

		"interceptor: WithTokenSource: \"\" is no metadata key: use letters, digits, dots, hyphens and underscores":                                 {interceptor.WithTokenSource(interceptor.Metadata("", "Bearer"))},
		"interceptor: WithTokenSource: \":path\" is no metadata key: use letters, digits, dots, hyphens and underscores":                            {interceptor.WithTokenSource(interceptor.Metadata(":path", ""))},
		"interceptor: WithTokenSource: \"x token\" is no metadata key: use letters, digits, dots, hyphens and underscores":                          {interceptor.WithTokenSource(interceptor.Metadata("x token", ""))},
		"interceptor: WithTokenSource: metadata \"x-token-bin\": keys of grpc- are gRPC's own, and those of -bin hold bytes: choose another":        {interceptor.WithTokenSource(interceptor.Metadata("x-token-bin", ""))},
		"interceptor: WithTokenSource: metadata \"grpc-token\": keys of grpc- are gRPC's own, and those of -bin hold bytes: choose another":         {interceptor.WithTokenSource(interceptor.Metadata("grpc-token", ""))},
		"interceptor: WithTokenSource: scheme \"Bearer \" of metadata \"authorization\": a scheme is one word":                                      {interceptor.WithTokenSource(interceptor.Metadata("authorization", "Bearer "))},
		"interceptor: AllowPlaintextFrom: invalid Prefix holds no address: write IPv4 as such, and make prefixes with netip.ParsePrefix":            {interceptor.AllowPlaintextFrom(netip.Prefix{})},
		"interceptor: AllowPlaintextFrom: ::ffff:10.0.0.0/104 holds no address: write IPv4 as such, and make prefixes with netip.ParsePrefix":       {interceptor.AllowPlaintextFrom(netip.MustParsePrefix("::ffff:10.0.0.0/104"))},
		"interceptor: InsecureReportOnly reports to the observer, and there is none: add WithObserver":                                              {interceptor.InsecureReportOnly()},
		"interceptor: WithCheck: the function is nil\ninterceptor: InsecureReportOnly reports to the observer, and there is none: add WithObserver": {interceptor.WithCheck(nil), interceptor.InsecureReportOnly(), interceptor.WithObserver(nil)},
		"interceptor: WithUser: the function is nil\ninterceptor: WithTokenSource names no source: every call would be refused":                     {interceptor.WithUser[*user](nil), interceptor.WithTokenSource()},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			guard, err := interceptor.New(verifier, given...)
			if err == nil || err.Error() != want || guard != nil {
				t.Errorf("New = %v, %v\nwant %s", guard, err, want)
			}
		})
	}
}

func TestOptionsThatAddUp(t *testing.T) {
	t.Parallel()
	check := interceptor.WithCheck(func(context.Context, *token.Claims) error { return nil })
	observe := interceptor.WithObserver(func(context.Context, interceptor.Decision) {})
	if _, err := interceptor.New(authtest.NewIssuer(t).Verifier(), check, check, observe, observe,
		interceptor.AllowPlaintextFrom(), interceptor.AllowPlaintextFrom(netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")),
		interceptor.WithTokenSource(interceptor.Metadata("authorization", "Bearer"), interceptor.Metadata("authorization", "JWT")),
		interceptor.InsecureReportOnly()); err != nil {
		t.Error(err)
	}
}
