package authsvc_test

import (
	"context"
	"errors"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

const (
	aKey       = "a key of 128 random bits"
	anotherKey = "another key of as many bits"

	ownersAddress  = "198.51.100.7"
	anotherAddress = "203.0.113.9"
)

// fromProxies lets calls from the addresses above in, as fromAfar makes them.
func fromProxies(s *setup) {
	s.config.AllowPlaintextFrom = []netip.Prefix{netip.MustParsePrefix(ownersAddress + "/32"), netip.MustParsePrefix(anotherAddress + "/32")}
}

// at is a context that calls from an address.
func (w *world) at(address string) context.Context {
	return metadata.AppendToOutgoingContext(w.t.Context(), "test-peer", address)
}

// keyed refreshes with an idempotency key, "" for none.
func (w *world) keyed(ctx context.Context, refreshToken, key string) (*grpcauthv1.Tokens, error) {
	resp, err := w.Refresh(ctx, &grpcauthv1.RefreshRequest{RefreshToken: refreshToken, IdempotencyKey: key})
	w.log.mustNotHold(key, resp.GetTokens().GetAccessToken(), resp.GetTokens().GetRefreshToken())
	return resp.GetTokens(), err
}

// checklist: R2
func TestARetryWithItsKeyIsAnsweredUntilTheSuccessorIsUsed(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		first := w.signIn().GetRefreshToken()
		lost := w.must(w.keyed(t.Context(), first, aKey))
		for i := range 10 { // more often, and for longer, than without a key
			w.clock.advance(time.Hour)
			again := w.must(w.keyed(t.Context(), first, aKey))
			if again.GetRefreshToken() != lost.GetRefreshToken() {
				t.Fatalf("retry %d gives another successor", i+1)
			}
			if again.GetAccessToken() == lost.GetAccessToken() || !w.claims(again).IssuedAt().Equal(w.clock.Now()) {
				t.Error("a retry gives an old access token")
			}
		}
		if session := w.session(lost); session.Gen != 2 || session.Replays != 1 || session.ReplayedGens != 1 {
			t.Errorf("generation %d, %d replays in %d", session.Gen, session.Replays, session.ReplayedGens)
		}
		w.must(w.keyed(t.Context(), lost.GetRefreshToken(), anotherKey))
		_, err := w.keyed(t.Context(), first, aKey)
		wantRefusal(t, err, "Unauthenticated REFRESH_REUSED")
	})
}

// The audit record has one entry for the retries of a generation, however many
// there are, and however they meet.
//
// checklist: R2
func TestRetriesWithAKeyAreRecordedOnceAGeneration(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		presented := w.signIn()
		for generation := 1; generation <= 4; generation++ { // more in a row than without keys
			key := strings.Repeat(string(rune('a'+generation)), 16)
			next := w.must(w.keyed(t.Context(), presented.GetRefreshToken(), key))
			was := len(w.entries("refresh_replayed"))
			var callers sync.WaitGroup
			for range 10 {
				callers.Go(func() {
					_, err := w.keyed(t.Context(), presented.GetRefreshToken(), key)
					wantRefusal(t, err, "OK")
				})
			}
			callers.Wait()
			found := w.entries("refresh_replayed")
			if was != generation-1 || len(found) != generation || found[was].SessionID != next.GetSessionId() || found[was].Actor != adaSubject {
				t.Errorf("generation %d: %d entries before the retries and %+v after", generation, was, found)
			}
			presented = next
		}
		if n := len(w.log.lines(t, "refresh_replayed")); n != 40 {
			t.Errorf("%d of 40 retries are in the log", n)
		}
	})
}

// A retry that gets no answer is not recorded as one that did.
//
// checklist: R2
func TestARetryThatCantBeMetIsNotRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.signIn().GetRefreshToken()
	w.must(w.keyed(t.Context(), first, aKey))
	w.people.fail(errors.New("down"))
	_, err := w.keyed(t.Context(), first, aKey)
	wantRefusal(t, err, "Unavailable USER_UNAVAILABLE")
	if found := w.entries("refresh_replayed"); len(found) != 0 {
		t.Errorf("the record has %+v", found)
	}
	w.people.fail(nil)
	w.must(w.keyed(t.Context(), first, aKey))
	if found := w.entries("refresh_replayed"); len(found) != 1 {
		t.Errorf("the record has %+v", found)
	}
}

// Any number of generations in a row may lose their answer.
//
// checklist: R2
func TestEveryAnswerIsLostOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	presented := w.signIn().GetRefreshToken()
	for i := range 20 {
		key := strings.Repeat(string(rune('a'+i)), 16)
		lost := w.must(w.keyed(t.Context(), presented, key))
		w.clock.advance(time.Minute)
		again := w.must(w.keyed(t.Context(), presented, key))
		if again.GetRefreshToken() != lost.GetRefreshToken() {
			t.Fatalf("generation %d: another successor", i+2)
		}
		presented = again.GetRefreshToken()
	}
}

// checklist: R1 R2
func TestAUsedUpTokenWithoutItsKeyEndsTheSession(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{"with another key": anotherKey, "without a key": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			everyStore(t, func(t *testing.T, open opener) {
				w := newWorld(t, open.use, fromProxies)
				stolen := w.signIn().GetRefreshToken()
				owner := w.must(w.keyed(w.at(ownersAddress), stolen, aKey))

				_, err := w.keyed(w.at(anotherAddress), stolen, key) // at once: a key leaves no window
				wantRefusal(t, err, "Unauthenticated REFRESH_REUSED")
				for token, key := range map[string]string{stolen: aKey, owner.GetRefreshToken(): anotherKey} {
					_, err := w.keyed(w.at(ownersAddress), token, key)
					wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
				}
				session := w.session(owner)
				if session.RevokedAt.IsZero() || session.Gen != 2 {
					t.Errorf("generation %d, revoked at %v", session.Gen, session.RevokedAt)
				}
				found := w.entries("refresh_reused")
				if len(found) != 1 {
					t.Fatalf("%d entries in the audit record", len(found))
				}
				want := store.Entry{
					Seq: found[0].Seq, At: found[0].At, Count: found[0].Count, Kind: "refresh_reused", Subject: adaSubject,
					ClientID: session.ClientID, SessionID: session.ID, Reason: session.Reason,
					Address: anotherAddress, OtherAddress: ownersAddress,
				}
				if found[0] != want || want.Reason == "" {
					t.Errorf("the audit record holds %+v, want %+v", found[0], want)
				}
			})
		})
	}
}

// Whoever forgets the key is told so, and nothing else happens.
//
// checklist: R2
func TestARefreshWithoutTheKeyThatTheSessionNeeds(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		next := w.must(w.keyed(t.Context(), w.signIn().GetRefreshToken(), aKey))
		was := w.session(next)
		for range 10 {
			_, err := w.keyed(t.Context(), next.GetRefreshToken(), "")
			wantRefusal(t, err, "InvalidArgument INVALID_REQUEST")
			if got := fieldsAtFault(err); !slices.Equal(got, []string{"idempotency_key"}) {
				t.Errorf("fields at fault %q", got)
			}
		}
		if is := w.session(next); !reflect.DeepEqual(is, was) {
			t.Errorf("the session has changed from %+v to %+v", was, is)
		}
		next = w.must(w.keyed(t.Context(), next.GetRefreshToken(), anotherKey))
		_, err := w.keyed(t.Context(), next.GetRefreshToken(), "") // once and for all
		wantRefusal(t, err, "InvalidArgument INVALID_REQUEST")
	})
}

func TestTheLengthOfAKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.signIn()
	was := w.session(tokens)
	for _, length := range []int{8, 15, 129} {
		_, err := w.keyed(t.Context(), tokens.GetRefreshToken(), strings.Repeat("k", length))
		wantRefusal(t, err, "InvalidArgument INVALID_REQUEST")
		if got := fieldsAtFault(err); !slices.Equal(got, []string{"idempotency_key"}) {
			t.Errorf("%d bytes: fields at fault %q", length, got)
		}
	}
	if is := w.session(tokens); !reflect.DeepEqual(is, was) {
		t.Error("the session has changed")
	}
	for _, length := range []int{16, 128} {
		tokens = w.must(w.keyed(t.Context(), tokens.GetRefreshToken(), strings.Repeat("k", length)))
	}
}

// A hundred callers with one key are one rotation, and no reuse.
//
// checklist: R2 R3
func TestAHundredKeyedRefreshesAtOnce(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		tokens := w.signIn()
		var mu sync.Mutex
		successors := map[string]int{}
		var callers sync.WaitGroup
		for range 100 {
			callers.Go(func() {
				next, err := w.keyed(t.Context(), tokens.GetRefreshToken(), aKey)
				wantRefusal(t, err, "OK")
				mu.Lock()
				defer mu.Unlock()
				successors[next.GetRefreshToken()]++
			})
		}
		callers.Wait()
		if session := w.session(tokens); len(successors) != 1 || session.Gen != 2 || !session.RevokedAt.IsZero() {
			t.Errorf("%d successors, generation %d, revoked at %v", len(successors), session.Gen, session.RevokedAt)
		}
	})
}

// Only a hash of the key is kept, and one that fits no other session.
//
// checklist: R5
func TestTheKeyIsKeptAsAHash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := w.session(w.must(w.keyed(t.Context(), w.signIn().GetRefreshToken(), aKey)))
	two := w.session(w.must(w.keyed(t.Context(), w.signIn().GetRefreshToken(), aKey)))
	if len(one.KeyHash) != 32 || slices.Equal(one.KeyHash, two.KeyHash) || strings.Contains(string(one.KeyHash), aKey) || !one.Keyed {
		t.Errorf("hashes of %d bytes, the same for both: %v", len(one.KeyHash), slices.Equal(one.KeyHash, two.KeyHash))
	}
}
