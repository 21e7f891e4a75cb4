package token_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

// An issuer that comes up after us is found within seconds, without anybody
// asking for keys meanwhile.
// checklist: K4
func TestWaitReadyOutlastsAnOutage(t *testing.T) {
	t.Parallel()
	h := hands()[0]
	synctest.Test(t, func(t *testing.T) {
		server := new(jwksServer)
		server.fail()
		keys, start := inBubble(server), time.Now()
		var waiting sync.WaitGroup
		for range 10 {
			waiting.Go(func() {
				if err := keys.WaitReady(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		time.Sleep(6 * time.Second) // tried at 0, 1, 3 s
		if n := server.count.Load(); n != 3 {
			t.Errorf("%d fetches in 6 s, want 3", n)
		}
		server.publish(h.key.Public())
		waiting.Wait()
		if waited := time.Since(start); waited != 7*time.Second {
			t.Errorf("ready after %s, want 7s", waited)
		}
		if _, err := keys.Key(t.Context(), h.key.ID(), ""); err != nil {
			t.Error(err)
		}
	})
}

// The pauses grow to the cool-down and no further.
func TestAFirstFetchIsNotTriedTooOften(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := new(jwksServer)
		server.fail()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		wantErr(t, inBubble(server).WaitReady(ctx), token.ErrKeysUnavailable)
		if n := server.count.Load(); n != 6+18 { // at 0, 1, 3, 7, 15, 31 s, and then every 30 s
			t.Errorf("%d fetches in ten minutes, want 24", n)
		}
	})
}

func TestWaitReadySaysWhyNot(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]http.HandlerFunc{
		"answered 500": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"unavailable":  func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, // nothing has failed yet
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := new(jwksServer)
				server.set(serve)
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				start := time.Now()
				err := inBubble(server).WaitReady(ctx)
				wantErr(t, err, token.ErrKeysUnavailable)
				if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), name) {
					t.Errorf("error = %v", err)
				}
				if waited := time.Since(start); waited != 5*time.Second {
					t.Errorf("waited %s", waited)
				}
				time.Sleep(5 * time.Second) // the fetch was nobody's, and ends by itself
			})
		})
	}
}

func TestWaitReadyWithAnEndedContext(t *testing.T) {
	t.Parallel()
	server := new(jwksServer)
	server.publish(hands()[0].key.Public())
	keys, _ := remote(t, server)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	err := keys.WaitReady(ended)
	wantErr(t, err, token.ErrKeysUnavailable)
	if !errors.Is(err, context.Canceled) || server.count.Load() != 0 {
		t.Errorf("%d fetches, error = %v", server.count.Load(), err)
	}
	if err := keys.WaitReady(t.Context()); err != nil {
		t.Error(err)
	}
	if err := keys.WaitReady(ended); err != nil {
		t.Errorf("when it is ready: %v", err)
	}
}

func TestStatsTellHowItGoes(t *testing.T) {
	t.Parallel()
	server := new(jwksServer)
	good := hands()[0].key.Public()
	keys, elapsed := remote(t, server)
	look := func(want token.RemoteKeysStats, cause string) {
		t.Helper()
		got := keys.Stats()
		if (got.LastError == nil) != (cause == "") || got.LastError != nil && !strings.Contains(got.LastError.Error(), cause) {
			t.Errorf("failed by %v, want %q", got.LastError, cause)
		}
		got.LastError = nil
		if got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	ask := func(at time.Duration) { elapsed.Store(int64(at)); _, _ = keys.Key(t.Context(), "unknown", "") }

	look(token.RemoteKeysStats{}, "")
	server.fail()
	ask(0)
	look(token.RemoteKeysStats{Fetches: 1, Failures: 1}, "answered 500")
	server.publish(good)
	ask(time.Minute)
	elapsed.Store(int64(61 * time.Second))
	look(token.RemoteKeysStats{Ready: true, Keys: 1, Age: time.Second, Fetches: 2, Failures: 1}, "")
	server.text("<html>")
	ask(2 * time.Minute)
	look(token.RemoteKeysStats{Ready: true, Keys: 1, Age: time.Minute, Fetches: 3, Failures: 2}, "not a JSON object")
	elapsed.Store(int64(25 * time.Hour))
	look(token.RemoteKeysStats{Keys: 1, Age: 25*time.Hour - time.Minute, Fetches: 3, Failures: 2}, "not a JSON object")
}
