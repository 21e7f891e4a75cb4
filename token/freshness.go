package token

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	minFresh     = time.Minute
	defaultFresh = 5 * time.Minute
	maxFresh     = time.Hour
)

// freshFor is how long an answer is fresh by its Cache-Control (RFC 9111
// §4.2): max-age less the Age it came with, within bounds. The shortest counts
// when there are several, and what can't be read counts as stale.
func freshFor(header http.Header) time.Duration {
	fresh, told := maxFresh, false
	for directive := range strings.SplitSeq(strings.Join(header.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-cache", "no-store":
			return minFresh
		case "max-age":
			told = true
			fresh = min(fresh, seconds(strings.Trim(value, `"`))-seconds(header.Get("Age")))
		}
	}
	if !told {
		return defaultFresh
	}
	return max(fresh, minFresh)
}

// seconds reads a delta-seconds (RFC 9111 §1.2.2): too much is a lot, and
// what is no number is none.
func seconds(text string) time.Duration {
	n, _ := strconv.ParseUint(text, 10, 31)
	return time.Duration(n) * time.Second
}

// elapsed is how far apart two readings of a clock are: by the clock on the
// wall or by the monotonic one, whichever says more, because a machine that
// slept has older keys than its monotonic clock knows. Should now be before
// then, the clock was set back; the distance then serves as an age, so that
// keys do not stay until the clock has caught up.
func elapsed(now, then time.Time) time.Duration {
	return max(now.Sub(then), now.Round(0).Sub(then.Round(0))).Abs()
}
