package sqlstore_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

// BenchmarkRotateSession is a refresh as the store sees it, synced to disk
// each time: by one caller, and by many with a session each.
func BenchmarkRotateSession(b *testing.B) {
	for _, engine := range []struct {
		name string
		open func(b *testing.B) store.Store
	}{
		{"SQLite", func(b *testing.B) store.Store { return open(b, filepath.Join(b.TempDir(), "auth.db")) }},
		{"PostgreSQL", func(b *testing.B) store.Store {
			_, url := testkit.NewPostgres(b)
			return openPostgres(b, url)
		}},
	} {
		b.Run(engine.name+"/one caller", func(b *testing.B) { rotateAlone(b, engine.open(b)) })
		b.Run(engine.name+"/64 callers", func(b *testing.B) { rotateTogether(b, engine.open(b), 64) })
	}
}

func rotateAlone(b *testing.B, s store.Store) {
	r := stand(b, s)
	for b.Loop() {
		rotateOnce(b, s, &r)
	}
	report(b)
}

func rotateTogether(b *testing.B, s store.Store, callers int) {
	rotors := make(chan store.Rotation, callers)
	for range callers {
		rotors <- stand(b, s)
	}
	b.SetParallelism(callers / runtime.GOMAXPROCS(0))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		r := <-rotors
		for pb.Next() {
			rotateOnce(b, s, &r)
		}
	})
	report(b)
}

// newRotor opens a session and gives the rotation it stands ready for.
func newRotor(ctx context.Context, s store.Store) (store.Rotation, error) {
	now := time.Now()
	session := store.Session{
		ID: rand.Text()[:22], ClientID: "app", Subject: rand.Text(), Scopes: []string{"notes.read"},
		Gen: 1, CurHash: hashOf(1), IdleExpires: now.Add(time.Hour), Expires: now.Add(time.Hour),
	}
	counter, err := s.Counters(ctx, session.Subject, session.ClientID)
	if err == nil {
		err = s.CreateSession(ctx, session, counter.Subject)
	}
	return store.Rotation{
		ID: session.ID, Gen: 1, CurHash: session.CurHash, ClientID: "app",
		NewHash: hashOf(2), Sealed: make([]byte, 120), Idle: time.Hour,
	}, err
}

// turn makes r the rotation after it.
func turn(r *store.Rotation) {
	r.Gen++
	r.CurHash, r.NewHash = r.NewHash, hashOf(r.Gen+1)
}

func rotateOnce(b *testing.B, s store.Store, r *store.Rotation) {
	if err := s.RotateSession(b.Context(), *r); err != nil {
		b.Error(err)
	}
	turn(r)
}

func hashOf(gen int64) []byte {
	sum := sha256.Sum256([]byte{byte(gen), byte(gen >> 8), byte(gen >> 16), byte(gen >> 24)})
	return sum[:]
}

func report(b *testing.B) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rotations/s")
}
