package password

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/argon2"
)

// checklist: P2
func TestTickIsThatOfTheCostliestHash(t *testing.T) {
	t.Parallel()
	now := newTick()
	for _, step := range []struct {
		cost cost
		took time.Duration
		want time.Duration
	}{
		{cost{function: "argon2id", work: 100}, 20 * time.Millisecond, 25 * time.Millisecond},
		{cost{function: "argon2id", work: 10}, 60 * time.Millisecond, 25 * time.Millisecond}, // noise
		{cost{function: "bcrypt", work: 16}, time.Millisecond, 25 * time.Millisecond},
		{cost{function: "bcrypt", work: 4096}, 200 * time.Millisecond, 250 * time.Millisecond},
		{cost{function: "bcrypt", work: 4096}, 280 * time.Millisecond, 262500 * time.Microsecond},
		{cost{function: "argon2id", work: 100}, 100 * time.Millisecond, 262500 * time.Microsecond},
		{cost{function: "bcrypt", work: 8192}, time.Minute, maxTick}, // the machine slept
		{cost{function: "bcrypt", work: 8192}, 0, maxTick},
	} {
		now.observe(step.cost, step.took)
		if got := now.length(); got != step.want {
			t.Errorf("after %+v took %s: %s, want %s", step.cost, step.took, got, step.want)
		}
	}
}

// Everything that is refused leaves on the tick; what is right leaves at once,
// and the room is not held meanwhile.
//
// checklist: P2
func TestRefusalsLeaveOnTheTick(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newCheap(t, cheap(), 1)
		h.tick.observe(cost{function: "bcrypt", work: 1 << maxBcryptCost}, 80*time.Millisecond)
		encoded, err := h.Hash(t.Context(), "correct horse")
		if err != nil {
			t.Fatal(err)
		}
		verify := func(encoded, password string) func() error {
			return func() error { _, _, err := h.Verify(t.Context(), encoded, password); return err }
		}
		for name, tc := range map[string]struct {
			call func() error
			want time.Duration
		}{
			"right":           {verify(encoded, "correct horse"), 0},
			"wrong":           {verify(encoded, "wrong horse"), 100 * time.Millisecond},
			"wrong, imported": {verify(foreignHashes[0].encoded, "wrong horse"), 100 * time.Millisecond},
			"nobody":          {func() error { return h.VerifyNone(t.Context(), "correct horse") }, 100 * time.Millisecond},
		} {
			begun := time.Now()
			held := make(chan error, 1)
			go func() { held <- tc.call() }()
			synctest.Wait()
			if h.queue.running != 0 {
				t.Errorf("%s: the room is held while the refusal waits", name)
			}
			if err := <-held; err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(begun); took != tc.want {
				t.Errorf("%s: answered after %s, want %s", name, took, tc.want)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if err := h.VerifyNone(ctx, "correct horse"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
		}
	})
}

// With real hashes on the real clock: who is refused, and what their hash is,
// does not show in the time. Before the tick the ratios were 0.1 (cheap) and
// 2.5 (bcrypt).
//
// checklist: P2
func TestRefusalsTakeTheSameTime(t *testing.T) {
	h, err := NewHasher(Config{})
	if err != nil {
		t.Fatal(err)
	}
	today, err := h.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	stored := map[string]string{
		"today's": today,
		"cheap":   cheapHash("correct horse"),
		"bcrypt":  `$2a$10$N9qo8uLOickgx2ZMRZoMye7hLCKuEIm4BcKHuoCJsBy/5Q0NErxWS`,
		"PBKDF2":  `pbkdf2_sha256$20000$seasalt$oBSd886ysm3AqYun62DOdin8YcfbU1z9cksZSuLP9r0=`,
		"nobody":  h.nobody,
	}
	took := map[string][]time.Duration{}
	// In turns, so that a busy machine is busy for all of them; the race
	// detector makes bcrypt many times slower.
	for round, begun := 0, time.Now(); round < 11 && (round < 2 || time.Since(begun) < 5*time.Second); round++ {
		for name, encoded := range stored {
			begun := time.Now()
			if ok, _, err := h.Verify(t.Context(), encoded, "wrong horse"); ok || err != nil {
				t.Fatalf("%s: ok %v, error %v", name, ok, err)
			}
			if round > 0 { // in the first the costliest shows
				took[name] = append(took[name], time.Since(begun))
			}
		}
	}
	base := median(took["nobody"])
	for name, durations := range took {
		ratio := float64(median(durations)) / float64(base)
		t.Logf("%-8s median %8s, from %8s to %8s, ratio %.3f", name, median(durations).Round(10*time.Microsecond),
			slices.Min(durations).Round(10*time.Microsecond), slices.Max(durations).Round(10*time.Microsecond), ratio)
		if ratio < 0.5 || ratio > 2 {
			t.Errorf("%s: a refusal takes %.2f of what nobody's does, want 0.5 to 2", name, ratio)
		}
	}
}

func median(d []time.Duration) time.Duration {
	d = slices.Sorted(slices.Values(d))
	return d[len(d)/2]
}

// cheapHash is as an older version might have made it.
func cheapHash(password string) string {
	salt := []byte("0123456789abcdef")
	tag := argon2.IDKey([]byte(password), salt, 1, 4<<10, 1, 32)
	return "$argon2id$v=19$m=4096,t=1,p=1$" + base64.RawStdEncoding.EncodeToString(salt) + "$" + base64.RawStdEncoding.EncodeToString(tag)
}
