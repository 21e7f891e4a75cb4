package promauth_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/interceptor/promauth"
	"github.com/grpcauth/grpcauth/token"
)

// decisions are of the kinds that a busy server makes.
func decisions() []interceptor.Decision {
	claims := &token.Claims{}
	var all []interceptor.Decision
	for _, method := range []string{"/notes.v1.NotesService/ListNotes", "/notes.v1.NotesService/CreateNote"} {
		all = append(all,
			interceptor.Decision{Method: method, Registered: true, Claims: claims, Cached: true, Elapsed: 300 * time.Nanosecond},
			interceptor.Decision{Method: method, Registered: true, Claims: claims, Elapsed: 60 * time.Microsecond},
			interceptor.Decision{Method: method, Registered: true, Claims: claims, Reason: 31, Elapsed: time.Microsecond},
		)
	}
	return all
}

func TestWhatWasSeenBeforeIsCountedWithoutAllocating(t *testing.T) {
	observe, err := promauth.New(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range decisions() {
		if n := testing.AllocsPerRun(1000, func() { observe(t.Context(), d) }); n > 0 {
			t.Errorf("%g allocations for %s %s", n, d.Method, d.Reason)
		}
	}
}

func BenchmarkObserve(b *testing.B) {
	observe, err := promauth.New(prometheus.NewRegistry())
	if err != nil {
		b.Fatal(err)
	}
	ctx, all := b.Context(), decisions()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			observe(ctx, all[i%len(all)])
		}
	})
}
