package token

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// What is too long, or has other than two dots, is refused for that, before
// anybody looks whether its segments can be decoded (CVE-2025-30204,
// CVE-2025-27144).
//
// checklist: V3
func TestLengthAndDotsComeFirst(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		raw  string
		want error
	}{
		"8 KiB of three segments that are no base64": {"." + strings.Repeat("!", maxLength-2) + ".", errBase64},
		"a byte more":                                    {"." + strings.Repeat("!", maxLength-1) + ".", errTooLong},
		"a megabyte of dots":                             {strings.Repeat(".", 1<<20), errTooLong},
		"8 KiB of dots":                                  {strings.Repeat(".", maxLength), errSegments},
		"five segments that are no base64":               {"!.!.!.!.!", errSegments},
		"two segments that are no base64":                {"!.!", errSegments},
		"two dots, and what lies between them is junk":   {"!.!.!", errBase64},
		"no dot, and what there is would decode to JSON": {"e30", errSegments},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j, err := new(scratch).split(tc.raw)
			if !errors.Is(err, tc.want) {
				t.Errorf("error = %v, want %v", err, tc.want)
			}
			if err != nil && (j.header != nil || j.payload != nil || j.signature != nil) {
				t.Errorf("something was decoded: %+v", j)
			}
		})
	}
}

// Refusing costs no more memory than the token is long, however it is made.
//
// checklist: V3
func TestRefusingAllocatesLittle(t *testing.T) {
	for name, raw := range map[string]string{
		"dots":     strings.Repeat(".", 1<<20),
		"one part": strings.Repeat("A", 1<<20),
	} {
		if n := testing.AllocsPerRun(100, func() { _, _ = new(scratch).split(raw) }); n > 1 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// Two keys of one algorithm and no kid: neither is tried. Maps have no order,
// so one look would prove nothing.
//
// checklist: V2
func TestNoKeyIsGuessed(t *testing.T) {
	t.Parallel()
	ring := keyRing{}
	for i := range 8 {
		key, err := GenerateKey(EdDSA)
		if err != nil {
			t.Fatal(err)
		}
		ring[fmt.Sprint(i)] = key.Public()
	}
	for range 100 {
		if key, ok := ring.find("", EdDSA); ok || key != nil {
			t.Fatalf("found %v", key)
		}
	}
}

// Keys that are made are points; of encodings at random half are none.
//
// checklist: V10
func TestEd25519Points(t *testing.T) {
	t.Parallel()
	points := 0
	for i := range 400 {
		seed := sha256.Sum256([]byte{byte(i), byte(i >> 8)})
		made, ok := ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey)
		if !ok || !isEd25519Point(made) {
			t.Fatalf("key %d is said to be no point", i)
		}
		if isEd25519Point(seed[:]) {
			points++
		}
	}
	if points < 150 || points > 250 {
		t.Errorf("%d of 400 encodings at random are points", points)
	}
}
