package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/password"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

const (
	// refreshesEach is how often one client refreshes in a round, and
	// refreshPause how long it waits between two.
	refreshesEach = 50
	refreshPause  = 10 * time.Millisecond
)

// pressure is how many logins go on while the client refreshes, on how many
// threads.
type pressure struct {
	Threads int `json:"threads"` // GOMAXPROCS
	Logins  int `json:"logins"`
}

// delay is how long a refresh over gRPC took under that pressure.
type delay struct {
	pressure

	P50 time.Duration `json:"p50_ns"`
	P99 time.Duration `json:"p99_ns"`
	// Times is P99 over that of the same threads without logins.
	Times float64 `json:"p99_over_idle"`
}

// measureDelays has one client refresh every ten milliseconds or so, while
// nothing else happens and while every place of the hash queue is taken, in
// turns. It does so on a thread for each processor, as an application has it,
// and on two, as `grpcauth serve` sets it.
func measureDelays(rounds, waiting int) (_ []delay, err error) {
	processors := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(processors)
	hashing := password.Config{Concurrency: processors, Waiting: waiting}
	full := hashing.Concurrency + hashing.Waiting
	s, err := newService(inSQLite, full+1, hashing)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	refreshToken, err := s.login(context.Background(), full)
	if err != nil {
		return nil, err
	}
	all := []pressure{{processors, 0}, {processors, full}, {2 * processors, 0}, {2 * processors, full}}
	took := make([][]time.Duration, len(all))
	for range rounds {
		for i, p := range all {
			runtime.GOMAXPROCS(p.Threads)
			var some []time.Duration
			if refreshToken, some, err = s.refreshBeside(p.Logins, refreshToken); err != nil {
				return nil, fmt.Errorf("refreshing beside %d logins: %w", p.Logins, err)
			}
			took[i] = append(took[i], some...)
		}
	}
	return delays(all, took), nil
}

func delays(all []pressure, took [][]time.Duration) []delay {
	var out []delay
	var idle time.Duration
	for i, p := range all {
		slices.Sort(took[i])
		d := delay{pressure: p, P50: took[i][len(took[i])/2], P99: took[i][len(took[i])*99/100]}
		if p.Logins == 0 {
			idle = d.P99
		}
		d.Times = float64(d.P99) / float64(idle)
		out = append(out, d)
	}
	return out
}

// refreshBeside refreshes one session while others log in.
func (s *service) refreshBeside(logins int, refreshToken string) (_ string, took []time.Duration, err error) {
	stop, err := s.flood(logins)
	if err != nil {
		return "", nil, err
	}
	defer func() {
		if ferr := stop(); err == nil {
			err = ferr
		}
	}()
	for range refreshesEach {
		<-time.After(refreshPause)
		begun := time.Now()
		answer, err := s.client.Refresh(context.Background(), &grpcauthv1.RefreshRequest{RefreshToken: refreshToken, IdempotencyKey: rand.Text()})
		if err != nil {
			return "", nil, err
		}
		took = append(took, time.Since(begun))
		refreshToken = answer.GetTokens().GetRefreshToken()
	}
	return refreshToken, took, nil
}

// flood has so many users log in, each again when done, and returns once the
// first of them are. stop ends it and tells whether a login failed.
func (s *service) flood(logins int) (stop func() error, err error) {
	if logins == 0 {
		return func() error { return nil }, nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	var callers sync.WaitGroup
	failed, begun := make(chan error, logins), make(chan struct{}, logins)
	for user := range logins {
		callers.Go(func() {
			// A login that is given up counts as a wrong one, so each is seen
			// through.
			for ctx.Err() == nil {
				if _, err := s.login(context.Background(), user); err != nil {
					failed <- err
					return
				}
				select {
				case begun <- struct{}{}:
				default:
				}
			}
		})
	}
	stop = func() error {
		cancel()
		callers.Wait()
		close(failed)
		return <-failed
	}
	for range 10 {
		select {
		case <-begun:
		case err := <-failed:
			return nil, fmt.Errorf("%w, then: %w", err, stop())
		}
	}
	return stop, nil
}
