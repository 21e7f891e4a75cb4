package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/test/bufconn"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
)

// countedSweeps counts how often it is swept.
type countedSweeps struct {
	store.Store
	n atomic.Int64
}

func (s *countedSweeps) Sweep(ctx context.Context, limit int) (int, error) {
	s.n.Add(1)
	return s.Store.Sweep(ctx, limit)
}

func TestAServerKeepsHouseUntilItEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st, log := &countedSweeps{Store: memory.New()}, slog.New(slog.DiscardHandler)
		auth, err := authsvc.New(authsvc.Config{
			Issuer: testIssuer, Audiences: []string{testAudience}, Store: st, Secret: newMasterKey().secret, Logger: log,
		})
		if err != nil {
			t.Fatal(err)
		}
		w, err := newWatch(t.Context(), st, "kid", filepath.Join(t.TempDir(), "seen"), log)
		if err != nil {
			t.Fatal(err)
		}
		s, err := newServers(&serveCmd{DrainTimeout: time.Second}, &listeners{grpc: bufconn.Listen(1)}, auth, w, log)
		if err != nil {
			t.Fatal(err)
		}
		ctx, end := context.WithTimeout(t.Context(), time.Hour) // of the bubble's clock
		defer end()
		if err := s.run(ctx, func() {}); err != nil {
			t.Fatal(err)
		}
		if n := st.n.Load(); n < 9 || n > 15 {
			t.Errorf("swept %d times in an hour", n)
		}
	})
}
