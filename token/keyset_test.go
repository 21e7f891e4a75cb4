package token_test

import (
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/token"
)

// checklist: V1
func TestStaticKeys(t *testing.T) {
	t.Parallel()
	ed, ec, hm := hands()[0].key.Public(), hands()[1].key.Public(), hands()[3].key.Public()
	twin := must(token.NewKey(token.ES256, ed.ID(), publicHalf(hands()[1])))
	for name, tc := range map[string]struct {
		keys []*token.Key
		want string // of the error; "" for none
	}{
		"two":                       {[]*token.Key{ed, ec}, ""},
		"one secret":                {[]*token.Key{hm}, ""},
		"two secrets":               {[]*token.Key{hm, must(token.GenerateKey(token.HS256)).Public()}, ""},
		"none":                      {nil, "empty"},
		"nil":                       {[]*token.Key{nil}, "zero Key"},
		"45 the same id":            {[]*token.Key{ed, twin}, "two keys have the id"},
		"45 the same key":           {[]*token.Key{ed, ed}, "two keys have the id"},
		"45 a secret beside public": {[]*token.Key{ed, hm}, "can't share a set"},
		"45 public beside a secret": {[]*token.Key{hm, ec}, "can't share a set"},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := token.NewStaticKeys(tc.keys...)
			if tc.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				for _, k := range tc.keys {
					if got, err := set.Key(t.Context(), k.ID(), "ignored"); got != k || err != nil {
						t.Errorf("found %v, %v; want %v", got, err, k)
					}
				}
				_, err := set.Key(t.Context(), "another", tc.keys[0].Algorithm())
				wantErr(t, err, token.ErrUnknownKey)
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) || set != nil {
				t.Errorf("error = %v, want one with %q", err, tc.want)
			}
		})
	}
}
