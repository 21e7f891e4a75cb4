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
	refreshesEach = 200
	refreshPause  = 10 * time.Millisecond
)

// pressure is how many logins go on while the client refreshes, and whether
// their hashes are computed in a process of their own.
type pressure struct {
	Apart  bool `json:"apart"`
	Logins int  `json:"logins"`
}

// delay is how long a refresh over gRPC took under that pressure.
type delay struct {
	pressure

	P50 time.Duration `json:"p50_ns"`
	P99 time.Duration `json:"p99_ns"`
	// Times is P99 over that of the same service without logins.
	Times float64 `json:"p99_over_idle"`
}

// measureDelays has one client refresh every ten milliseconds or so, while
// nothing else happens and while every place of the hash queue is taken, in
// turns: where hashes are computed beside everything else, and where they are
// computed in that process.
func measureDelays(process *password.Process, rounds, waiting int) (_ []delay, err error) {
	hashing := password.Config{Concurrency: runtime.GOMAXPROCS(0), Waiting: waiting}
	full := hashing.Concurrency + hashing.Waiting
	var clients []*refresher
	for _, p := range []*password.Process{nil, process} {
		hashing.Process = p
		c, err := newRefresher(full, hashing)
		if err != nil {
			return nil, err
		}
		defer c.stop()
		clients = append(clients, c)
	}
	all := []pressure{{false, 0}, {false, full}, {true, 0}, {true, full}}
	took := make([][]time.Duration, len(all))
	for range rounds {
		for i, p := range all {
			some, err := clients[i/2].refreshBeside(p.Logins)
			if err != nil {
				return nil, fmt.Errorf("refreshing beside %d logins: %w", p.Logins, err)
			}
			took[i] = append(took[i], some...)
		}
	}
	return delays(all, took), nil
}

// refresher is a client with a session of its own.
type refresher struct {
	*service
	refreshToken string
}

// newRefresher logs one user in beside those who will.
func newRefresher(others int, hashing password.Config) (*refresher, error) {
	s, err := newService(inSQLite, others+1, hashing)
	if err != nil {
		return nil, err
	}
	refreshToken, err := s.login(context.Background(), others)
	if err != nil {
		s.stop()
		return nil, err
	}
	return &refresher{s, refreshToken}, nil
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

// refreshBeside refreshes the session while others log in.
func (c *refresher) refreshBeside(logins int) (took []time.Duration, err error) {
	stop, err := c.flood(logins)
	if err != nil {
		return nil, err
	}
	defer func() {
		if ferr := stop(); err == nil {
			err = ferr
		}
	}()
	for range refreshesEach {
		<-time.After(refreshPause)
		begun := time.Now()
		answer, err := c.client.Refresh(context.Background(), &grpcauthv1.RefreshRequest{RefreshToken: c.refreshToken, IdempotencyKey: rand.Text()})
		if err != nil {
			return nil, err
		}
		took = append(took, time.Since(begun))
		c.refreshToken = answer.GetTokens().GetRefreshToken()
	}
	return took, nil
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
