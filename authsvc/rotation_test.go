package authsvc

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

var (
	noon      = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	newest    = bytes.Repeat([]byte{1}, 32)
	before    = bytes.Repeat([]byte{2}, 32)
	stranger  = bytes.Repeat([]byte{3}, 32)
	hashNames = map[byte]string{1: "newest", 2: "before", 3: "stranger"}
)

// rotated is a session in generation 7, rotated at noon.
func rotated(change func(*store.Session)) store.Session {
	s := store.Session{
		ID: "s", Gen: 7, CurHash: newest, PrevHash: before, RotatedAt: noon,
		IdleExpires: noon.Add(time.Hour), Expires: noon.Add(2 * time.Hour),
	}
	if change != nil {
		change(&s)
	}
	return s
}

// checklist: R1 R2 R4
func TestJudge(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		after  time.Duration
		change func(*store.Session)
		gen    int64
		hash   []byte
		key    string
		want   verdict
		then   func(*testing.T, store.Session)
	}{
		"the newest token rotates":                 {gen: 7, hash: newest, want: current},
		"the newest token, replays do not matter":  {gen: 7, hash: newest, change: func(s *store.Session) { s.Replays, s.ReplayedGens = 5, 2 }, want: current},
		"the newest generation, another secret":    {gen: 7, hash: stranger, want: forged},
		"the newest generation, the former secret": {gen: 7, hash: before, want: forged},
		"a generation from the future":             {gen: 8, hash: newest, want: forged},
		"far in the future":                        {gen: 1 << 60, hash: stranger, want: forged},

		"the former token at once":            {gen: 6, hash: before, want: replayed, then: counts(1, 1)},
		"the former token at 30 seconds":      {after: replayWindow, gen: 6, hash: before, want: replayed, then: counts(1, 1)},
		"the former token just past":          {after: replayWindow + time.Microsecond, gen: 6, hash: before, want: reused, then: isRevoked},
		"the former token before its time":    {after: -time.Second, gen: 6, hash: before, want: replayed, then: counts(1, 1)},
		"the former token, fifth replay":      {gen: 6, hash: before, change: func(s *store.Session) { s.Replays, s.ReplayedGens = 4, 1 }, want: replayed, then: counts(5, 1)},
		"the former token, sixth replay":      {gen: 6, hash: before, change: func(s *store.Session) { s.Replays, s.ReplayedGens = 5, 1 }, want: reused, then: isRevoked},
		"the second generation with replays":  {gen: 6, hash: before, change: func(s *store.Session) { s.ReplayedGens = 1 }, want: replayed, then: counts(1, 2)},
		"more replays of the second":          {gen: 6, hash: before, change: func(s *store.Session) { s.Replays, s.ReplayedGens = 1, 2 }, want: replayed, then: counts(2, 2)},
		"the third generation with replays":   {gen: 6, hash: before, change: func(s *store.Session) { s.ReplayedGens = 2 }, want: reused, then: isRevoked},
		"the former generation, wrong secret": {gen: 6, hash: stranger, want: forged},
		"the same, past the window":           {after: time.Minute, gen: 6, hash: stranger, want: forged},

		"the former token with its key, at any time": {after: 59 * time.Minute, gen: 6, hash: before, key: "k", change: rotatedWith("k"), want: retried, then: counts(1, 1)},
		"the same as often as you like":              {gen: 6, hash: before, key: "k", change: func(s *store.Session) { rotatedWith("k")(s); s.Replays, s.ReplayedGens = 5, 2 }, want: repeated},
		"the former token with another key":          {gen: 6, hash: before, key: "x", change: rotatedWith("k"), want: reused, then: isRevoked},
		"the former token without its key":           {gen: 6, hash: before, change: rotatedWith("k"), want: reused, then: isRevoked},
		"the key with another secret":                {gen: 6, hash: stranger, key: "k", change: rotatedWith("k"), want: forged},
		"the key with an older token":                {gen: 5, hash: stranger, key: "k", change: rotatedWith("k"), want: reused, then: isRevoked},
		"a key where none was used, at once":         {gen: 6, hash: before, key: "k", want: replayed, then: counts(1, 1)},
		"the newest token with a key":                {gen: 7, hash: newest, key: "new", change: rotatedWith("k"), want: current},
		"the newest token without a key":             {gen: 7, hash: newest, change: rotatedWith("k"), want: unkeyed},

		"two generations old":                  {gen: 5, hash: stranger, want: reused, then: isRevoked},
		"the very first generation":            {gen: 1, hash: stranger, want: reused, then: isRevoked},
		"an old generation inside the window":  {gen: 5, hash: before, want: reused, then: isRevoked},
		"nothing was rotated yet, no former":   {gen: 1, hash: newest, change: firstGeneration, want: current},
		"nothing was rotated yet, from beyond": {gen: 2, hash: newest, change: firstGeneration, want: forged},

		"revoked, the newest":          {gen: 7, hash: newest, change: revokedBefore, want: revoked},
		"revoked, the former":          {gen: 6, hash: before, change: revokedBefore, want: revoked},
		"revoked, an old one":          {gen: 2, hash: stranger, change: revokedBefore, want: revoked},
		"revoked and expired":          {after: 3 * time.Hour, gen: 7, hash: newest, change: revokedBefore, want: revoked},
		"idle too long, to the tick":   {after: time.Hour, gen: 7, hash: newest, want: expired},
		"one tick before the idle end": {after: time.Hour - time.Microsecond, gen: 7, hash: newest, want: current},
		"past the absolute end":        {after: 2 * time.Hour, gen: 7, hash: newest, change: func(s *store.Session) { s.IdleExpires = noon.Add(9 * time.Hour) }, want: expired},
		"expired, an old one":          {after: time.Hour, gen: 2, hash: stranger, want: expired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := rotated(tc.change)
			was := s
			if got := judge(noon.Add(tc.after), &s, judged{gen: tc.gen, hash: tc.hash, keyHash: []byte(tc.key)}); got != tc.want {
				t.Fatalf("verdict %d, want %d", got, tc.want)
			}
			if tc.then != nil {
				tc.then(t, s)
			} else if !reflect.DeepEqual(s, was) {
				t.Errorf("the session was changed")
			}
		})
	}
}

func counts(replays, gens int) func(*testing.T, store.Session) {
	return func(t *testing.T, s store.Session) {
		t.Helper()
		if s.Replays != replays || s.ReplayedGens != gens || !s.RevokedAt.IsZero() {
			t.Errorf("replays %d in %d generations, want %d in %d", s.Replays, s.ReplayedGens, replays, gens)
		}
	}
}

func isRevoked(t *testing.T, s store.Session) {
	t.Helper()
	if s.RevokedAt.IsZero() || s.Reason != reasonReused {
		t.Errorf("the session stands: revoked at %v for %q", s.RevokedAt, s.Reason)
	}
}

func rotatedWith(key string) func(*store.Session) {
	return func(s *store.Session) { s.KeyHash, s.Keyed = []byte(key), true }
}

func revokedBefore(s *store.Session)   { s.RevokedAt, s.Reason = noon, "logout" }
func firstGeneration(s *store.Session) { s.Gen, s.PrevHash, s.RotatedAt = 1, nil, time.Time{} }

// TestJudgeEverywhere walks every combination of what the rule looks at and
// checks what must hold in all of them.
//
// checklist: R1 R2 R4
func TestJudgeEverywhere(t *testing.T) {
	t.Parallel()
	seen := map[verdict]int{}
	everyCase(func(now time.Time, s store.Session, p judged) {
		was := s
		v := judge(now, &s, p)
		seen[v]++
		if problem := broken(now, was, s, p, v); problem != "" {
			t.Errorf("%s: verdict %d at +%s, generation %d of %d, hash %s, key %q of %q, replays %d in %d, revoked %v",
				problem, v, now.Sub(noon), p.gen, was.Gen, hashNames[p.hash[0]], p.keyHash, was.KeyHash, was.Replays, was.ReplayedGens, !was.RevokedAt.IsZero())
		}
	})
	for v := current; v <= forged; v++ {
		if seen[v] == 0 {
			t.Errorf("no case has verdict %d", v)
		}
	}
}

// keys are an idempotency key of the last rotation and one that is presented.
var keys = []struct {
	of, presented string
	keyed         bool
}{{}, {presented: "key"}, {"key", "key", true}, {"key", "other", true}, {"key", "", true}}

func everyCase(visit func(time.Time, store.Session, judged)) {
	for _, key := range keys {
		everyCaseOf(func(now time.Time, s store.Session, gen int64, hash []byte) {
			s.KeyHash, s.Keyed = []byte(key.of), key.keyed
			visit(now, s, judged{gen: gen, hash: hash, keyHash: []byte(key.presented)})
		})
	}
}

func everyCaseOf(visit func(time.Time, store.Session, int64, []byte)) {
	for _, after := range []time.Duration{0, replayWindow, replayWindow + 1, time.Hour, 2 * time.Hour} {
		for _, revokedAt := range []time.Time{{}, noon} {
			for replays := 0; replays <= maxReplays+1; replays++ {
				for gens := 0; gens <= maxReplayGens+1; gens++ {
					for gen := int64(1); gen <= 9; gen++ {
						for _, hash := range [][]byte{newest, before, stranger} {
							visit(noon.Add(after), rotated(func(s *store.Session) {
								s.RevokedAt, s.Replays, s.ReplayedGens = revokedAt, replays, gens
							}), gen, hash)
						}
					}
				}
			}
		}
	}
}

// broken names the law that a verdict breaks, or "".
func broken(now time.Time, was, is store.Session, p judged, v verdict) string {
	gen, hash := p.gen, p.hash
	stands := was.RevokedAt.IsZero() && now.Before(was.IdleExpires) && now.Before(was.Expires)
	right := gen == was.Gen && bytes.Equal(hash, was.CurHash) || gen == was.Gen-1 && bytes.Equal(hash, was.PrevHash) || gen < was.Gen-1
	switch {
	case v.changed() == reflect.DeepEqual(was, is):
		return "changed and said not so, or the reverse"
	case is.Gen != was.Gen || !bytes.Equal(is.CurHash, was.CurHash) || !bytes.Equal(is.PrevHash, was.PrevHash):
		return "a verdict rotated"
	case v != revoked && v != expired && !stands:
		return "a session that has ended was judged further"
	case (v == revoked || v == expired) == stands:
		return "a standing session is said to have ended, or the reverse"
	case stands && (v == forged) == right:
		return "a token that was given out is called forged, or the reverse"
	case v == current && gen != was.Gen:
		return "an old token rotates"
	case v == unkeyed && (gen != was.Gen || !was.Keyed || len(p.keyHash) > 0):
		return "a key is asked for where none is needed"
	case v == current && was.Keyed && len(p.keyHash) == 0:
		return "a session that needs a key rotates without one"
	case (v == retried || v == repeated) && (gen != was.Gen-1 || len(was.KeyHash) == 0 || !bytes.Equal(p.keyHash, was.KeyHash)):
		return "an answer repeated to somebody without its key"
	case v == retried && was.Replays > 0 || v == repeated && was.Replays == 0:
		return "the first retry is not told from the others"
	case v == replayed && len(was.KeyHash) > 0:
		return "the window is open beside a key"
	case v == reused && gen == was.Gen-1 && len(was.KeyHash) > 0 && bytes.Equal(p.keyHash, was.KeyHash):
		return "whoever has the key is taken for a thief"
	case v == replayed && (gen != was.Gen-1 || now.Sub(was.RotatedAt) > replayWindow || was.Replays >= maxReplays):
		return "a replay outside the window"
	case v == reused && is.RevokedAt.IsZero():
		return "reuse without revocation"
	case v == reused && judge(now, &is, judged{gen: was.Gen, hash: was.CurHash, keyHash: p.keyHash}) != revoked:
		return "the newest token still works after reuse"
	}
	return ""
}
