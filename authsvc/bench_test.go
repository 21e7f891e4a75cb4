package authsvc_test

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// BenchmarkLogin is Login as a client calls it, by 16 at once, beside argon2id
// alone on all processors; in turns, so that a busy machine is busy for both.
//
// checklist: P3
func BenchmarkLogin(b *testing.B) {
	for name, open := range map[string]opener{"memory": openMemory, "SQLite": openSQLite} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, builtIn, open.use)
			w.addAda(nil)
			const round = 64
			var alone, behind time.Duration
			for b.Loop() {
				alone += spread(round, runtime.GOMAXPROCS(0), func() {
					argon2.IDKey([]byte(adaPassword), []byte("0123456789abcdef"), 2, 19*1024, 1, 32)
				})
				behind += spread(round, 16, func() { w.signIn() })
			}
			b.ReportMetric(float64(b.N*round)/alone.Seconds(), "raw/s")
			b.ReportMetric(float64(b.N*round)/behind.Seconds(), "logins/s")
			b.ReportMetric(alone.Seconds()/behind.Seconds(), "ratio")
		})
	}
}

// BenchmarkRefreshBesideLogins is one client that refreshes every ten
// milliseconds or so, while nothing else happens and while the hash queue
// is all but full.
//
// checklist: P3
func BenchmarkRefreshBesideLogins(b *testing.B) {
	for name, logins := range map[string]int{"idle": 0, "queue full": 250} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, builtIn, opener(openSQLite).use)
			w.addAda(nil)
			refreshToken := w.signIn().GetRefreshToken()
			ctx, cancel := context.WithCancel(b.Context())
			var wg sync.WaitGroup
			for range logins {
				wg.Go(func() {
					for ctx.Err() == nil {
						_, _ = w.Login(ctx, &grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
					}
				})
			}
			wait(ctx, time.Second)
			var took []time.Duration
			for b.Loop() {
				wait(ctx, 10*time.Millisecond)
				begun := time.Now()
				tokens := w.must(w.refresh(refreshToken))
				took = append(took, time.Since(begun))
				refreshToken = tokens.GetRefreshToken()
			}
			cancel()
			wg.Wait()
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		})
	}
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// spread does the work n times by so many callers.
func spread(n, callers int, work func()) time.Duration {
	todo := make(chan struct{}, n)
	for range n {
		todo <- struct{}{}
	}
	close(todo)
	begun := time.Now()
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range todo {
				work()
			}
		})
	}
	wg.Wait()
	return time.Since(begun)
}
