package authsvc

import (
	"bytes"
	"errors"
	"testing"
)

// checklist: R2 R5
func TestSuccessorOpensForTheHolderOnly(t *testing.T) {
	t.Parallel()
	c := testCodec(t, "https://auth.example", 1)
	presented := c.first()
	successor := c.next(presented)
	sealed, err := c.seal(presented, successor)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := c.open(presented, sealed)
	if err != nil {
		t.Fatal(err)
	}
	if *opened != *successor {
		t.Error("another token came out")
	}

	other := c.first()
	elsewhere := *presented // the same secret in another row
	copy(elsewhere[atSession:atGen], other[atSession:atGen])
	later := *presented // the same secret in another generation
	later[atSecret-1]++
	hashOnly := *presented // what the store knows in the place of the secret
	copy(hashOnly[atSecret:atMAC], presented.hash())
	for name, holder := range map[string]*refreshToken{
		"another token": other, "the successor itself": successor, "another session": &elsewhere,
		"another generation": &later, "the stored hash": &hashOnly,
	} {
		if _, err := c.open(holder, sealed); !errors.Is(err, errUnsealed) {
			t.Errorf("%s opens it: %v", name, err)
		}
	}
	if _, err := testCodec(t, "https://other.example", 1).open(presented, sealed); !errors.Is(err, errUnsealed) {
		t.Errorf("another issuer opens it: %v", err)
	}
}

// Who holds the database has the hash of the secret, and no key in it.
//
// checklist: R5
func TestSuccessorDoesNotOpenByWhatIsStored(t *testing.T) {
	t.Parallel()
	c := testCodec(t, "https://auth.example", 1)
	presented := c.first()
	successor := c.next(presented)
	sealed, err := c.seal(presented, successor)
	if err != nil {
		t.Fatal(err)
	}
	for name, stored := range map[string][]byte{"prev_hash": presented.hash(), "cur_hash": successor.hash(), "nothing": nil} {
		aead, err := newAEAD(stored, labelSuccessor)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := aead.Open(nil, nil, sealed, c.associated(presented)); err == nil {
			t.Errorf("%s opens it", name)
		}
	}
}

func TestSuccessorAltered(t *testing.T) {
	t.Parallel()
	c := testCodec(t, "https://auth.example", 1)
	presented := c.first()
	sealed, err := c.seal(presented, c.next(presented))
	if err != nil {
		t.Fatal(err)
	}
	for i := range sealed {
		altered := bytes.Clone(sealed)
		altered[i] ^= 1
		if _, err := c.open(presented, altered); !errors.Is(err, errUnsealed) {
			t.Fatalf("byte %d altered and it opens: %v", i, err)
		}
	}
	for _, short := range [][]byte{nil, {}, sealed[:11], sealed[:len(sealed)-1]} {
		if _, err := c.open(presented, short); !errors.Is(err, errUnsealed) {
			t.Errorf("%d bytes open: %v", len(short), err)
		}
	}
}

// checklist: R5
func TestSealedTwiceDiffers(t *testing.T) {
	t.Parallel()
	c := testCodec(t, "https://auth.example", 1)
	presented := c.first()
	successor := c.next(presented)
	a, errA := c.seal(presented, successor)
	b, errB := c.seal(presented, successor)
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	if bytes.Equal(a, b) {
		t.Error("the nonce is not random")
	}
	if bytes.Contains(a, successor.secret()) {
		t.Error("the secret stands in the clear")
	}
}
