package main

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// checklist: K5
func TestASealOpensForItsOwnKeyAndBindingOnly(t *testing.T) {
	t.Parallel()
	master, plain := newMasterKey(), []byte("the private key")
	to := binding{issuer: "https://auth.test", purpose: purposeAccess, kid: "k1"}
	sealed, err := master.seal(plain, to)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := master.open(sealed, to); err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("its own: got %q, %v", got, err)
	}
	if bytes.Contains(sealed, plain) {
		t.Error("the seal shows what is in it")
	}
	for _, c := range []struct {
		name string
		key  masterKey
		to   binding
	}{
		{"another key file", newMasterKey(), to},
		{"another issuer", master, binding{"https://auth.tes", to.purpose, to.kid}},
		{"another purpose", master, binding{to.issuer, "refresh tokens", to.kid}},
		{"another kid", master, binding{to.issuer, to.purpose, "k2"}},
		{"parts that join alike", master, binding{to.issuer + "a", to.purpose[1:], to.kid}},
	} {
		if got, err := c.key.open(sealed, c.to); !errors.Is(err, errSealed) {
			t.Errorf("%s: got %q, %v", c.name, got, err)
		}
	}
}

func TestADamagedSealDoesNotOpen(t *testing.T) {
	t.Parallel()
	master, to := newMasterKey(), binding{"i", "p", "k"}
	sealed, err := master.seal([]byte("the private key"), to)
	if err != nil {
		t.Fatal(err)
	}
	for i := range sealed {
		damaged := slices.Clone(sealed)
		damaged[i] ^= 1
		if _, err := master.open(damaged, to); !errors.Is(err, errSealed) {
			t.Errorf("byte %d changed: got %v", i, err)
		}
	}
	for n := range sealed {
		if _, err := master.open(sealed[:n], to); !errors.Is(err, errSealed) {
			t.Errorf("cut to %d bytes: got %v", n, err)
		}
	}
}

func TestBindingsAreUnambiguous(t *testing.T) {
	t.Parallel()
	a, b := binding{"ab", "c", ""}, binding{"a", "bc", ""}
	if bytes.Equal(a.bytes(), b.bytes()) {
		t.Error("two bindings are the same bytes")
	}
}

func TestKeysOfDifferentUsesDiffer(t *testing.T) {
	t.Parallel()
	master := newMasterKey()
	seal, err := master.derive(labelSeal)
	if err != nil {
		t.Fatal(err)
	}
	refresh, err := master.derive(labelRefresh)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(seal, refresh) || bytes.Equal(seal, master.secret) || len(refresh) != 32 {
		t.Error("the derived keys are not keys of their own")
	}
}
