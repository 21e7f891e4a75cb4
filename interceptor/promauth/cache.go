package promauth

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/grpcauth/grpcauth/interceptor"
)

// RegisterCache registers what the guard's cache of proven tokens does, as
// [interceptor.Guard.CacheStats] tells it: look-ups that hit and missed, and
// how many tokens are kept. It fails without a registry or a guard, and when
// reg has another guard's: wrap reg with prometheus.WrapRegistererWith and a
// label that names the server.
func RegisterCache(reg prometheus.Registerer, guard *interceptor.Guard) error {
	if reg == nil {
		return errNoRegistry
	}
	if guard == nil {
		return errors.New("promauth: there is no guard: call RegisterCache with what interceptor.New returned")
	}
	if err := reg.Register(newCache(guard)); err != nil {
		return fmt.Errorf("promauth: register the metrics of a cache (a second guard needs prometheus.WrapRegistererWith): %w", err)
	}
	return nil
}

// cache asks the guard at every scrape.
type cache struct {
	guard                *interceptor.Guard
	hits, misses, tokens *prometheus.Desc
}

func newCache(guard *interceptor.Guard) *cache {
	return &cache{
		guard:  guard,
		hits:   prometheus.NewDesc("grpcauth_cache_hits_total", "Tokens that the guard's cache knew.", nil, nil),
		misses: prometheus.NewDesc("grpcauth_cache_misses_total", "Tokens, good or bad, that the guard's cache did not know.", nil, nil),
		tokens: prometheus.NewDesc("grpcauth_cache_tokens", "About how many tokens the guard's cache keeps.", nil, nil),
	}
}

// Describe is part of [prometheus.Collector].
func (c *cache) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.hits
	ch <- c.misses
	ch <- c.tokens
}

// Collect is part of [prometheus.Collector].
func (c *cache) Collect(ch chan<- prometheus.Metric) {
	stats := c.guard.CacheStats()
	ch <- prometheus.MustNewConstMetric(c.hits, prometheus.CounterValue, float64(stats.Hits))
	ch <- prometheus.MustNewConstMetric(c.misses, prometheus.CounterValue, float64(stats.Misses))
	ch <- prometheus.MustNewConstMetric(c.tokens, prometheus.GaugeValue, float64(stats.Tokens))
}
