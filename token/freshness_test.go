package token_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

// The keys are fetched again, in the background, between four and five fifths
// of the time that the issuer says they are fresh.
// checklist: K1 K2
func TestASetIsFetchedAgainWhenItsIssuerSaysSo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		control []string
		age     string
		fresh   time.Duration
	}{
		"nothing said":               {nil, "", 5 * time.Minute},
		"ten minutes":                {[]string{"max-age=600"}, "", 10 * time.Minute},
		"in any case, among others":  {[]string{"Public, Max-Age=600, must-revalidate"}, "", 10 * time.Minute},
		"quoted":                     {[]string{`max-age="600"`}, "", 10 * time.Minute},
		"the shorter of two":         {[]string{"max-age=900", "max-age=600"}, "", 10 * time.Minute},
		"less the time in a cache":   {[]string{"max-age=900"}, "300", 10 * time.Minute},
		"older than fresh":           {[]string{"max-age=900"}, "1000", time.Minute},
		"an age that is none":        {[]string{"max-age=600"}, "-300", 10 * time.Minute},
		"not long enough":            {[]string{"max-age=0"}, "", time.Minute},
		"below zero":                 {[]string{"max-age=-600"}, "", time.Minute},
		"no number":                  {[]string{"max-age=soon"}, "", time.Minute},
		"no-cache":                   {[]string{"max-age=600, no-cache"}, "", time.Minute},
		"no-store":                   {[]string{"no-store, max-age=600"}, "", time.Minute},
		"too long":                   {[]string{"max-age=86400"}, "", time.Hour},
		"longer than any number has": {[]string{"max-age=99999999999999999999"}, "", time.Hour},
		"another directive":          {[]string{"s-maxage=600"}, "", 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := new(jwksServer)
				old, fresh := hands()[0].key.Public(), hands()[1].key.Public()
				server.set(func(w http.ResponseWriter, _ *http.Request) {
					w.Header()["Cache-Control"] = tc.control
					w.Header().Set("Age", tc.age)
					_, _ = w.Write(must(token.MarshalJWKS(old)))
				})
				keys := inBubble(server)
				_ = must(keys.Key(t.Context(), old.ID(), ""))
				server.publish(fresh)

				time.Sleep(tc.fresh*4/5 - 1)
				_ = must(keys.Key(t.Context(), old.ID(), ""))
				synctest.Wait()
				if n := server.count.Load(); n != 1 {
					t.Errorf("%d fetches while the set is fresh, want 1", n)
				}
				time.Sleep(tc.fresh/5 + 1)
				if _, err := keys.Key(t.Context(), old.ID(), ""); err != nil {
					t.Errorf("the caller that noticed was not served the old set: %v", err)
				}
				synctest.Wait()
				_, err := keys.Key(t.Context(), old.ID(), "")
				wantErr(t, err, token.ErrUnknownKey) // withdrawn
				if _, err := keys.Key(t.Context(), fresh.ID(), ""); err != nil {
					t.Errorf("the new key: %v", err)
				}
				if n := server.count.Load(); n != 2 {
					t.Errorf("%d fetches, want 2", n)
				}
			})
		})
	}
}

// A set that is not trusted for long is fetched again long before.
func TestASetIsFetchedAgainBeforeItIsTooOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := new(jwksServer)
		good := hands()[0].key.Public()
		server.publish(good)
		keys := inBubble(server, func(c *token.RemoteKeysConfig) { c.MaxAge = 2 * time.Minute })
		_ = must(keys.Key(t.Context(), good.ID(), ""))
		time.Sleep(time.Minute)
		_ = must(keys.Key(t.Context(), good.ID(), ""))
		synctest.Wait()
		if n := server.count.Load(); n != 2 {
			t.Errorf("%d fetches, want 2", n)
		}
	})
}

// checklist: K2
func TestManyServersDoNotAskAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := new(jwksServer)
		good := hands()[0].key.Public()
		server.publish(good)
		var all [64]*token.RemoteKeys
		for i := range all {
			all[i] = inBubble(server)
			_ = must(all[i].Key(t.Context(), good.ID(), ""))
		}
		most, before := 0, int(server.count.Load())
		time.Sleep(4 * time.Minute)
		for range 60 {
			time.Sleep(time.Second)
			for _, keys := range all {
				_ = must(keys.Key(t.Context(), good.ID(), ""))
			}
			synctest.Wait()
			most, before = max(most, int(server.count.Load())-before), int(server.count.Load())
		}
		// Of 64 in 60 s, 16 in one is out of the question unless they go together.
		if before != 2*len(all) || most > len(all)/4 {
			t.Errorf("%d fetches, up to %d a second", before, most)
		}
	})
}
