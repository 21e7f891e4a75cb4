package authclient

import "time"

const (
	paceFirst = time.Second
	paceMost  = 30 * time.Second
)

// pace spaces out attempts that fail: one second, then twice as long each
// time up to 30 seconds, each give or take 20 %.
type pace struct {
	failures int
	until    time.Time
}

// fail counts a failure and is how long to wait now, which is atLeast or more.
func (p *pace) fail(atLeast time.Duration) time.Duration {
	wait := paceMost
	if p.failures < 5 { // 1 s << 5 is more than the most
		wait = paceFirst << p.failures
	}
	wait = max(jitter(wait), atLeast)
	p.failures++
	p.until = time.Now().Add(wait)
	return wait
}

// resting reports whether it is too early for another attempt.
func (p *pace) resting() bool { return time.Now().Before(p.until) }
