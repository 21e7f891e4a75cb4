package password

import (
	"runtime"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"
)

// However many ask, the memory is that of the few hashes that run, and what
// the collector has not come round to.
//
// checklist: P3
func TestMemoryIsBoundedByTheQueue(t *testing.T) {
	const callers, atOnce = 48, 2
	h, err := NewHasher(Config{Concurrency: atOnce})
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	before := heapFromTheSystem()
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			if err := h.VerifyNone(t.Context(), "correct horse"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	grown := int64(heapFromTheSystem()-before) >> 20
	each := int64(Default().MemoryKiB) >> 10
	t.Logf("%d callers, %d at once: the heap grew by %d MiB; all of them together would fill %d MiB", callers, atOnce, grown, callers*each)
	if most := 6 * atOnce * each; grown > most {
		t.Errorf("the heap grew by %d MiB, want at most %d", grown, most)
	}
}

// heapFromTheSystem is the most the heap ever had: what it gives back counts
// on.
func heapFromTheSystem() uint64 {
	samples := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(samples)
	var sum uint64
	for _, s := range samples {
		sum += s.Value.Uint64()
	}
	return sum
}

// BenchmarkVerify reports what passes the queue beside argon2id alone on all
// processors, measured in turns so that a busy machine is busy for both.
func BenchmarkVerify(b *testing.B) {
	h, err := NewHasher(Config{})
	if err != nil {
		b.Fatal(err)
	}
	encoded, err := h.Hash(b.Context(), "correct horse")
	if err != nil {
		b.Fatal(err)
	}
	lanes := runtime.GOMAXPROCS(0)
	raw := func() { argon2.IDKey([]byte("correct horse"), []byte("0123456789abcdef"), 2, 19*1024, 1, 32) }
	queued := func() {
		if ok, _, err := h.Verify(b.Context(), encoded, "correct horse"); !ok || err != nil {
			b.Errorf("ok %v, error %v", ok, err)
		}
	}
	const round = 32
	var alone, behind time.Duration
	for b.Loop() {
		alone += spread(round, lanes, raw)
		behind += spread(round, 16*lanes, queued)
	}
	hashes := float64(b.N * round)
	b.ReportMetric(hashes/alone.Seconds(), "raw/s")
	b.ReportMetric(hashes/behind.Seconds(), "verify/s")
	b.ReportMetric(alone.Seconds()/behind.Seconds(), "ratio")
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
