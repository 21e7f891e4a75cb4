package token_test

import (
	"testing"

	"github.com/grpcauth/grpcauth/authtest"
	"github.com/grpcauth/grpcauth/token"
)

func TestCountersComeBackAsTheyWentIn(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	want := token.Counters{All: 1, Client: 1 << 40, Subject: 3}
	claims, err := issuer.Verifier().Verify(t.Context(), issuer.Token(token.Spec{Counters: want}))
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := claims.Counters(); !ok || got != want {
		t.Errorf("Counters = %v, %v, want %v", got, ok, want)
	}
	claims, err = issuer.Verifier().Verify(t.Context(), issuer.Token(token.Spec{}))
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := claims.Counters(); ok {
		t.Errorf("a token without counters has %v", got)
	}
}

// checklist: X5
func TestCountersTellWhatWasMadeBefore(t *testing.T) {
	t.Parallel()
	stand := token.Counters{All: 2, Client: 2, Subject: 2}
	for name, tc := range map[string]struct {
		carried token.Counters
		before  bool
	}{
		"the same":        {stand, false},
		"all later":       {token.Counters{All: 3, Client: 3, Subject: 3}, false},
		"all before":      {token.Counters{All: 1, Client: 2, Subject: 2}, true},
		"client before":   {token.Counters{All: 9, Client: 1, Subject: 9}, true},
		"subject before":  {token.Counters{All: 9, Client: 9, Subject: 1}, true},
		"no counter ever": {token.Counters{}, true},
	} {
		if got := tc.carried.Before(stand); got != tc.before {
			t.Errorf("%s: Before = %v", name, got)
		}
	}
}
