package password

import (
	"context"
	"encoding/base64"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/argon2"
)

// cheap costs microseconds: what is tested does not depend on the cost.
func cheap() Params { return Params{MemoryKiB: 16, Time: 1, Parallelism: 1} }

func newCheap(t testing.TB, p Params, concurrency int) *Hasher {
	t.Helper()
	h, err := newHasher(Config{Params: p, Concurrency: concurrency})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// checklist: P1
func TestDefaultHashHasTheRealCost(t *testing.T) {
	t.Parallel()
	h, err := NewHasher(Config{})
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := h.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	const want = "$argon2id$v=19$m=19456,t=2,p=1$"
	if !strings.HasPrefix(encoded, want) {
		t.Errorf("hash begins %.40s, want %s", encoded, want)
	}
	for given, want := range map[string]bool{"correct horse": true, "correct horsf": false} {
		ok, rehash, err := h.Verify(t.Context(), encoded, given)
		if ok != want || rehash || err != nil {
			t.Errorf("%q: ok %v, rehash %v, error %v; want %v", given, ok, rehash, err, want)
		}
	}
}

func TestNewHasherRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cfg  Config
		want string
	}{
		"little memory":        {Config{Params: Params{MemoryKiB: 19*1024 - 1, Time: 2, Parallelism: 1}}, "MemoryKiB >= 19456"},
		"few passes":           {Config{Params: Params{MemoryKiB: 64 * 1024, Time: 1, Parallelism: 1}}, "Time >= 2"},
		"no lanes":             {Config{Params: Params{MemoryKiB: 19 * 1024, Time: 2}}, "parallelism must be"},
		"all the memory":       {Config{Params: Params{MemoryKiB: 1<<20 + 1, Time: 2, Parallelism: 1}}, "memory must be"},
		"too much in all":      {Config{Params: Params{MemoryKiB: 1 << 20, Time: 5, Parallelism: 1}}, "memory times time"},
		"negative concurrency": {Config{Concurrency: -1}, "use 0"},
		"negative waiting":     {Config{Waiting: -1}, "use 0"},
	} {
		_, err := NewHasher(test.cfg)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, test.want)
		}
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	h := newCheap(t, cheap(), 2)
	// Every byte counts, at the very end of the longest password too.
	longest := strings.Repeat("é", MaxBytes/2-1)
	for name, given := range map[string]struct{ set, typed string }{
		"case":               {"Correct horse", "correct horse"},
		"trailing space":     {"correct horse", "correct horse "},
		"prefix":             {"correct horse", "correct"},
		"empty":              {"correct horse", ""},
		"last byte":          {longest + "ab", longest + "ac"},
		"beyond 72 bytes":    {strings.Repeat("a", 80), strings.Repeat("a", 79)},
		"after a NUL":        {"correct\x00horse", "correct\x00house"},
		"another code point": {"\u00e9lan vital", "e\u0301lan vital"},
	} {
		encoded, err := h.Hash(t.Context(), given.set)
		if err != nil {
			t.Fatal(err)
		}
		if ok, _, err := h.Verify(t.Context(), encoded, given.set); !ok || err != nil {
			t.Errorf("%s: the right password: ok %v, error %v", name, ok, err)
		}
		if ok, _, err := h.Verify(t.Context(), encoded, given.typed); ok || err != nil {
			t.Errorf("%s: the wrong password: ok %v, error %v", name, ok, err)
		}
	}
}

func TestHashIsSalted(t *testing.T) {
	t.Parallel()
	h := newCheap(t, cheap(), 1)
	a, errA := h.Hash(t.Context(), "correct horse")
	b, errB := h.Hash(t.Context(), "correct horse")
	if a == b || errA != nil || errB != nil {
		t.Errorf("the same password twice gives %s and %s (%v, %v)", a, b, errA, errB)
	}
}

// A hash that another program made, with its own lengths.
func TestVerifyForeignHash(t *testing.T) {
	t.Parallel()
	salt := []byte("eight by")
	tag := argon2.IDKey([]byte("correct horse"), salt, 3, 64, 2, 24)
	encoded := "$argon2id$v=19$m=64,t=3,p=2$" +
		base64.RawStdEncoding.EncodeToString(salt) + "$" + base64.RawStdEncoding.EncodeToString(tag)
	ok, rehash, err := newCheap(t, cheap(), 1).Verify(t.Context(), encoded, "correct horse")
	if !ok || !rehash || err != nil {
		t.Errorf("ok %v, rehash %v, error %v; want a match with too short a salt", ok, rehash, err)
	}
}

// checklist: P1
func TestRehashWhenTheCostGrew(t *testing.T) {
	t.Parallel()
	now := Params{MemoryKiB: 64, Time: 2, Parallelism: 1}
	h := newCheap(t, now, 1)
	for name, test := range map[string]struct {
		stored Params
		want   bool
	}{
		"same":        {now, false},
		"less memory": {Params{MemoryKiB: 32, Time: 2, Parallelism: 1}, true},
		"fewer":       {Params{MemoryKiB: 64, Time: 1, Parallelism: 1}, true},
		"more":        {Params{MemoryKiB: 128, Time: 3, Parallelism: 1}, false},
		"other lanes": {Params{MemoryKiB: 64, Time: 2, Parallelism: 2}, false},
	} {
		encoded, err := newCheap(t, test.stored, 1).Hash(t.Context(), "correct horse")
		if err != nil {
			t.Fatal(err)
		}
		ok, rehash, err := h.Verify(t.Context(), encoded, "correct horse")
		if !ok || rehash != test.want || err != nil {
			t.Errorf("%s: ok %v, rehash %v, error %v; want rehash %v", name, ok, rehash, err, test.want)
		}
		if _, rehash, _ := h.Verify(t.Context(), encoded, "wrong horse"); rehash {
			t.Errorf("%s: a wrong password asks for a rehash", name)
		}
	}
}

// VerifyNone goes the way Verify goes: it waits for the same room and
// computes a hash of the same parameters.
//
// checklist: P2
func TestVerifyNoneCostsAHash(t *testing.T) {
	t.Parallel()
	h := newCheap(t, cheap(), 1)
	read, err := parse(h.nobody)
	nobody, _ := read.(argon2id)
	if err != nil || nobody.Params != h.params || len(nobody.salt) != saltLen || len(nobody.tag) != tagLen {
		t.Fatalf("nobody's hash has %+v, error %v; want %+v", nobody.Params, err, h.params)
	}
	if err := h.VerifyNone(t.Context(), "correct horse"); err != nil {
		t.Error(err)
	}
	synctest.Test(t, func(t *testing.T) {
		h := newCheap(t, cheap(), 1)
		release := fill(t, h)
		defer release()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := h.VerifyNone(ctx, "correct horse"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want to wait for room", err)
		}
	})
}

// checklist: P3
func TestConcurrencyIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newCheap(t, cheap(), 2)
		encoded, err := h.Hash(t.Context(), "correct horse")
		if err != nil {
			t.Fatal(err)
		}
		release := fill(t, h)
		answers := make(chan bool, 3)
		for range 3 {
			go func() {
				ok, _, _ := h.Verify(t.Context(), encoded, "correct horse")
				answers <- ok
			}()
		}
		synctest.Wait()
		if len(answers) != 0 {
			t.Error("a hash was computed with no room left")
		}
		release()
		for range 3 {
			if !<-answers {
				t.Error("a caller that waited was refused")
			}
		}
	})
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newCheap(t, cheap(), 1)
		release := fill(t, h)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := h.Hash(ctx, "correct horse"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
		}
		release()
		if _, err := h.Hash(t.Context(), "correct horse"); err != nil {
			t.Errorf("after it gave up: %v", err)
		}
		// With room an ended context computes nothing either.
		if _, err := h.Hash(ctx, "correct horse"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
		}
	})
}

// A stored hash of larger parameters takes more room, at most all of it.
//
// checklist: P3
func TestLargerHashTakesMoreRoom(t *testing.T) {
	t.Parallel()
	h := newCheap(t, cheap(), 4) // room for 64 KiB
	for stored, left := range map[int64]int64{8: 48, 16: 48, 32: 32, 64: 0, 1024: 0} {
		room := h.room(cost{memory: stored})
		if got := h.capacity - room; got != left {
			t.Errorf("a hash of %d KiB leaves %d KiB, want %d", stored, got, left)
		}
	}
}

// fill takes all the room there is.
func fill(t *testing.T, h *Hasher) (release func()) {
	t.Helper()
	if err := h.queue.enter(t.Context(), netip.Prefix{}, h.capacity); err != nil {
		t.Fatal(err)
	}
	return func() { h.queue.leave(h.capacity, 0) }
}
