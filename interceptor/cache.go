package interceptor

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/maypok86/otter/v2"

	"github.com/grpcauth/grpcauth/token"
)

const (
	// defaultCacheBytes holds some 15,000 tokens of the usual size.
	defaultCacheBytes = 64 << 20
	// entryBytes is what an entry takes beside its token and claims.
	entryBytes = 1 << 10
	// claimsFactor is how much more than the token's own length its claims
	// can take, at the worst: a list of single digits.
	claimsFactor = 6
)

// CacheStats counts what the Guard's cache of proven tokens has done.
type CacheStats struct {
	// Hits and Misses are the calls whose token was, or was not, found proven.
	Hits, Misses uint64
	// Tokens is about how many are kept.
	Tokens int
}

// cache keeps the claims of tokens that were proven, so that a token that
// comes again costs a look-up in place of a signature. Only what a call may
// not change is kept: rule, time and the issuer's keys are asked at every hit.
// A token is found by its whole text. One that was refused is never kept.
//
// When it is full, what is asked for more often stays: a flood of valid tokens
// that come once each leaves the others in.
type cache struct {
	tokens       *otter.Cache[string, *token.Claims]
	hits, misses atomic.Uint64
}

// newCache is nil for a cache that may hold nothing.
func newCache(bytes uint64) (*cache, error) {
	if bytes == 0 {
		return nil, nil
	}
	tokens, err := otter.New(&otter.Options[string, *token.Claims]{MaximumWeight: bytes, Weigher: weigh})
	if err != nil {
		return nil, fmt.Errorf("interceptor: cache: %w", err)
	}
	return &cache{tokens: tokens}, nil
}

// weigh is the most that a token and its claims can take, in bytes. It bounds
// the number of entries, too.
func weigh(raw string, _ *token.Claims) uint32 {
	return uint32(claimsFactor*len(raw) + entryBytes) //nolint:gosec // a token has at most 8 KiB
}

// prove is the claims of a token that is good now, and whether it was known.
func (g *Guard) prove(ctx context.Context, raw string, kinds []token.Kind) (claims *token.Claims, cached bool, err error) {
	if g.cache == nil {
		claims, err = g.verify(ctx, raw, kinds)
		return claims, false, err
	}
	known, ok := g.cache.tokens.GetIfPresent(raw)
	if ok && slices.Contains(kinds, known.Kind()) {
		if g.verifier.Recheck(ctx, known) == nil {
			g.cache.hits.Add(1)
			return known, true, nil
		}
		g.cache.tokens.Invalidate(raw)
	}
	g.cache.misses.Add(1)
	if claims, err = g.verify(ctx, raw, kinds); err == nil {
		g.cache.tokens.Set(raw, claims)
	}
	return claims, false, err
}

// verify proves a token that is not known.
func (g *Guard) verify(ctx context.Context, raw string, kinds []token.Kind) (*token.Claims, error) {
	if !isB64Token(raw) {
		return nil, errMalformed
	}
	return g.verifier.Verify(ctx, raw, kinds...)
}

// CacheStats tells how well the cache does. All of it is zero when the cache
// is off.
func (g *Guard) CacheStats() CacheStats {
	if g.cache == nil {
		return CacheStats{}
	}
	return CacheStats{Hits: g.cache.hits.Load(), Misses: g.cache.misses.Load(), Tokens: g.cache.tokens.EstimatedSize()}
}
